//! Any bytes as a handshake: accepted and the same after being written, or answered with an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr::handshake::HandshakeRequest;
use signalr::{Transport, record};

fuzz_target!(|data: &[u8]| {
    for transport in Transport::ALL {
        match HandshakeRequest::parse(data, transport) {
            Ok(request) => {
                let written = request.to_bytes();
                let (written, _) = record::split_text(&written).expect("a whole record");
                assert_eq!(HandshakeRequest::parse(written, transport).expect("a handshake"), request);
            }
            Err(error) => {
                for detailed_errors in [false, true] {
                    let answer = error.answer(detailed_errors);
                    let (answer, rest) = record::split_text(&answer).expect("a whole record");
                    assert!(rest.is_empty());
                    let answer: serde_json::Value = serde_json::from_slice(answer).expect("JSON");
                    assert!(answer["error"].is_string());
                }
            }
        }
    }
});
