//! Any bytes from a provider: nothing panics, and the client's events stay in order.

use super::support::{Edge, cases};
use proptest::collection::vec;
use proptest::prelude::*;
use realtime::provider::elevenlabs_agents::{Agent, ElevenLabsAgents, ElevenLabsAgentsConfig};
use realtime::provider::gemini::{Gemini, GeminiConfig};
use realtime::provider::openai::{Dialect, OpenAi, OpenAiConfig};
use realtime::provider::ultravox::{Ultravox, UltravoxConfig};
use realtime::transport::{Frame, Secret};
use serde_json::{Value, json};

/// A connected session with each provider.
fn edges() -> Vec<Edge> {
    let key = || Secret::new("key");
    let openai = |dialect| {
        let (socket_url, model) = ("wss://provider.test".to_owned(), "m".to_owned());
        OpenAi::new(OpenAiConfig { dialect, socket_url, api_key: key(), model, headers: Vec::new() })
    };
    let gemini = Gemini::new(GeminiConfig {
        socket_url: "wss://gemini.test".to_owned(),
        api_key: key(),
        model: "m".to_owned(),
        voice: None,
        takes_context_updates: true,
    });
    let agents = ElevenLabsAgents::new(ElevenLabsAgentsConfig {
        socket_url: "wss://elevenlabs.test".to_owned(),
        api_url: "https://elevenlabs.test".to_owned(),
        api_key: key(),
        agent: Agent::Named { agent_id: "a".to_owned() },
        voice_id: None,
    });
    let ultravox = Ultravox::new(UltravoxConfig {
        api_url: "https://ultravox.test".to_owned(),
        api_key: key(),
        model: "m".to_owned(),
        agent_id: None,
        voice: None,
    });
    let mut edges = vec![
        Edge::new(openai(Dialect::OpenAi)),
        Edge::new(openai(Dialect::ElevenLabs)),
        Edge::new(gemini),
        Edge::new(agents),
        Edge::new(ultravox),
    ];
    for edge in &mut edges {
        edge.client(json!({"type": "session.update", "session": {
            "type": "realtime", "audio": {"input": {"transcription": {"model": "x"}}},
        }}));
        edge.respond(201, json!({"callId": "c", "joinUrl": "wss://join.test"}));
        edge.open();
        edge.provider(json!({"type": "session.created", "session": {}}));
        edge.provider(json!({"setupComplete": {}}));
        edge.provider(json!({"type": "call_started"}));
        edge.provider(json!({"type": "conversation_initiation_metadata"}));
    }
    edges
}

/// Messages with the names that providers know, and with anything in them.
fn message() -> impl Strategy<Value = Value> {
    let text = proptest::sample::select(
        &[
            "",
            "a",
            "speaking",
            "listening",
            "thinking",
            "user",
            "agent",
            "text",
            "voice",
            "AAAA",
            "AAA",
            "message",
            "function_call",
            "mcp_call",
            "completed",
            "cancelled",
            "failed",
            "audio/pcm;rate=24000",
            "audio/pcm;rate=x",
            "50s",
            "ACTIVITY_START",
            "ACTIVITY_END",
            "AUDIO",
            "pcm_44100",
            "delta",
            "turn_detected",
        ][..],
    );
    let leaf = prop_oneof![
        4 => text.prop_map(Value::from),
        1 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        2 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    let names = [
        "type",
        "item",
        "id",
        "item_id",
        "response",
        "response_id",
        "delta",
        "transcript",
        "text",
        "usage",
        "status",
        "status_details",
        "session",
        "audio",
        "output",
        "format",
        "error",
        "audio_start_ms",
        "audio_end_ms",
        "serverContent",
        "modelTurn",
        "parts",
        "inlineData",
        "mimeType",
        "data",
        "inputTranscription",
        "outputTranscription",
        "interrupted",
        "turnComplete",
        "generationComplete",
        "usageMetadata",
        "promptTokenCount",
        "toolCall",
        "functionCalls",
        "toolCallCancellation",
        "ids",
        "goAway",
        "timeLeft",
        "sessionResumptionUpdate",
        "newHandle",
        "resumable",
        "voiceActivity",
        "voiceActivityType",
        "name",
        "args",
        "audio_event",
        "audio_base_64",
        "event_id",
        "user_transcription_event",
        "user_transcript",
        "agent_response_event",
        "agent_response",
        "interruption_event",
        "vad_score_event",
        "vad_score",
        "client_tool_call",
        "tool_call_id",
        "tool_name",
        "parameters",
        "ping_event",
        "error_event",
        "state",
        "role",
        "medium",
        "final",
        "ordinal",
        "invocationId",
        "toolName",
        "conversation_initiation_metadata_event",
        "agent_output_audio_format",
    ];
    let kinds = [
        "session.created",
        "session.updated",
        "error",
        "response.created",
        "response.done",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_audio.delta",
        "response.output_audio_transcript.delta",
        "response.output_text.done",
        "conversation.item.added",
        "input_audio_buffer.committed",
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "conversation.item.input_audio_transcription.completed",
        "audio",
        "user_transcript",
        "agent_response",
        "agent_response_correction",
        "agent_response_complete",
        "interruption",
        "client_tool_call",
        "vad_score",
        "ping",
        "state",
        "transcript",
        "client_tool_invocation",
        "playback_clear_buffer",
        "conversation_initiation_metadata",
    ];
    let value = leaf.prop_recursive(5, 30, 5, move |inner| {
        let name = proptest::sample::select(names.to_vec()).prop_map(str::to_owned);
        prop_oneof![
            1 => vec(inner.clone(), 0..3).prop_map(Value::from),
            4 => proptest::collection::hash_map(name, inner, 0..6).prop_map(|members| members.into_iter().collect()),
        ]
    });
    (value, proptest::option::of(proptest::sample::select(kinds.to_vec()))).prop_map(|(mut value, kind)| {
        if let (Some(kind), Value::Object(members)) = (kind, &mut value) {
            members.insert("type".to_owned(), kind.into());
        }
        value
    })
}

fn frame() -> impl Strategy<Value = Frame> {
    prop_oneof![
        8 => message().prop_map(|message| Frame::Text(message.to_string())),
        1 => ".{0,40}".prop_map(Frame::Text),
        1 => vec(any::<u8>(), 0..400).prop_map(Frame::Binary),
    ]
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn nothing_that_a_provider_sends_breaks_the_order(frames in vec((frame(), 0..300_u64), 0..30)) {
        for mut edge in edges() {
            for (frame, millis) in &frames {
                edge.provider_frame(frame);
                edge.wait(*millis);
            }
            edge.client_leaves();
            edge.wait(10_000);
            prop_assert!(edge.summary.is_some());
        }
    }

    #[test]
    fn nothing_that_a_provider_answers_over_http_breaks_anything(status in any::<u16>(), body in message()) {
        for mut edge in edges() {
            edge.respond(status, body.clone());
            edge.refuse(status, &body.to_string());
            edge.provider_closes(status, &body.to_string());
            edge.next_provider(None);
            let response = realtime::transport::HttpResponse { status, body: body.to_string() };
            edge.session.on_usage(&response);
        }
    }
}

#[test]
fn a_provider_that_sends_nothing_but_rubbish_has_failed() {
    for mut edge in edges() {
        for _ in 0..20 {
            edge.provider_frame(&Frame::Text("rubbish".to_owned()));
        }
        assert!(edge.next_provider_wanted.is_some());
    }
}
