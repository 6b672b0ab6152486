use super::*;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn written(message: &Message, protocol: Protocol) -> Vec<u8> {
    let mut out = Vec::new();
    message.encode(protocol, 0, &mut out).unwrap();
    out
}

fn text(message: &Message) -> String {
    String::from_utf8(written(message, Protocol::Json)).unwrap()
}

/// A MessagePack map from names to bytes.
fn map(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = vec![0x80 | u8::try_from(entries.len()).unwrap()];
    for (name, bytes) in entries {
        body.push(0xa0 | u8::try_from(name.len()).unwrap());
        body.extend_from_slice(name.as_bytes());
        body.extend_from_slice(&[0xc4, u8::try_from(bytes.len()).unwrap()]);
        body.extend_from_slice(bytes);
    }
    body
}

fn framed(protocol: Protocol) -> Vec<u8> {
    let mut out = Vec::new();
    protocol.encode_invocation("Send", &("m", 1), &mut out).unwrap();
    out
}

const SENT: &str = "{\"type\":1,\"target\":\"Send\",\"arguments\":[\"m\",1]}\u{1e}";

#[test]
fn names_are_read_in_any_case_and_arguments_may_be_missing() {
    for body in [r#"{"target":"Send","arguments":["m",1]}"#, r#"{"Arguments":["m",1],"Target":"Send","extra":[{}]}"#] {
        assert_eq!(text(&Message::from_json(body.as_bytes()).unwrap()), SENT, "{body}");
    }
    for body in [r#"{"target":"Send"}"#, r#"{"TARGET":"Send","arguments":null}"#] {
        let expected = "{\"type\":1,\"target\":\"Send\",\"arguments\":[]}\u{1e}";
        assert_eq!(text(&Message::from_json(body.as_bytes()).unwrap()), expected, "{body}");
    }
}

#[test]
fn what_is_no_message_is_refused() {
    for body in ["", "[]", "3", r#"{"target":3}"#, r#"{"target":"a","arguments":{}}"#, r#"{"target":"a"} x"#] {
        assert!(matches!(Message::from_json(body.as_bytes()), Err(MessageError::Json(_))), "{body}");
    }
    for body in ["{}", r#"{"target":""}"#, r#"{"target":null,"arguments":[]}"#] {
        assert_eq!(Message::from_json(body.as_bytes()).unwrap_err(), MessageError::NoTarget, "{body}");
    }
}

#[test]
fn numbers_reach_clients_of_json_as_they_were_written() {
    let message = Message::from_json(br#"{"target":"n","arguments":[1.10,9007199254740993,1e2]}"#).unwrap();
    assert_eq!(text(&message), "{\"type\":1,\"target\":\"n\",\"arguments\":[1.10,9007199254740993,1e2]}\u{1e}");
}

#[test]
fn a_map_of_protocols_gives_each_client_its_own_bytes() {
    let packed = framed(Protocol::MessagePack);
    let json = SENT.replace(",1]", ",1.0]");
    let message = Message::from_messagepack(&map(&[("json", json.as_bytes()), ("messagepack", &packed)])).unwrap();
    assert_eq!(text(&message), json);
    assert_eq!(written(&message, Protocol::MessagePack), packed);
}

#[test]
fn a_message_in_one_protocol_reaches_clients_of_the_other() {
    let packed = framed(Protocol::MessagePack);
    let message = Message::from_messagepack(&map(&[("messagepack", &packed), ("other", b"?")])).unwrap();
    assert_eq!(text(&message), SENT);
    assert_eq!(message.arguments().unwrap().iter().map(|one| one.get()).collect::<Vec<_>>(), ["\"m\"", "1"]);
    let message = Message::new("Send", vec![raw("\"m\""), raw("1")]);
    assert_eq!(written(&message, Protocol::MessagePack), packed);
}

#[test]
fn whoever_could_not_read_the_arguments_is_left_out() {
    // An extension type, which JSON has not.
    let mut packed = Vec::new();
    let inner = [0x96, 1, 0x80, 0xc0, 0xa1, b'x', 0x91, 0xd4, 5, 0, 0x90];
    packed.push(u8::try_from(inner.len()).unwrap());
    packed.extend_from_slice(&inner);
    let message = Message::from_messagepack(&map(&[("messagepack", &packed)])).unwrap();
    assert_eq!(text(&message), "");
    assert_eq!(message.arguments().unwrap_err(), MessageError::NotJson(0));
    assert!(!written(&message, Protocol::MessagePack).is_empty());
}

#[test]
fn bytes_that_are_no_map_of_invocations_are_refused() {
    let twice = [framed(Protocol::Json), framed(Protocol::Json)].concat();
    let other = b"{\"type\":1,\"target\":\"Other\",\"arguments\":[]}\x1e".as_slice();
    let packed = framed(Protocol::MessagePack);
    for body in [
        b"".to_vec(),
        b"\xc0".to_vec(),
        map(&[]),
        map(&[("other", b"?")]),
        map(&[("json", b"{\"type\":6}\x1e")]),
        map(&[("json", b"{\"type\":1")]),
        map(&[("json", &twice)]),
        map(&[("json", other), ("messagepack", &packed)]),
        [0xdf, 0xff, 0xff, 0xff, 0xff].to_vec(),
    ] {
        assert!(matches!(Message::from_messagepack(&body), Err(MessageError::MessagePack(_))), "{body:x?}");
    }
}

#[test]
fn a_message_survives_the_way_to_the_object() {
    let packed = framed(Protocol::MessagePack);
    for message in [
        Message::new("Send", vec![raw("\"m\""), raw("1")]),
        Message::from_messagepack(&map(&[("messagepack", &packed)])).unwrap(),
    ] {
        let json = serde_json::to_string(&message).unwrap();
        let read: Message = serde_json::from_str(&json).unwrap();
        assert_eq!(written(&read, Protocol::MessagePack), packed, "{json}");
        assert_eq!(text(&read), SENT, "{json}");
    }
}
