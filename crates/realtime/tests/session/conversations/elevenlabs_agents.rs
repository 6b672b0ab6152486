use super::super::support::{Edge, base64, pcm};
use super::*;
use realtime::provider::elevenlabs_agents::{Agent, ElevenLabsAgents, ElevenLabsAgentsConfig};
use realtime::transport::{HttpResponse, Secret};

fn agents(agent: Agent) -> ElevenLabsAgents {
    ElevenLabsAgents::new(ElevenLabsAgentsConfig {
        socket_url: "wss://elevenlabs.test/v1/convai/conversation".to_owned(),
        api_url: "https://elevenlabs.test".to_owned(),
        api_key: Secret::new("key"),
        agent,
        voice_id: None,
    })
}

fn named() -> ElevenLabsAgents {
    agents(Agent::Named { agent_id: "agent_1".to_owned() })
}

fn metadata() -> Value {
    json!({"type": "conversation_initiation_metadata", "conversation_initiation_metadata_event": {
        "conversation_id": "conv_1", "agent_output_audio_format": "pcm_16000", "user_input_audio_format": "pcm_16000",
    }})
}

/// Connected and ready; returns what the provider was told first.
fn connected(first: Value) -> (Edge, Vec<Value>) {
    let mut edge = Edge::new(named());
    edge.client(first);
    assert_eq!(edge.sockets[0].url.expose(), "wss://elevenlabs.test/v1/convai/conversation?agent_id=agent%5F1");
    edge.open();
    let told = edge.told();
    edge.provider(metadata());
    (edge, told)
}

/// PCM16 at the agent's 16 kHz.
fn audio_event(millis: usize, event_id: i64) -> Value {
    let audio = base64(&vec![0; millis * 32]);
    json!({"type": "audio", "audio_event": {"audio_base_64": audio, "event_id": event_id}})
}

fn vad(score: f64) -> Value {
    json!({"type": "vad_score", "vad_score_event": {"vad_score": score}})
}

fn transcript(text: &str) -> Value {
    json!({"type": "user_transcript", "user_transcription_event": {"user_transcript": text, "event_id": 3}})
}

fn response(text: &str, event_id: i64) -> Value {
    json!({"type": "agent_response", "agent_response_event": {"agent_response": text, "event_id": event_id}})
}

#[test]
fn a_plain_turn() {
    let (mut edge, told) = connected(usual());
    assert_eq!(told[0]["type"], "conversation_initiation_client_data");
    assert_eq!(told[0]["conversation_config_override"]["agent"]["prompt"]["prompt"], "Be brief.");
    assert_updated(&mut edge);
    edge.client_speaks(500);
    let told = edge.told();
    assert!(told.iter().all(|message| message["user_audio_chunk"].is_string()));
    for score in [0.1, 0.7, 0.9, 0.8] {
        edge.provider(vad(score));
    }
    edge.provider(transcript("What is up?"));
    edge.provider(vad(0.2));
    edge.provider(audio_event(200, 4));
    edge.provider(response("Not much.", 4));
    edge.provider(audio_event(300, 5));
    // The official way to end a turn, which older sockets do not have.
    edge.provider(json!({"type": "agent_response_complete"}));
    let events = edge.heard();
    let expected: Vec<&str> = SPEECH
        .into_iter()
        .chain(["conversation.item.input_audio_transcription.delta"])
        .chain(["conversation.item.input_audio_transcription.completed"])
        .chain(ANSWER_BEGINS)
        .chain(ANSWER_ENDS)
        .collect();
    assert_eq!(envelope(&events), expected);
    assert_eq!(one(&events, "response.output_audio_transcript.done")["transcript"], "Not much.");
    // 500 ms at 16 kHz are 500 ms at the client's 24 kHz.
    assert_eq!(audio(&events).len(), pcm(500).len());
    let response = &one(&events, "response.done")["response"];
    assert_eq!(response["usage"]["total_tokens"], 0);
    let seconds: Value = serde_json::from_str(response["metadata"]["gateway_usage"].as_str().unwrap()).unwrap();
    assert_eq!(seconds, json!({"audio_in_s": 0.5, "audio_out_s": 0.5}));
}

