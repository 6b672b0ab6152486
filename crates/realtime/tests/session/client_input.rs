//! What clients may send, and what they are told when they send something else. The session always goes on.

use super::support::{Edge, Scripted, ScriptedTraits, cases};
use proptest::prelude::*;
use realtime::client::ClientProtocol;
use realtime::model::ProviderEvent;
use realtime::transport::Frame;
use serde_json::{Value, json};

fn connected() -> Edge {
    let traits = ScriptedTraits { waits_for_settings: false, keeps_conversation: false, usage_trails: false };
    let script = vec![ProviderEvent::Ready { conversation_id: None, session: None, lasts_millis: None }];
    let mut edge = Edge::new(Scripted::new(traits, script));
    edge.open();
    edge.provider(json!(0));
    edge.heard();
    edge
}

/// The code and the param of the one error that comes of it.
fn error_of(text: &str) -> (String, String) {
    let mut edge = connected();
    edge.client_text(text);
    let events = edge.heard();
    assert_eq!(events.len(), 1, "{text}: {events:?}");
    let error = &events[0]["error"];
    assert_eq!(error["type"], "invalid_request_error", "{text}");
    assert!(edge.client_close.is_none());
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("param"))
}

#[test]
fn each_mistake_has_its_answer() {
    let session = |fields: Value| {
        let mut session = fields;
        session["type"] = "realtime".into();
        json!({"type": "session.update", "session": session})
    };
    let item = |item: Value| json!({"type": "conversation.item.create", "item": item});
    let message = |role: &str, part: Value| item(json!({"type": "message", "role": role, "content": [part]}));
    let long = "x".repeat(33);
    let cases = [
        (json!([]), "invalid_event", ""),
        (json!({}), "invalid_event", "type"),
        (json!({"type": 5}), "invalid_type", "type"),
        (json!({"type": "hello"}), "invalid_value", "type"),
        (json!({"type": "input_audio_buffer.commit", "event_id": 5}), "invalid_type", "event_id"),
        (json!({"type": "input_audio_buffer.commit", "event_id": "x".repeat(513)}), "invalid_value", "event_id"),
        (json!({"type": "input_audio_buffer.commit", "extra": 1}), "unknown_parameter", "extra"),
        (json!({"type": "input_audio_buffer.commit"}), "input_audio_buffer_commit_empty", ""),
        (json!({"type": "input_audio_buffer.append"}), "missing_required_parameter", "audio"),
        (json!({"type": "input_audio_buffer.append", "audio": 1}), "invalid_type", "audio"),
        (json!({"type": "input_audio_buffer.append", "audio": "??"}), "invalid_value", "audio"),
        (json!({"type": "session.update"}), "missing_required_parameter", "session"),
        (json!({"type": "session.update", "session": {}}), "missing_required_parameter", "session.type"),
        (json!({"type": "session.update", "session": {"type": "transcription"}}), "invalid_value", "session.type"),
        (session(json!({"modalities": ["text"]})), "unknown_parameter", "session.modalities"),
        (session(json!({"instructions": 1})), "invalid_type", "session.instructions"),
        (session(json!({"output_modalities": ["audio", "text"]})), "invalid_value", "session.output_modalities"),
        (session(json!({"output_modalities": ["video"]})), "invalid_value", "session.output_modalities"),
        (session(json!({"max_output_tokens": 4097})), "invalid_value", "session.max_output_tokens"),
        (session(json!({"tools": [{"type": "function"}]})), "missing_required_parameter", "session.tools[0].name"),
        (session(json!({"tools": vec![json!({"type": "mcp"}); 129]})), "invalid_value", "session.tools"),
        (session(json!({"tool_choice": 1})), "invalid_type", "session.tool_choice"),
        (session(json!({"audio": []})), "invalid_type", "session.audio"),
        (
            session(json!({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 11025}}}})),
            "invalid_value",
            "session.audio.input.format",
        ),
        (
            session(json!({"audio": {"input": {"turn_detection": {"type": "magic"}}}})),
            "invalid_value",
            "session.audio.input.turn_detection.type",
        ),
        (session(json!({"audio": {"output": {"speed": 9}}})), "invalid_value", "session.audio.output.speed"),
        (
            session(json!({"audio": {"output": {"voice": {}}}})),
            "missing_required_parameter",
            "session.audio.output.voice.id",
        ),
        (item(json!({"type": "dance"})), "invalid_value", "item.type"),
        (item(json!({"type": "message", "role": "user"})), "missing_required_parameter", "item.content"),
        (item(json!({"type": "message", "role": "boss", "content": []})), "invalid_value", "item.role"),
        (item(json!({"type": "message", "role": "user", "content": [], "id": long})), "invalid_value", "item.id"),
        (message("user", json!({"type": "output_text", "text": "x"})), "invalid_value", "item.content[0].type"),
        (message("user", json!({"type": "input_text"})), "missing_required_parameter", "item.content[0].text"),
        (item(json!({"type": "function_call_output", "output": "1"})), "missing_required_parameter", "item.call_id"),
        (item(json!({"type": "function_call_output", "call_id": "c", "output": {}})), "invalid_type", "item.output"),
        (json!({"type": "conversation.item.retrieve", "item_id": "x"}), "item_retrieve_invalid_item_id", "item_id"),
        (json!({"type": "conversation.item.delete", "item_id": "x"}), "item_delete_invalid_item_id", "item_id"),
        (
            json!({"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": 0}),
            "item_truncate_invalid_item_id",
            "item_id",
        ),
        (
            json!({"type": "conversation.item.truncate", "item_id": "x", "content_index": -1, "audio_end_ms": 0}),
            "invalid_type",
            "content_index",
        ),
        (
            json!({"type": "response.create", "response": {"output_modalities": []}}),
            "invalid_value",
            "response.output_modalities",
        ),
        (
            json!({"type": "response.create", "response": {"conversation": "none"}}),
            "response_unsupported",
            "response.conversation",
        ),
        (json!({"type": "response.cancel"}), "response_cancel_not_active", ""),
        (json!({"type": "output_audio_buffer.clear"}), "invalid_value", "type"),
    ];
    for (event, code, param) in cases {
        assert_eq!(error_of(&event.to_string()), (code.to_owned(), param.to_owned()), "{event}");
    }
    assert_eq!(error_of("{").0, "invalid_json");
    assert_eq!(error_of(&"[".repeat(100_000)).0, "invalid_json");
}

