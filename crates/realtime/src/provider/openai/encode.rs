//! Commands as OpenAI's client events.

use super::{OpenAi, json};
use crate::model::{Command, Object, SessionSettings, format_json};
use crate::transport::Frame;
use serde_json::{Value, json};

/// The `event_id` of the update that no client asked for.
pub(super) const SETUP_EVENT_ID: &str = "gateway_setup";

impl OpenAi {
    pub(super) fn command(&mut self, command: Command, settings: &SessionSettings) -> Frame {
        match command {
            Command::Configure { changed, event_id } => {
                session_update(&self.session_fields(&changed, settings), event_id.as_deref())
            }
            Command::AppendAudio { audio } => {
                event("input_audio_buffer.append", None, json!({"audio": json::base64(&audio)}))
            }
            Command::CommitAudio { event_id } => event("input_audio_buffer.commit", event_id.as_deref(), Value::Null),
            Command::ClearAudio { event_id } => event("input_audio_buffer.clear", event_id.as_deref(), Value::Null),
            Command::AddItem { item, previous_item_id, event_id } => {
                let mut fields = json!({"item": item});
                if let Some(previous) = previous_item_id {
                    json::set(&mut fields, "previous_item_id", previous);
                }
                event("conversation.item.create", event_id.as_deref(), fields)
            }
            Command::AddToolResult { item, event_id, .. } => {
                event("conversation.item.create", event_id.as_deref(), json!({"item": item}))
            }
            Command::Respond { parameters, event_id } => self.respond(parameters, event_id.as_deref()),
            Command::Cancel { response_id, event_id } => {
                let fields = response_id.map_or(Value::Null, |id| json!({"response_id": id}));
                event("response.cancel", event_id.as_deref(), fields)
            }
            Command::Truncate { item_id, content_index, audio_end_ms, event_id } => {
                let fields = json!({"item_id": item_id, "content_index": content_index, "audio_end_ms": audio_end_ms});
                event("conversation.item.truncate", event_id.as_deref(), fields)
            }
            Command::DeleteItem { item_id, event_id } => {
                event("conversation.item.delete", event_id.as_deref(), json!({"item_id": item_id}))
            }
            Command::RetrieveItem { item_id, event_id } => {
                event("conversation.item.retrieve", event_id.as_deref(), json!({"item_id": item_id}))
            }
            // The answer to this says what the response has used so far.
            Command::Leave => event("response.cancel", None, Value::Null),
        }
    }

    /// The fields of a session in the provider's dialect and with formats that it has.
    pub(super) fn session_fields(&mut self, changed: &Object, settings: &SessionSettings) -> Object {
        let dialect = self.config.dialect;
        let mut fields = changed.clone();
        fields.remove("model");
        fields.insert("type".to_owned(), "realtime".into());
        self.input_format = dialect.format(settings.input_format());
        let output_format = dialect.format(settings.output_format());
        let audio = fields.entry("audio").or_insert_with(|| json!({}));
        if !audio.is_object() {
            *audio = json!({});
        }
        for (side, format) in [("input", self.input_format), ("output", output_format)] {
            match audio.get_mut(side) {
                Some(Value::Object(section)) => {
                    section.insert("format".to_owned(), format_json(format));
                }
                _ => json::set(audio, side, json!({"format": format_json(format)})),
            }
        }
        dialect.adapt(&mut fields);
        fields
    }

    fn respond(&self, mut parameters: Object, event_id: Option<&str>) -> Frame {
        if parameters.is_empty() {
            return event("response.create", event_id, Value::Null);
        }
        // The format of a single response is the session's, which is converted from.
        if let Some(output) = parameters.get_mut("audio").and_then(|audio| audio.get_mut("output")?.as_object_mut()) {
            output.remove("format");
        }
        self.config.dialect.adapt(&mut parameters);
        event("response.create", event_id, json!({"response": parameters}))
    }
}

pub(super) fn session_update(session: &Object, event_id: Option<&str>) -> Frame {
    event("session.update", event_id, json!({"session": session}))
}

fn event(kind: &str, event_id: Option<&str>, fields: Value) -> Frame {
    let mut event = match fields {
        Value::Object(fields) => fields,
        _ => Object::new(),
    };
    event.insert("type".to_owned(), kind.into());
    if let Some(event_id) = event_id {
        event.insert("event_id".to_owned(), event_id.into());
    }
    Frame::json(&Value::Object(event))
}
