//! The two hub protocols: their names, and encoding and decoding of framed records.

use serde::Serialize;

use crate::{Arguments, EncodeError, HubMessage, ProtocolError, TransferFormat, json, messagepack};

/// A hub protocol: how messages become bytes.
///
/// The `encode…` methods append one framed record to `out`, and nothing when they fail. The typed ones write straight
/// from the caller's values: one call per event and protocol serves any number of receivers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Protocol {
    /// `json`: text records that end in 0x1E.
    Json,
    /// `messagepack`: binary records that begin with their length.
    MessagePack,
}

impl Protocol {
    /// Returns the protocol that a handshake calls `name`, in any case, as ASP.NET Core resolves it.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Json, Self::MessagePack].into_iter().find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }

    /// Returns the protocol's name: `json` or `messagepack`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MessagePack => "messagepack",
        }
    }

    /// Returns what a transport must be able to carry for this protocol.
    pub fn transfer_format(self) -> TransferFormat {
        match self {
            Self::Json => TransferFormat::Text,
            Self::MessagePack => TransferFormat::Binary,
        }
    }

    /// Returns the framed ping.
    pub fn ping(self) -> &'static [u8] {
        match self {
            Self::Json => json::PING,
            Self::MessagePack => messagepack::PING,
        }
    }

    /// Appends `message`.
    ///
    /// # Errors
    ///
    /// Returns an [`EncodeError`] when a payload belongs to the other protocol, the arguments of a call did not bind, a
    /// stream invocation has no id, or the message is too long.
    pub fn encode(self, message: &HubMessage, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Json => json::encode(message, out),
            Self::MessagePack => messagepack::encode(message, out),
        }
    }

    /// Appends a call that asks for no completion.
    ///
    /// # Errors
    ///
    /// Returns an [`EncodeError`] when an argument refuses to be serialized or the message is too long.
    pub fn encode_invocation<A: Arguments + ?Sized>(
        self,
        target: &str,
        arguments: &A,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Json => json::encode_invocation(None, target, arguments, out),
            Self::MessagePack => messagepack::encode_invocation(None, target, arguments, out),
        }
    }

    /// Appends a call that asks for a completion under `invocation_id`.
    ///
    /// # Errors
    ///
    /// Returns an [`EncodeError`] when an argument refuses to be serialized or the message is too long.
    pub fn encode_invocation_with_id<A: Arguments + ?Sized>(
        self,
        invocation_id: &str,
        target: &str,
        arguments: &A,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Json => json::encode_invocation(Some(invocation_id), target, arguments, out),
            Self::MessagePack => messagepack::encode_invocation(Some(invocation_id), target, arguments, out),
        }
    }

    /// Appends the next item of a stream.
    ///
    /// # Errors
    ///
    /// Returns an [`EncodeError`] when the item refuses to be serialized or the message is too long.
    pub fn encode_stream_item<T: Serialize + ?Sized>(
        self,
        invocation_id: &str,
        item: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Json => json::encode_stream_item(invocation_id, item, out),
            Self::MessagePack => messagepack::encode_stream_item(invocation_id, item, out),
        }
    }

    /// Appends the end of a call that returned `result`. A method that returns nothing answers with `&()`, which is
    /// null: ASP.NET Core does so, and clients that wait for a result property get one.
    ///
    /// # Errors
    ///
    /// Returns an [`EncodeError`] when the result refuses to be serialized or the message is too long.
    pub fn encode_completion_result<T: Serialize + ?Sized>(
        self,
        invocation_id: &str,
        result: &T,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Json => json::encode_completion_result(invocation_id, result, out),
            Self::MessagePack => messagepack::encode_completion_result(invocation_id, result, out),
        }
    }

    /// Appends the end of a stream: a completion with neither result nor error.
    pub fn encode_completion_void(self, invocation_id: &str, out: &mut Vec<u8>) {
        match self {
            Self::Json => json::encode_completion_void(invocation_id, out),
            Self::MessagePack => messagepack::encode_completion_void(invocation_id, out),
        }
    }

    /// Appends the end of a call or stream that failed. The texts are in [`error_text`](crate::error_text).
    pub fn encode_completion_error(self, invocation_id: &str, error: &str, out: &mut Vec<u8>) {
        match self {
            Self::Json => json::encode_completion_error(invocation_id, error, out),
            Self::MessagePack => messagepack::encode_completion_error(invocation_id, error, out),
        }
    }

    /// Appends the end of the connection. The texts are in [`close_text`](crate::close_text).
    pub fn encode_close(self, error: Option<&str>, allow_reconnect: bool, out: &mut Vec<u8>) {
        match self {
            Self::Json => json::encode_close(error, allow_reconnect, out),
            Self::MessagePack => messagepack::encode_close(error, allow_reconnect, out),
        }
    }

    /// Reads one record without its framing (see [`record`](crate::record)). `None` is a message of a kind that this
    /// crate does not know, which is to be skipped.
    ///
    /// # Errors
    ///
    /// Returns a [`ProtocolError`] when the record is not a hub message, which ends the connection.
    pub fn decode(self, record: &[u8]) -> Result<Option<HubMessage>, ProtocolError> {
        match self {
            Self::Json => json::decode(record),
            Self::MessagePack => messagepack::decode(record),
        }
    }
}

#[cfg(test)]
mod tests;
