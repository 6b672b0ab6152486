//! Why a message cannot be written.

use crate::Protocol;

/// Says why a message cannot be written. Nothing was appended to the output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A value could not be serialized as JSON.
    #[error("value cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A value could not be serialized as MessagePack.
    #[error("value cannot be written as MessagePack")]
    MessagePack(#[from] rmp_serde::encode::Error),
    /// A payload was read from, or made for, the other protocol.
    #[error("payload of another protocol cannot be written as {}", .0.name())]
    PayloadProtocol(Protocol),
    /// The arguments of a call that did not bind are gone, so the call cannot be written again.
    #[error("call whose arguments did not bind cannot be written")]
    Unbound,
    /// A stream invocation has no invocation id.
    #[error("stream invocation without an invocation id")]
    NoInvocationId,
    /// The message is longer than 2^31 - 1 bytes, the most that a MessagePack record can hold.
    #[error("message of {0} bytes is too long for a record")]
    TooLong(usize),
}
