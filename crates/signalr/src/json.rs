//! The JSON hub protocol.

mod depth;
pub(crate) mod object;
mod read;
pub(crate) mod text;
pub(crate) mod write;

pub(crate) use read::decode;
pub(crate) use write::{
    encode, encode_close, encode_completion_error, encode_completion_result, encode_completion_void, encode_invocation,
    encode_stream_item,
};

/// The framed ping.
pub(crate) const PING: &[u8] = b"{\"type\":6}\x1e";
