//! What a service token is, and what it may send.

use super::*;
use crate::{ingest::ingest, key_secret::KeySecret};

fn access(json: &str) -> ServiceAccess {
    ServiceTokenCreation::from_json(json.as_bytes(), 0).unwrap().into_record("1", 0).access
}

fn arrival(json: &str) -> Arrival {
    ingest("application/cloudevents+json", json.as_bytes()).unwrap().remove(0)
}

fn task_started(key: &str) -> Arrival {
    arrival(&format!(
        r#"{{"specversion":"1.0","id":"e","source":"/s","type":"TaskStarted","virtualkeyid":{key},"data":{{"taskId":"t","taskType":"x"}}}}"#
    ))
}

fn announcement() -> Arrival {
    arrival(r#"{"specversion":"1.0","id":"e","source":"/s","type":"ServiceRestored","data":{"service":"everything"}}"#)
}

fn rejected(access: &ServiceAccess, arrival: Arrival) -> Option<String> {
    access.admit(arrival).err().and_then(|rejected| rejected.rejection.field)
}

#[test]
fn a_token_is_recognised_and_is_no_virtual_key() {
    let token = ServiceTokenSecret::from_random([0xfb; 32]);
    assert!(ServiceTokenSecret::looks_like_token(token.expose()));
    assert!(!KeySecret::looks_like_key(token.expose()));
    assert!(!ServiceTokenSecret::looks_like_token(KeySecret::from_random([0xfb; 32]).expose()));
    for text in
        ["", "condtsvc_", &token.expose()[1..], &format!("{}x", token.expose()), &token.expose().replace('-', " ")]
    {
        assert!(!ServiceTokenSecret::looks_like_token(text), "{text:?}");
    }
}

#[test]
fn without_lists_a_token_sends_everything() {
    for access in [ServiceAccess::unrestricted(), access(r#"{"name":"x"}"#)] {
        assert_eq!(rejected(&access, task_started("7")), None);
        assert_eq!(rejected(&access, announcement()), None);
    }
}

#[test]
fn a_type_that_is_not_named_is_rejected_by_its_field() {
    let access = access(r#"{"name":"x","eventTypes":["TaskProgress","ServiceRestored"]}"#);
    assert_eq!(rejected(&access, task_started("7")).as_deref(), Some("type"));
    assert_eq!(rejected(&access, announcement()), None);
}

#[test]
fn a_key_that_is_not_named_and_everybody_are_rejected_by_their_field() {
    let access = access(r#"{"name":"x","virtualKeyIds":[7,"eight"]}"#);
    assert_eq!(rejected(&access, task_started("7")), None);
    assert_eq!(rejected(&access, task_started("\"7\"")), None);
    assert_eq!(rejected(&access, task_started("\"eight\"")), None);
    assert_eq!(rejected(&access, task_started("\"Eight\"")).as_deref(), Some("virtualkeyid"));
    assert_eq!(rejected(&access, announcement()).as_deref(), Some("virtualkeyid"));
}

#[test]
fn an_event_that_is_wrong_stays_wrong_whoever_sends_it() {
    let wrong = || arrival(r#"{"specversion":"1.0","id":"e","source":"/s","type":"Nothing","data":{}}"#);
    assert_eq!(ServiceAccess::unrestricted().admit(wrong()).unwrap_err(), wrong().unwrap_err());
}

#[test]
fn a_record_travels_and_says_what_the_operator_asked_for() {
    let json = r#"{"name":" billing ","eventTypes":["SpendRecorded"],"virtualKeyIds":[2,1],"expiresAt":"2026-01-31T12:00:00Z"}"#;
    let record = ServiceTokenCreation::from_json(json.as_bytes(), 0).unwrap().into_record("1", 0);
    let text = serde_json::to_string(&record).unwrap();
    let expected = r#"{"id":"1","name":"billing","eventTypes":["SpendRecorded"],"virtualKeyIds":["1","2"],"createdAt":"1970-01-01T00:00:00.000Z","expiresAt":"2026-01-31T12:00:00.000Z"}"#;
    assert_eq!(text, expected);
    assert_eq!(serde_json::from_str::<ServiceTokenRecord>(&text).unwrap(), record);
    let at = record.expires_at.unwrap().0;
    assert_eq!([at - 1, at].map(|now| record.is_expired(now)), [false, true]);
}

#[test]
fn a_wrong_field_is_named() {
    let many = format!(r#"{{"name":"x","virtualKeyIds":[{}1]}}"#, "1,".repeat(MAX_SERVICE_TOKEN_NAMES));
    for (json, expected) in [
        ("{}", "name: missing"),
        (r#"{"name":" "}"#, "name: must not be blank"),
        (r#"{"name":"x","colour":1}"#, "colour: unknown field"),
        (
            r#"{"name":"x","eventTypes":["TaskStarted","taskStarted"]}"#,
            "eventTypes[1]: unknown event type 'taskStarted'",
        ),
        (
            r#"{"name":"x","eventTypes":[]}"#,
            "eventTypes: must name a type of events; without this field all may be sent",
        ),
        (
            r#"{"name":"x","virtualKeyIds":[]}"#,
            "virtualKeyIds: must name a virtual key; without this field all may be sent",
        ),
        (r#"{"name":"x","virtualKeyIds":null}"#, "virtualKeyIds: invalid type: null, expected a sequence"),
        (r#"{"name":"x","virtualKeyIds":[" "]}"#, "virtualKeyIds[0]: must not be blank"),
        (many.as_str(), "virtualKeyIds: must have at most 100 entries, not 101"),
        (r#"{"name":"x","expiresAt":"1970-01-01T00:00:01Z"}"#, "expiresAt: must be in the future"),
        (r#"{"name":"x","expiresAt":5}"#, "expiresAt: invalid type: integer `5`, expected a string"),
    ] {
        assert_eq!(ServiceTokenCreation::from_json(json.as_bytes(), 1_000).unwrap_err().to_string(), expected);
    }
    assert!(ServiceTokenCreation::from_json(b"\xff", 0).is_err());
}
