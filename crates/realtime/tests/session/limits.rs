//! How much and how fast, how long, and how a session is ended from outside.

use super::support::{Edge, Scripted, ScriptedTraits, base64, pcm};
use realtime::audio::AudioFormat;
use realtime::client::ClientProtocol;
use realtime::model::{Command, Output, ProviderEvent, Words};
use realtime::session::{EndReason, MAX_MESSAGE_BYTES, Side};
use serde_json::json;

fn scripted() -> Scripted {
    let traits = ScriptedTraits { waits_for_settings: false, keeps_conversation: false, usage_trails: false };
    let output = Output::Audio { bytes: pcm(500), format: AudioFormat::PCM16_24KHZ };
    let script = vec![
        ProviderEvent::Ready { conversation_id: None, session: None, lasts_millis: None },
        ProviderEvent::Output { response_id: None, item_id: None, output },
    ];
    Scripted::new(traits, script)
}

fn connected() -> Edge {
    let mut edge = Edge::new(scripted());
    edge.open();
    edge.provider(json!(0));
    edge.heard();
    edge
}

#[test]
fn a_message_of_1_mib_is_taken_and_one_byte_more_is_the_end() {
    let mut edge = connected();
    edge.client_text(&" ".repeat(MAX_MESSAGE_BYTES));
    assert_eq!(edge.heard()[0]["error"]["code"], "invalid_json");
    edge.client_text(&" ".repeat(MAX_MESSAGE_BYTES + 1));
    assert_eq!(edge.heard()[0]["error"]["code"], "message_too_big");
    assert_eq!(edge.client_close.as_ref().map(|close| close.code), Some(1009));
    assert_eq!(edge.summary.and_then(|summary| summary.end_reason), Some(EndReason::MessageTooBig));
}

#[test]
fn a_hundred_messages_a_second_are_taken_and_one_more_is_the_end() {
    let mut edge = connected();
    for _ in 0..3 {
        for _ in 0..100 {
            edge.client(json!({"type": "input_audio_buffer.clear"}));
        }
        edge.wait(1_000);
    }
    edge.heard();
    for _ in 0..101 {
        if edge.client_close.is_none() {
            edge.client(json!({"type": "input_audio_buffer.clear"}));
        }
    }
    let events = edge.heard();
    assert_eq!(events.len(), 101);
    assert_eq!(events[100]["error"]["code"], "rate_limit_exceeded");
    assert_eq!(edge.client_close.as_ref().map(|close| close.code), Some(1008));
}

#[test]
fn a_session_that_is_ended_from_outside_ends_at_once_with_what_was_begun() {
    for (reason, code, text, error) in [
        (EndReason::BudgetSpent, 1008, "budget exceeded", Some("budget_exceeded")),
        (EndReason::KeyDisabled, 1008, "the key was disabled", Some("key_disabled")),
        (EndReason::EndedByOperator, 1008, "the session was ended by the operator", Some("session_ended")),
        (EndReason::EndedByOwner, 1000, "Connection terminated by user", None),
        (EndReason::Restart, 1012, "service restart", None),
    ] {
        let mut edge = connected();
        edge.provider(json!(1));
        edge.heard();
        edge.end(reason.clone());
        let events = edge.heard();
        let done = events.iter().position(|event| event["type"] == "response.done").expect("the end of the answer");
        assert_eq!(events.get(done + 1).and_then(|event| event["error"]["code"].as_str()), error);
        let close = edge.client_close.clone().expect("closed");
        assert_eq!((close.code, close.reason.as_str()), (code, text));
        assert!(edge.is_at_rest());
        let summary = edge.summary.clone().expect("a summary");
        assert_eq!(summary.end_reason, Some(reason));
        assert_eq!(summary.quantities.output_audio_ticks, 24_000);
        assert_eq!(edge.closed_links.len(), 1);
        // Whatever comes after the end comes to nothing.
        edge.provider(json!(1));
        edge.client_leaves();
        edge.wait(60_000);
        assert_eq!(edge.session.next_tick_millis(), None);
    }
}

#[test]
fn half_an_hour_of_silence_is_the_end() {
    let mut edge = connected();
    edge.wait(1_799_000);
    edge.client(json!({"type": "input_audio_buffer.clear"}));
    edge.wait(1_799_999);
    assert!(edge.client_close.is_none());
    edge.wait(1);
    assert_eq!(edge.client_close.as_ref().map(|close| close.code), Some(1001));
}

