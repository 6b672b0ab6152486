//! The SignalR protocol without I/O: bytes and times come in as arguments, bytes and decisions go out as values.
//!
//! The crate holds what every SignalR server has in common, whatever its sockets, clock and runtime are:
//!
//! | part | what it does |
//! |---|---|
//! | [`negotiate`] | the first HTTP request, which grants an id and lists the transports |
//! | [`handshake`] | the first record of a connection, which picks the [`Protocol`] |
//! | [`Protocol`] | encodes and decodes [`HubMessage`]s as JSON or MessagePack |
//! | [`record`] | where one message ends and the next begins |
//! | [`sse`] | how records travel as server-sent events |
//! | [`Connection`] | the state of one server-side connection: frames in, messages out |
//! | [`resume`] | stateful reconnect: what is sent again when a lost socket is replaced, and what was received before |
//! | [`error_text`], [`close_text`] | the very words ASP.NET Core says to a client |
//!
//! What goes over the wire is what ASP.NET Core's own server writes, byte for byte where a client could notice.
#![forbid(unsafe_code)]

mod arguments;
mod binding_error;
pub mod close_text;
mod connection;
mod encode_error;
pub mod error_text;
pub mod handshake;
mod headers;
mod json;
mod message;
mod messagepack;
pub mod negotiate;
mod payload;
mod protocol;
mod protocol_error;
pub mod record;
pub mod resume;
pub mod sse;
mod transport;

pub use arguments::Arguments;
pub use binding_error::BindingError;
pub use connection::{Connection, ConnectionOptions, Received};
pub use encode_error::EncodeError;
pub use error_text::Failure;
pub use headers::Headers;
pub use message::{Completion, HubMessage, Invocation, Outcome, StreamItem};
pub use payload::Payload;
pub use protocol::Protocol;
pub use protocol_error::ProtocolError;
pub use transport::{TransferFormat, Transport, TransportSet};

/// How deep a record may nest, the record itself counting as one: the limit of ASP.NET Core's JSON reader, kept for
/// MessagePack too, so that no input makes a decoder recurse far.
pub const MAX_DEPTH: usize = 64;

/// The example of the README, which is thus compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