#[test]
fn a_turn_whose_end_nobody_announces_ends_half_a_second_after_its_audio() {
    let (mut edge, _) = connected(usual());
    edge.provider(transcript("Hi"));
    edge.provider(response("Hello", 4));
    edge.wait(400);
    edge.provider(audio_event(100, 5));
    edge.wait(499);
    assert!(!edge.heard_contains("response.done"));
    edge.wait(1);
    assert!(edge.heard_contains("response.done"));
}

#[test]
fn pings_are_answered_here_and_are_no_sign_of_life() {
    let (mut edge, _) = connected(usual());
    edge.heard();
    for event_id in 0..50 {
        edge.provider(json!({"type": "ping", "ping_event": {"event_id": event_id, "ping_ms": 20}}));
    }
    let told = edge.told();
    assert_eq!((told.len(), &told[49]), (50, &json!({"type": "pong", "event_id": 49})));
    assert!(edge.heard().is_empty());
    for _ in 0..31 {
        edge.wait(60_000);
        edge.provider(json!({"type": "ping", "ping_event": {"event_id": 1}}));
        if edge.client_close.is_some() {
            break;
        }
    }
    assert_eq!(edge.client_close.as_ref().map(|close| close.code), Some(1001));
}

#[test]
fn a_barge_in_and_what_was_really_said() {
    let (mut edge, _) = connected(usual());
    edge.provider(transcript("Tell me a story"));
    edge.provider(audio_event(500, 4));
    edge.provider(response("Once upon a time there was a king.", 4));
    edge.heard();
    edge.provider(json!({"type": "interruption", "interruption_event": {"event_id": 6}}));
    let events = edge.heard();
    let expected: Vec<&str> = SPEECH[..1].iter().copied().chain(ANSWER_ENDS).collect();
    assert_eq!(envelope(&events), expected);
    assert_eq!(one(&events, "response.done")["response"]["status_details"]["reason"], "turn_detected");
    // Audio that was on the way.
    edge.provider(audio_event(500, 5));
    edge.provider(audio_event(500, 6));
    assert!(edge.heard().is_empty());
    edge.provider(json!({"type": "agent_response_correction", "agent_response_correction_event": {
        "original_agent_response": "Once upon a time there was a king.",
        "corrected_agent_response": "Once upon a time", "event_id": 6,
    }}));
    let events = edge.heard();
    assert_eq!(one(&events, "conversation.item.done")["item"]["content"][0]["transcript"], "Once upon a time");
    edge.provider(transcript("Stop"));
    edge.provider(audio_event(100, 7));
    let events = edge.heard();
    assert_eq!(envelope(&events)[..4], SPEECH[1..]);
    assert!(envelope(&events).ends_with(&ANSWER_BEGINS));
}

#[test]
fn a_function_call() {
    let (mut edge, _) = connected(usual());
    edge.provider(transcript("The weather in Oslo?"));
    edge.heard();
    edge.provider(json!({"type": "client_tool_call", "client_tool_call": {
        "tool_name": "get_weather", "tool_call_id": "toolu_1", "parameters": {"city": "Oslo"}, "event_id": 5,
    }}));
    let events = edge.heard();
    assert_eq!(envelope(&events), CALL);
    assert_eq!(one(&events, "response.function_call_arguments.done")["call_id"], "toolu_1");
    edge.told();
    edge.client(tool_output("toolu_1", "3 degrees"));
    edge.client(json!({"type": "response.create"}));
    assert_eq!(
        edge.told(),
        [json!({"type": "client_tool_result", "tool_call_id": "toolu_1", "result": "3 degrees", "is_error": false})]
    );
    assert!(!edge.heard_contains("error"));
}

