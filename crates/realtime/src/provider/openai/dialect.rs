//! Where ElevenLabs' door differs from OpenAI's.

use crate::audio::{AudioFormat, Encoding};
use crate::model::Object;
use crate::transport::Secret;
use serde_json::{Value, json};

/// Who speaks OpenAI's protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI, or anybody who is indistinguishable.
    OpenAi,
    /// ElevenLabs: `max_response_output_tokens`, a nested `tool_choice`, no A-law.
    ElevenLabs,
}

/// Accepted by ElevenLabs and ignored: not worth sending.
const ELEVENLABS_IGNORES: [&str; 5] = ["include", "parallel_tool_calls", "reasoning", "truncation", "prompt"];

impl Dialect {
    pub(super) fn provider_name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::ElevenLabs => "elevenlabs-realtime",
        }
    }

    pub(super) fn authorization(self, key: &Secret) -> (&'static str, Secret) {
        match self {
            Self::OpenAi => ("Authorization", Secret::new(format!("Bearer {}", key.expose()))),
            Self::ElevenLabs => ("xi-api-key", key.clone()),
        }
    }

    /// The format to speak with the provider when the client speaks that one.
    pub(super) fn format(self, client: AudioFormat) -> AudioFormat {
        match (client.encoding(), self) {
            (Encoding::Ulaw, _) => AudioFormat::ULAW,
            (Encoding::Alaw, Self::OpenAi) => AudioFormat::ALAW,
            _ => AudioFormat::PCM16_24KHZ,
        }
    }

    /// Puts the fields of a session or of a response into the dialect.
    pub(super) fn adapt(self, fields: &mut Object) {
        if self == Self::OpenAi {
            return;
        }
        if let Some(limit) = fields.remove("max_output_tokens") {
            fields.insert("max_response_output_tokens".to_owned(), limit);
        }
        for name in ELEVENLABS_IGNORES {
            fields.remove(name);
        }
        let function = fields.get("tool_choice").and_then(|choice| choice.get("name")).cloned();
        if let Some(name @ Value::String(_)) = function {
            let choice = json!({"type": "function", "function": {"name": name}});
            fields.insert("tool_choice".to_owned(), choice);
        }
    }
}
