//! The MessagePack hub protocol.

mod head;
mod read;
mod reader;
pub(crate) mod write;

pub(crate) use read::decode;
pub(crate) use write::{
    encode, encode_close, encode_completion_error, encode_completion_result, encode_completion_void, encode_invocation,
    encode_stream_item,
};

/// The framed ping.
pub(crate) const PING: &[u8] = &[0x02, 0x91, 0x06];

/// The MessagePack null.
pub(crate) const NIL: u8 = 0xC0;

/// The fourth element of a completion that failed.
const RESULT_KIND_ERROR: i64 = 1;
/// The fourth element of a completion without a value.
const RESULT_KIND_VOID: i64 = 2;
/// The fourth element of a completion with a value.
const RESULT_KIND_VALUE: i64 = 3;
