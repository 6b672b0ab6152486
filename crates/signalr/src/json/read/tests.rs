//! What is read from JSON records.

use super::*;

fn read(record: &str) -> HubMessage {
    decode(record.as_bytes()).unwrap().unwrap()
}

fn error(record: &str) -> String {
    decode(record.as_bytes()).unwrap_err().to_string()
}

fn call(record: &str) -> Invocation {
    match read(record) {
        HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) => call,
        other => panic!("not a call: {other:?}"),
    }
}

#[test]
fn properties_may_come_in_any_order() {
    let call =
        call(r#"{"arguments":[1,"a"],"streamIds":["s"],"target":"M","headers":{"h":"v"},"invocationId":"i","type":4}"#);
    let expected = Invocation {
        headers: [("h", "v")].into_iter().collect(),
        invocation_id: Some("i".to_owned()),
        target: "M".to_owned(),
        arguments: Ok(vec![
            Payload::encode(crate::Protocol::Json, &1).unwrap(),
            Payload::encode(crate::Protocol::Json, "a").unwrap(),
        ]),
        stream_ids: vec!["s".to_owned()],
    };
    assert_eq!(call, expected);
}

#[test]
fn of_two_properties_with_one_name_the_last_counts() {
    let call = call(r#"{"type":3,"type":1,"target":"A","target":"B","arguments":[1],"arguments":[]}"#);
    assert_eq!(call.target, "B");
    assert_eq!(call.arguments, Ok(vec![]));
}

#[test]
fn names_are_compared_after_their_escapes_and_with_their_case() {
    assert_eq!(read(r#"{"\u0074ype":6,"TYPE":1}"#), HubMessage::Ping);
}

#[test]
fn unknown_properties_are_skipped_whatever_they_hold() {
    assert_eq!(read(r#"{"a":{"b":[{}]},"type":6,"c":null,"d":"\u001e"}"#), HubMessage::Ping);
}

#[test]
fn an_empty_invocation_id_is_none_and_empty_stream_ids_are_none() {
    let call = call(r#"{"type":1,"invocationId":"","target":"M","arguments":[],"streamIds":[]}"#);
    assert_eq!(call.invocation_id, None);
    assert!(call.stream_ids.is_empty());
}

#[test]
fn a_result_that_is_null_is_a_result() {
    let outcome = |record| match read(record) {
        HubMessage::Completion(completion) => completion.outcome,
        other => panic!("not a completion: {other:?}"),
    };
    let null = Payload::null(crate::Protocol::Json);
    assert_eq!(outcome(r#"{"type":3,"invocationId":"1","result":null}"#), Outcome::Result(null));
    assert_eq!(outcome(r#"{"type":3,"invocationId":"1"}"#), Outcome::Void);
    assert_eq!(outcome(r#"{"type":3,"invocationId":"1","error":""}"#), Outcome::Error(String::new()));
}

#[test]
fn values_are_kept_as_they_came() {
    let call = call(r#"{"type":1,"target":"M","arguments":[ 1.50 , {"a" : [ ]} ]}"#);
    let arguments: Vec<_> = call.arguments.iter().flatten().map(Payload::as_bytes).collect();
    assert_eq!(arguments, [b"1.50".as_slice(), b"{\"a\" : [ ]}"]);
}

#[test]
fn what_follows_the_object_is_ignored() {
    assert_eq!(read(r#"{"type":6} garbage"#), HubMessage::Ping);
}

#[test]
fn unknown_kinds_are_skipped() {
    for record in [r#"{"type":0}"#, r#"{"type":10,"target":5.5e3}"#, r#"{"type":-1}"#] {
        let record = record.replace(r#","target":5.5e3"#, r#","unknown":5.5e3"#);
        assert_eq!(decode(record.as_bytes()).unwrap(), None, "{record}");
    }
}

#[test]
fn a_record_nests_at_most_sixty_four_deep() {
    let nested = |levels: usize| {
        // The record and its arguments are two levels.
        let argument = format!("{}{}", "[".repeat(levels - 2), "]".repeat(levels - 2));
        format!(r#"{{"type":1,"target":"M","arguments":[{argument}]}}"#)
    };
    assert!(call(&nested(64)).arguments.unwrap()[0].decode::<serde_json::Value>().is_ok());
    assert!(matches!(decode(nested(65).as_bytes()), Err(ProtocolError::TooDeep)));
    assert!(matches!(decode(nested(1_000_000).as_bytes()), Err(ProtocolError::TooDeep)));
}

/// Records that are no messages, and what is said of each.
const FAULTS: &[(&str, &str)] = &[
    ("null", "Unexpected JSON Token Type 'Null'. Expected a JSON Object."),
    ("\"x\"", "Unexpected JSON Token Type 'String'. Expected a JSON Object."),
    ("true", "Unexpected JSON Token Type 'True'. Expected a JSON Object."),
    ("[", "Unexpected JSON Token Type 'Array'. Expected a JSON Object."),
    ("-1", "Unexpected JSON Token Type 'Number'. Expected a JSON Object."),
    ("", "Error reading JSON."),
    ("{", "Error reading JSON."),
    (r#"{"type":6"#, "Error reading JSON."),
    (r#"{"type":6,}"#, "Error reading JSON."),
    (r#"{"type":1,"target":"M","arguments":[1,]}"#, "Error reading JSON."),
    (r#"{"type":1,"target":"M""#, "Error reading JSON."),
    ("{}", "Missing required property 'type'."),
    (r#"{"type":null}"#, "Expected 'type' to be of type Number."),
    (r#"{"type":[1]}"#, "Expected 'type' to be of type Number."),
    (r#"{"type":1.5}"#, "Either the JSON value is not in a supported format, or is out of bounds for an Int32."),
    (r#"{"type":2147483648}"#, "Either the JSON value is not in a supported format, or is out of bounds for an Int32."),
    (r#"{"type":1}"#, "Missing required property 'target'."),
    (r#"{"type":1,"headers":[]}"#, "Expected 'headers' to be of type Object."),
    (r#"{"type":1,"headers":{"a":"b","Foo":{}}}"#, "Expected header 'Foo' to be of type String."),
    (r#"{"type":1,"target":null}"#, "Expected 'target' to be of type String."),
    (r#"{"type":1,"target":"","arguments":[]}"#, "Missing required property 'target'."),
    (r#"{"type":1,"target":"M","arguments":null}"#, "Expected 'arguments' to be of type Array."),
    (r#"{"type":1,"streamIds":"s"}"#, "Expected 'streamIds' to be of type Array."),
    (r#"{"type":1,"streamIds":["s",null]}"#, "Null value for 'streamIds' is not valid."),
    (r#"{"type":2,"invocationId":"1"}"#, "Missing required property 'item'."),
    (r#"{"type":3}"#, "Missing required property 'invocationId'."),
    (r#"{"type":3,"invocationId":""}"#, "Missing required property 'invocationId'."),
    (r#"{"type":3,"invocationId":"1","error":5}"#, "Expected 'error' to be of type String."),
    (
        r#"{"type":3,"invocationId":"1","error":"foo","result":null}"#,
        "The 'error' and 'result' properties are mutually exclusive.",
    ),
    (r#"{"type":4,"target":"M","arguments":[]}"#, "Missing required property 'invocationId'."),
    (r#"{"type":4,"invocationId":"1","target":"","arguments":[]}"#, "Missing required property 'target'."),
    (r#"{"type":7,"allowReconnect":1}"#, "Expected 'allowReconnect' to be true or false."),
    (r#"{"type":8}"#, "Missing required property 'sequenceId'."),
    (r#"{"type":8,"sequenceId":null}"#, "Missing required property 'sequenceId'."),
    (r#"{"type":8,"sequenceId":true}"#, "Expected 'sequenceId' to be of type Number."),
    (
        r#"{"type":8,"sequenceId":9223372036854775808}"#,
        "Either the JSON value is not in a supported format, or is out of bounds for an Int64.",
    ),
];

#[test]
fn what_is_wrong_is_said_in_the_words_of_asp_net_core() {
    for (record, text) in FAULTS {
        assert_eq!(error(record), *text, "{record}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_no_json() {
    let record = b"{\"type\":1,\"target\":\"\xff\",\"arguments\":[]}";
    assert!(matches!(decode(record), Err(ProtocolError::Utf8(_))));
}
