//! What is read from MessagePack records.

use super::*;

fn read(record: &[u8]) -> HubMessage {
    decode(record).unwrap().unwrap()
}

fn call(record: &[u8]) -> Invocation {
    match read(record) {
        HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) => call,
        other => panic!("not a call: {other:?}"),
    }
}

#[test]
fn an_empty_invocation_id_is_none() {
    assert_eq!(call(b"\x96\x01\x80\xa0\xa1M\x90\x90").invocation_id, None);
    assert_eq!(call(b"\x96\x01\x80\xc0\xa1M\x90\x90").invocation_id, None);
    assert_eq!(call(b"\x96\x01\x80\xa1i\xa1M\x90\x90").invocation_id.as_deref(), Some("i"));
}

#[test]
fn stream_ids_may_be_left_out() {
    assert!(call(b"\x95\x01\x80\xc0\xa1M\x90").stream_ids.is_empty());
    assert_eq!(call(b"\x96\x01\x80\xc0\xa1M\x90\x91\xa1s").stream_ids, ["s"]);
}

#[test]
fn arguments_are_kept_as_they_came() {
    // A number of eight bytes that one would hold, and an extension of unknown type.
    let call = call(b"\x95\x01\x80\xc0\xa1M\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xd4\x63\x01");
    let arguments: Vec<_> = call.arguments.iter().flatten().map(Payload::as_bytes).collect();
    assert_eq!(arguments, [b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff".as_slice(), b"\xd4\x63\x01"]);
}

#[test]
fn arguments_that_are_no_array_fail_the_call_and_not_the_connection() {
    for record in [
        b"\x94\x01\x80\xa1i\xa1M".as_slice(),
        b"\x95\x01\x80\xa1i\xa1M\x2a",
        b"\x95\x01\x80\xa1i\xa1M\xdd\xff\xff\xff\xff",
    ] {
        let call = call(record);
        assert_eq!(call.arguments, Err(BindingError::NotAnArray));
        assert_eq!(call.invocation_id.as_deref(), Some("i"));
    }
    let cut_inside_an_argument = call(b"\x96\x01\x80\xa1i\xa1M\x92\x01\xa5ab");
    assert!(matches!(cut_inside_an_argument.arguments, Err(BindingError::Type { .. })));
}

#[test]
fn arguments_that_are_too_deep_fail_the_call_and_not_the_connection() {
    let record = |levels: usize| [b"\x95\x01\x80\xc0\xa1M\x91".as_slice(), &vec![0x91; levels], b"\xc0"].concat();
    let deepest = call(&record(62)).arguments.unwrap();
    assert!(deepest[0].decode::<serde_json::Value>().is_ok());
    assert!(call(&record(63)).arguments.is_err());
    assert!(call(&record(1_000_000)).arguments.is_err());
}

#[test]
fn an_item_that_is_missing_fails_the_stream_and_not_the_connection() {
    let HubMessage::StreamItem(item) = read(b"\x93\x02\x80\xa1s") else { panic!("not an item") };
    assert_eq!(item.item, Err(BindingError::NoItem));
}

#[test]
fn a_close_has_two_elements_or_three() {
    let close =
        |error: Option<&str>, allow_reconnect| HubMessage::Close { error: error.map(str::to_owned), allow_reconnect };
    assert_eq!(read(b"\x92\x07\xa1e"), close(Some("e"), false));
    assert_eq!(read(b"\x93\x07\xc0\xc3"), close(None, true));
    assert_eq!(read(b"\x94\x07\xc0\xc3\x01"), close(None, true));
}

#[test]
fn elements_beyond_those_of_the_kind_are_ignored_and_unknown_kinds_are_skipped() {
    assert_eq!(read(b"\x93\x06\x01\x02"), HubMessage::Ping);
    assert_eq!(decode(b"\x92\x0a\xa1x").unwrap(), None);
}

#[test]
fn an_error_that_is_nil_is_none() {
    let HubMessage::Completion(completion) = read(b"\x95\x03\x80\xa1i\x01\xc0") else { panic!("not a completion") };
    assert_eq!(completion.outcome, Outcome::Void);
}

#[test]
fn what_is_wrong_is_said_in_the_words_of_asp_net_core() {
    let cases: [(&[u8], &str); 30] = [
        (b"\x2a", "Reading array length for 'message' failed."),
        (b"", "Reading array length for 'message' failed."),
        (b"\x90", "Reading 'messageType' as Int32 failed."),
        (b"\x91\xce\xff\xff\xff\xff", "Reading 'messageType' as Int32 failed."),
        (b"\x91\x01", "Reading map length for 'headers' failed."),
        (b"\x92\x01\xa3foo", "Reading map length for 'headers' failed."),
        (b"\x92\x01\x82\xa1a\xa1b\x2a\xa1b", "Reading 'headers[1].Key' as String failed."),
        (b"\x92\x01\x81\xa3foo\x2a", "Reading 'headers[0].Value' as String failed."),
        (b"\x92\x01\x81\xa0\xa1b", "Null or empty key in header."),
        (b"\x92\x01\x81\xa1a\xc0", "Null or empty value in header."),
        (b"\x92\x01\x80", "Reading 'invocationId' as String failed."),
        (b"\x93\x01\x80\xc2", "Reading 'invocationId' as String failed."),
        (b"\x94\x01\x80\xc0\x2a", "Reading 'target' as String failed."),
        (b"\x94\x01\x80\xc0\xa1\xff", "Reading 'target' as String failed."),
        (b"\x94\x01\x80\xc0\xc0", "Null or empty target for Invocation message."),
        (b"\x96\x01\x80\xc0\xa1M\x90", "Reading array length for 'streamIds' failed."),
        (b"\x96\x01\x80\xc0\xa1M\x90\x91\x01", "Reading 'streamIds' as String failed."),
        (b"\x96\x01\x80\xc0\xa1M\x90\x91\xa0", "Null or empty value in streamIds received."),
        (b"\x93\x02\x80\xc0", "Null or empty invocation ID for StreamItem message."),
        (b"\x93\x03\x80\xa0", "Null or empty invocation ID for Completion message."),
        (b"\x93\x03\x80\xa1i", "Reading 'resultKind' as Int32 failed."),
        (b"\x94\x03\x80\xa1i\x04", "Invalid invocation result kind."),
        (b"\x94\x03\x80\xa1i\x01", "Reading 'error' as String failed."),
        (b"\x94\x03\x80\xa1i\x03", "Attempted to read past the end of the stream."),
        (b"\x95\x04\x80\xc0\xa1M\x90", "Null or empty invocation ID for StreamInvocation message."),
        (b"\x95\x04\x80\xa1i\xa0\x90", "Null or empty target for StreamInvocation message."),
        (b"\x93\x05\x80\xa0", "Null or empty invocation ID for CancelInvocation message."),
        (b"\x92\x07\x2a", "Reading 'error' as String failed."),
        (b"\x93\x07\xc0\x01", "Reading 'allowReconnect' as Boolean failed."),
        (b"\x92\x08\xa1x", "Reading 'sequenceId' as Int64 failed."),
    ];
    for (record, text) in cases {
        assert_eq!(decode(record).unwrap_err().to_string(), text, "{record:x?}");
    }
}
