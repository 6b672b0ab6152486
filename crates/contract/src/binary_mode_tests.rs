//! Events whose attributes are headers.

use serde_json::json;

use super::*;
use crate::domain_event::{AcceptedEvent, EventBody};

const JSON: &str = "application/json";
const DATA: &str = r#"{"taskId":"t","taskType":"x"}"#;

fn headers(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What every event has, and more or other ones.
fn task_started(others: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = [
        ("ce-specversion", "1.0"),
        ("ce-id", "1"),
        ("ce-source", "/s"),
        ("ce-type", "TaskStarted"),
        ("ce-virtualkeyid", "7"),
    ];
    let is_other = |(name, _): &&(&str, &str)| others.iter().all(|(other, _)| other != name);
    headers(&own.iter().filter(is_other).chain(others).copied().collect::<Vec<_>>())
}

fn accepted(content_type: &str, headers: &[(String, String)], body: &str) -> AcceptedEvent {
    read_request(content_type, headers, body.as_bytes()).unwrap().remove(0).unwrap()
}

fn rejection(content_type: &str, headers: &[(String, String)], body: &[u8]) -> String {
    read_request(content_type, headers, body).unwrap().remove(0).unwrap_err().to_string()
}

#[test]
fn attributes_are_headers_and_data_is_the_body() {
    let headers = task_started(&[("ce-time", "2026-01-31T12:00:00Z"), ("ce-correlationid", "c"), ("ce-other", "o")]);
    let AcceptedEvent { event, json } = accepted("application/json; charset=utf-8", &headers, DATA);
    assert_eq!((event.id.as_str(), event.source.as_str(), event.event_type), ("1", "/s", "TaskStarted"));
    assert_eq!(event.virtual_key_id.unwrap().as_str(), "7");
    assert_eq!((event.time_millis, event.correlation_id.as_deref()), (Some(1_769_860_800_000), Some("c")));
    assert!(matches!(event.body, EventBody::Task(_)));
    // It travels as an event in JSON.
    let expected = json!({
        "specversion": "1.0", "id": "1", "source": "/s", "type": "TaskStarted", "virtualkeyid": "7",
        "time": "2026-01-31T12:00:00Z", "correlationid": "c", "other": "o",
        "datacontenttype": "application/json; charset=utf-8", "data": { "taskId": "t", "taskType": "x" },
    });
    assert_eq!(serde_json::from_str::<Value>(json.get()).unwrap(), expected);
}

#[test]
fn values_are_unquoted_and_percent_decoded() {
    for (value, expected) in [
        ("plain", "plain"),
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("%22quoted%22%25", "\"quoted\"%"),
        (r#""a \"b\" \\ %20c""#, r#"a "b" \  c"#),
        // What some libraries send as it is.
        ("100 %, a \"b\" c", "100 %, a \"b\" c"),
    ] {
        assert_eq!(accepted(JSON, &task_started(&[("ce-id", value)]), DATA).event.id, expected);
    }
    assert_eq!(
        rejection(JSON, &task_started(&[("ce-id", "%ff")]), DATA.as_bytes()),
        "id: must be percent-encoded UTF-8"
    );
}

#[test]
fn a_format_of_events_in_the_content_type_comes_first() {
    let event = json!({
        "specversion": "1.0", "id": "2", "source": "/s", "type": "TaskStarted", "virtualkeyid": "7",
        "data": { "taskId": "t", "taskType": "x" },
    });
    let structured = |content_type, body: Value| accepted(content_type, &task_started(&[]), &body.to_string()).event.id;
    assert_eq!(structured("application/cloudevents+json", event.clone()), "2");
    assert_eq!(structured("Application/CloudEvents-Batch+JSON; charset=utf-8", json!([event])), "2");
    // Other headers make no event.
    assert_eq!(accepted(JSON, &headers(&[("ce-other", "x"), ("x-id", "1")]), &event.to_string()).event.id, "2");
}

#[test]
fn what_is_wrong_is_named_by_its_attribute() {
    let data = DATA.as_bytes();
    let without = |name: &str| task_started(&[]).into_iter().filter(|(known, _)| known != name).collect::<Vec<_>>();
    for (name, expected) in [
        ("ce-id", "id: missing"),
        ("ce-source", "source: missing"),
        ("ce-type", "type: missing"),
        ("ce-specversion", "specversion: missing"),
        ("ce-virtualkeyid", "virtualkeyid: missing: it names the virtual key that is told"),
    ] {
        assert_eq!(rejection(JSON, &without(name), data), expected);
    }
    for (header, value, expected) in [
        ("ce-specversion", "0.3", "specversion: must be 1.0"),
        ("ce-type", "Nothing", "type: unknown event type 'Nothing'"),
        ("ce-time", "today", "time: must be a time of RFC 3339 such as 2026-01-31T12:00:00Z"),
        ("ce-data", "{}", "data: given more than once"),
        ("ce-datacontenttype", "text/plain", "datacontenttype: given more than once"),
        ("ce-virtual-key-id", "7", "ce-virtual-key-id: must be ce- and a name of small letters and digits"),
    ] {
        assert_eq!(rejection(JSON, &task_started(&[(header, value)]), data), expected);
    }
}

#[test]
fn data_is_json_and_must_be_there() {
    let headers = task_started(&[]);
    for (content_type, body, expected) in [
        (JSON, &b""[..], "data: missing"),
        (JSON, b" \n", "data: missing"),
        (JSON, b"{", "data: in binary mode the body is the data: EOF while parsing an object at line 1 column 1"),
        (JSON, b"[]", "data: invalid type: sequence, expected an object"),
        (JSON, br#"{"taskId":"t"}"#, "data.taskType: missing"),
        (
            "text/plain",
            b"{}",
            "datacontenttype: must be application/json: in binary mode Content-Type says what the data is",
        ),
    ] {
        assert_eq!(rejection(content_type, &headers, body), expected);
    }
    assert!(rejection(JSON, &headers, b"\"\xff\"").starts_with("data: in binary mode the body is the data: "));
    // Without a Content-Type nobody says that it is anything else.
    assert_eq!(accepted("", &headers, DATA).event.id, "1");
    assert_eq!(accepted("application/vnd.task+json", &headers, DATA).event.id, "1");
}

#[test]
fn the_id_is_told_of_what_is_rejected() {
    let rejected = read_request("text/plain", &task_started(&[]), b"{}").unwrap().remove(0).unwrap_err();
    assert_eq!(rejected.id.as_deref(), Some("1"));
}

#[test]
fn no_data_breaks_out_of_the_event() {
    let body = br#"{"taskId":"t","taskType":"x"},"virtualkeyid":"8""#;
    assert!(rejection(JSON, &task_started(&[]), body).starts_with("data: "));
    let headers = task_started(&[("ce-subject", r#"","virtualkeyid":"8"#)]);
    assert_eq!(accepted(JSON, &headers, DATA).event.virtual_key_id.unwrap().as_str(), "7");
}

#[test]
fn a_body_that_is_too_large_is_refused_as_in_the_other_modes() {
    let body = vec![b' '; MAX_BODY_BYTES + 1];
    let error = read_request(JSON, &task_started(&[]), &body).unwrap_err();
    assert_eq!(error, IngestError::TooLarge { bytes: MAX_BODY_BYTES + 1 });
    let large = format!(r#"{{"taskId":"t","taskType":"x","metadata":"{}"}}"#, "x".repeat(100_000));
    assert!(rejection(JSON, &task_started(&[]), large.as_bytes()).contains("at most 100000 are taken"));
}
