//! What is sent: a target and its arguments, in JSON or MessagePack. Whoever speaks the other protocol gets the same
//! values in that.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{
    Deserialize, Serialize,
    de::{self, Deserializer, IgnoredAny, MapAccess, Visitor},
    ser::Serializer,
};
use serde_json::value::RawValue;
use signalr::{EncodeError, Headers, HubMessage, Invocation, Payload, Protocol, record};
use thiserror::Error;

use crate::event::{Event, Variant};

/// Why a body is no message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MessageError {
    /// The body is not JSON, or not an object with a target and a list of arguments.
    #[error("the body must be {{\"target\": …, \"arguments\": […]}}: {0}")]
    Json(String),
    /// The body is not MessagePack, or not a map from names of protocols to messages.
    #[error("the body must be a MessagePack map from the name of a hub protocol to an invocation's bytes: {0}")]
    MessagePack(String),
    /// There is no target.
    #[error("the target is missing")]
    NoTarget,
    /// An argument has no form in JSON.
    #[error("argument {0} can't be written as JSON")]
    NotJson(usize),
}

/// An invocation of a client method, with its arguments as they came.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    /// The client method.
    pub target: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json: Option<Vec<Box<RawValue>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    messagepack: Option<Vec<Bytes>>,
}

impl Message {
    /// A message whose arguments are JSON.
    pub fn new(target: impl Into<String>, arguments: Vec<Box<RawValue>>) -> Self {
        Self { target: target.into(), json: Some(arguments), messagepack: None }
    }

    /// Reads `{target, arguments}`; the names are read in any case, and `arguments` may be missing.
    ///
    /// # Errors
    ///
    /// See [`MessageError`].
    pub fn from_json(body: &[u8]) -> Result<Self, MessageError> {
        let members: Members = serde_json::from_slice(body).map_err(|error| MessageError::Json(error.to_string()))?;
        let target = members.target.filter(|target| !target.is_empty()).ok_or(MessageError::NoTarget)?;
        Ok(Self::new(target, members.arguments.unwrap_or_default()))
    }

    /// Reads a MessagePack map from names of hub protocols to framed invocations. Protocols that are not known here are
    /// skipped; one that is known must be there.
    ///
    /// # Errors
    ///
    /// See [`MessageError`].
    pub fn from_messagepack(body: &[u8]) -> Result<Self, MessageError> {
        let wrong = |cause: String| MessageError::MessagePack(cause);
        let entries: BTreeMap<Cow<'_, str>, Bytes> =
            rmp_serde::from_slice(body).map_err(|error| wrong(error.to_string()))?;
        let mut message = Self { target: String::new(), json: None, messagepack: None };
        for (name, bytes) in &entries {
            let Some(protocol) = Protocol::from_name(name) else { continue };
            let (target, payloads) =
                invocation(protocol, &bytes.0).map_err(|cause| wrong(format!("{name}: {cause}")))?;
            if !message.target.is_empty() && message.target != target {
                return Err(wrong("the messages have different targets".to_owned()));
            }
            message.target = target;
            for payload in payloads {
                match payload {
                    Payload::Json(raw) => message.json.get_or_insert_default().push(raw),
                    Payload::MessagePack(bytes) => {
                        message.messagepack.get_or_insert_default().push(Bytes(bytes.into()));
                    }
                }
            }
            match protocol {
                Protocol::Json => drop(message.json.get_or_insert_default()),
                Protocol::MessagePack => drop(message.messagepack.get_or_insert_default()),
            }
        }
        if message.json.is_none() && message.messagepack.is_none() {
            return Err(wrong("there is a message for neither json nor messagepack".to_owned()));
        }
        if message.target.is_empty() { Err(MessageError::NoTarget) } else { Ok(message) }
    }

    /// The arguments as JSON.
    ///
    /// # Errors
    ///
    /// [`MessageError::NotJson`] names the first that has no form in JSON.
    pub fn arguments(&self) -> Result<Vec<Box<RawValue>>, MessageError> {
        if let Some(arguments) = &self.json {
            return Ok(arguments.clone());
        }
        let packed = self.messagepack.iter().flatten().enumerate();
        packed
            .map(|(index, bytes)| match Payload::encode(Protocol::Json, &bytes.payload()) {
                Ok(Payload::Json(raw)) => Ok(raw),
                Ok(Payload::MessagePack(_)) | Err(_) => Err(MessageError::NotJson(index)),
            })
            .collect()
    }

    /// Writes the message as an invocation, of which an answer is wanted where it has an id.
    pub(super) fn write(
        &self,
        protocol: Protocol,
        invocation_id: Option<&str>,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let invocation = Invocation {
            headers: Headers::default(),
            invocation_id: invocation_id.map(str::to_owned),
            target: self.target.clone(),
            arguments: Ok(self.payloads(protocol)?),
            stream_ids: Vec::new(),
        };
        protocol.encode(&HubMessage::Invocation(invocation), out)
    }

    /// The arguments as a protocol has them: as they came, where they came in it.
    fn payloads(&self, protocol: Protocol) -> Result<Vec<Payload>, EncodeError> {
        let json = || self.json.iter().flatten().map(|raw| Payload::Json(raw.clone()));
        let packed = || self.messagepack.iter().flatten().map(Bytes::payload);
        match (protocol, &self.json, &self.messagepack) {
            (Protocol::Json, Some(_), _) => Ok(json().collect()),
            (Protocol::MessagePack, _, Some(_)) => Ok(packed().collect()),
            (Protocol::Json, None, _) => packed().map(|payload| Payload::encode(protocol, &payload)).collect(),
            (Protocol::MessagePack, _, None) => json().map(|payload| Payload::encode(protocol, &payload)).collect(),
        }
    }
}

impl Event for Message {
    /// Who speaks a protocol in which the arguments can't be written is left out.
    fn encode(&self, protocol: Protocol, _: Variant, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let start = out.len();
        if self.write(protocol, None, out).is_err() {
            out.truncate(start);
        }
        Ok(())
    }
}

/// The target and the arguments of one framed invocation.
fn invocation(protocol: Protocol, bytes: &[u8]) -> Result<(String, Vec<Payload>), String> {
    let split = record::split(protocol, bytes).map_err(|error| error.to_string())?;
    let Some((body, [])) = split else { return Err("it is not one whole message".to_owned()) };
    match protocol.decode(body).map_err(|error| error.to_string())? {
        Some(HubMessage::Invocation(invocation)) => {
            let arguments = invocation.arguments.map_err(|error| error.to_string())?;
            Ok((invocation.target, arguments))
        }
        _ => Err("it is no invocation".to_owned()),
    }
}

/// `{target, arguments}`, with its names in any case; others are skipped.
#[derive(Default)]
struct Members {
    target: Option<String>,
    arguments: Option<Vec<Box<RawValue>>>,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with a target")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                while let Some(name) = map.next_key::<String>()? {
                    if name.eq_ignore_ascii_case("target") {
                        members.target = map.next_value()?;
                    } else if name.eq_ignore_ascii_case("arguments") {
                        members.arguments = map.next_value()?;
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

/// Bytes: a binary value in MessagePack, base64 in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn payload(&self) -> Payload {
        Payload::MessagePack(self.0.as_slice().into())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&base64::display::Base64Display::new(&self.0, &BASE64_STANDARD))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BytesVisitor;

        impl Visitor<'_> for BytesVisitor {
            type Value = Bytes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
                BASE64_STANDARD.decode(text).map(Bytes).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(BytesVisitor)
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
