//! What is written, in either protocol.

use serde::Serializer;
use serde::ser::{Error as _, SerializeSeq};

use super::*;
use crate::{BindingError, Completion, Headers, Invocation, Outcome, Payload, StreamItem};

const PROTOCOLS: [Protocol; 2] = [Protocol::Json, Protocol::MessagePack];

/// Fails after it has written something.
struct Unserializable;

impl Serialize for Unserializable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(2))?;
        seq.serialize_element("written")?;
        Err(S::Error::custom("refused"))
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

fn encoded(protocol: Protocol, message: &HubMessage) -> Vec<u8> {
    written(|out| protocol.encode(message, out).unwrap())
}

fn invocation(protocol: Protocol, invocation_id: Option<&str>) -> Invocation {
    Invocation {
        headers: Headers::new(),
        invocation_id: invocation_id.map(str::to_owned),
        target: "M".to_owned(),
        arguments: Ok(vec![Payload::encode(protocol, &1).unwrap(), Payload::encode(protocol, "\u{1e}").unwrap()]),
        stream_ids: Vec::new(),
    }
}

fn completion(outcome: Outcome) -> HubMessage {
    HubMessage::Completion(Completion { headers: Headers::new(), invocation_id: "i".to_owned(), outcome })
}

#[test]
fn names_are_known_in_any_case() {
    assert_eq!(Protocol::from_name("MessagePack"), Some(Protocol::MessagePack));
    assert_eq!(Protocol::from_name("JSON"), Some(Protocol::Json));
    assert_eq!(Protocol::from_name("blazorpack"), None);
}

#[test]
fn the_ping_is_the_encoded_ping() {
    for protocol in PROTOCOLS {
        assert_eq!(encoded(protocol, &HubMessage::Ping), protocol.ping());
    }
}

#[test]
fn typed_writers_write_what_the_messages_would() {
    for protocol in PROTOCOLS {
        let arguments = (1, "\u{1e}");
        assert_eq!(
            written(|out| protocol.encode_invocation("M", &arguments, out).unwrap()),
            encoded(protocol, &HubMessage::Invocation(invocation(protocol, None)))
        );
        assert_eq!(
            written(|out| protocol.encode_invocation_with_id("i", "M", &arguments, out).unwrap()),
            encoded(protocol, &HubMessage::Invocation(invocation(protocol, Some("i"))))
        );
        let item = StreamItem {
            headers: Headers::new(),
            invocation_id: "i".to_owned(),
            item: Ok(Payload::encode(protocol, &[1]).unwrap()),
        };
        assert_eq!(
            written(|out| protocol.encode_stream_item("i", &[1], out).unwrap()),
            encoded(protocol, &HubMessage::StreamItem(item))
        );
        assert_eq!(
            written(|out| protocol.encode_completion_result("i", &(), out).unwrap()),
            encoded(protocol, &completion(Outcome::Result(Payload::null(protocol))))
        );
        assert_eq!(
            written(|out| protocol.encode_completion_void("i", out)),
            encoded(protocol, &completion(Outcome::Void))
        );
        assert_eq!(
            written(|out| protocol.encode_completion_error("i", "it's \"bad\"", out)),
            encoded(protocol, &completion(Outcome::Error("it's \"bad\"".to_owned())))
        );
        for (error, allow_reconnect) in [(None, false), (Some("e"), true)] {
            assert_eq!(
                written(|out| protocol.encode_close(error, allow_reconnect, out)),
                encoded(protocol, &HubMessage::Close { error: error.map(str::to_owned), allow_reconnect })
            );
        }
    }
}

#[test]
fn records_follow_what_is_there_already() {
    for protocol in PROTOCOLS {
        let mut out = protocol.ping().to_vec();
        protocol.encode_invocation("M", &(), &mut out).unwrap();
        let alone = written(|out| protocol.encode_invocation("M", &(), out).unwrap());
        assert_eq!(out, [protocol.ping(), &alone].concat());
    }
}

#[test]
fn what_cannot_be_written_leaves_nothing_behind() {
    let unbound = Invocation { arguments: Err(BindingError::NotAnArray), ..invocation(Protocol::Json, None) };
    for protocol in PROTOCOLS {
        let mut out = b"before".to_vec();
        assert!(protocol.encode_invocation("M", &(1, Unserializable), &mut out).is_err());
        assert!(protocol.encode_stream_item("i", &Unserializable, &mut out).is_err());
        assert!(protocol.encode_completion_result("i", &Unserializable, &mut out).is_err());
        let error = protocol.encode(&HubMessage::Invocation(unbound.clone()), &mut out).unwrap_err();
        assert!(matches!(error, EncodeError::Unbound));
        assert_eq!(out, b"before");
    }
}

#[test]
fn a_payload_of_the_other_protocol_is_refused() {
    for (protocol, other) in [(Protocol::Json, Protocol::MessagePack), (Protocol::MessagePack, Protocol::Json)] {
        let mut out = Vec::new();
        let call = HubMessage::Invocation(invocation(other, None));
        assert!(matches!(protocol.encode(&call, &mut out), Err(EncodeError::PayloadProtocol(_))));
        let result = completion(Outcome::Result(Payload::null(other)));
        assert!(matches!(protocol.encode(&result, &mut out), Err(EncodeError::PayloadProtocol(_))));
        assert!(out.is_empty());
    }
}

#[test]
fn a_stream_invocation_needs_an_id() {
    for protocol in PROTOCOLS {
        for invocation_id in [None, Some("")] {
            let call = HubMessage::StreamInvocation(invocation(protocol, invocation_id));
            let error = protocol.encode(&call, &mut Vec::new()).unwrap_err();
            assert!(matches!(error, EncodeError::NoInvocationId));
        }
    }
}

#[test]
fn an_empty_invocation_id_is_never_sent() {
    for protocol in PROTOCOLS {
        assert_eq!(
            encoded(protocol, &HubMessage::Invocation(invocation(protocol, Some("")))),
            encoded(protocol, &HubMessage::Invocation(invocation(protocol, None)))
        );
    }
}

#[test]
fn an_empty_close_error_is_an_error_in_json_and_nil_in_messagepack() {
    let json = written(|out| Protocol::Json.encode_close(Some(""), false, out));
    assert_eq!(json, b"{\"type\":7,\"error\":\"\"}\x1e");
    let messagepack = written(|out| Protocol::MessagePack.encode_close(Some(""), false, out));
    assert_eq!(messagepack, b"\x04\x93\x07\xc0\xc2");
}

#[test]
fn messages_of_the_first_five_kinds_are_counted() {
    assert!(HubMessage::Invocation(invocation(Protocol::Json, None)).is_counted());
    assert!(completion(Outcome::Void).is_counted());
    let uncounted = [
        HubMessage::Ping,
        HubMessage::Close { error: None, allow_reconnect: false },
        HubMessage::Ack { sequence_id: 1 },
        HubMessage::Sequence { sequence_id: 1 },
    ];
    assert!(!uncounted.iter().any(HubMessage::is_counted));
}
