//! OpenAI's beta as a dialect of its GA protocol: the JSON of one becomes the JSON of the other.

use crate::identifiers::Identifiers;
use crate::model::Object;
use serde_json::{Value, json};

/// Server events by their GA name and their name in the beta.
const RENAMED: [(&str, &str); 7] = [
    ("conversation.item.added", "conversation.item.created"),
    ("response.output_text.delta", "response.text.delta"),
    ("response.output_text.done", "response.text.done"),
    ("response.output_audio.delta", "response.audio.delta"),
    ("response.output_audio.done", "response.audio.done"),
    ("response.output_audio_transcript.delta", "response.audio_transcript.delta"),
    ("response.output_audio_transcript.done", "response.audio_transcript.done"),
];

/// Formats by their name in the beta and as GA has them.
const FORMATS: [(&str, &str); 3] = [("pcm16", "audio/pcm"), ("g711_ulaw", "audio/pcmu"), ("g711_alaw", "audio/pcma")];

/// Turns a client event of the beta into one of GA. What the beta has not is left for GA's reader to judge.
pub(super) fn upgrade(mut event: Object) -> Object {
    if event.get("type").is_some_and(|kind| kind == "transcription_session.update") {
        event.insert("type".to_owned(), "session.update".into());
        if let Some(Value::Object(session)) = event.get_mut("session") {
            session.insert("type".to_owned(), "transcription".into());
        }
        return event;
    }
    if let Some(Value::Object(session)) = event.get_mut("session") {
        upgrade_fields(session);
        session.entry("type").or_insert_with(|| "realtime".into());
    }
    if let Some(Value::Object(response)) = event.get_mut("response") {
        upgrade_fields(response);
        for item in response.get_mut("input").and_then(Value::as_array_mut).into_iter().flatten() {
            rename_content(item, &[("text", "output_text"), ("audio", "output_audio")]);
        }
    }
    if let Some(item) = event.get_mut("item") {
        rename_content(item, &[("text", "output_text"), ("audio", "output_audio")]);
    }
    event
}

/// Turns a server event of GA into those of the beta.
pub(super) fn downgrade(mut event: Object, identifiers: &mut Identifiers) -> Vec<Object> {
    let kind = event.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    if kind == "conversation.item.done" {
        return Vec::new();
    }
    if let Some((_, name)) = RENAMED.iter().find(|(name, _)| *name == kind) {
        event.insert("type".to_owned(), (*name).into());
    }
    if let Some(Value::Object(session)) = event.get_mut("session") {
        *session = downgrade_session(session);
    }
    if let Some(item) = event.get_mut("item") {
        rename_content(item, &[("output_text", "text"), ("output_audio", "audio")]);
    }
    if let Some(Value::Object(response)) = event.get_mut("response") {
        downgrade_response(response);
    }
    let mut events = vec![event];
    if kind == "session.created" {
        let conversation = json!({"id": identifiers.conversation(), "object": "realtime.conversation"});
        let created = json!({"type": "conversation.created", "conversation": conversation});
        events.extend(created.as_object().cloned());
    }
    events
}

/// Moves the fields of a session or a response to where GA has them.
fn upgrade_fields(fields: &mut Object) {
    if let Some(Value::Array(modalities)) = fields.remove("modalities") {
        let has_audio = modalities.iter().any(|modality| modality == "audio");
        fields.insert("output_modalities".to_owned(), json!([if has_audio { "audio" } else { "text" }]));
    }
    fields.remove("temperature");
    if let Some(limit) = fields.remove("max_response_output_tokens") {
        fields.insert("max_output_tokens".to_owned(), limit);
    }
    let moves = [
        ("input_audio_format", "input", "format"),
        ("input_audio_noise_reduction", "input", "noise_reduction"),
        ("input_audio_transcription", "input", "transcription"),
        ("turn_detection", "input", "turn_detection"),
        ("output_audio_format", "output", "format"),
        ("speed", "output", "speed"),
        ("voice", "output", "voice"),
    ];
    for (name, side, new_name) in moves {
        let Some(value) = fields.remove(name) else { continue };
        let value = if new_name == "format" { upgrade_format(value) } else { value };
        let audio = fields.entry("audio").or_insert_with(|| json!({}));
        if let Some(audio) = audio.as_object_mut() {
            let section = audio.entry(side).or_insert_with(|| json!({}));
            section.as_object_mut().map(|section| section.insert(new_name.to_owned(), value));
        }
    }
}

fn upgrade_format(format: Value) -> Value {
    let known = FORMATS.iter().find(|(beta, _)| format == *beta);
    known.map_or(format, |(_, kind)| json!({"type": kind}))
}

fn downgrade_format(format: Option<&Value>) -> Value {
    let kind = format.and_then(|format| format.get("type")).and_then(Value::as_str);
    FORMATS.iter().find(|(_, ga)| Some(*ga) == kind).map_or("pcm16", |(beta, _)| beta).into()
}

fn downgrade_modalities(modalities: Option<&Value>) -> Value {
    let is_text = modalities.and_then(Value::as_array).is_some_and(|modalities| modalities.iter().all(|m| m == "text"));
    if is_text { json!(["text"]) } else { json!(["text", "audio"]) }
}

