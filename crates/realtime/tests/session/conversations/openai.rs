use super::super::support::{Edge, base64, pcm};
use super::*;
use realtime::client::ClientProtocol;
use realtime::provider::openai::{Dialect, OpenAi, OpenAiConfig};
use realtime::session::EndReason;
use realtime::transport::Secret;

pub(super) fn openai(dialect: Dialect) -> OpenAi {
    OpenAi::new(OpenAiConfig {
        dialect,
        socket_url: "wss://provider.test/v1/realtime".to_owned(),
        api_key: Secret::new("sk-provider"),
        model: "gpt-realtime".to_owned(),
        headers: Vec::new(),
    })
}

pub(super) fn created(edge: &Edge) -> Value {
    let expires_at = edge.now_millis / 1_000 + 3_600;
    json!({"type": "session.created", "event_id": "e1", "session": {
        "type": "realtime", "object": "realtime.session", "id": "sess_provider", "model": "gpt-realtime",
        "expires_at": expires_at, "audio": {"output": {"voice": "marin", "format": {"type": "audio/pcm", "rate": 24000}}},
    }})
}

fn updated(session: Value) -> Value {
    json!({"type": "session.updated", "event_id": "e2", "session": session})
}

/// Connected and ready; the provider has acknowledged what it was told first.
fn connected() -> Edge {
    let mut edge = Edge::new(openai(Dialect::OpenAi));
    let request = &edge.sockets[0];
    assert_eq!(request.url.expose(), "wss://provider.test/v1/realtime?model=gpt%2Drealtime");
    assert_eq!(request.headers[0].0, "Authorization");
    assert!(!format!("{request:?}").contains("sk-provider"));
    edge.open();
    assert_eq!(edge.told()[0]["type"], "session.update");
    edge.provider(created(&edge));
    edge.provider(updated(json!({"type": "realtime"})));
    edge.heard();
    edge
}

fn speech(edge: &mut Edge, item_id: &str) {
    edge.provider(json!({"type": "input_audio_buffer.speech_started", "audio_start_ms": 100, "item_id": item_id}));
    edge.provider(json!({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 900, "item_id": item_id}));
    edge.provider(json!({"type": "input_audio_buffer.committed", "previous_item_id": null, "item_id": item_id}));
    let item = json!({"id": item_id, "type": "message", "role": "user", "content": [{"type": "input_audio"}]});
    edge.provider(json!({"type": "conversation.item.added", "previous_item_id": null, "item": item}));
    edge.provider(json!({"type": "conversation.item.done", "previous_item_id": null, "item": item}));
}

fn begin(edge: &mut Edge, response_id: &str, item_id: &str) {
    let response = json!({"id": response_id, "status": "in_progress", "conversation_id": "conv_1", "output": []});
    edge.provider(json!({"type": "response.created", "response": response}));
    let item = json!({"id": item_id, "type": "message", "role": "assistant", "status": "in_progress", "content": []});
    edge.provider(
        json!({"type": "response.output_item.added", "response_id": response_id, "output_index": 0, "item": item}),
    );
    edge.provider(json!({"type": "conversation.item.added", "previous_item_id": null, "item": item}));
    edge.provider(json!({
        "type": "response.content_part.added", "response_id": response_id, "item_id": item_id, "output_index": 0,
        "content_index": 0, "part": {"type": "audio", "transcript": ""},
    }));
}

fn in_item(kind: &str, response_id: &str, item_id: &str, fields: Value) -> Value {
    let mut event = fields;
    event["type"] = kind.into();
    event["response_id"] = response_id.into();
    event["item_id"] = item_id.into();
    event["output_index"] = 0.into();
    event["content_index"] = 0.into();
    event
}

fn say(edge: &mut Edge, millis: usize, words: &str) {
    let audio = json!({"delta": base64(&pcm(millis))});
    edge.provider(in_item("response.output_audio_transcript.delta", "resp_1", "item_b", json!({"delta": words})));
    edge.provider(in_item("response.output_audio.delta", "resp_1", "item_b", audio));
}

fn done(status: &str, details: Value) -> Value {
    json!({"type": "response.done", "response": {
        "id": "resp_1", "status": status, "status_details": details, "conversation_id": "conv_1",
        "usage": {
            "total_tokens": 150, "input_tokens": 100, "output_tokens": 50,
            "input_token_details": {"text_tokens": 60, "audio_tokens": 40, "cached_tokens": 0},
            "output_token_details": {"text_tokens": 10, "audio_tokens": 40},
        },
    }})
}

