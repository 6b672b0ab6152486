//! Which handshakes are accepted, and what the others are told.

use super::*;

fn parse(record: &str) -> Result<HandshakeRequest, HandshakeError> {
    HandshakeRequest::parse(record.as_bytes(), Transport::WebSockets)
}

fn answer(record: &str, transport: Transport, detailed_errors: bool) -> String {
    let error = HandshakeRequest::parse(record.as_bytes(), transport).unwrap_err();
    String::from_utf8(error.answer(detailed_errors)).unwrap()
}

#[test]
fn both_protocols_are_accepted_up_to_version_2() {
    for protocol in [Protocol::Json, Protocol::MessagePack] {
        for version in [-1, 0, 1, 2] {
            let request = HandshakeRequest { protocol, version };
            let record = request.to_bytes();
            let (record, rest) = crate::record::split_text(&record).unwrap();
            assert_eq!(HandshakeRequest::parse(record, Transport::LongPolling).unwrap(), request);
            assert!(rest.is_empty());
        }
    }
    assert_eq!(parse(r#"{"protocol":"JSON","version":1}"#).unwrap().protocol, Protocol::Json);
}

#[test]
fn extra_properties_duplicates_escapes_and_what_follows_are_tolerated() {
    let request = HandshakeRequest { protocol: Protocol::Json, version: 1 };
    for record in [
        r#"{"protocol":"json","version":1,"ignored":{"a":[1]}}"#,
        r#"{"protocol":"x","protocol":"json","version":75,"version":1}"#,
        r#"{"\u0070rotoco\u006c":"\u006ason","version":1}"#,
        r#" {"protocol":"json","version":1}{"protocol":"wrong","version":99}"#,
    ] {
        assert_eq!(parse(record).unwrap(), request, "{record}");
    }
}

#[test]
fn what_the_server_or_the_transport_does_not_support_is_named() {
    let web_sockets = Transport::WebSockets;
    assert_eq!(
        answer(r#"{"protocol":"it's","version":1}"#, web_sockets, false),
        "{\"error\":\"The protocol 'it's' is not supported.\"}\u{1e}"
    );
    assert_eq!(
        answer(r#"{"protocol":"json","version":3}"#, web_sockets, false),
        "{\"error\":\"The server does not support version 3 of the 'json' protocol.\"}\u{1e}"
    );
    assert_eq!(
        answer(r#"{"protocol":"messagepack","version":1}"#, Transport::ServerSentEvents, false),
        "{\"error\":\"Cannot use the 'messagepack' protocol on the current transport. The transport does not support 'Binary' transfer format.\"}\u{1e}"
    );
}

#[test]
fn what_is_wrong_with_a_record_is_a_detail() {
    let hidden = "An unexpected error occurred during connection handshake.";
    for (record, detail) in [
        ("42", "Unexpected JSON Token Type 'Number'. Expected a JSON Object."),
        ("null", "Unexpected JSON Token Type 'Null'. Expected a JSON Object."),
        ("[]", "Unexpected JSON Token Type 'Array'. Expected a JSON Object."),
        ("{}", "Missing required property 'protocol'. Message content: {}"),
        (r#"{"version":"123"}"#, "Expected 'version' to be of type Number."),
        (r#"{"protocol":null,"version":1}"#, "Expected 'protocol' to be of type String."),
        ("not json", "Error reading JSON."),
        ("", "Error reading JSON."),
    ] {
        let text = |error: &str| format!("{{\"error\":\"{error}\"}}\u{1e}");
        assert_eq!(answer(record, Transport::WebSockets, false), text(hidden), "{record}");
        let detailed = text(&format!("{hidden} InvalidDataException: {detail}"));
        assert_eq!(answer(record, Transport::WebSockets, true), detailed, "{record}");
    }
    let error = parse(r#"{"protocol":"json","version":null}"#).unwrap_err();
    assert!(matches!(error, HandshakeError::Incomplete { property: "version", .. }));
}