#[test]
fn audio_for_a_provider_that_is_not_ready_is_kept_and_the_client_paused() {
    let scripted = scripted();
    let commands = scripted.commands.clone();
    let mut edge = Edge::with(ClientProtocol::Simple, scripted, |_| {});
    let second = realtime::transport::Frame::Binary(pcm(1_000));
    for _ in 0..12 {
        edge.client_frame(second.clone());
    }
    assert_eq!(edge.paused, [(Side::Client, true)]);
    // A client that is not paused all the same loses what there is no room for, and is told.
    for _ in 0..40 {
        edge.client_frame(second.clone());
    }
    assert!(edge.heard().iter().any(|event| event["code"] == "input_audio_buffer_full"));
    edge.open();
    edge.provider(json!(0));
    assert_eq!(edge.paused.last(), Some(&(Side::Client, false)));
    let sent: usize = commands
        .lock()
        .unwrap()
        .iter()
        .map(|command| if let Command::AppendAudio { audio } = command { audio.len() } else { 0 })
        .sum();
    // 2 MiB hold 43 s, which the provider gets at 16 kHz.
    let heard = edge.session.summary().quantities.input_audio_ticks;
    assert_eq!(heard, 43 * 48_000);
    assert!(sent.abs_diff(43 * 32_000) < 1_000, "{sent} bytes");
}

#[test]
fn a_client_that_reads_slowly_pauses_the_provider() {
    let mut edge = connected();
    for (bytes, expected) in [(600_000, Some(true)), (300_000, None), (100_000, Some(false))] {
        edge.paused.clear();
        let actions = edge.session.on_client_backlog(bytes);
        edge.act(actions);
        assert_eq!(edge.paused.first().copied(), expected.map(|paused| (Side::Provider, paused)), "{bytes}");
    }
}

#[test]
fn the_voice_is_fixed_once_it_has_spoken() {
    let mut edge = connected();
    let voice = |voice: &str| json!({"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": voice}}}});
    edge.client(voice("marin"));
    assert_eq!(edge.heard_types(), ["session.updated"]);
    edge.provider(json!(1));
    edge.heard();
    edge.client(voice("marin"));
    edge.client(voice("cedar"));
    let events = edge.heard();
    assert_eq!(events[0]["type"], "session.updated");
    assert_eq!(events[1]["error"]["code"], "cannot_update_voice");
}

#[test]
fn a_response_with_too_many_items_gets_no_more_of_them() {
    let traits = ScriptedTraits { waits_for_settings: false, keeps_conversation: true, usage_trails: false };
    let item = |n: usize, output: Output| ProviderEvent::Output {
        response_id: Some("r".to_owned()),
        item_id: Some(format!("item_{n}")),
        output,
    };
    let mut script = vec![ProviderEvent::Ready { conversation_id: None, session: None, lasts_millis: None }];
    script.extend((0..200).map(|n| item(n, Output::Text(Words::Whole("x".to_owned())))));
    let audio = Output::Audio { bytes: pcm(100), format: AudioFormat::PCM16_24KHZ };
    script.extend((200..210).map(|n| item(n, audio.clone())));
    let last = script.len();
    let mut edge = Edge::new(Scripted::new(traits, script));
    edge.open();
    for place in 0..last {
        edge.provider(json!(place));
    }
    let items = edge.heard().iter().filter(|event| event["type"] == "response.output_item.done").count();
    assert_eq!(items, 128);
    assert_eq!(edge.session.summary().quantities.output_audio_ticks, 0, "what is not said is not billed");
    edge.end(EndReason::EndedByOwner);
    assert!(edge.is_at_rest());
}

#[test]
fn audio_that_waits_for_its_commit_has_a_limit() {
    let mut edge = connected();
    edge.client(json!({"type": "session.update", "session": {
        "type": "realtime", "audio": {"input": {"turn_detection": null}},
    }}));
    edge.heard();
    let audio = base64(&pcm(10_000));
    let mut errors = 0;
    for _ in 0..20 {
        edge.client(json!({"type": "input_audio_buffer.append", "audio": audio}));
        errors += edge.heard().len();
    }
    // 8 MiB hold 174 s.
    assert_eq!(errors, 3);
}
