//! One argument, stream item or result that has not been given a type yet.

mod transcode;

use rmp_serde::config::{DefaultConfig, HumanReadableConfig};
use rmp_serde::decode::ReadRefReader;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::{Error as _, Serializer};
use serde_json::value::RawValue;

use self::transcode::Transcode;
use crate::{BindingError, EncodeError, MAX_DEPTH, Protocol, json, messagepack};

/// One argument, stream item or result, kept as it came over the wire until its type is known.
#[derive(Clone, Debug)]
pub enum Payload {
    /// One JSON value.
    Json(Box<RawValue>),
    /// The bytes of one MessagePack value.
    MessagePack(Box<[u8]>),
}

impl Payload {
    /// Writes `value` as `protocol` carries it. In MessagePack structs are maps with their fields' names, and types
    /// that have a form for people to read, such as UUIDs, are written in that.
    ///
    /// # Errors
    ///
    /// Returns [`EncodeError::Json`] or [`EncodeError::MessagePack`] when the value refuses to be serialized.
    pub fn encode<T: Serialize + ?Sized>(protocol: Protocol, value: &T) -> Result<Self, EncodeError> {
        let mut out = Vec::new();
        match protocol {
            Protocol::Json => {
                json::write::value(value, &mut out)?;
                let text = String::from_utf8(out).map_err(serde_json::Error::custom)?;
                Ok(Self::Json(RawValue::from_string(text)?))
            }
            Protocol::MessagePack => {
                messagepack::write::value(value, &mut out)?;
                Ok(Self::MessagePack(out.into_boxed_slice()))
            }
        }
    }

    /// Returns the null of `protocol`.
    pub fn null(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Json => Self::Json(RawValue::NULL.to_owned()),
            Protocol::MessagePack => Self::MessagePack(Box::new([messagepack::NIL])),
        }
    }

    /// Reads the value as a `T`.
    ///
    /// # Errors
    ///
    /// Returns [`BindingError::Type`] when the value is not a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, BindingError> {
        match self {
            Self::Json(raw) => serde_json::from_str(raw.get()).map_err(|error| mismatch(&error)),
            Self::MessagePack(bytes) => {
                T::deserialize(&mut messagepack_deserializer(bytes)).map_err(|error| mismatch(&error))
            }
        }
    }

    /// Returns the protocol that the payload belongs to.
    pub fn protocol(&self) -> Protocol {
        match self {
            Self::Json(_) => Protocol::Json,
            Self::MessagePack(_) => Protocol::MessagePack,
        }
    }

    /// Returns the value as it stands on the wire: JSON text or MessagePack bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Json(raw) => raw.get().as_bytes(),
            Self::MessagePack(bytes) => bytes,
        }
    }
}

fn mismatch(error: &dyn std::fmt::Display) -> BindingError {
    BindingError::Type { detail: error.to_string() }
}

/// Payloads are equal when they are the same bytes of the same protocol.
impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.protocol() == other.protocol() && self.as_bytes() == other.as_bytes()
    }
}

/// A payload can be an argument, item or result of either protocol: it is read from its own and written in that of the
/// serializer. What only MessagePack has (extension types) is an error.
///
/// The values are the same but perhaps not the bytes: numbers and spaces are written anew. A
/// [`HubMessage`](crate::HubMessage) keeps the bytes of its payloads.
impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Json(raw) => Transcode::new(&mut serde_json::Deserializer::from_str(raw.get())).serialize(serializer),
            Self::MessagePack(bytes) => Transcode::new(&mut messagepack_deserializer(bytes)).serialize(serializer),
        }
    }
}

type MessagePackDeserializer<'a> = rmp_serde::Deserializer<ReadRefReader<'a, [u8]>, HumanReadableConfig<DefaultConfig>>;

fn messagepack_deserializer(bytes: &[u8]) -> MessagePackDeserializer<'_> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes).with_human_readable();
    deserializer.set_max_depth(MAX_DEPTH);
    deserializer
}

#[cfg(test)]
mod tests;
