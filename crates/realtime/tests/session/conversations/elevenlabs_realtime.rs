//! ElevenLabs' door that speaks OpenAI's protocol: what is the same is tried with OpenAI, here is what differs.

use super::super::support::{Edge, base64, pcm};
use super::openai::{created, openai};
use super::*;
use realtime::provider::openai::Dialect;

fn connected() -> (Edge, Value) {
    let mut edge = Edge::new(openai(Dialect::ElevenLabs));
    assert_eq!(edge.sockets[0].headers[0].0, "xi-api-key");
    edge.open();
    let told = edge.told();
    edge.provider(created(&edge));
    edge.provider(json!({"type": "session.updated", "session": {}}));
    edge.heard();
    (edge, told[0].clone())
}

fn event(kind: &str, fields: Value) -> Value {
    let mut event = fields;
    event["type"] = kind.into();
    event["response_id"] = "resp_1".into();
    event["item_id"] = "item_b".into();
    event
}

fn answer(edge: &mut Edge, status: Value) {
    edge.provider(json!({"type": "response.created", "response": {"id": "resp_1"}}));
    edge.provider(event("response.output_audio.delta", json!({"delta": base64(&pcm(100))})));
    edge.provider(event("response.output_audio_transcript.delta", json!({"delta": "Hi"})));
    let mut response = status;
    response["id"] = "resp_1".into();
    edge.provider(json!({"type": "response.done", "response": response}));
}

#[test]
fn a_plain_turn() {
    let (mut edge, told) = connected();
    assert_eq!(told["session"]["audio"]["input"]["format"], json!({"type": "audio/pcm", "rate": 24000}));
    answer(&mut edge, json!({"status": "completed", "usage": {}}));
    let events = edge.heard();
    let expected: Vec<&str> = ANSWER_BEGINS.into_iter().chain(ANSWER_ENDS).collect();
    assert_eq!(envelope(&events), expected);
    assert_eq!(one(&events, "response.done")["response"]["usage"], Value::Null);
}

#[test]
fn a_barge_in() {
    let (mut edge, _) = connected();
    answer(
        &mut edge,
        json!({
            "status": "cancelled", "status_details": {"type": "cancelled", "reason": "turn_detected"},
        }),
    );
    let events = edge.heard();
    assert_eq!(one(&events, "response.done")["response"]["status"], "cancelled");
}

#[test]
fn a_session_update_is_put_into_its_words() {
    let (mut edge, _) = connected();
    edge.told();
    let alaw = json!({"type": "audio/pcma"});
    edge.client(update(json!({
        "max_output_tokens": 100, "truncation": "auto", "tool_choice": {"type": "function", "name": "get_weather"},
        "audio": {"input": {"format": alaw}, "output": {"format": alaw}}, "tools": [weather()],
    })));
    let session = edge.told()[0]["session"].clone();
    assert_eq!(session["max_response_output_tokens"], 100);
    assert!(session.get("max_output_tokens").is_none() && session.get("truncation").is_none());
    assert_eq!(session["tool_choice"], json!({"type": "function", "function": {"name": "get_weather"}}));
    assert_eq!(session["audio"]["output"]["format"], json!({"type": "audio/pcm", "rate": 24000}), "it has no A-law");
    edge.provider(json!({"type": "session.updated", "session": {}}));
    let updated = assert_updated(&mut edge);
    assert_eq!(updated["session"]["audio"]["output"]["format"], alaw, "but the client does");
    answer(&mut edge, json!({"status": "completed"}));
    assert_eq!(audio(&edge.heard()).len(), 800);
}

#[test]
fn a_function_call() {
    let (mut edge, _) = connected();
    edge.provider(json!({"type": "response.created", "response": {"id": "resp_1"}}));
    let item = json!({"id": "f", "type": "function_call", "call_id": "c", "name": "get_weather", "arguments": "{}"});
    edge.provider(json!({"type": "response.output_item.done", "response_id": "resp_1", "item": item}));
    edge.provider(json!({"type": "response.done", "response": {"id": "resp_1", "status": "completed"}}));
    assert_eq!(envelope(&edge.heard()), CALL);
}

#[test]
fn text_instead_of_speech() {
    let (mut edge, _) = connected();
    edge.provider(json!({"type": "response.created", "response": {"id": "resp_1"}}));
    edge.provider(event("response.output_text.delta", json!({"delta": "Hi."})));
    edge.provider(json!({"type": "response.done", "response": {"id": "resp_1", "status": "completed"}}));
    assert_eq!(envelope(&edge.heard()), WRITTEN);
}

#[test]
fn a_commit_by_hand_and_a_cancellation() {
    let (mut edge, _) = connected();
    edge.told();
    edge.client(json!({"type": "input_audio_buffer.commit"}));
    edge.client(json!({"type": "response.create", "response": {"max_output_tokens": 7}}));
    edge.client(json!({"type": "response.cancel"}));
    assert_eq!(
        edge.told(),
        [
            json!({"type": "input_audio_buffer.commit"}),
            json!({"type": "response.create", "response": {"max_response_output_tokens": 7}}),
            json!({"type": "response.cancel"}),
        ]
    );
    edge.provider(json!({"type": "input_audio_buffer.committed", "item_id": "item_a"}));
    assert_eq!(envelope(&edge.heard()), SPEECH[2..]);
}

#[test]
fn its_longest_session_is_a_session_that_expired() {
    let (mut edge, _) = connected();
    edge.provider_closes(1000, "max_duration_seconds reached");
    assert_eq!(edge.client_close.as_ref().map(|close| close.reason.as_str()), Some("session_expired"));
}