#[test]
fn text_instead_of_speech() {
    let (mut edge, told) = connected(update(json!({"output_modalities": ["text"]})));
    assert_eq!(told[0]["conversation_config_override"]["conversation"], json!({"text_only": true}));
    edge.client(json!({"type": "response.create"}));
    assert_eq!(one(&edge.heard(), "error")["error"]["code"], "nothing_to_respond");
    edge.client(user_says("Hello"));
    assert!(edge.told().is_empty(), "it waits for response.create");
    edge.client(json!({"type": "response.create"}));
    assert_eq!(edge.told(), [json!({"type": "user_message", "text": "Hello"})]);
    edge.heard();
    for (kind, text) in [("start", ""), ("delta", "Hi"), ("delta", "."), ("stop", "")] {
        edge.provider(json!({"type": "agent_chat_response_part", "text_response_part": {
            "type": kind, "text": text, "event_id": 4,
        }}));
    }
    edge.provider(response("Hi.", 4));
    edge.provider(json!({"type": "agent_response_complete"}));
    let events = edge.heard();
    let mut types = envelope(&events);
    types.dedup();
    assert_eq!(types, WRITTEN);
    assert_eq!(one(&events, "response.output_text.done")["text"], "Hi.");
}

#[test]
fn a_later_session_update_changes_what_it_can() {
    let (mut edge, _) = connected(usual());
    edge.heard();
    edge.client(update(json!({
        "instructions": "Be rude.", "tools": [], "audio": {"output": {"voice": "josh"}},
    })));
    assert_eq!(edge.told(), [json!({"type": "contextual_update", "text": "Be rude."})]);
    let events = edge.heard();
    let codes: Vec<&Value> =
        events.iter().filter(|event| event["type"] == "error").map(|e| &e["error"]["code"]).collect();
    assert_eq!(codes, ["tools_frozen", "session_update_unsupported"]);
    assert_eq!(one(&events, "session.updated")["session"]["instructions"], "Be rude.");
}

#[test]
fn a_commit_by_hand() {
    let (mut edge, _) = connected(push_to_talk());
    edge.heard();
    edge.client_speaks(400);
    assert!(edge.told().is_empty());
    edge.client(json!({"type": "input_audio_buffer.commit"}));
    edge.client(json!({"type": "response.create"}));
    assert_eq!(envelope(&edge.heard()), SPEECH[2..]);
    let chunks = edge.told();
    // What was said, and half a second of silence, at 16 kHz.
    let bytes: usize = chunks.iter().map(|chunk| chunk["user_audio_chunk"].as_str().unwrap().len() * 3 / 4).sum();
    assert!((bytes.abs_diff(900 * 32)) < 64, "{bytes} bytes");
    // The provider notices the turn too, which is told already.
    edge.provider(transcript("Hello"));
    let events = edge.heard();
    let transcription = "conversation.item.input_audio_transcription";
    assert_eq!(envelope(&events), [format!("{transcription}.delta"), format!("{transcription}.completed")]);
}

/// An agent may answer before the client has got round to asking for what a commit or a function's output brings anyway.
#[test]
fn an_answer_that_was_faster_than_the_request_for_it_is_given_once() {
    let (mut edge, _) = connected(push_to_talk());
    edge.heard();
    edge.client_speaks(400);
    edge.client(json!({"type": "input_audio_buffer.commit"}));
    edge.provider(transcript("Hello"));
    edge.provider(audio_event(100, 4));
    edge.provider(json!({"type": "agent_response_complete"}));
    edge.client(json!({"type": "response.create"}));
    edge.provider(json!({"type": "client_tool_call", "client_tool_call": {
        "tool_name": "get_weather", "tool_call_id": "toolu_1", "parameters": {"city": "Oslo"}, "event_id": 5,
    }}));
    edge.client(tool_output("toolu_1", "3 degrees"));
    edge.provider(audio_event(100, 6));
    edge.provider(json!({"type": "agent_response_complete"}));
    edge.told();
    edge.client(json!({"type": "response.create"}));
    assert!(edge.told().is_empty() && !edge.heard_contains("error"));
    // What is asked for next is asked of the provider.
    edge.client(user_says("And in Rome?"));
    edge.client(json!({"type": "response.create"}));
    assert_eq!(edge.told(), [json!({"type": "user_message", "text": "And in Rome?"})]);
}

