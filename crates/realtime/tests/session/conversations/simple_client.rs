//! A client of Conduit's simple protocol, with a provider that is not OpenAI.

use super::super::support::{Edge, base64, pcm};
use super::*;
use realtime::client::ClientProtocol;
use realtime::provider::ultravox::{Ultravox, UltravoxConfig};
use realtime::transport::{Frame, Secret};

fn connected() -> Edge {
    let provider = Ultravox::new(UltravoxConfig {
        api_url: "https://ultravox.test".to_owned(),
        api_key: Secret::new("key"),
        model: "ultravox-v0.7".to_owned(),
        agent_id: None,
        voice: None,
    });
    let mut edge = Edge::with(ClientProtocol::Simple, provider, |_| {});
    edge.client_frame(Frame::Binary(pcm(100)));
    assert_eq!(edge.calls[0].body.as_ref().unwrap()["systemPrompt"], "You are a helpful assistant.");
    edge.respond(201, json!({"callId": "c", "joinUrl": "wss://join.test/x"}));
    edge.open();
    edge.provider(json!({"type": "call_started", "callId": "c"}));
    edge
}

fn agent_says(edge: &mut Edge, ordinal: i64) {
    edge.provider(json!({"type": "state", "state": "speaking"}));
    edge.provider_frame(&Frame::Binary(pcm(100)));
    edge.provider(json!({
        "type": "transcript", "role": "agent", "medium": "voice", "text": "Hi.", "final": true, "ordinal": ordinal,
    }));
    edge.provider(json!({"type": "state", "state": "listening"}));
}

#[test]
fn a_plain_turn() {
    let mut edge = connected();
    edge.client(json!({"type": "audio", "data": base64(&pcm(100))}));
    assert_eq!(edge.told_audio(), pcm(200), "what was said before it was ready is not lost");
    edge.provider(json!({
        "type": "transcript", "role": "user", "medium": "voice", "text": "Hello", "final": true, "ordinal": 0,
    }));
    agent_says(&mut edge, 1);
    let events = edge.heard();
    let expected = [
        "connected",
        "transcription",
        "turnstarted",
        "audio",
        "transcription",
        "audio",
        "transcription",
        "responsecomplete",
        "turnended",
    ];
    assert_eq!(super::super::support::types(&events), expected);
    assert!(events.contains(&json!({"type": "transcription", "text": "Hello", "role": "user", "isFinal": true})));
    assert!(events.contains(&json!({"type": "audio", "data": base64(&pcm(100)), "isComplete": false})));
    assert!(events.contains(&json!({"type": "audio", "data": null, "isComplete": true})));
    let complete = one(&events, "responsecomplete");
    assert_eq!(complete["data"]["eventType"], "ResponseComplete");
    assert_eq!(
        complete["data"]["usage"],
        json!({"inputTokens": 0, "outputTokens": 0, "totalTokens": 0, "functionCalls": 0})
    );
}

#[test]
fn a_barge_in() {
    let mut edge = connected();
    edge.provider(json!({"type": "state", "state": "speaking"}));
    edge.provider_frame(&Frame::Binary(pcm(100)));
    edge.heard();
    edge.provider(json!({"type": "playback_clear_buffer"}));
    assert_eq!(edge.heard_types()[2..], ["interrupted", "responsecomplete", "turnended"]);
}

#[test]
fn a_function_call_and_its_output() {
    let mut edge = connected();
    edge.provider(json!({
        "type": "client_tool_invocation", "toolName": "get_weather", "invocationId": "i", "parameters": {"city": "Oslo"},
    }));
    let call = one(&edge.heard(), "function_call").clone();
    assert_eq!(
        call,
        json!({"type": "function_call", "callId": "i", "name": "get_weather", "arguments": r#"{"city":"Oslo"}"#})
    );
    edge.told();
    edge.client(json!({"type": "function_response", "callId": "i", "output": "3"}));
    assert_eq!(edge.told()[0]["result"], "3");
}

#[test]
fn text_and_a_request_for_a_response() {
    let mut edge = connected();
    edge.told();
    edge.client(json!({"type": "text_input", "text": "Hello"}));
    edge.client(json!({"type": "response_request", "instructions": "Answer in French."}));
    assert_eq!(edge.told()[0]["text"], "Hello\nAnswer in French.");
}

#[test]
fn events_of_openais_protocol_are_understood_too() {
    let mut edge = connected();
    edge.heard();
    edge.client(json!({"type": "input_audio_buffer.clear"}));
    edge.client(json!({"type": "session.update", "session": {"instructions": "Be brief."}}));
    assert_eq!(edge.heard_types(), ["sessionupdated"]);
}

#[test]
fn what_cannot_be_understood_is_answered_and_ends_nothing() {
    let mut edge = connected();
    edge.heard();
    for wrong in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"type":1}"#,
        r#"{"type":"hello"}"#,
        r#"{"type":"audio"}"#,
        r#"{"type":"audio","data":"?"}"#,
    ] {
        edge.client_text(wrong);
        let events = edge.heard();
        let error = one(&events, "error");
        assert!(error["message"].is_string() && error["code"].is_string(), "{wrong}: {error}");
    }
    assert!(edge.client_close.is_none());
}
