//! OpenAI's client events (GA), read strictly.

use super::fields::{
    invalid, join, missing, one_of, optional_object, optional_text, required_count, required_object, required_text,
    unknown, wrong_type,
};
use super::session_fields::{check_response, check_session};
use super::{ClientEvent, ClientMessage};
use crate::model::{Object, Problem};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The longest id that a client may choose, in characters.
const MAX_ID_CHARACTERS: usize = 32;
/// The longest `event_id`: OpenAI's limit.
const MAX_EVENT_ID_CHARACTERS: usize = 512;

/// Every event that a client can send, and its members besides `type` and `event_id`.
const EVENTS: [(&str, &[&str]); 11] = [
    ("session.update", &["session"]),
    ("input_audio_buffer.append", &["audio"]),
    ("input_audio_buffer.commit", &[]),
    ("input_audio_buffer.clear", &[]),
    ("conversation.item.create", &["item", "previous_item_id"]),
    ("conversation.item.retrieve", &["item_id"]),
    ("conversation.item.truncate", &["item_id", "content_index", "audio_end_ms"]),
    ("conversation.item.delete", &["item_id"]),
    ("response.create", &["response"]),
    ("response.cancel", &["response_id"]),
    ("output_audio_buffer.clear", &[]),
];

/// Reads the JSON of a client's message.
///
/// # Errors
///
/// What the client is told of it.
pub(super) fn parse(text: &str) -> Result<Object, Problem> {
    match serde_json::from_str(text) {
        Ok(Value::Object(event)) => Ok(event),
        Ok(_) => Err(Problem::invalid("invalid_event", "The message must be a JSON object.")),
        Err(error) => {
            let message = format!("The message must be JSON: {error}.");
            Err(Problem::invalid("invalid_json", message))
        }
    }
}

/// Reads a client event. A mistake in it names it.
///
/// # Errors
///
/// What the client is told of it.
pub(super) fn read(event: Object) -> Result<ClientMessage, Problem> {
    let event_id = event_id(&event)?;
    match read_event(event) {
        Ok(event) => Ok(ClientMessage { event_id, event }),
        Err(problem) => Err(problem.caused_by(event_id.as_deref())),
    }
}

fn event_id(event: &Object) -> Result<Option<String>, Problem> {
    let event_id = optional_text(event, "event_id", "")?;
    if event_id.is_some_and(|id| id.chars().count() > MAX_EVENT_ID_CHARACTERS) {
        return Err(invalid("event_id", "must have 512 characters at the most"));
    }
    Ok(event_id.map(str::to_owned))
}

fn read_event(mut event: Object) -> Result<ClientEvent, Problem> {
    let kind = match event.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(other) => return Err(wrong_type("type", "a string", other)),
        None => return Err(Problem::invalid("invalid_event", "The 'type' field is missing.").at("type")),
    };
    let Some((_, members)) = EVENTS.iter().find(|(name, _)| *name == kind) else {
        return Err(one_of(&kind, &EVENTS.map(|(name, _)| name), "type").err().unwrap_or_else(|| unknown("type")));
    };
    let is_known = |name: &str| name == "type" || name == "event_id" || members.contains(&name);
    if let Some(name) = event.keys().find(|name| !is_known(name)) {
        return Err(unknown(name));
    }
    let item_id = |event: &Object| required_text(event, "item_id", "").map(str::to_owned);
    match kind.as_str() {
        "session.update" => {
            check_session(required_object(&event, "session", "")?)?;
            Ok(ClientEvent::UpdateSession { session: take(&mut event, "session") })
        }
        "input_audio_buffer.append" => {
            let audio = STANDARD.decode(required_text(&event, "audio", "")?);
            let audio = audio.map_err(|_| invalid("audio", "expected audio in base64"))?;
            Ok(ClientEvent::AppendAudio { audio })
        }
        "input_audio_buffer.commit" => Ok(ClientEvent::CommitAudio),
        "input_audio_buffer.clear" => Ok(ClientEvent::ClearAudio),
        "conversation.item.create" => {
            check_item(required_object(&event, "item", "")?)?;
            let previous_item_id = optional_text(&event, "previous_item_id", "")?.map(str::to_owned);
            Ok(ClientEvent::CreateItem { item: take(&mut event, "item"), previous_item_id })
        }
        "conversation.item.retrieve" => Ok(ClientEvent::RetrieveItem { item_id: item_id(&event)? }),
        "conversation.item.delete" => Ok(ClientEvent::DeleteItem { item_id: item_id(&event)? }),
        "conversation.item.truncate" => Ok(ClientEvent::TruncateItem {
            item_id: item_id(&event)?,
            content_index: required_count(&event, "content_index", "")?,
            audio_end_ms: required_count(&event, "audio_end_ms", "")?,
        }),
        "response.create" => {
            if let Some(parameters) = optional_object(&event, "response", "")? {
                check_response(parameters)?;
            }
            Ok(ClientEvent::CreateResponse { parameters: take(&mut event, "response") })
        }
        "response.cancel" => {
            let response_id = optional_text(&event, "response_id", "")?.map(str::to_owned);
            Ok(ClientEvent::CancelResponse { response_id })
        }
        _ => {
            let message = "output_audio_buffer.clear is for WebRTC and SIP: over a WebSocket, stop playing, cancel the \
                           response and truncate its item.";
            Err(Problem::invalid("invalid_value", message).at("type"))
        }
    }
}

/// Checks an item that a client creates.
fn check_item(item: &Object) -> Result<(), Problem> {
    let path = "item";
    if optional_text(item, "id", path)?.is_some_and(|id| id.is_empty() || id.chars().count() > MAX_ID_CHARACTERS) {
        return Err(invalid("item.id", "must have from 1 to 32 characters"));
    }
    match required_text(item, "type", path)? {
        "message" => check_message(item),
        "function_call" => {
            required_text(item, "name", path)?;
            required_text(item, "arguments", path)?;
            optional_text(item, "call_id", path).map(drop)
        }
        "function_call_output" => {
            required_text(item, "output", path)?;
            if required_text(item, "call_id", path)?.is_empty() {
                return Err(missing("item.call_id"));
            }
            Ok(())
        }
        kind => {
            let kinds = ["message", "function_call", "function_call_output", "mcp_approval_response"];
            one_of(kind, &kinds, "item.type")
        }
    }
}

fn check_message(item: &Object) -> Result<(), Problem> {
    let role = required_text(item, "role", "item")?;
    let kinds: &[&str] = match role {
        "user" => &["input_text", "input_audio", "input_image"],
        "assistant" => &["output_text", "output_audio"],
        _ => &["input_text"],
    };
    one_of(role, &["user", "assistant", "system"], "item.role")?;
    let content = match item.get("content") {
        Some(Value::Array(content)) => content,
        Some(other) => return Err(wrong_type("item.content", "an array", other)),
        None => return Err(missing("item.content")),
    };
    for (index, part) in content.iter().enumerate() {
        let path = format!("item.content[{index}]");
        let part = part.as_object().ok_or_else(|| wrong_type(&path, "an object", part))?;
        let kind = required_text(part, "type", &path)?;
        one_of(kind, kinds, &join(&path, "type"))?;
        let member = match kind {
            "input_text" | "output_text" => "text",
            "input_audio" => "audio",
            "input_image" => "image_url",
            // Speech of the assistant is known by its words only.
            _ => "transcript",
        };
        required_text(part, member, &path)?;
    }
    Ok(())
}

fn take(event: &mut Object, name: &str) -> Object {
    match event.remove(name) {
        Some(Value::Object(member)) => member,
        _ => Object::new(),
    }
}
