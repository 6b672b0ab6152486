//! Any messages of a provider: whatever the client is told is JSON with a type, and the bill adds up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use realtime::client::ClientProtocol;
use realtime::provider::Provider;
use realtime::provider::elevenlabs_agents::{Agent, ElevenLabsAgents, ElevenLabsAgentsConfig};
use realtime::provider::gemini::{Gemini, GeminiConfig};
use realtime::provider::openai::{Dialect, OpenAi, OpenAiConfig};
use realtime::provider::ultravox::{Ultravox, UltravoxConfig};
use realtime::ledger::Quantities;
use realtime::session::{Action, LinkId, Session, SessionOptions};
use realtime::transport::{Frame, HttpResponse, Secret};

const NOW_MILLIS: u64 = 1_800_000_000_000;

fn provider(choice: u8) -> Box<dyn Provider> {
    let api_key = Secret::new("key");
    let model = "m".to_owned();
    match choice % 5 {
        0 | 1 => Box::new(OpenAi::new(OpenAiConfig {
            dialect: if choice % 5 == 0 { Dialect::OpenAi } else { Dialect::ElevenLabs },
            socket_url: "wss://provider.test".to_owned(),
            api_key,
            model,
            headers: Vec::new(),
        })),
        2 => Box::new(Gemini::new(GeminiConfig {
            socket_url: "wss://gemini.test".to_owned(),
            api_key,
            model,
            voice: None,
            takes_context_updates: false,
        })),
        3 => Box::new(ElevenLabsAgents::new(ElevenLabsAgentsConfig {
            socket_url: "wss://elevenlabs.test".to_owned(),
            api_url: "https://elevenlabs.test".to_owned(),
            api_key,
            agent: Agent::Named { agent_id: "a".to_owned() },
            voice_id: None,
        })),
        _ => Box::new(Ultravox::new(UltravoxConfig {
            api_url: "https://ultravox.test".to_owned(),
            api_key,
            model,
            agent_id: None,
            voice: None,
        })),
    }
}

fuzz_target!(|data: &[u8]| {
    let Some((&first, messages)) = data.split_first() else { return };
    let options = SessionOptions::new("fuzz", ClientProtocol::OpenAi, "m", provider(first));
    let mut session = Session::new(options);
    let link = LinkId(1);
    let mut actions = session.start(NOW_MILLIS);
    let update = r#"{"type":"session.update","session":{"type":"realtime","audio":{"input":{"transcription":{}}}}}"#;
    actions.extend(session.on_client(Frame::Text(update.to_owned()), NOW_MILLIS));
    let call = HttpResponse { status: 201, body: r#"{"callId":"c","joinUrl":"wss://join.test"}"#.to_owned() };
    actions.extend(session.on_provider_response(link, &call, NOW_MILLIS));
    actions.extend(session.on_provider_open(link, NOW_MILLIS));
    let mut now_millis = NOW_MILLIS;
    for message in messages.split(|&byte| byte == b'\n') {
        now_millis += 40;
        let frame = match std::str::from_utf8(message) {
            Ok(text) => Frame::Text(text.to_owned()),
            Err(_) => Frame::Binary(message.to_vec()),
        };
        actions.extend(session.on_provider(link, &frame, now_millis));
        actions.extend(session.on_tick(now_millis));
    }
    actions.extend(session.on_client_closed(now_millis));
    actions.extend(session.on_tick(now_millis + 10_000));
    let mut billed = Quantities::default();
    for action in actions {
        match action {
            Action::SendToClient(Frame::Text(text)) => {
                let event: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                assert!(event["type"].is_string());
            }
            Action::Bill(row) => billed = billed.plus(row.quantities),
            Action::Ended(summary) => assert_eq!(billed, summary.quantities),
            _ => {}
        }
    }
});