#[test]
fn a_plain_turn_keeps_the_providers_names_and_its_usage() {
    let mut edge = connected();
    edge.client(update(json!({"audio": {"input": {"transcription": {"model": "whisper-1"}}}})));
    edge.provider(updated(json!({"type": "realtime", "audio": {"input": {"transcription": {"model": "whisper-1"}}}})));
    assert_updated(&mut edge);
    edge.client_speaks(1_000);
    speech(&mut edge, "item_a");
    begin(&mut edge, "resp_1", "item_b");
    say(&mut edge, 300, "Not ");
    // The transcript of the question comes whenever it comes.
    edge.provider(json!({
        "type": "conversation.item.input_audio_transcription.completed", "item_id": "item_a", "content_index": 0,
        "transcript": "What is up?", "usage": {"type": "duration", "seconds": 1},
    }));
    say(&mut edge, 200, "much.");
    edge.provider(in_item("response.output_audio.done", "resp_1", "item_b", json!({})));
    edge.provider(in_item(
        "response.output_audio_transcript.done",
        "resp_1",
        "item_b",
        json!({"transcript": "Not much."}),
    ));
    edge.provider(in_item("response.content_part.done", "resp_1", "item_b", json!({"part": {"type": "audio"}})));
    let item = json!({"id": "item_b", "type": "message", "role": "assistant", "status": "completed"});
    edge.provider(
        json!({"type": "response.output_item.done", "response_id": "resp_1", "output_index": 0, "item": item}),
    );
    edge.provider(json!({"type": "conversation.item.done", "item": item}));
    edge.provider(done("completed", Value::Null));
    edge.provider(json!({"type": "rate_limits.updated", "rate_limits": []}));
    let events = edge.heard();
    let expected: Vec<&str> = SPEECH
        .into_iter()
        .chain(ANSWER_BEGINS)
        .chain(["conversation.item.input_audio_transcription.delta"])
        .chain(["conversation.item.input_audio_transcription.completed"])
        .chain(ANSWER_ENDS)
        .collect();
    assert_eq!(envelope(&events), expected);
    assert_eq!(one(&events, "input_audio_buffer.committed")["item_id"], "item_a");
    let response = &one(&events, "response.done")["response"];
    assert_eq!((&response["id"], &response["output"][0]["id"]), (&json!("resp_1"), &json!("item_b")));
    assert_eq!(response["usage"]["total_tokens"], 150);
    let quantities = edge.session.summary().quantities;
    assert_eq!((quantities.input_text_tokens, quantities.transcription_millis), (60, 1_000));
    assert_eq!(audio(&events), pcm(500));
}

#[test]
fn a_barge_in() {
    let mut edge = connected();
    begin(&mut edge, "resp_1", "item_b");
    say(&mut edge, 500, "Once");
    edge.heard();
    edge.provider(json!({"type": "input_audio_buffer.speech_started", "audio_start_ms": 700, "item_id": "item_c"}));
    edge.provider(done("cancelled", json!({"type": "cancelled", "reason": "turn_detected"})));
    let events = edge.heard();
    let expected: Vec<&str> = SPEECH[..1].iter().copied().chain(ANSWER_ENDS).collect();
    assert_eq!(envelope(&events), expected);
    assert_eq!(one(&events, "response.done")["response"]["status_details"]["reason"], "turn_detected");
    let truncate =
        json!({"type": "conversation.item.truncate", "item_id": "item_b", "content_index": 0, "audio_end_ms": 200});
    edge.told();
    edge.client(truncate.clone());
    assert_eq!(edge.told(), [truncate]);
    edge.provider(json!({
        "type": "conversation.item.truncated", "item_id": "item_b", "content_index": 0, "audio_end_ms": 200,
    }));
    assert_eq!(edge.heard_types(), ["conversation.item.truncated"]);
}

#[test]
fn a_function_call() {
    let mut edge = connected();
    let response = json!({"id": "resp_1", "conversation_id": "conv_1"});
    edge.provider(json!({"type": "response.created", "response": response}));
    let mut item =
        json!({"id": "item_f", "type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": ""});
    edge.provider(
        json!({"type": "response.output_item.added", "response_id": "resp_1", "output_index": 0, "item": item}),
    );
    edge.provider(json!({"type": "conversation.item.added", "item": item}));
    edge.provider(json!({"type": "response.function_call_arguments.delta", "response_id": "resp_1", "delta": "{}"}));
    item["arguments"] = "{}".into();
    edge.provider(
        json!({"type": "response.output_item.done", "response_id": "resp_1", "output_index": 0, "item": item}),
    );
    edge.provider(done("completed", Value::Null));
    let events = edge.heard();
    assert_eq!(envelope(&events), CALL);
    assert_eq!(one(&events, "response.function_call_arguments.done")["item_id"], "item_f");
    edge.told();
    edge.client(tool_output("call_1", "3"));
    edge.client(json!({"type": "response.create"}));
    let told = edge.told();
    assert_eq!(told[0]["item"]["call_id"], "call_1");
    assert_eq!(told[1], json!({"type": "response.create"}));
    // The item is in the conversation when the provider says so.
    assert!(edge.heard().is_empty());
    edge.provider(json!({"type": "conversation.item.added", "item": told[0]["item"]}));
    assert_eq!(edge.heard_types(), ["conversation.item.added", "conversation.item.done"]);
}

