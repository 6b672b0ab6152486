use super::super::support::{Edge, pcm};
use super::*;
use realtime::provider::ultravox::{Ultravox, UltravoxConfig};
use realtime::transport::{Frame, HttpResponse, Secret};

fn ultravox() -> Ultravox {
    Ultravox::new(UltravoxConfig {
        api_url: "https://ultravox.test".to_owned(),
        api_key: Secret::new("key"),
        model: "ultravox-v0.7".to_owned(),
        agent_id: None,
        voice: Some("Mark".to_owned()),
    })
}

/// Connected and ready; returns the body of the call.
fn connected(first: Value) -> (Edge, Value) {
    let mut edge = Edge::new(ultravox());
    edge.client(first);
    let call = edge.calls[0].clone();
    assert_eq!(call.url, "https://ultravox.test/api/calls");
    edge.respond(201, json!({"callId": "call_1", "joinUrl": "wss://join.test/calls/x?token=t"}));
    assert_eq!(
        edge.sockets[0].url.expose(),
        "wss://join.test/calls/x?token=t&apiVersion=1&clientVersion=conduit%2Dedge"
    );
    edge.open();
    edge.provider(json!({"type": "call_started", "callId": "call_1"}));
    (edge, call.body.unwrap())
}

fn state(state: &str) -> Value {
    json!({"type": "state", "state": state})
}

fn transcript(role: &str, text: &str, is_final: bool, ordinal: i64) -> Value {
    json!({"type": "transcript", "role": role, "medium": "voice", "text": text, "final": is_final, "ordinal": ordinal})
}

fn delta(text: &str, ordinal: i64) -> Value {
    json!({"type": "transcript", "role": "agent", "medium": "voice", "delta": text, "final": false, "ordinal": ordinal})
}

fn says(edge: &mut Edge, millis: usize) {
    edge.provider_frame(&Frame::Binary(pcm(millis)));
}

/// The user said something, and the agent begins to answer.
fn asked(edge: &mut Edge, text: &str, ordinal: i64) {
    edge.provider(transcript("user", text, true, ordinal));
    edge.provider(state("thinking"));
    edge.provider(state("speaking"));
}

#[test]
fn a_plain_turn() {
    let (mut edge, body) = connected(usual());
    assert_eq!(body["systemPrompt"], "Be brief.");
    assert_eq!(body["medium"]["serverWebSocket"]["inputSampleRate"], 24_000);
    assert_eq!(body["selectedTools"][0]["temporaryTool"]["modelToolName"], "get_weather");
    assert_eq!(body["selectedTools"][0]["temporaryTool"]["dynamicParameters"][0]["required"], true);
    let updated = assert_updated(&mut edge);
    assert_eq!(updated["session"]["expires_at"], (edge.now_millis + 3_600_000) / 1_000);
    edge.client_speaks(500);
    assert_eq!(edge.told_audio(), pcm(500), "binary, as it is");
    edge.provider(state("listening"));
    edge.provider(transcript("user", "What", false, 0));
    edge.provider(transcript("user", "What is up?", true, 0));
    edge.provider(state("thinking"));
    edge.provider(state("speaking"));
    edge.provider(delta("Not ", 1));
    says(&mut edge, 300);
    edge.provider(delta("much.", 1));
    // The words are complete before the last of the audio.
    edge.provider(transcript("agent", "Not much.", true, 1));
    says(&mut edge, 200);
    edge.provider(state("listening"));
    let events = edge.heard();
    let expected: Vec<&str> = SPEECH
        .into_iter()
        .chain(["conversation.item.input_audio_transcription.delta"; 2])
        .chain(["conversation.item.input_audio_transcription.completed"])
        .chain(ANSWER_BEGINS)
        .chain(ANSWER_ENDS)
        .collect();
    assert_eq!(envelope(&events), expected);
    assert_eq!(one(&events, "response.output_audio_transcript.done")["transcript"], "Not much.");
    assert_eq!(audio(&events), pcm(500));
}

