//! Scripted conversations with each provider, in the messages that it documents: a plain turn, a barge-in, a function
//! call, text instead of speech, changed settings, a commit by hand, a cancellation.

mod elevenlabs_agents;
mod elevenlabs_realtime;
mod gemini;
mod openai;
mod simple_client;
mod ultravox;

use super::support::Edge;
use serde_json::{Value, json};

/// What the user's speech comes to.
const SPEECH: [&str; 5] = [
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "conversation.item.added",
    "conversation.item.done",
];

/// How a spoken answer begins.
const ANSWER_BEGINS: [&str; 4] =
    ["response.created", "response.output_item.added", "conversation.item.added", "response.content_part.added"];

/// How a spoken answer ends, whether it is complete or not.
const ANSWER_ENDS: [&str; 6] = [
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
];

/// What a function call comes to.
const CALL: [&str; 8] = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
];

/// What a written answer comes to.
const WRITTEN: [&str; 10] = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "conversation.item.done",
    "response.done",
];

/// The types of what the client heard, without deltas of audio and transcripts, whose order is the provider's.
fn envelope(events: &[Value]) -> Vec<&str> {
    let types = events.iter().map(|event| event["type"].as_str().unwrap_or_default());
    types.filter(|kind| !kind.contains("audio.delta") && !kind.contains("transcript.delta")).collect()
}

fn one<'a>(events: &'a [Value], kind: &str) -> &'a Value {
    let mut found = events.iter().filter(|event| event["type"] == kind);
    let event = found.next().unwrap_or_else(|| panic!("no {kind} in {events:#?}"));
    assert!(found.next().is_none(), "{kind} more than once");
    event
}

/// All audio that the client heard, in bytes.
fn audio(events: &[Value]) -> Vec<u8> {
    use base64::Engine;
    let deltas = events.iter().filter(|event| event["type"] == "response.output_audio.delta");
    let decode = |event: &Value| base64::engine::general_purpose::STANDARD.decode(event["delta"].as_str().unwrap());
    deltas.flat_map(|event| decode(event).expect("base64")).collect()
}

/// A session update with fields of the session.
fn update(fields: Value) -> Value {
    let mut session = fields;
    session["type"] = "realtime".into();
    json!({"type": "session.update", "event_id": "update_1", "session": session})
}

/// What a client of these tests asks for.
fn usual() -> Value {
    update(json!({
        "instructions": "Be brief.",
        "audio": {"input": {"transcription": {"model": "whisper-1"}}},
        "tools": [weather()],
    }))
}

fn push_to_talk() -> Value {
    update(json!({"audio": {"input": {"turn_detection": null, "transcription": {"model": "whisper-1"}}}}))
}

fn weather() -> Value {
    json!({
        "type": "function", "name": "get_weather", "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    })
}

fn user_says(text: &str) -> Value {
    json!({
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]},
    })
}

fn tool_output(call_id: &str, output: &str) -> Value {
    json!({
        "type": "conversation.item.create",
        "item": {"type": "function_call_output", "call_id": call_id, "output": output},
    })
}

/// That the client got `session.updated` once, and no error.
fn assert_updated(edge: &mut Edge) -> Value {
    let events = edge.heard();
    assert!(!events.iter().any(|event| event["type"] == "error"), "{events:#?}");
    one(&events, "session.updated").clone()
}
