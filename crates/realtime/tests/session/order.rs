//! Whatever a provider says in whatever order, and whatever the client does meanwhile: the client's events are in OpenAI's
//! order, and no usage is lost or doubled.

use super::support::{Edge, Scripted, ScriptedTraits, base64, pcm};
use proptest::collection::vec;
use proptest::prelude::*;
use realtime::audio::AudioFormat;
use realtime::client::ClientProtocol;
use realtime::ledger::Quantities;
use realtime::model::{ByModality, Item, Object, Outcome, Output, Problem, ProviderEvent, TokenUsage, Words};
use realtime::session::EndReason;
use serde_json::{Value, json};

fn name(prefix: &'static str) -> impl Strategy<Value = Option<String>> {
    prop_oneof![2 => Just(None), 3 => (0..4_u8).prop_map(move |n| Some(format!("{prefix}{n}")))]
}

fn words() -> impl Strategy<Value = Words> {
    prop_oneof![
        "[a-c]{0,3}".prop_map(Words::Piece),
        "[a-c]{0,6}".prop_map(Words::SoFar),
        "[a-c]{0,6}".prop_map(Words::Whole),
        Just(Words::End),
    ]
}

fn output() -> impl Strategy<Value = Output> {
    const FORMATS: [AudioFormat; 3] = [AudioFormat::PCM16_24KHZ, AudioFormat::PCM16_16KHZ, AudioFormat::ULAW];
    prop_oneof![
        4 => (vec(any::<u8>(), 0..900), proptest::sample::select(&FORMATS[..]))
            .prop_map(|(bytes, format)| Output::Audio { bytes, format }),
        3 => words().prop_map(Output::Transcript),
        2 => words().prop_map(Output::Text),
        2 => ("[a-d]?", "[a-c]").prop_map(|(call_id, name)| Output::ToolCall {
            call_id,
            name,
            arguments: "{}".to_owned(),
        }),
        1 => any::<bool>().prop_map(|is_done| Output::Other {
            item: json!({"type": "mcp_call", "name": "x"}).as_object().unwrap().clone(),
            is_done,
        }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        4 => Just(Outcome::Completed),
        1 => Just(Outcome::Incomplete { reason: "max_output_tokens".to_owned() }),
        1 => Just(Outcome::Cancelled { reason: "turn_detected".to_owned() }),
        1 => Just(Outcome::Failed { code: "x".to_owned(), message: "y".to_owned() }),
    ]
}

fn usage() -> impl Strategy<Value = TokenUsage> {
    (0..1_000_u64, 0..1_000_u64).prop_map(|(input, output)| TokenUsage {
        input: ByModality { text_tokens: input, ..ByModality::default() },
        output: ByModality { text_tokens: output, ..ByModality::default() },
        ..TokenUsage::default()
    })
}

fn event() -> impl Strategy<Value = ProviderEvent> {
    let item = name("item").prop_map(|id| {
        let id = id.unwrap_or_else(|| "created".to_owned());
        let body = json!({"id": id, "object": "realtime.item", "type": "message", "role": "user", "content": []});
        serde_json::from_value::<Object>(body).unwrap()
    });
    prop_oneof![
        2 => Just(ProviderEvent::Ready { conversation_id: None, session: None, lasts_millis: None }),
        1 => Just(ProviderEvent::SettingsApplied { session: None }),
        3 => (name("item"), proptest::option::of(0..9_000_u64))
            .prop_map(|(item_id, audio_start_ms)| ProviderEvent::SpeechStarted { item_id, audio_start_ms }),
        3 => proptest::option::of(0..9_000_u64)
            .prop_map(|audio_end_ms| ProviderEvent::SpeechStopped { audio_end_ms }),
        3 => name("item").prop_map(|item_id| ProviderEvent::Committed { item_id }),
        1 => Just(ProviderEvent::BufferCleared),
        4 => (name("item"), words())
            .prop_map(|(item_id, words)| ProviderEvent::UserTranscript { item_id, words, usage: None }),
        1 => name("item").prop_map(|item_id| ProviderEvent::UserTranscriptFailed {
            item_id,
            problem: Problem::server("x", "y"),
        }),
        4 => (name("resp"), any::<bool>()).prop_map(|(response_id, is_out_of_band)| ProviderEvent::ResponseStarted {
            response_id,
            metadata: None,
            is_out_of_band,
        }),
        16 => (name("resp"), name("item"), output())
            .prop_map(|(response_id, item_id, output)| ProviderEvent::Output { response_id, item_id, output }),
        2 => Just(ProviderEvent::AudioComplete),
        5 => (name("resp"), outcome(), proptest::option::of(usage()))
            .prop_map(|(response_id, outcome, usage)| ProviderEvent::ResponseDone { response_id, outcome, usage }),
        3 => Just(ProviderEvent::Interrupted),
        1 => "[a-c]{0,4}".prop_map(|text| ProviderEvent::TranscriptCorrected { text }),
        1 => vec("[a-d]", 0..3).prop_map(|call_ids| ProviderEvent::ToolCallsCancelled { call_ids }),
        2 => item.prop_map(|item| ProviderEvent::ItemAdded { item: Item::from_object(item).unwrap() }),
        2 => usage().prop_map(ProviderEvent::Usage),
        1 => (0..90_000_u64).prop_map(|left_millis| ProviderEvent::GoingAway { left_millis }),
        1 => "[a-c]".prop_map(|handle| ProviderEvent::Resumption { handle }),
        1 => Just(ProviderEvent::Problem(Problem::server("x", "y"))),
    ]
}

fn client_event() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (0..200_usize).prop_map(|millis| json!({
            "type": "input_audio_buffer.append", "audio": base64(&pcm(millis)),
        })),
        2 => Just(json!({"type": "input_audio_buffer.commit"})),
        1 => Just(json!({"type": "input_audio_buffer.clear"})),
        2 => Just(json!({"type": "response.create"})),
        2 => Just(json!({"type": "response.cancel"})),
        1 => any::<bool>().prop_map(|is_manual| json!({"type": "session.update", "session": {
            "type": "realtime", "audio": {"input": {
                "turn_detection": if is_manual { Value::Null } else { json!({"type": "server_vad"}) },
                "transcription": {"model": "whisper-1"},
            }},
        }})),
        2 => (proptest::option::of("item[0-3]"), proptest::option::of("(item[0-3]|root)")).prop_map(|(id, previous)| json!({
            "type": "conversation.item.create", "previous_item_id": previous,
            "item": {"id": id, "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        })),
        1 => "[a-d]".prop_map(|call_id| json!({
            "type": "conversation.item.create",
            "item": {"type": "function_call_output", "call_id": call_id, "output": "1"},
        })),
        1 => "item[0-3]".prop_map(|id| json!({"type": "conversation.item.retrieve", "item_id": id})),
        1 => "item[0-3]".prop_map(|id| json!({
            "type": "conversation.item.truncate", "item_id": id, "content_index": 0, "audio_end_ms": 1,
        })),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Provider(ProviderEvent),
    Client(Value),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => event().prop_map(Step::Provider),
        3 => client_event().prop_map(Step::Client),
        1 => (0..400_u64).prop_map(Step::Wait),
    ];
    vec(step, 0..90)
}

proptest! {
    #![proptest_config(super::support::cases(100))]

    #[test]
    fn any_order_of_provider_events_gives_a_valid_order_of_client_events(
        steps in steps(),
        keeps_conversation in any::<bool>(),
        usage_trails in any::<bool>(),
        is_ready in prop_oneof![9 => Just(true), 1 => Just(false)],
    ) {
        let mut script = vec![ProviderEvent::Ready { conversation_id: None, session: None, lasts_millis: None }];
        script.extend(steps.iter().filter_map(|step| match step {
            Step::Provider(event) => Some(event.clone()),
            _ => None,
        }));
        let traits = ScriptedTraits { waits_for_settings: false, keeps_conversation, usage_trails };
        let mut edge = Edge::with(ClientProtocol::OpenAi, Scripted::new(traits, script), |_| {});
        edge.open();
        if is_ready {
            edge.provider(json!(0));
        }
        let mut place = 0;
        for step in &steps {
            match step {
                Step::Provider(_) => { place += 1; edge.provider(json!(place)); }
                Step::Client(event) => edge.client(event.clone()),
                Step::Wait(millis) => edge.wait(*millis),
            }
        }
        // It ends with everything told that was begun, and with every row that is due.
        edge.end(EndReason::EndedByOwner);
        edge.wait(60_000);
        prop_assert!(edge.is_at_rest());
        let summary = edge.summary.clone().expect("a summary");
        let rows = edge.rows.iter().fold(Quantities::default(), |sum, row| sum.plus(row.quantities));
        prop_assert_eq!(rows, summary.quantities);
        let cost = edge.rows.iter().map(|row| row.cost).sum();
        prop_assert_eq!(summary.cost, cost);
    }
}
