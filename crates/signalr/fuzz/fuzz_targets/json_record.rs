//! Any bytes as a JSON record: read or refused, and what is read comes back after being written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr::{HubMessage, Protocol, record};

fuzz_target!(|data: &[u8]| {
    let Ok(Some(message)) = Protocol::Json.decode(data) else { return };
    if let HubMessage::Invocation(call) = &message {
        for argument in call.arguments.iter().flatten() {
            // A number may be too large for a value, so this can fail; it must not panic.
            let _ = argument.decode::<serde_json::Value>();
        }
    }
    let mut out = Vec::new();
    Protocol::Json.encode(&message, &mut out).expect("what was read can be written");
    let (written, rest) = record::split_text(&out).expect("a whole record");
    assert!(rest.is_empty());
    assert_eq!(Protocol::Json.decode(written).expect("a message"), Some(message));
});
