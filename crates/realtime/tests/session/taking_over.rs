//! Providers that fail, and connections that others take over.

use super::support::{Edge, Scripted, ScriptedTraits, base64, pcm};
use realtime::audio::AudioFormat;
use realtime::model::{Command, Output, ProviderEvent};
use realtime::provider::gemini::{Gemini, GeminiConfig};
use realtime::session::EndReason;
use realtime::transport::Secret;
use serde_json::{Value, json};

fn scripted(keeps_conversation: bool) -> Scripted {
    let traits = ScriptedTraits { waits_for_settings: false, keeps_conversation, usage_trails: false };
    let output = Output::Audio { bytes: pcm(100), format: AudioFormat::PCM16_24KHZ };
    let script = vec![
        ProviderEvent::Ready { conversation_id: None, session: None, lasts_millis: None },
        ProviderEvent::Output { response_id: None, item_id: None, output },
        ProviderEvent::ResponseStarted { response_id: Some("r".to_owned()), metadata: None, is_out_of_band: false },
    ];
    Scripted::new(traits, script)
}

fn gemini() -> Gemini {
    Gemini::new(GeminiConfig {
        socket_url: "wss://gemini.test".to_owned(),
        api_key: Secret::new("key"),
        model: "m".to_owned(),
        voice: None,
        takes_context_updates: false,
    })
}

fn user_says(text: &str) -> Value {
    json!({"type": "conversation.item.create", "item": {
        "type": "message", "role": "user", "content": [{"type": "input_text", "text": text}],
    }})
}

fn speaks(edge: &mut Edge, millis: usize) {
    let data = base64(&pcm(millis));
    edge.provider(json!({"serverContent": {"modelTurn": {"parts": [
        {"inlineData": {"mimeType": "audio/pcm;rate=24000", "data": data}},
    ]}}}));
}

#[test]
fn before_its_first_answer_another_provider_is_told_everything_again_and_billed_once() {
    let mut edge = Edge::new(scripted(true));
    edge.client(user_says("Hello"));
    edge.open();
    edge.provider(json!(0));
    edge.client_speaks(400);
    edge.client(json!({"type": "input_audio_buffer.commit"}));
    edge.client(json!({"type": "response.create"}));
    // It even begins.
    edge.provider(json!(2));
    edge.heard();
    edge.provider_closes(1011, "internal error");
    assert!(edge.next_provider_wanted.is_some() && edge.heard().is_empty());
    let second = scripted(false);
    edge.next_provider(Some(Box::new(second.clone())));
    edge.open();
    edge.provider(json!(0));
    let commands = second.commands.lock().unwrap().clone();
    let names: Vec<&str> = commands
        .iter()
        .map(|command| match command {
            Command::AddItem { .. } => "item",
            Command::AppendAudio { .. } => "audio",
            Command::CommitAudio { .. } => "commit",
            Command::Respond { .. } => "respond",
            _ => "other",
        })
        .collect();
    assert_eq!(names, ["item", "audio", "audio", "audio", "audio", "audio", "commit", "respond"]);
    // What the first provider never acknowledged, the session does; the response that had begun goes on.
    let types = edge.heard_types();
    assert_eq!(
        types,
        [
            "conversation.item.added",
            "conversation.item.done",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
        ]
    );
    edge.provider(json!(1));
    assert_eq!(edge.heard_types()[..2], ["response.output_item.added", "conversation.item.added"]);
    assert_eq!(edge.session.summary().quantities.input_audio_ticks, 400 * 48);
}