#[test]
fn an_error_names_the_event_that_caused_it() {
    let mut edge = connected();
    for event in [
        json!({"type": "response.cancel", "event_id": "mine"}),
        json!({"type": "input_audio_buffer.append", "audio": "??", "event_id": "mine"}),
    ] {
        edge.client(event);
        assert_eq!(edge.heard()[0]["error"]["event_id"], "mine");
    }
}

#[test]
fn a_binary_message_is_for_the_simple_protocol_only() {
    let mut edge = connected();
    edge.client_frame(Frame::Binary(vec![0; 100]));
    assert_eq!(edge.heard()[0]["error"]["code"], "invalid_event");
}

#[test]
fn items_are_created_in_their_place_retrieved_and_kept() {
    let mut edge = connected();
    let create = |id: &str, previous: Value| {
        json!({"type": "conversation.item.create", "previous_item_id": previous, "item": {
            "id": id, "type": "message", "role": "system", "content": [{"type": "input_text", "text": id}],
        }})
    };
    edge.client(create("a", Value::Null));
    edge.client(create("b", Value::Null));
    edge.client(create("c", "a".into()));
    edge.client(create("d", "root".into()));
    let added: Vec<Value> =
        edge.heard().into_iter().filter(|event| event["type"] == "conversation.item.added").collect();
    let previous: Vec<&Value> = added.iter().map(|event| &event["previous_item_id"]).collect();
    assert_eq!(previous, [&Value::Null, &json!("a"), &json!("a"), &Value::Null]);
    assert_eq!(added[0]["item"]["status"], "completed");
    edge.client(create("a", Value::Null));
    edge.client(create("e", "nowhere".into()));
    edge.client(json!({"type": "conversation.item.retrieve", "item_id": "c"}));
    edge.client(json!({"type": "conversation.item.delete", "item_id": "c"}));
    let events = edge.heard();
    assert_eq!(events[0]["error"]["param"], "item.id");
    assert_eq!(events[1]["error"]["param"], "previous_item_id");
    assert_eq!(events[2]["item"]["content"][0]["text"], "c");
    assert_eq!(events[3]["error"]["code"], "unsupported");
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(
            &["", "realtime", "audio", "text", "message", "user", "AAAA", "none", "root", "x"][..]
        )
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let names = [
            "type",
            "session",
            "item",
            "audio",
            "input",
            "output",
            "format",
            "voice",
            "turn_detection",
            "tools",
            "content",
            "role",
            "id",
            "call_id",
            "response",
            "item_id",
            "audio_end_ms",
            "content_index",
            "event_id",
            "instructions",
            "output_modalities",
            "transcription",
            "data",
            "modalities",
        ];
        let names = proptest::sample::select(names.to_vec()).prop_map(str::to_owned);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(names, inner, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn nothing_that_a_client_sends_ends_the_session_or_breaks_the_order(
        kinds in proptest::collection::vec(0..14_usize, 1..8),
        bodies in proptest::collection::vec(json_value(), 8),
        protocol in proptest::sample::select(&[
            ClientProtocol::OpenAi, ClientProtocol::OpenAiBeta, ClientProtocol::Simple,
        ][..]),
    ) {
        let kind_names = [
            "session.update", "input_audio_buffer.append", "input_audio_buffer.commit", "input_audio_buffer.clear",
            "conversation.item.create", "conversation.item.retrieve", "conversation.item.truncate",
            "conversation.item.delete", "response.create", "response.cancel", "audio", "text_input",
            "function_response", "transcription_session.update",
        ];
        let traits = ScriptedTraits { waits_for_settings: true, keeps_conversation: false, usage_trails: false };
        let mut edge = Edge::with(protocol, Scripted::new(traits, Vec::new()), |_| {});
        for (kind, body) in kinds.into_iter().zip(bodies) {
            let mut event = body;
            if event.is_object() {
                event["type"] = kind_names[kind].into();
            }
            edge.client(event);
        }
        prop_assert!(edge.client_close.is_none());
    }

    #[test]
    fn nor_does_any_text(text in ".{0,60}", protocol in proptest::sample::select(&[
        ClientProtocol::OpenAi, ClientProtocol::OpenAiBeta, ClientProtocol::Simple,
    ][..])) {
        let traits = ScriptedTraits { waits_for_settings: true, keeps_conversation: false, usage_trails: false };
        let mut edge = Edge::with(protocol, Scripted::new(traits, Vec::new()), |_| {});
        edge.client_text(&text);
        prop_assert!(edge.client_close.is_none());
    }
}
