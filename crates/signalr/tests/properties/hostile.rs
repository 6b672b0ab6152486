//! No input panics, and none makes a connection keep more than it may.

use proptest::collection::vec;
use proptest::prelude::*;
use signalr::handshake::HandshakeRequest;
use signalr::{Connection, ConnectionOptions, Protocol, Received, Transport, record, sse};

use crate::strategy::{message, protocol};

const MAX_MESSAGE_BYTES: usize = 64;

/// Bytes that look like records: markers, brackets and separators more often than others.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), (0..MEANINGFUL.len()).prop_map(|index| MEANINGFUL[index]),];
    vec(byte, 0..200)
}

const MEANINGFUL: &[u8] =
    b"\x1e{}[]\",:\\0123456789-.eEtrufalsn \x80\x81\x90\x91\x95\x96\xa1\xc0\xc1\xc2\xc3\xd9\xdc\xdd\xde\xdf\xff";

/// A framed message with one byte changed, or cut short.
fn damaged() -> impl Strategy<Value = (Protocol, Vec<u8>)> {
    protocol().prop_flat_map(|protocol| {
        (Just(protocol), message(protocol), any::<prop::sample::Index>(), any::<Option<u8>>()).prop_map(
            |(protocol, message, place, byte)| {
                let mut out = Vec::new();
                protocol.encode(&message, &mut out).unwrap();
                let place = place.index(out.len());
                match byte {
                    Some(byte) => out[place] = byte,
                    None => out.truncate(place),
                }
                (protocol, out)
            },
        )
    })
}

/// Reads a record in every way, and reads its payloads.
fn read(protocol: Protocol, record: &[u8]) {
    if let Ok(Some(signalr::HubMessage::Invocation(call))) = protocol.decode(record) {
        for argument in call.arguments.iter().flatten() {
            let _ = argument.decode::<serde_json::Value>();
            let _ = argument.decode::<(String, Vec<u32>)>();
        }
    }
    for transport in Transport::ALL {
        if let Err(error) = HandshakeRequest::parse(record, transport) {
            assert!(error.answer(true).ends_with(b"\"}\x1e"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_are_read_or_refused(protocol in protocol(), bytes in bytes()) {
        read(protocol, &bytes);
        let _ = record::split(protocol, &bytes);
        sse::write_event(&bytes, &mut Vec::new());
    }

    #[test]
    fn a_damaged_record_is_read_or_refused((protocol, framed) in damaged()) {
        if let Ok(Some((record, _))) = record::split(protocol, &framed) {
            read(protocol, record);
        }
        read(protocol, &framed);
    }

    #[test]
    fn any_frames_are_received_or_refused_and_little_of_them_is_kept(
        open in proptest::option::of(protocol()),
        frames in vec(bytes(), 0..8),
    ) {
        let options = ConnectionOptions {
            max_message_bytes: MAX_MESSAGE_BYTES,
            detailed_errors: true,
            transport: Transport::LongPolling,
        };
        let mut connection = match open {
            Some(protocol) => Connection::restore(options, protocol, 1, Vec::new()),
            None => Connection::new(options),
        };
        let mut ended = false;
        for frame in frames {
            connection.receive(&frame, |received| {
                assert!(!ended, "something came after the end");
                ended = matches!(
                    received,
                    Received::Fault { .. }
                        | Received::HandshakeRejected { .. }
                        | Received::Message(signalr::HubMessage::Close { .. })
                );
            });
            prop_assert!(connection.partial().len() <= MAX_MESSAGE_BYTES);
        }
        let _ = connection.disconnect();
    }
}