#[test]
fn audio_in_chunks_of_odd_sizes_is_whole_again() {
    let (mut edge, _) = connected(usual());
    let spoken: Vec<u8> = (0..=255).cycle().take(4_801).collect();
    for chunk in spoken.chunks(333) {
        edge.provider_frame(&Frame::Binary(chunk.to_vec()));
    }
    // Half a sample is no sample.
    assert_eq!(audio(&edge.heard()), spoken[..4_800]);
}

#[test]
fn a_telephone_gets_what_a_telephone_sends() {
    let format = json!({"type": "audio/pcmu"});
    let (mut edge, body) =
        connected(update(json!({"audio": {"input": {"format": format}, "output": {"format": format}}})));
    assert_eq!(body["medium"]["serverWebSocket"]["outputSampleRate"], 8_000);
    let audio_in = super::super::support::base64(&[0xff; 800]);
    edge.client(json!({"type": "input_audio_buffer.append", "audio": audio_in}));
    assert_eq!(edge.told_audio(), vec![0; 1_600]);
    edge.heard();
    edge.provider_frame(&Frame::Binary(vec![0; 1_600]));
    assert_eq!(audio(&edge.heard()), [0xff; 800]);
}

#[test]
fn a_barge_in() {
    let (mut edge, _) = connected(usual());
    asked(&mut edge, "Tell me a story", 0);
    edge.provider(delta("Once upon a time", 1));
    says(&mut edge, 2_000);
    edge.heard();
    edge.provider(json!({"type": "playback_clear_buffer"}));
    edge.provider(state("listening"));
    let events = edge.heard();
    let expected: Vec<&str> = SPEECH[..1].iter().copied().chain(ANSWER_ENDS).collect();
    assert_eq!(envelope(&events), expected);
    edge.provider(transcript("agent", "Once", true, 1));
    let events = edge.heard();
    assert_eq!(one(&events, "conversation.item.done")["item"]["content"][0]["transcript"], "Once");
    asked(&mut edge, "Stop", 2);
    edge.provider(delta("Fine.", 3));
    let events = edge.heard();
    assert_eq!(envelope(&events)[..4], SPEECH[1..]);
    assert!(envelope(&events).ends_with(&ANSWER_BEGINS));
}

#[test]
fn a_function_call() {
    let (mut edge, _) = connected(usual());
    edge.provider(transcript("user", "The weather in Oslo?", true, 0));
    edge.provider(state("thinking"));
    edge.heard();
    edge.told();
    edge.provider(json!({
        "type": "client_tool_invocation", "toolName": "get_weather", "invocationId": "inv_1",
        "parameters": {"city": "Oslo"},
    }));
    assert_eq!(envelope(&edge.heard()), CALL);
    edge.client(tool_output("inv_1", "3 degrees"));
    edge.client(json!({"type": "response.create"}));
    assert_eq!(
        edge.told(),
        [json!({
            "type": "client_tool_result", "invocationId": "inv_1", "result": "3 degrees",
            "agentReaction": "speaks", "responseType": "tool-response",
        })]
    );
    assert!(!edge.heard_contains("error"));
}

#[test]
fn text_instead_of_speech() {
    let (mut edge, body) = connected(update(json!({"output_modalities": ["text"]})));
    assert_eq!(body["initialOutputMedium"], "MESSAGE_MEDIUM_TEXT");
    edge.client(user_says("Hello"));
    edge.client(json!({"type": "response.create"}));
    assert_eq!(edge.told(), [json!({"type": "user_text_message", "text": "Hello", "urgency": "immediate"})]);
    edge.heard();
    edge.provider(
        json!({"type": "transcript", "role": "user", "medium": "text", "text": "Hello", "final": true, "ordinal": 0}),
    );
    for (text, is_final) in [("Hi", false), ("Hi.", true)] {
        edge.provider(json!({
            "type": "transcript", "role": "agent", "medium": "text", "text": text, "final": is_final, "ordinal": 1,
        }));
    }
    let events = edge.heard();
    let mut types = envelope(&events);
    types.dedup();
    assert_eq!(types, WRITTEN);
}

