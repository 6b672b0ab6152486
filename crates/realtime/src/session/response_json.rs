//! A response as the JSON that OpenAI's protocol has for it.

use super::dialogue::Dialogue;
use super::response::Response;
use crate::audio::TICKS_PER_SECOND;
use crate::model::{Object, Outcome, TokenUsage, format_json};
use serde_json::{Value, json};

impl Dialogue {
    pub(super) fn response_json(&self, response: &Response, outcome: Option<&Outcome>) -> Object {
        let (status, details) = match outcome {
            None => ("in_progress", Value::Null),
            Some(Outcome::Completed) => ("completed", Value::Null),
            Some(Outcome::Incomplete { reason }) => ("incomplete", json!({"type": "incomplete", "reason": reason})),
            Some(Outcome::Cancelled { reason }) => ("cancelled", json!({"type": "cancelled", "reason": reason})),
            Some(Outcome::Failed { code, message }) => {
                let error = json!({"type": "server_error", "code": code, "message": message});
                ("failed", json!({"type": "failed", "error": error}))
            }
        };
        let usage = match response.usage {
            Some(usage) => Value::Object(usage.to_openai()),
            None if outcome.is_some() && self.bills_by_time() => Value::Object(TokenUsage::default().to_openai()),
            None => Value::Null,
        };
        let mut metadata = response.metadata.clone();
        if outcome.is_some() && self.bills_by_time() {
            let heard = seconds(response.heard_ticks);
            let seconds = json!({"audio_in_s": heard, "audio_out_s": seconds(response.spoken_ticks)});
            let metadata = metadata.get_or_insert_default();
            metadata.insert("gateway_usage".to_owned(), seconds.to_string().into());
        }
        let is_text = self.settings.wants_text_only();
        let conversation_id = if response.is_out_of_band { None } else { Some(self.identifiers.conversation()) };
        let mut output = json!({"format": format_json(self.settings.output_format())});
        if let (Some(voice), Value::Object(output)) = (self.settings.voice(), &mut output) {
            output.insert("voice".to_owned(), voice.into());
        }
        let response = json!({
            "object": "realtime.response",
            "id": response.id,
            "status": status,
            "status_details": details,
            "output": response.output,
            "conversation_id": conversation_id,
            "output_modalities": [if is_text { "text" } else { "audio" }],
            "max_output_tokens": self.settings.max_output_tokens().map_or_else(|| "inf".into(), Value::from),
            "audio": {"output": output},
            "usage": usage,
            "metadata": metadata,
        });
        match response {
            Value::Object(response) => response,
            _ => Object::new(),
        }
    }
}

/// Seconds to the millisecond.
#[allow(clippy::cast_precision_loss, reason = "milliseconds of a session")]
fn seconds(ticks: u64) -> f64 {
    (ticks * 1_000 / TICKS_PER_SECOND) as f64 / 1_000.0
}
