//! Reading of JSON records: properties in any order, the last of several with one name, unknown ones ignored.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::object::{Properties, integer, read_object, string};
use crate::{Completion, Headers, HubMessage, Invocation, Outcome, Payload, ProtocolError, StreamItem};

/// Reads one record without its separator. `None` is a message of an unknown kind.
pub(crate) fn decode(record: &[u8]) -> Result<Option<HubMessage>, ProtocolError> {
    let mut message = Message::default();
    read_object(std::str::from_utf8(record)?, &mut message)?;
    message.into_hub_message()
}

/// All that a message can have, whatever its kind: the kind may be the last property.
#[derive(Default)]
struct Message {
    kind: Option<i64>,
    headers: Headers,
    invocation_id: Option<String>,
    target: Option<String>,
    arguments: Option<Vec<Box<RawValue>>>,
    stream_ids: Vec<String>,
    item: Option<Box<RawValue>>,
    result: Option<Box<RawValue>>,
    error: Option<String>,
    allow_reconnect: bool,
    sequence_id: Option<i64>,
}

impl<'de> Properties<'de> for Message {
    fn read<A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: &mut A,
        fault: &mut Option<ProtocolError>,
    ) -> Result<(), A::Error> {
        match name {
            "type" => match integer("type", 32, value, fault)? {
                // A null is refused like any other value that is not a number; `fault` says so already.
                None => return Err(A::Error::custom("null type")),
                kind => self.kind = kind,
            },
            "invocationId" => self.invocation_id = Some(string("invocationId", value, fault)?),
            "target" => self.target = Some(string("target", value, fault)?),
            "arguments" => {
                *fault = Some(ProtocolError::PropertyType { property: "arguments", expected: "Array" });
                self.arguments = Some(value.next_value()?);
            }
            "streamIds" => {
                *fault = Some(ProtocolError::PropertyType { property: "streamIds", expected: "Array" });
                self.stream_ids = value.next_value_seed(StreamIds(fault))?;
            }
            "item" => self.item = Some(value.next_value()?),
            "result" => self.result = Some(value.next_value()?),
            "error" => self.error = Some(string("error", value, fault)?),
            "allowReconnect" => {
                *fault = Some(ProtocolError::NotABoolean("allowReconnect"));
                self.allow_reconnect = value.next_value()?;
            }
            "headers" => {
                *fault = Some(ProtocolError::PropertyType { property: "headers", expected: "Object" });
                self.headers = value.next_value_seed(HeadersSeed(fault))?;
            }
            "sequenceId" => self.sequence_id = integer("sequenceId", 64, value, fault)?,
            _ => {
                value.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl Message {
    fn into_hub_message(self) -> Result<Option<HubMessage>, ProtocolError> {
        let kind = self.kind.ok_or(ProtocolError::MissingProperty("type"))?;
        Ok(Some(match kind {
            1 => HubMessage::Invocation(self.into_invocation()?),
            2 => {
                let invocation_id = required_id(self.invocation_id)?;
                let item = self.item.ok_or(ProtocolError::MissingProperty("item"))?;
                HubMessage::StreamItem(StreamItem {
                    headers: self.headers,
                    invocation_id,
                    item: Ok(Payload::Json(item)),
                })
            }
            3 => HubMessage::Completion(self.into_completion()?),
            4 => {
                // ASP.NET Core complains of a missing target first, but of an empty one last.
                if self.target.is_none() {
                    return Err(ProtocolError::MissingProperty("target"));
                }
                if self.invocation_id.as_deref().unwrap_or_default().is_empty() {
                    return Err(ProtocolError::MissingProperty("invocationId"));
                }
                if self.arguments.is_none() {
                    return Err(ProtocolError::MissingProperty("arguments"));
                }
                HubMessage::StreamInvocation(self.into_invocation()?)
            }
            5 => {
                HubMessage::CancelInvocation { headers: self.headers, invocation_id: required_id(self.invocation_id)? }
            }
            6 => HubMessage::Ping,
            7 => HubMessage::Close { error: self.error, allow_reconnect: self.allow_reconnect },
            8 => HubMessage::Ack { sequence_id: required_sequence_id(self.sequence_id)? },
            9 => HubMessage::Sequence { sequence_id: required_sequence_id(self.sequence_id)? },
            _ => return Ok(None),
        }))
    }

    fn into_invocation(self) -> Result<Invocation, ProtocolError> {
        let target = self.target.filter(|target| !target.is_empty()).ok_or(ProtocolError::MissingProperty("target"))?;
        let arguments = self.arguments.ok_or(ProtocolError::MissingProperty("arguments"))?;
        Ok(Invocation {
            headers: self.headers,
            invocation_id: self.invocation_id.filter(|id| !id.is_empty()),
            target,
            arguments: Ok(arguments.into_iter().map(Payload::Json).collect()),
            stream_ids: self.stream_ids,
        })
    }

    fn into_completion(self) -> Result<Completion, ProtocolError> {
        let invocation_id = required_id(self.invocation_id)?;
        let outcome = match (self.error, self.result) {
            (Some(_), Some(_)) => return Err(ProtocolError::ErrorAndResult),
            (Some(error), None) => Outcome::Error(error),
            (None, Some(result)) => Outcome::Result(Payload::Json(result)),
            (None, None) => Outcome::Void,
        };
        Ok(Completion { headers: self.headers, invocation_id, outcome })
    }
}

fn required_id(invocation_id: Option<String>) -> Result<String, ProtocolError> {
    invocation_id.filter(|id| !id.is_empty()).ok_or(ProtocolError::MissingProperty("invocationId"))
}

fn required_sequence_id(sequence_id: Option<i64>) -> Result<i64, ProtocolError> {
    sequence_id.ok_or(ProtocolError::MissingProperty("sequenceId"))
}

/// Reads the headers; the field takes the words for what is wrong with one.
struct HeadersSeed<'a>(&'a mut Option<ProtocolError>);

impl<'de> DeserializeSeed<'de> for HeadersSeed<'_> {
    type Value = Headers;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Headers, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for HeadersSeed<'_> {
    type Value = Headers;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
        let mut headers = Headers::new();
        while let Some(name) = map.next_key::<String>()? {
            *self.0 = Some(ProtocolError::HeaderType(name.clone()));
            headers.push(name, map.next_value::<String>()?);
        }
        Ok(headers)
    }
}

/// Reads the stream ids; the field takes the words for what is wrong with one.
struct StreamIds<'a>(&'a mut Option<ProtocolError>);

impl<'de> DeserializeSeed<'de> for StreamIds<'_> {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<String>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for StreamIds<'_> {
    type Value = Vec<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<String>, A::Error> {
        *self.0 = Some(ProtocolError::StreamIdType);
        let mut stream_ids = Vec::new();
        while let Some(stream_id) = seq.next_element()? {
            stream_ids.push(stream_id);
        }
        Ok(stream_ids)
    }
}

#[cfg(test)]
mod tests;