#[test]
fn a_cancellation() {
    let (mut edge, _) = connected(usual());
    edge.provider(transcript("Tell me a story"));
    edge.provider(audio_event(500, 4));
    edge.heard();
    edge.told();
    edge.client(json!({"type": "response.cancel"}));
    assert_eq!(envelope(&edge.heard()), ANSWER_ENDS);
    edge.provider(audio_event(500, 5));
    edge.provider(response("Once upon a time", 5));
    edge.provider(json!({"type": "agent_response_complete"}));
    assert!(edge.heard().is_empty() && edge.told().is_empty());
    edge.provider(transcript("Go on"));
    edge.provider(audio_event(100, 7));
    assert!(envelope(&edge.heard()).ends_with(&ANSWER_BEGINS));
}

#[test]
fn an_agent_of_the_gateways_own_is_found_or_made() {
    let managed = || agents(Agent::Managed { llm: Some("gemini-2.5-flash".to_owned()) });
    let mut edge = Edge::new(managed());
    edge.client(usual());
    let search = edge.calls[0].url.clone();
    assert!(search.starts_with("https://elevenlabs.test/v1/convai/agents?search=conduit%2Dedge%20"), "{search}");
    edge.respond(200, json!({"agents": [{"agent_id": "other", "name": "conduit-edge"}], "has_more": false}));
    let body = edge.calls[1].body.clone().unwrap();
    assert!(edge.calls[1].url.ends_with("/v1/convai/agents/create"));
    let prompt = &body["conversation_config"]["agent"]["prompt"];
    assert_eq!((&prompt["llm"], &prompt["tools"][0]["type"]), (&json!("gemini-2.5-flash"), &json!("client")));
    let overrides = &body["platform_settings"]["overrides"]["conversation_config_override"];
    assert_eq!(overrides["agent"]["prompt"]["prompt"], true);
    edge.respond(200, json!({"agent_id": "agent_new"}));
    assert!(edge.sockets[0].url.expose().ends_with("agent_id=agent%5Fnew"));

    let mut edge = Edge::new(managed());
    edge.client(usual());
    edge.respond(200, json!({"agents": [{"agent_id": "agent_old", "name": body["name"]}]}));
    assert!(edge.sockets[0].url.expose().ends_with("agent_id=agent%5Fold"));
    assert!(!format!("{:?}", edge.calls).contains("\"key\""), "keys are not shown");
}

#[test]
fn an_override_that_the_agent_does_not_allow_ends_with_a_clear_error() {
    let mut edge = Edge::new(named());
    edge.client(usual());
    edge.open();
    edge.provider(json!({"type": "error", "error_event": {
        "code": 1008, "error_type": "override_error", "message": "Override for field 'prompt' is not allowed by config.",
    }}));
    edge.provider_closes(1008, "Override for field 'prompt' is not allowed by config.");
    assert!(edge.next_provider_wanted.is_some());
    edge.next_provider(None);
    let events = edge.heard();
    let errors: Vec<&Value> = events.iter().filter(|event| event["type"] == "error").collect();
    assert_eq!(errors[0]["error"]["code"], "override_error");
    assert_eq!(edge.client_close.as_ref().map(|close| close.code), Some(1011));
}

#[test]
fn what_elevenlabs_bills_is_known_after_the_call() {
    let (mut edge, _) = connected(usual());
    edge.wait(61_000);
    edge.client_leaves();
    let inquiry = edge.usage_inquiry.clone().expect("an inquiry");
    assert_eq!(inquiry.url, "https://elevenlabs.test/v1/convai/conversations/conv_1");
    let answer = |body: Value| HttpResponse { status: 200, body: body.to_string() };
    assert_eq!(edge.session.on_usage(&answer(json!({"status": "processing"}))), (None, true));
    let done = answer(json!({"status": "done", "metadata": {"call_duration_secs": 59}}));
    let (row, again) = edge.session.on_usage(&done);
    assert_eq!((row.map(|row| row.quantities.session_millis), again), (Some(-2_000), false));
}

#[test]
fn the_longest_call_ends_as_a_session_that_expired() {
    let (mut edge, _) = connected(usual());
    edge.provider(json!({"type": "error", "error_event": {"code": 1000, "error_type": "max_duration_exceeded"}}));
    edge.provider_closes(1000, "");
    let close = edge.client_close.clone().expect("closed");
    assert_eq!((close.code, close.reason.as_str()), (1000, "session_expired"));
}