#[test]
fn with_no_other_provider_the_client_reads_why() {
    for (status, body, code, error) in [
        (401, r#"{"error":{"message":"Incorrect API key provided: sk-1234"}}"#, 1011, "provider_unavailable"),
        (403, "", 1011, "provider_unavailable"),
        (429, r#"{"error":{"message":"slow down"}}"#, 1013, "provider_overloaded"),
        (404, r#"{"error":{"message":"no such model"}}"#, 1011, "provider_refused_request"),
        (503, "<html>", 1011, "provider_unavailable"),
        (0, "", 1011, "provider_unavailable"),
    ] {
        let mut edge = Edge::new(scripted(false));
        edge.heard();
        edge.refuse(status, body);
        edge.next_provider(None);
        let events = edge.heard();
        assert_eq!(events[0]["error"]["code"], error, "{status}");
        assert!(!events[0].to_string().contains("sk-1234"), "the gateway's key is nobody's business");
        assert_eq!(edge.client_close.as_ref().map(|close| close.code), Some(code), "{status}");
        assert_eq!(edge.summary.and_then(|summary| summary.end_reason), Some(EndReason::ProviderFailed));
    }
}

#[test]
fn after_its_first_answer_a_failure_is_a_clear_error() {
    for (code, reason, client_code, error) in [
        (1011, "boom", 1011, "provider_error"),
        (1006, "", 1011, "provider_error"),
        (1007, "bad argument", 1011, "provider_refused_request"),
        (1013, "", 1013, "provider_overloaded"),
        (1008, "policy", 1011, "provider_refused"),
    ] {
        let mut edge = Edge::new(scripted(false));
        edge.open();
        edge.provider(json!(0));
        edge.provider(json!(1));
        edge.heard();
        edge.provider_closes(code, reason);
        assert!(edge.next_provider_wanted.is_none());
        let events = edge.heard();
        let failed = events.iter().find(|event| event["type"] == "response.done").expect("the end of the answer");
        assert_eq!(failed["response"]["status"], "failed");
        assert_eq!(events.last().map(|event| &event["error"]["code"]), Some(&json!(error)));
        assert_eq!(edge.client_close.as_ref().map(|close| close.code), Some(client_code), "{code}");
    }
}

#[test]
fn a_provider_that_ends_the_conversation_ends_it_well() {
    let mut edge = Edge::new(scripted(false));
    edge.open();
    edge.provider(json!(0));
    edge.provider(json!(1));
    edge.heard();
    edge.provider_closes(1000, "agent hung up");
    let events = edge.heard();
    assert_eq!(events.last().map(|event| &event["response"]["status"]), Some(&json!("completed")));
    let close = edge.client_close.clone().expect("closed");
    assert_eq!((close.code, close.reason.as_str()), (1000, "agent_ended"));
}

#[test]
fn a_provider_that_ends_it_before_it_begins_has_failed() {
    let mut edge = Edge::new(scripted(false));
    edge.open();
    edge.provider_closes(1000, "");
    assert!(edge.next_provider_wanted.is_some() && edge.client_close.is_none());
}

#[test]
fn a_provider_that_is_not_ready_in_time_or_falls_silent_has_failed() {
    let mut edge = Edge::new(scripted(false));
    edge.open();
    edge.wait(15_000);
    assert_eq!(edge.closed_links.len(), 1);
    edge.next_provider(Some(Box::new(scripted(false))));
    edge.open();
    edge.provider(json!(0));
    edge.provider(json!(1));
    edge.wait(29_999);
    assert!(edge.client_close.is_none());
    edge.wait(1);
    assert_eq!(edge.client_close.as_ref().map(|close| close.code), Some(1011));
}

/// Ready, with a handle by which it can go on elsewhere.
fn resumable() -> Edge {
    let mut edge = Edge::new(gemini());
    edge.client(json!({"type": "session.update", "session": {"type": "realtime"}}));
    edge.open();
    edge.provider(json!({"setupComplete": {}}));
    edge.provider(json!({"sessionResumptionUpdate": {"newHandle": "h1", "resumable": true}}));
    edge.provider(json!({"sessionResumptionUpdate": {"newHandle": "", "resumable": false}}));
    edge.heard();
    edge.told();
    edge
}

#[test]
fn a_server_that_goes_away_is_left_between_two_turns_and_nobody_notices() {
    let mut edge = resumable();
    edge.client_speaks(100);
    speaks(&mut edge, 100);
    let first = edge.link;
    edge.provider(json!({"goAway": {"timeLeft": "50s"}}));
    speaks(&mut edge, 100);
    assert_eq!(edge.link, first, "not in the middle of an answer");
    edge.heard();
    edge.provider(json!({"serverContent": {"turnComplete": true}, "usageMetadata": {"responseTokenCount": 2}}));
    assert_ne!(edge.link, first);
    assert!(edge.heard().iter().all(|event| event["type"] != "error"));
    edge.told();
    edge.client_speaks(200);
    edge.client(user_says("Hello"));
    assert!(edge.told().is_empty(), "it waits for the new connection");
    edge.open();
    assert_eq!(edge.told()[0]["setup"]["sessionResumption"]["handle"], "h1");
    edge.provider(json!({"setupComplete": {}}));
    assert_eq!(edge.closed_links, [first]);
    assert_eq!(edge.told().len(), 3);
    assert_eq!(edge.heard_types(), ["conversation.item.added", "conversation.item.done"]);
    speaks(&mut edge, 100);
    assert!(edge.heard_contains("response.created"));
    // What the old connection still says is for nobody.
    let second = std::mem::replace(&mut edge.link, first);
    edge.heard();
    speaks(&mut edge, 100);
    edge.provider_closes(1000, "");
    assert!(edge.heard().is_empty() && edge.client_close.is_none());
    edge.link = second;
}

#[test]
fn a_long_answer_is_cut_off_when_the_server_waits_no_longer() {
    let mut edge = resumable();
    speaks(&mut edge, 100);
    edge.provider(json!({"goAway": {"timeLeft": "20s"}}));
    edge.heard();
    edge.wait(10_000);
    assert_eq!(edge.sockets.len(), 2);
    speaks(&mut edge, 100);
    edge.open();
    edge.provider(json!({"setupComplete": {}}));
    let events = edge.heard();
    let done = events.iter().find(|event| event["type"] == "response.done").expect("the end of the answer");
    assert_eq!(done["response"]["status_details"]["error"]["code"], "provider_reconnected");
}

#[test]
fn a_connection_that_is_lost_is_resumed_three_times_at_the_most() {
    let mut edge = resumable();
    speaks(&mut edge, 100);
    edge.heard();
    edge.provider_closes(1006, "");
    assert_eq!(edge.sockets.len(), 2);
    assert!(edge.heard_contains("response.done"));
    edge.client_speaks(100);
    edge.open();
    edge.told();
    edge.provider(json!({"setupComplete": {}}));
    assert_eq!(edge.told().len(), 1, "what was said meanwhile");
    edge.heard();
    edge.provider_closes(1011, "Deadline expired before operation could complete");
    for _ in 0..3 {
        assert!(edge.client_close.is_none());
        edge.refuse(503, "");
    }
    assert_eq!(edge.heard().last().map(|event| event["error"]["code"].clone()), Some(json!("provider_error")));
    assert_eq!(edge.client_close.as_ref().map(|close| close.code), Some(1011));
}

#[test]
fn a_server_that_goes_away_and_cannot_be_resumed_is_announced_once() {
    let mut edge = Edge::new(gemini());
    edge.client(json!({"type": "session.update", "session": {"type": "realtime"}}));
    edge.open();
    edge.provider(json!({"setupComplete": {}}));
    speaks(&mut edge, 100);
    edge.heard();
    edge.provider(json!({"goAway": {"timeLeft": "50s"}}));
    edge.provider(json!({"goAway": {"timeLeft": "40s"}}));
    let events = edge.heard();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["error"]["code"], "session_expiring");
    edge.provider_closes(1008, "session expired");
    assert_eq!(edge.client_close.as_ref().map(|close| close.reason.as_str()), Some("session_expired"));
}