#[test]
fn text_instead_of_speech() {
    let mut edge = connected();
    edge.told();
    edge.client(update(json!({"output_modalities": ["text"]})));
    assert_eq!(edge.told()[0]["session"]["output_modalities"], json!(["text"]));
    edge.provider(updated(json!({"output_modalities": ["text"]})));
    edge.client(json!({"type": "response.create"}));
    edge.heard();
    let response = json!({"id": "resp_1", "conversation_id": "conv_1"});
    edge.provider(json!({"type": "response.created", "response": response}));
    edge.provider(in_item("response.output_text.delta", "resp_1", "item_b", json!({"delta": "Hi."})));
    edge.provider(in_item("response.output_text.done", "resp_1", "item_b", json!({"text": "Hi."})));
    edge.provider(done("completed", Value::Null));
    assert_eq!(envelope(&edge.heard()), WRITTEN);
}

#[test]
fn a_session_update_is_acknowledged_by_the_provider_or_refused_by_it() {
    let mut edge = connected();
    edge.told();
    edge.client(update(json!({"instructions": "Be rude.", "prompt": {"id": "pmpt_1"}})));
    let told = edge.told();
    assert_eq!(told[0]["event_id"], "update_1");
    assert_eq!(told[0]["session"]["prompt"], json!({"id": "pmpt_1"}), "what only OpenAI has is passed on");
    assert!(edge.heard().is_empty());
    edge.provider(updated(json!({"instructions": "Be rude."})));
    assert_updated(&mut edge);
    edge.client(update(json!({"tracing": "auto"})));
    edge.provider(json!({"type": "error", "error": {
        "type": "invalid_request_error", "code": "invalid_value", "message": "No.", "param": "session.tracing",
        "event_id": "update_1",
    }}));
    let error = one(&edge.heard(), "error")["error"].clone();
    assert_eq!((&error["event_id"], &error["param"]), (&json!("update_1"), &json!("session.tracing")));
}

#[test]
fn a_commit_by_hand() {
    let mut edge = connected();
    edge.client(push_to_talk());
    edge.provider(updated(json!({"audio": {"input": {"turn_detection": null}}})));
    edge.heard();
    edge.told();
    edge.client_speaks(200);
    edge.client(json!({"type": "input_audio_buffer.commit", "event_id": "c1"}));
    let told = edge.told();
    assert_eq!((told.len(), &told[2]), (3, &json!({"type": "input_audio_buffer.commit", "event_id": "c1"})));
    edge.provider(json!({"type": "input_audio_buffer.committed", "previous_item_id": null, "item_id": "item_a"}));
    assert_eq!(envelope(&edge.heard()), SPEECH[2..]);
    // An item that is there already is not there twice.
    let item = json!({"id": "item_a", "type": "message", "role": "user", "content": []});
    edge.provider(json!({"type": "conversation.item.added", "item": item}));
    assert!(edge.heard().is_empty());
}

#[test]
fn a_cancellation() {
    let mut edge = connected();
    begin(&mut edge, "resp_1", "item_b");
    say(&mut edge, 500, "Once");
    edge.heard();
    edge.told();
    edge.client(json!({"type": "response.cancel", "response_id": "resp_1"}));
    assert_eq!(edge.told(), [json!({"type": "response.cancel", "response_id": "resp_1"})]);
    edge.provider(done("cancelled", json!({"type": "cancelled", "reason": "client_cancelled"})));
    // What was on the way when it was cancelled.
    say(&mut edge, 500, "late");
    assert_eq!(envelope(&edge.heard()), ANSWER_ENDS);
}

