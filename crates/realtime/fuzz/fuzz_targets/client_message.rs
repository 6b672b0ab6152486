//! Any messages of a client, in each protocol: answered or taken, and never the end of the session.
#![no_main]

use libfuzzer_sys::fuzz_target;
use realtime::client::ClientProtocol;
use realtime::provider::gemini::{Gemini, GeminiConfig};
use realtime::session::{Action, LinkId, Session, SessionOptions};
use realtime::transport::{Frame, Secret};

const NOW_MILLIS: u64 = 1_800_000_000_000;

fuzz_target!(|data: &[u8]| {
    let Some((&first, messages)) = data.split_first() else { return };
    let protocol = [ClientProtocol::OpenAi, ClientProtocol::OpenAiBeta, ClientProtocol::Simple][usize::from(first % 3)];
    let provider = Gemini::new(GeminiConfig {
        socket_url: "wss://gemini.test".to_owned(),
        api_key: Secret::new("key"),
        model: "m".to_owned(),
        voice: None,
        takes_context_updates: first & 0x40 != 0,
    });
    let mut session = Session::new(SessionOptions::new("fuzz", protocol, "m", Box::new(provider)));
    session.start(NOW_MILLIS);
    for (count, message) in messages.split(|&byte| byte == b'\n').enumerate() {
        let now_millis = NOW_MILLIS + 20 * count as u64;
        if count == 3 {
            session.on_provider_open(LinkId(1), now_millis);
            session.on_provider(LinkId(1), &Frame::Text(r#"{"setupComplete":{}}"#.to_owned()), now_millis);
        }
        let frame = match std::str::from_utf8(message) {
            Ok(text) => Frame::Text(text.to_owned()),
            Err(_) => Frame::Binary(message.to_vec()),
        };
        for action in session.on_client(frame, now_millis) {
            match action {
                Action::SendToClient(Frame::Text(text)) => {
                    let event: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                    assert!(event["type"].is_string());
                }
                Action::CloseClient(close) => panic!("closed: {close:?}"),
                _ => {}
            }
        }
    }
});
