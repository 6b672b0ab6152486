//! The nine kinds of hub message.

use crate::{BindingError, Headers, Payload};

/// One message between a client and a hub.
///
/// The number before each kind is its `type` in JSON and the first element in MessagePack.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum HubMessage {
    /// 1: calls a method, and asks for a completion when it has an id.
    Invocation(Invocation),
    /// 2: brings the next item of a stream.
    StreamItem(StreamItem),
    /// 3: ends a call or a stream.
    Completion(Completion),
    /// 4: calls a method that answers with a stream. Its invocation id is never absent.
    StreamInvocation(Invocation),
    /// 5: asks to end a running call or stream early.
    CancelInvocation {
        /// The message's headers.
        headers: Headers,
        /// The id of the call to end.
        invocation_id: String,
    },
    /// 6: shows that the sender is still there.
    Ping,
    /// 7: announces the end of the connection; nothing follows it.
    Close {
        /// Why the connection ends, absent when nothing is wrong.
        error: Option<String>,
        /// Whether a client that reconnects by itself may do so.
        allow_reconnect: bool,
    },
    /// 8: tells how far the sender has received (stateful reconnect).
    Ack {
        /// The number of the last counted message received.
        sequence_id: i64,
    },
    /// 9: tells where the sender's replay begins (stateful reconnect).
    Sequence {
        /// The number of the first counted message that follows.
        sequence_id: i64,
    },
}

impl HubMessage {
    /// Tells whether stateful reconnect numbers, buffers and replays messages of this kind: the first five kinds.
    pub fn is_counted(&self) -> bool {
        matches!(
            self,
            Self::Invocation(_)
                | Self::StreamItem(_)
                | Self::Completion(_)
                | Self::StreamInvocation(_)
                | Self::CancelInvocation { .. }
        )
    }
}

/// A call of a method by name.
#[derive(Clone, PartialEq, Debug)]
pub struct Invocation {
    /// The message's headers; .NET 9 clients and later carry W3C trace context here.
    pub headers: Headers,
    /// The caller's id for this call; without one no completion is wanted. Never empty when it came over the wire.
    pub invocation_id: Option<String>,
    /// The method's name, as the sender wrote it.
    pub target: String,
    /// The arguments, or why they could not be told apart, which fails this call and leaves the connection open.
    pub arguments: Result<Vec<Payload>, BindingError>,
    /// The ids of the streams that the caller will send as further arguments.
    pub stream_ids: Vec<String>,
}

/// One item of a stream.
#[derive(Clone, PartialEq, Debug)]
pub struct StreamItem {
    /// The message's headers.
    pub headers: Headers,
    /// The id of the stream: of the call that it answers, or of the upload it belongs to.
    pub invocation_id: String,
    /// The item, or why there is none, which fails this stream and leaves the connection open.
    pub item: Result<Payload, BindingError>,
}

/// The end of a call or of a stream.
#[derive(Clone, PartialEq, Debug)]
pub struct Completion {
    /// The message's headers.
    pub headers: Headers,
    /// The id of the call or stream that ends.
    pub invocation_id: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a call or a stream ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// It failed, with the text for the other side.
    Error(String),
    /// It succeeded without a value.
    Void,
    /// It succeeded with a value, which may be null.
    Result(Payload),
}