fn downgrade_session(session: &Object) -> Object {
    let audio = |side: &str, name: &str| session.get("audio").and_then(|audio| audio.get(side)?.get(name));
    let same = ["id", "object", "expires_at", "model", "instructions", "tools", "tool_choice", "tracing"];
    let mut beta: Object =
        same.iter().filter_map(|name| session.get(*name).map(|value| ((*name).to_owned(), value.clone()))).collect();
    let null_if_none = |value: Option<&Value>| value.cloned().unwrap_or(Value::Null);
    let moved = [
        ("modalities", downgrade_modalities(session.get("output_modalities"))),
        ("voice", null_if_none(audio("output", "voice"))),
        ("speed", audio("output", "speed").cloned().unwrap_or_else(|| 1.0.into())),
        ("input_audio_format", downgrade_format(audio("input", "format"))),
        ("output_audio_format", downgrade_format(audio("output", "format"))),
        ("input_audio_transcription", null_if_none(audio("input", "transcription"))),
        ("input_audio_noise_reduction", null_if_none(audio("input", "noise_reduction"))),
        ("turn_detection", null_if_none(audio("input", "turn_detection"))),
        ("max_response_output_tokens", session.get("max_output_tokens").cloned().unwrap_or_else(|| "inf".into())),
        ("temperature", 0.8.into()),
    ];
    beta.extend(moved.into_iter().map(|(name, value)| (name.to_owned(), value)));
    beta
}

fn downgrade_response(response: &mut Object) {
    if let Some(modalities) = response.remove("output_modalities") {
        response.insert("modalities".to_owned(), downgrade_modalities(Some(&modalities)));
    }
    if let Some(audio) = response.remove("audio") {
        let output = audio.get("output");
        let format = downgrade_format(output.and_then(|output| output.get("format")));
        response.insert("output_audio_format".to_owned(), format);
        let voice = output.and_then(|output| output.get("voice")).cloned().unwrap_or(Value::Null);
        response.insert("voice".to_owned(), voice);
    }
    for item in response.get_mut("output").and_then(Value::as_array_mut).into_iter().flatten() {
        rename_content(item, &[("output_text", "text"), ("output_audio", "audio")]);
    }
}

/// Renames the types of the parts of an item.
fn rename_content(item: &mut Value, names: &[(&str, &str)]) {
    for part in item.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = names.iter().find(|(name, _)| part.get("type").is_some_and(|kind| kind == name));
        if let (Some((_, new_name)), Some(part)) = (name, part.as_object_mut()) {
            part.insert("type".to_owned(), (*new_name).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_beta_holds_upwards() {
        let event = json!({"type": "session.update", "event_id": "e", "session": {
            "modalities": ["text", "audio"], "voice": "echo", "input_audio_format": "g711_ulaw",
            "output_audio_format": "pcm16", "turn_detection": null, "temperature": 0.7,
            "input_audio_transcription": {"model": "whisper-1"}, "max_response_output_tokens": 100,
            "instructions": "Be brief.", "tools": [],
        }});
        let upgraded = upgrade(event.as_object().expect("an object").clone());
        assert_eq!(
            Value::Object(upgraded),
            json!({"type": "session.update", "event_id": "e", "session": {
                "type": "realtime", "output_modalities": ["audio"], "max_output_tokens": 100,
                "instructions": "Be brief.", "tools": [],
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcmu"}, "turn_detection": null,
                        "transcription": {"model": "whisper-1"},
                    },
                    "output": {"format": {"type": "audio/pcm"}, "voice": "echo"},
                },
            }})
        );
    }

    #[test]
    fn the_table_of_the_beta_holds_downwards() {
        let mut identifiers = Identifiers::new("s");
        let mut down = |event: Value| {
            let events = downgrade(event.as_object().expect("an object").clone(), &mut identifiers);
            events.into_iter().map(Value::Object).collect::<Vec<_>>()
        };
        assert!(down(json!({"type": "conversation.item.done", "item": {}})).is_empty());
        let item = |kind: &str| json!({"type": "message", "content": [{"type": kind, "transcript": "Hi"}]});
        assert_eq!(
            down(json!({"type": "conversation.item.added", "item": item("output_audio")})),
            [json!({"type": "conversation.item.created", "item": item("audio")})]
        );
        let created = down(json!({"type": "session.created", "session": {
            "id": "sess_1", "model": "m", "output_modalities": ["text"], "max_output_tokens": 7,
            "audio": {"input": {"format": {"type": "audio/pcma"}}, "output": {"voice": "echo"}},
        }}));
        assert_eq!(created.len(), 2);
        let session = &created[0]["session"];
        assert_eq!(session["modalities"], json!(["text"]));
        assert_eq!(session["input_audio_format"], "g711_alaw");
        assert_eq!(session["output_audio_format"], "pcm16");
        assert_eq!((&session["voice"], &session["max_response_output_tokens"]), (&json!("echo"), &json!(7)));
        assert!(session.get("audio").is_none());
        assert_eq!(created[1]["type"], "conversation.created");
    }
}