#[test]
fn a_later_session_update_changes_what_it_can() {
    let (mut edge, _) = connected(usual());
    edge.heard();
    edge.client(update(json!({"instructions": "Be rude.", "output_modalities": ["text"], "tools": []})));
    assert_eq!(
        edge.told(),
        [
            json!({"type": "user_text_message", "text": "Be rude.", "urgency": "later", "deferResponse": true}),
            json!({"type": "set_output_medium", "medium": "text"}),
        ]
    );
    assert_eq!(edge.heard_types(), ["error", "session.updated"]);
}

#[test]
fn a_commit_by_hand() {
    let (mut edge, _) = connected(push_to_talk());
    edge.heard();
    edge.client_speaks(400);
    edge.client(json!({"type": "input_audio_buffer.commit"}));
    edge.client(json!({"type": "response.create"}));
    assert_eq!(edge.told_audio(), pcm(900), "with half a second of silence");
    assert_eq!(envelope(&edge.heard()), SPEECH[2..]);
    asked(&mut edge, "Hello", 0);
    edge.provider(delta("Hi", 1));
    let events = edge.heard();
    assert_eq!(one(&events, "conversation.item.input_audio_transcription.completed")["transcript"], "Hello");
    assert!(envelope(&events).ends_with(&ANSWER_BEGINS));
}

#[test]
fn a_cancellation() {
    let (mut edge, _) = connected(usual());
    asked(&mut edge, "Tell me a story", 0);
    edge.provider(delta("Once upon", 1));
    edge.heard();
    edge.told();
    edge.client(json!({"type": "response.cancel"}));
    assert_eq!(
        edge.told(),
        [json!({"type": "user_text_message", "text": "", "urgency": "immediate", "deferResponse": true})]
    );
    assert_eq!(envelope(&edge.heard()), ANSWER_ENDS);
    edge.provider(delta(" a time", 1));
    edge.provider(state("listening"));
    assert!(edge.heard().is_empty());
    asked(&mut edge, "Go on", 2);
    edge.provider(delta("There was", 3));
    assert!(envelope(&edge.heard()).ends_with(&ANSWER_BEGINS));
}

#[test]
fn it_says_that_it_is_there_and_hangs_up_when_the_client_leaves() {
    let (mut edge, _) = connected(usual());
    edge.told();
    edge.wait(15_000);
    assert_eq!(edge.told(), [json!({"type": "ping", "timestamp": edge.now_millis})]);
    edge.client_leaves();
    assert_eq!(edge.told(), [json!({"type": "hang_up"})]);
    assert_eq!(
        edge.usage_inquiry.as_ref().map(|request| request.url.as_str()),
        Some("https://ultravox.test/api/calls/call_1")
    );
    let answer = |body: Value| HttpResponse { status: 200, body: body.to_string() };
    assert_eq!(edge.session.on_usage(&answer(json!({"ended": null}))), (None, true));
    let (row, _) = edge.session.on_usage(&answer(json!({"ended": "x", "billedDuration": "18s"})));
    assert_eq!(row.map(|row| row.quantities.session_millis), Some(3_000));
}

#[test]
fn no_room_for_the_call_is_told_as_such() {
    let mut edge = Edge::new(ultravox());
    edge.client(usual());
    edge.respond(429, json!({"detail": "no GPU"}));
    assert!(edge.next_provider_wanted.as_ref().is_some_and(|problem| problem.message.contains("no GPU")));
    edge.next_provider(None);
    assert_eq!(edge.client_close.as_ref().map(|close| close.code), Some(1013));
}
