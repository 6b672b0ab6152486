//! Any bytes as a MessagePack record: read or refused, and what is read comes back after being written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr::{EncodeError, HubMessage, Protocol, record};

fuzz_target!(|data: &[u8]| {
    let Ok(Some(mut message)) = Protocol::MessagePack.decode(data) else { return };
    match &mut message {
        HubMessage::Invocation(call) => {
            for argument in call.arguments.iter().flatten() {
                let _ = argument.decode::<serde_json::Value>();
                let _ = serde_json::to_string(argument);
            }
        }
        // An empty error is written as none.
        HubMessage::Close { error, .. } if error.as_deref() == Some("") => *error = None,
        _ => {}
    }
    let mut out = Vec::new();
    match Protocol::MessagePack.encode(&message, &mut out) {
        Ok(()) => {}
        Err(EncodeError::Unbound) => return assert!(out.is_empty()),
        Err(error) => panic!("what was read cannot be written: {error}"),
    }
    let (written, rest) = record::split_binary(&out).expect("a length").expect("a whole record");
    assert!(rest.is_empty());
    assert_eq!(Protocol::MessagePack.decode(written).expect("a message"), Some(message));
});
