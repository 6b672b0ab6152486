//! The protocols that clients speak.

use super::{ClientMessage, ServerEvent, beta, openai, simple};
use crate::identifiers::Identifiers;
use crate::model::{Object, Problem};
use crate::transport::Frame;
use serde_json::{Value, json};

/// How a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientProtocol {
    /// OpenAI's protocol as it is now.
    OpenAi,
    /// OpenAI's protocol as it was in its beta.
    OpenAiBeta,
    /// Conduit's own: audio in binary messages, or as `{type: "audio", data}`.
    Simple,
}

impl ClientProtocol {
    /// What a session asks for unless the client does: fields of OpenAI's session object.
    ///
    /// A client of the simple protocol need not ask for anything, so it gets what Conduit always gave it.
    pub fn default_settings(self) -> Object {
        let settings = match self {
            Self::OpenAi | Self::OpenAiBeta => json!({}),
            Self::Simple => json!({
                "instructions": "You are a helpful assistant.",
                "audio": {
                    "input": {"transcription": {"model": "whisper-1", "language": "en"}},
                    "output": {"voice": "alloy"},
                },
            }),
        };
        match settings {
            Value::Object(settings) => settings,
            _ => Object::new(),
        }
    }

    /// Reads a client's message.
    ///
    /// # Errors
    ///
    /// What the client is told of it; the session goes on.
    pub fn read(self, frame: Frame) -> Result<ClientMessage, Problem> {
        match (self, frame) {
            (Self::Simple, frame) => simple::read(frame),
            (Self::OpenAi, Frame::Text(text)) => openai::read(openai::parse(&text)?),
            (Self::OpenAiBeta, Frame::Text(text)) => openai::read(beta::upgrade(openai::parse(&text)?)),
            (Self::OpenAi | Self::OpenAiBeta, Frame::Binary(_)) => {
                let message = "Events are JSON in text messages; audio goes into input_audio_buffer.append, in base64.";
                Err(Problem::invalid("invalid_event", message))
            }
        }
    }

    /// Writes an event; a protocol may have several messages for it, or none.
    pub fn write(self, event: &ServerEvent, identifiers: &mut Identifiers) -> Vec<Frame> {
        let messages = match self {
            Self::Simple => return simple::write(event, identifiers).iter().map(Frame::json).collect(),
            Self::OpenAi => object(event).into_iter().collect(),
            Self::OpenAiBeta => object(event).map(|event| beta::downgrade(event, identifiers)).unwrap_or_default(),
        };
        messages
            .into_iter()
            .map(|mut message: Object| {
                message.insert("event_id".to_owned(), identifiers.next("event").into());
                Frame::json(&Value::Object(message))
            })
            .collect()
    }
}

fn object(event: &ServerEvent) -> Option<Object> {
    match serde_json::to_value(event) {
        Ok(Value::Object(event)) => Some(event),
        _ => None,
    }
}
