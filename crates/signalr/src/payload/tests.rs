//! How payloads are made, read and passed on.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;

const PROTOCOLS: [Protocol; 2] = [Protocol::Json, Protocol::MessagePack];

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(rename_all = "camelCase")]
struct Task {
    task_id: String,
    progress: Option<u8>,
}

#[test]
fn a_struct_is_an_object_or_a_map_and_reads_back() {
    let task = Task { task_id: "t".to_owned(), progress: None };
    let json = Payload::encode(Protocol::Json, &task).unwrap();
    assert_eq!(json.as_bytes(), br#"{"taskId":"t","progress":null}"#);
    let messagepack = Payload::encode(Protocol::MessagePack, &task).unwrap();
    assert_eq!(messagepack.as_bytes(), b"\x82\xa6taskId\xa1t\xa8progress\xc0");
    assert_eq!(json.decode::<Task>().unwrap(), task);
    assert_eq!(messagepack.decode::<Task>().unwrap(), task);
}

#[test]
fn a_value_of_another_type_does_not_bind() {
    for protocol in PROTOCOLS {
        let payload = Payload::encode(protocol, "text").unwrap();
        let error = payload.decode::<u32>().unwrap_err();
        assert!(matches!(&error, BindingError::Type { detail } if !detail.is_empty()), "{error:?}");
    }
}

#[test]
fn null_is_the_null_of_its_protocol() {
    for protocol in PROTOCOLS {
        let null = Payload::null(protocol);
        assert_eq!(null, Payload::encode(protocol, &()).unwrap());
        assert_eq!(null.decode::<Option<u8>>().unwrap(), None);
        assert_eq!(null.protocol(), protocol);
    }
    assert_ne!(Payload::null(Protocol::Json), Payload::null(Protocol::MessagePack));
}

#[test]
fn a_value_that_cannot_be_written_is_an_error() {
    let key_is_no_string: BTreeMap<Vec<u8>, u8> = BTreeMap::from([(vec![1], 1)]);
    let error = Payload::encode(Protocol::Json, &key_is_no_string).unwrap_err();
    assert!(matches!(error, EncodeError::Json(_)), "{error:?}");
}

#[test]
fn a_payload_of_either_protocol_can_be_sent_in_both() {
    let value = serde_json::json!({"b": [1, -1, 1.5, u64::MAX, null, true], "a": {"x": "\u{1e}"}});
    for from in PROTOCOLS {
        let payload = Payload::encode(from, &value).unwrap();
        for to in PROTOCOLS {
            let sent = Payload::encode(to, &(&payload, "x")).unwrap();
            assert_eq!(sent, Payload::encode(to, &(&value, "x")).unwrap(), "{from:?} to {to:?}");
        }
    }
}

#[test]
fn bytes_can_be_sent_in_both_protocols_and_extensions_in_neither() {
    let bytes = Payload::MessagePack(Box::new([0xC4, 2, 1, 2]));
    assert_eq!(Payload::encode(Protocol::MessagePack, &bytes).unwrap(), bytes);
    assert_eq!(Payload::encode(Protocol::Json, &bytes).unwrap().as_bytes(), b"\"AQI=\"");
    let extension = Payload::MessagePack(Box::new([0xD4, 99, 1]));
    assert!(Payload::encode(Protocol::MessagePack, &extension).is_err());
    assert!(Payload::encode(Protocol::Json, &extension).is_err());
}

#[test]
fn an_address_is_text_in_both_protocols() {
    let address = std::net::Ipv4Addr::LOCALHOST;
    for protocol in PROTOCOLS {
        let payload = Payload::encode(protocol, &address).unwrap();
        assert_eq!(payload.decode::<String>().unwrap(), "127.0.0.1");
        assert_eq!(payload.decode::<std::net::Ipv4Addr>().unwrap(), address);
    }
}

#[test]
fn a_messagepack_payload_that_is_made_too_deep_does_not_overflow_the_stack() {
    let payload = Payload::MessagePack(vec![0x91; 1_000_000].into_boxed_slice());
    assert!(payload.decode::<serde_json::Value>().is_err());
}