#[test]
fn a_response_outside_the_conversation_goes_on_beside_the_other() {
    let mut edge = connected();
    begin(&mut edge, "resp_1", "item_b");
    let response = json!({"id": "resp_2", "conversation_id": null, "metadata": {"topic": "mood"}});
    edge.provider(json!({"type": "response.created", "response": response}));
    edge.provider(in_item("response.output_text.delta", "resp_2", "item_o", json!({"delta": "happy"})));
    say(&mut edge, 100, "Hello");
    edge.provider(json!({"type": "response.done", "response": {"id": "resp_2", "status": "completed"}}));
    edge.provider(done("completed", Value::Null));
    let events = edge.heard();
    let responses: Vec<&Value> = events.iter().filter(|event| event["type"] == "response.done").collect();
    assert_eq!(responses[0]["response"]["metadata"]["topic"], "mood");
    assert_eq!(responses[0]["response"]["output"][0]["content"][0]["text"], "happy");
    assert_eq!(responses[1]["response"]["id"], "resp_1");
}

#[test]
fn tools_of_mcp_pass_through() {
    let mut edge = connected();
    edge.provider(json!({"type": "mcp_list_tools.in_progress", "event_id": "x", "item_id": "mcpl_1"}));
    let response = json!({"id": "resp_1", "conversation_id": "conv_1"});
    edge.provider(json!({"type": "response.created", "response": response}));
    let mut item = json!({"id": "mcp_1", "type": "mcp_call", "name": "ask", "server_label": "s", "arguments": ""});
    edge.provider(json!({"type": "response.output_item.added", "response_id": "resp_1", "item": item}));
    edge.provider(json!({"type": "response.mcp_call.in_progress", "item_id": "mcp_1", "output_index": 0}));
    item["output"] = "42".into();
    edge.provider(json!({"type": "response.output_item.done", "response_id": "resp_1", "item": item}));
    edge.provider(done("completed", Value::Null));
    let events = edge.heard();
    assert_eq!(one(&events, "response.output_item.done")["item"]["output"], "42");
    assert_eq!(one(&events, "response.done")["response"]["output"][0]["id"], "mcp_1");
    assert_eq!(events[0]["type"], "mcp_list_tools.in_progress");
}

#[test]
fn an_hour_is_announced_a_minute_before_and_then_over() {
    let mut edge = connected();
    for _ in 0..3 {
        edge.wait(1_179_000);
        // The client is there all the time.
        edge.client(json!({"type": "input_audio_buffer.clear"}));
    }
    assert!(!edge.heard_contains("error"));
    edge.wait(4_000);
    assert_eq!(one(&edge.heard(), "error")["error"]["code"], "session_expiring");
    edge.provider(json!({"type": "error", "error": {
        "type": "invalid_request_error", "code": "session_expired", "message": "Your session hit the maximum duration.",
    }}));
    edge.provider_closes(1001, "");
    let close = edge.client_close.clone().expect("closed");
    assert_eq!((close.code, close.reason.as_str()), (1000, "session_expired"));
    assert_eq!(edge.summary.and_then(|summary| summary.end_reason), Some(EndReason::ProviderLimit));
}

#[test]
fn a_beta_client_is_served_by_a_provider_that_has_no_beta() {
    let mut edge = Edge::with(ClientProtocol::OpenAiBeta, openai(Dialect::OpenAi), |_| {});
    let events = edge.heard();
    assert_eq!(super::super::support::types(&events), ["session.created", "conversation.created"]);
    assert_eq!(events[0]["session"]["modalities"], json!(["text", "audio"]));
    edge.open();
    edge.provider(created(&edge));
    edge.provider(updated(json!({})));
    edge.told();
    edge.client(json!({"type": "session.update", "session": {
        "modalities": ["audio", "text"], "voice": "echo", "input_audio_format": "g711_ulaw", "temperature": 0.8,
        "turn_detection": {"type": "server_vad"}, "input_audio_transcription": {"model": "whisper-1"},
    }}));
    let session = edge.told()[0]["session"].clone();
    assert_eq!(session["audio"]["input"]["format"], json!({"type": "audio/pcmu"}));
    assert_eq!((&session["type"], &session["temperature"]), (&json!("realtime"), &Value::Null));
    edge.provider(updated(json!({"audio": {"output": {"voice": "echo"}}})));
    assert_eq!(one(&edge.heard(), "session.updated")["session"]["input_audio_format"], "g711_ulaw");
    begin(&mut edge, "resp_1", "item_b");
    say(&mut edge, 100, "Hi");
    edge.provider(done("completed", Value::Null));
    let types = edge.heard_types();
    let expected = [
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.audio_transcript.delta",
        "response.audio.delta",
        "response.audio.done",
        "response.audio_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.done",
    ];
    assert_eq!(types, expected);
}
