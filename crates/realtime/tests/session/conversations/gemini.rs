use super::super::support::{Edge, base64, pcm};
use super::*;
use realtime::provider::gemini::{Gemini, GeminiConfig};
use realtime::transport::{Frame, Secret};

fn gemini() -> Gemini {
    Gemini::new(GeminiConfig {
        socket_url: "wss://generativelanguage.test/ws/BidiGenerateContent".to_owned(),
        api_key: Secret::new("key"),
        model: "gemini-live".to_owned(),
        voice: Some("Puck".to_owned()),
        takes_context_updates: false,
    })
}

/// Connected and ready; returns what the provider was told first.
fn connected(first: Value) -> (Edge, Vec<Value>) {
    let mut edge = Edge::new(gemini());
    assert_eq!(edge.heard_types(), ["session.created"]);
    assert!(edge.sockets.is_empty(), "it waits for the settings");
    edge.client(first);
    assert_eq!(edge.sockets.len(), 1);
    edge.open();
    let told = edge.told();
    // JSON in a binary frame, as the server sends it.
    edge.provider_frame(&Frame::Binary(br#"{"setupComplete":{}}"#.to_vec()));
    (edge, told)
}

fn speech(text: &str) -> Value {
    json!({"serverContent": {"inputTranscription": {"text": text}}})
}

fn says(millis: usize) -> Value {
    let data = base64(&pcm(millis));
    json!({"serverContent": {"modelTurn": {"parts": [{"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}}]}}})
}

fn words(text: &str) -> Value {
    json!({"serverContent": {"outputTranscription": {"text": text}}})
}

fn usage() -> Value {
    json!({"usageMetadata": {
        "promptTokenCount": 100, "responseTokenCount": 40, "totalTokenCount": 140,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 20}, {"modality": "AUDIO", "tokenCount": 80}],
        "responseTokensDetails": [{"modality": "AUDIO", "tokenCount": 40}],
    }})
}

#[test]
fn a_plain_turn() {
    let (mut edge, told) = connected(usual());
    let setup = &told[0]["setup"];
    assert_eq!(setup["model"], "models/gemini-live");
    assert_eq!(setup["systemInstruction"]["parts"][0]["text"], "Be brief.");
    assert_eq!(setup["generationConfig"]["responseModalities"], json!(["AUDIO"]));
    assert_eq!(setup["tools"][0]["functionDeclarations"][0]["name"], "get_weather");
    assert_eq!(setup["sessionResumption"], json!({}));
    assert_updated(&mut edge);

    edge.client_speaks(500);
    let told = edge.told();
    assert_eq!(told[0]["realtimeInput"]["audio"]["mimeType"], "audio/pcm;rate=16000");
    edge.provider(speech("What is "));
    edge.provider(speech("up?"));
    edge.provider(says(300));
    edge.provider(words("Not "));
    edge.provider(says(200));
    edge.provider(words("much."));
    edge.provider(json!({"serverContent": {"generationComplete": true}}));
    edge.provider(json!({"serverContent": {"turnComplete": true}}));
    // The usage comes in a frame of its own, after the end of the turn, which waits for it.
    assert!(!edge.heard_contains("response.done"));
    edge.provider(usage());
    let events = edge.heard();
    let transcribed = "conversation.item.input_audio_transcription";
    let expected: Vec<String> = SPEECH
        .iter()
        .map(|kind| (*kind).to_owned())
        .chain([format!("{transcribed}.delta"), format!("{transcribed}.delta")])
        .chain(ANSWER_BEGINS.map(str::to_owned))
        .chain(["response.output_audio.done".to_owned(), format!("{transcribed}.completed")])
        .chain(ANSWER_ENDS[1..].iter().map(|kind| (*kind).to_owned()))
        .collect();
    assert_eq!(envelope(&events), expected);
    assert_eq!(one(&events, "conversation.item.input_audio_transcription.completed")["transcript"], "What is up?");
    assert_eq!(one(&events, "response.output_audio_transcript.done")["transcript"], "Not much.");
    assert_eq!(audio(&events).len(), pcm(500).len());
    let usage = &one(&events, "response.done")["response"]["usage"];
    assert_eq!((&usage["input_tokens"], &usage["output_tokens"]), (&json!(100), &json!(40)));
    assert_eq!(usage["input_token_details"]["audio_tokens"], 80);
}

#[test]
fn a_turn_whose_usage_never_comes_ends_all_the_same() {
    let (mut edge, _) = connected(usual());
    edge.client_speaks(200);
    edge.provider(says(100));
    edge.provider(json!({"serverContent": {"turnComplete": true}}));
    edge.heard();
    edge.wait(149);
    assert!(!edge.heard_contains("response.done"));
    edge.wait(1);
    assert_eq!(one(&edge.heard(), "response.done")["response"]["usage"], Value::Null);
    // It is billed when it comes.
    edge.provider(usage());
    edge.wait(2_000);
    let tokens: i64 = edge.rows.iter().map(|row| row.quantities.output_audio_tokens).sum();
    assert_eq!(tokens, 40);
}

#[test]
fn a_barge_in() {
    let (mut edge, _) = connected(usual());
    edge.client_speaks(200);
    edge.provider(speech("Tell me a story"));
    edge.provider(says(1_000));
    edge.provider(words("Once upon"));
    edge.heard();
    edge.client_speaks(200);
    edge.provider(json!({"serverContent": {"interrupted": true}}));
    let events = edge.heard();
    let expected: Vec<&str> =
        ["conversation.item.input_audio_transcription.completed", "input_audio_buffer.speech_started"]
            .into_iter()
            .chain(ANSWER_ENDS)
            .collect();
    assert_eq!(envelope(&events), expected);
    let response = &one(&events, "response.done")["response"];
    assert_eq!(response["status"], "cancelled");
    assert_eq!(response["status_details"]["reason"], "turn_detected");
    assert_eq!(response["output"][0]["status"], "incomplete");
    // The client says how much of it was heard.
    let item_id = response["output"][0]["id"].as_str().unwrap();
    let truncate = |millis: u64| json!({"type": "conversation.item.truncate", "item_id": item_id, "content_index": 0, "audio_end_ms": millis});
    edge.client(truncate(5_000));
    edge.client(truncate(400));
    assert_eq!(edge.heard_types(), ["error", "conversation.item.truncated"]);
    // The bare end of the turn has nothing to end; the next turn is a turn.
    edge.provider(json!({"serverContent": {"turnComplete": true}}));
    edge.provider(speech("Stop"));
    edge.provider(says(100));
    let events = edge.heard();
    let expected: Vec<&str> = SPEECH[1..]
        .iter()
        .copied()
        .chain(["conversation.item.input_audio_transcription.delta"])
        .chain(ANSWER_BEGINS)
        .collect();
    assert_eq!(envelope(&events), expected);
}

#[test]
fn two_function_calls_of_which_one_is_cancelled() {
    let (mut edge, _) = connected(usual());
    edge.client_speaks(200);
    edge.heard();
    edge.told();
    edge.provider(json!({"toolCall": {"functionCalls": [
        {"id": "fc_1", "name": "get_weather", "args": {"city": "Oslo"}},
        {"id": "fc_2", "name": "get_weather", "args": {"city": "Rome"}},
    ]}}));
    edge.provider(json!({"serverContent": {"turnComplete": true}}));
    edge.wait(150);
    let events = edge.heard();
    let response = one(&events, "response.done")["response"].clone();
    assert_eq!(response["status"], "completed");
    assert_eq!(response["output"].as_array().map(Vec::len), Some(2));
    assert_eq!(response["output"][0]["arguments"], r#"{"city":"Oslo"}"#);
    edge.provider(json!({"toolCallCancellation": {"ids": ["fc_2"]}}));
    let error = one(&edge.heard(), "error")["error"].clone();
    assert_eq!((&error["code"], &error["param"]), (&json!("tool_call_cancelled"), &json!("fc_2")));
    edge.client(tool_output("fc_1", r#"{"celsius": 3}"#));
    edge.client(tool_output("fc_2", "30 degrees"));
    edge.client(json!({"type": "response.create"}));
    // The result that is not needed stays here, and the model goes on by itself.
    assert_eq!(
        edge.told(),
        [json!({"toolResponse": {"functionResponses": [
            {"id": "fc_1", "name": "get_weather", "response": {"celsius": 3}},
        ]}})]
    );
    edge.heard();
    edge.provider(says(100));
    assert_eq!(envelope(&edge.heard()), ANSWER_BEGINS);
    edge.client(tool_output("fc_9", "1"));
    assert_eq!(one(&edge.heard(), "error")["error"]["param"], "item.call_id");
}

#[test]
fn text_instead_of_speech() {
    let (mut edge, told) = connected(update(json!({"output_modalities": ["text"]})));
    assert_eq!(told[0]["setup"]["generationConfig"]["responseModalities"], json!(["TEXT"]));
    edge.client(user_says("Hello"));
    edge.client(json!({"type": "response.create"}));
    assert_eq!(
        edge.told(),
        [
            json!({"clientContent": {"turns": [{"role": "user", "parts": [{"text": "Hello"}]}], "turnComplete": false}}),
            json!({"clientContent": {"turnComplete": true}}),
        ]
    );
    edge.heard();
    edge.provider(json!({"serverContent": {"modelTurn": {"parts": [
        {"text": "thinking", "thought": true}, {"text": "Hi."},
    ]}}}));
    edge.provider(json!({"serverContent": {"turnComplete": true}, "usageMetadata": {"promptTokenCount": 3}}));
    let events = edge.heard();
    assert_eq!(envelope(&events), WRITTEN);
    assert_eq!(one(&events, "response.output_text.done")["text"], "Hi.");
}

#[test]
fn a_second_session_update_goes_on_over_a_new_connection() {
    let (mut edge, _) = connected(usual());
    edge.client_speaks(200);
    edge.provider(json!({"sessionResumptionUpdate": {"newHandle": "handle_1", "resumable": true}}));
    edge.provider(says(100));
    edge.heard();
    edge.client(update(json!({"instructions": "Be rude."})));
    // Not in the middle of a turn.
    assert_eq!((edge.sockets.len(), edge.heard_types()), (1, vec![]));
    edge.provider(json!({"serverContent": {"turnComplete": true}, "usageMetadata": {"promptTokenCount": 3}}));
    edge.heard();
    assert_eq!(edge.sockets.len(), 2);
    edge.told();
    // What is said meanwhile waits.
    edge.client_speaks(100);
    edge.open();
    let told = edge.told();
    assert_eq!(told[0]["setup"]["sessionResumption"], json!({"handle": "handle_1"}));
    assert_eq!(told[0]["setup"]["systemInstruction"]["parts"][0]["text"], "Be rude.");
    assert_eq!(told.len(), 1);
    edge.provider(json!({"setupComplete": {}}));
    assert_eq!(edge.closed_links.len(), 1);
    assert_eq!(edge.told().len(), 1, "the audio");
    assert_eq!(assert_updated(&mut edge)["session"]["instructions"], "Be rude.");
}

#[test]
fn a_second_session_update_before_anything_was_said_is_not_lost() {
    let (mut edge, _) = connected(usual());
    edge.heard();
    edge.client(update(json!({"instructions": "Be rude."})));
    edge.open();
    assert_eq!(edge.told()[0]["setup"]["systemInstruction"]["parts"][0]["text"], "Be rude.");
    edge.provider(json!({"setupComplete": {}}));
    assert_updated(&mut edge);
}

#[test]
fn a_commit_by_hand() {
    let (mut edge, told) = connected(push_to_talk());
    let detection = &told[0]["setup"]["realtimeInputConfig"]["automaticActivityDetection"];
    assert_eq!(*detection, json!({"disabled": true}));
    edge.heard();
    // Cleared before it is committed: the provider never hears it.
    edge.client_speaks(300);
    edge.client(json!({"type": "input_audio_buffer.clear"}));
    edge.client(json!({"type": "input_audio_buffer.commit"}));
    let events = edge.heard();
    assert_eq!(envelope(&events), ["input_audio_buffer.cleared", "error"]);
    assert_eq!(events[1]["error"]["code"], "input_audio_buffer_commit_empty");
    assert!(edge.told().is_empty());

    edge.client_speaks(300);
    edge.client(json!({"type": "input_audio_buffer.commit"}));
    edge.client(json!({"type": "response.create"}));
    let told = edge.told();
    let members: Vec<&str> = told
        .iter()
        .map(|message| message["realtimeInput"].as_object().unwrap().keys().next().unwrap().as_str())
        .collect();
    assert_eq!(members, ["activityStart", "audio", "audio", "activityEnd"]);
    assert_eq!(envelope(&edge.heard()), SPEECH[2..]);
    edge.provider(speech("Hello"));
    edge.provider(says(100));
    edge.provider(json!({"serverContent": {"turnComplete": true}, "usageMetadata": {"promptTokenCount": 3}}));
    let events = edge.heard();
    assert_eq!(one(&events, "conversation.item.input_audio_transcription.completed")["transcript"], "Hello");
    assert_eq!(one(&events, "response.done")["response"]["status"], "completed");
}

#[test]
fn a_cancellation() {
    let (mut edge, _) = connected(usual());
    edge.client(json!({"type": "response.cancel", "event_id": "c"}));
    let events = edge.heard();
    assert_eq!(one(&events, "error")["error"]["code"], "response_cancel_not_active");
    assert_eq!(one(&events, "error")["error"]["event_id"], "c");
    edge.client(user_says("Tell me a story"));
    edge.client(json!({"type": "response.create"}));
    edge.provider(says(100));
    edge.heard();
    edge.client(json!({"type": "response.cancel"}));
    let events = edge.heard();
    assert_eq!(envelope(&events), ANSWER_ENDS);
    let response = &one(&events, "response.done")["response"];
    assert_eq!(response["status_details"], json!({"type": "cancelled", "reason": "client_cancelled"}));
    // There is no verb for it: what the model goes on to say is for nobody.
    edge.provider(says(500));
    edge.provider(words("and then"));
    edge.provider(json!({"serverContent": {"turnComplete": true}}));
    assert!(edge.heard().is_empty());
    edge.client(user_says("Another"));
    edge.client(json!({"type": "response.create"}));
    edge.heard();
    edge.provider(says(100));
    assert_eq!(envelope(&edge.heard()), ANSWER_BEGINS);
}

/// A microphone that is never switched off says nothing of who asked.
#[test]
fn an_answer_to_a_text_is_no_answer_to_the_silence_before_it() {
    let (mut edge, _) = connected(usual());
    edge.client_speaks(200);
    edge.client(user_says("Hello"));
    edge.client(json!({"type": "response.create"}));
    edge.heard();
    edge.client_speaks(200);
    edge.provider(says(100));
    edge.provider(words("Hi, "));
    edge.client_speaks(200);
    edge.provider(says(100));
    edge.provider(words("Ada."));
    assert_eq!(envelope(&edge.heard()), ANSWER_BEGINS);
}

/// What the user says into the answer is one turn, however long the model takes to notice.
#[test]
fn speech_into_an_answer_is_committed_when_it_is_answered() {
    let (mut edge, _) = connected(usual());
    edge.client_speaks(200);
    edge.provider(says(500));
    edge.heard();
    edge.client_speaks(200);
    edge.provider(json!({"voiceActivity": {"voiceActivityType": "ACTIVITY_START"}}));
    edge.provider(says(500));
    assert_eq!(envelope(&edge.heard()).last(), Some(&"input_audio_buffer.speech_started"));
    edge.provider(json!({"serverContent": {"interrupted": true}}));
    assert_eq!(envelope(&edge.heard()), ANSWER_ENDS);
    edge.provider(speech("Stop"));
    edge.provider(says(100));
    let events = edge.heard();
    assert_eq!(envelope(&events)[..4], SPEECH[1..]);
    assert!(envelope(&events).ends_with(&ANSWER_BEGINS));
}

#[test]
fn a_picture_and_a_history() {
    let mut edge = Edge::new(gemini());
    let message = |role: &str, kind: &str, text: &str| {
        json!({"type": "conversation.item.create", "item": {
            "type": "message", "role": role, "content": [{"type": kind, "text": text}],
        }})
    };
    edge.client(message("user", "input_text", "My name is Ada."));
    edge.client(message("assistant", "output_text", "Hello, Ada."));
    edge.client(json!({"type": "conversation.item.create", "item": {
        "type": "message", "role": "user",
        "content": [
            {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
            {"type": "input_text", "text": "Who is this?"},
        ],
    }}));
    assert!(edge.sockets.is_empty());
    edge.client(json!({"type": "response.create"}));
    edge.open();
    assert_eq!(edge.told()[0]["setup"]["historyConfig"], json!({"initialHistoryInClientContent": true}));
    edge.provider(json!({"setupComplete": {}}));
    let told = edge.told();
    assert_eq!(told.len(), 3);
    assert_eq!(told[0]["clientContent"]["turns"][1], json!({"role": "model", "parts": [{"text": "Hello, Ada."}]}));
    assert_eq!(told[1]["clientContent"]["turns"][0]["parts"][0]["inlineData"]["mimeType"], "image/png");
    assert_eq!(told[2], json!({"clientContent": {"turnComplete": true}}));
}

/// Vertex names no calls, and takes no names.
#[test]
fn a_call_without_a_name_is_answered_without_one() {
    let (mut edge, _) = connected(usual());
    edge.provider(json!({"toolCall": {"functionCalls": [{"name": "get_weather", "args": {}}]}}));
    edge.wait(150);
    let call_id = one(&edge.heard(), "response.function_call_arguments.done")["call_id"].as_str().unwrap().to_owned();
    edge.told();
    edge.client(tool_output(&call_id, "3 degrees"));
    let answer = json!({"name": "get_weather", "response": {"result": "3 degrees"}});
    assert_eq!(edge.told(), [json!({"toolResponse": {"functionResponses": [answer]}})]);
}

#[test]
fn a_model_that_takes_context_updates_needs_no_new_connection() {
    let config = GeminiConfig {
        socket_url: "wss://gemini.test".to_owned(),
        api_key: Secret::new("key"),
        model: "models/m".to_owned(),
        voice: None,
        takes_context_updates: true,
    };
    let mut edge = Edge::new(Gemini::new(config));
    edge.client(usual());
    edge.open();
    edge.provider(json!({"setupComplete": {}}));
    edge.heard();
    edge.told();
    edge.client(update(json!({"instructions": "Be rude."})));
    let told = edge.told();
    assert_eq!(told[0]["contextUpdate"]["systemInstruction"], json!({"parts": [{"text": "Be rude."}]}));
    assert_updated(&mut edge);
    assert_eq!(edge.sockets.len(), 1);
}
