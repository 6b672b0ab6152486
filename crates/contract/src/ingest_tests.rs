//! Proofs for the reading of bodies: what refuses the whole, what refuses one event, and with which words.

use super::*;
use crate::domain_event::EventBody;
use crate::task_event::TaskEvent;

const SINGLE: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";
const LINES: &str = "application/x-ndjson";
const GOOD: &str = r#"{"specversion":"1.0","id":"e-1","source":"/tasks","type":"TaskTimedOut","virtualkeyid":456,"data":{"taskId":"t-1"}}"#;

/// An event whose envelope has one attribute more, or another instead of the usual one.
fn with_attributes(attributes: &str) -> String {
    let name = attributes.split(':').next().unwrap_or_default();
    let usual = [
        (r#""specversion""#, r#""1.0""#),
        (r#""id""#, r#""e-1""#),
        (r#""source""#, r#""/tasks""#),
        (r#""type""#, r#""TaskTimedOut""#),
        (r#""virtualkeyid""#, "456"),
        (r#""data""#, r#"{"taskId":"t-1"}"#),
    ];
    let kept = usual.iter().filter(|(usual, _)| *usual != name).map(|(name, value)| format!("{name}:{value}"));
    let all: Vec<String> = kept.chain([attributes.to_owned()].into_iter().filter(|text| text.contains(':'))).collect();
    format!("{{{}}}", all.join(","))
}

fn with_data(event_type: &str, data: &str) -> String {
    format!(r#"{{"specversion":"1.0","id":"e-1","source":"s","type":"{event_type}","virtualkeyid":"k","data":{data}}}"#)
}

fn one(json: &str) -> Result<DomainEvent, RejectedEvent> {
    let mut events = ingest(SINGLE, json.as_bytes()).unwrap();
    assert_eq!(events.len(), 1);
    events.pop().unwrap().map(|accepted| accepted.event)
}

/// What is said of an event that is rejected; its id is always given back.
fn rejection(json: &str) -> String {
    let rejected = one(json).expect_err(json);
    assert_eq!(rejected.id.as_deref(), Some("e-1"), "{json}");
    rejected.rejection.to_string()
}

#[test]
fn one_event_is_read_whole() {
    let event =
        one(r#"{"specversion":"1.0","id":"e-1","source":"/tasks","type":"TaskStarted","time":"2026-01-31T12:00:00Z",
            "subject":"t-1","datacontenttype":"application/json","virtualkeyid":"456","correlationid":"c-1",
            "traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","comexampleother":[1],
            "data":{"taskId":7,"taskType":"video","metadata":{"model": "m"},"deadlineSeconds":60,"parentTaskId":"p"}}"#)
        .unwrap();
    assert_eq!((event.id.as_str(), event.source.as_str()), ("e-1", "/tasks"));
    assert_eq!(event.time_millis, Some(1_769_860_800_000));
    assert_eq!(event.virtual_key_id.as_ref().unwrap().as_str(), "456");
    assert_eq!(event.correlation_id.as_deref(), Some("c-1"));
    let EventBody::Task(TaskEvent::Started(started)) = event.body else { panic!("another event") };
    assert_eq!((started.task_id.as_str(), started.task_type.as_str()), ("7", "video"));
    assert_eq!(started.metadata.unwrap().get(), r#"{"model":"m"}"#);
    assert_eq!(started.deadline_seconds.unwrap().as_millis(), 60_000);
    assert_eq!(started.parent_task_id.unwrap().as_str(), "p");
}

#[test]
fn what_data_says_of_time_and_correlation_goes_before_what_the_envelope_says() {
    let envelope = r#""time":"2020-01-01T00:00:00Z","correlationid":"envelope","data""#;
    let data = r#"{"taskId":"t","timestamp":"1970-01-01T00:00:01Z","correlationId":"data"}"#;
    let event = one(&GOOD.replace(r#""data":{"taskId":"t-1"}"#, &format!("{envelope}:{data}"))).unwrap();
    assert_eq!((event.time_millis, event.correlation_id.as_deref()), (Some(1_000), Some("data")));
    let event = one(&GOOD.replace(r#""data":"#, &format!("{envelope}:"))).unwrap();
    assert_eq!((event.time_millis, event.correlation_id.as_deref()), (Some(1_577_836_800_000), Some("envelope")));
}

#[test]
fn an_attribute_that_is_wrong_is_named() {
    for (attributes, expected) in [
        (r#""specversion""#, "specversion: missing"),
        (r#""specversion":"0.3""#, "specversion: must be 1.0"),
        (r#""source":"""#, "source: must not be blank"),
        (r#""source":7"#, "source: invalid type: integer `7`, expected a string"),
        (r#""type":"TaskExploded""#, "type: unknown event type 'TaskExploded'"),
        (r#""type""#, "type: missing"),
        (r#""time":"yesterday""#, "time: must be a time of RFC 3339 such as 2026-01-31T12:00:00Z"),
        (r#""virtualkeyid""#, "virtualkeyid: missing: it names the virtual key that is told"),
        (r#""virtualkeyid":" ""#, "virtualkeyid: must not be blank"),
        (r#""virtualkeyid":1.5"#, "virtualkeyid: invalid type: floating point `1.5`, expected a string or an integer"),
        (r#""correlationid":"""#, "correlationid: must not be blank"),
        (r#""datacontenttype":"text/plain""#, "datacontenttype: must be application/json"),
        (r#""data""#, "data: missing"),
        (r#""data":null"#, "data: missing"),
        (r#""data":[1]"#, "data: invalid type: sequence, expected an object"),
        (r#""data_base64":"e30=""#, "data_base64: must not be given: data is a JSON object here, not binary"),
    ] {
        assert_eq!(rejection(&with_attributes(attributes)), expected, "{attributes}");
    }
    let rejected = one(&with_attributes(r#""id":"""#)).unwrap_err();
    assert_eq!(rejected.rejection.to_string(), "id: must not be blank");
}

#[test]
fn a_field_of_data_that_is_wrong_is_named_by_its_path() {
    for (event_type, data, expected) in [
        ("TaskTimedOut", r#"{"taskId":"t","foo":1}"#, "data.foo: unknown field"),
        ("TaskTimedOut", "{}", "data.taskId: missing"),
        ("TaskTimedOut", r#"{"taskId":"t","taskId":"t"}"#, "data.taskId: given more than once"),
        (
            "TaskTimedOut",
            r#"{"taskId":true}"#,
            "data.taskId: invalid type: boolean `true`, expected a string or an integer",
        ),
        ("TaskTimedOut", r#"{"taskId":"\n"}"#, "data.taskId: must not contain control characters"),
        (
            "TaskTimedOut",
            r#"{"taskId":"t","timestamp":1}"#,
            "data.timestamp: invalid type: integer `1`, expected a string",
        ),
        ("TaskTimedOut", r#"{"taskId":"t","correlationId":" "}"#, "data.correlationId: must not be blank"),
        (
            "TaskTimedOut",
            r#"{"timestamp":"2026-01-31T12:00:00Z","timestamp":"2026-01-31T12:00:00Z","taskId":"t"}"#,
            "data.timestamp: given more than once",
        ),
        (
            "TaskProgress",
            r#"{"taskId":"t","percentComplete":100.5}"#,
            "data.percentComplete: must be a number from 0 to 100",
        ),
        (
            "TaskProgress",
            r#"{"taskId":"t","percentComplete":-1}"#,
            "data.percentComplete: must be a number from 0 to 100",
        ),
        ("TaskProgress", r#"{"taskId":"t"}"#, "data.percentComplete: missing"),
        (
            "TaskProgress",
            r#"{"taskId":"t","percentComplete":1,"completed":-1}"#,
            "data.completed: invalid value: integer `-1`, expected u64",
        ),
        ("TaskProgress", r#"{"taskId":"t","percentComplete":1e999}"#, "data.percentComplete: number out of range"),
        (
            "TaskRegistered",
            r#"{"taskId":"t","taskType":"*"}"#,
            "data.taskType: must not be *, which stands for every type",
        ),
        (
            "TaskRegistered",
            r#"{"taskId":"t","taskType":"v","deadlineSeconds":0}"#,
            "data.deadlineSeconds: must be more than 0 and at most 2592000 seconds (30 days)",
        ),
        (
            "TaskRegistered",
            r#"{"taskId":"t","taskType":"v","deadlineSeconds":2592001}"#,
            "data.deadlineSeconds: must be more than 0 and at most 2592000 seconds (30 days)",
        ),
        (
            "TaskStarted",
            r#"{"taskId":7,"taskType":"v","parentTaskId":"7"}"#,
            "data.parentTaskId: must not be the task itself",
        ),
        (
            "TaskStarted",
            r#"{"taskId":"t","taskType":"v","metadata":{"a":1e999}}"#,
            "data.metadata: number out of range",
        ),
        ("TaskFailed", r#"{"taskId":"t","error":null}"#, "data.error: invalid type: null, expected a string"),
    ] {
        assert_eq!(rejection(&with_data(event_type, data)), expected, "{data}");
    }
}

#[test]
fn metadata_that_nests_too_deep_is_refused() {
    let metadata = format!("{}{}", "[".repeat(61), "]".repeat(61));
    let data = format!(r#"{{"taskId":"t","taskType":"v","metadata":{metadata}}}"#);
    assert_eq!(
        rejection(&with_data("TaskStarted", &data)),
        "data.metadata: must not be nested more than 60 levels deep"
    );
}

#[test]
fn what_nobody_should_read_is_gone_before_the_event_goes_anywhere() {
    let metadata = r#"{"webhookHeaders":{"Authorization":"x"},"webhook_headers":1,"API-Key":"x","model":"m"}"#;
    let event = one(&with_data("TaskStarted", &format!(r#"{{"taskId":"t","taskType":"v","metadata":{metadata}}}"#)));
    let EventBody::Task(TaskEvent::Started(started)) = event.unwrap().body else { panic!("another event") };
    assert_eq!(started.metadata.unwrap().get(), r#"{"model":"m"}"#);

    let data = r#"{"taskId":"t","error":"boom\n   at A.B() in /src/A.cs:line 7","details":"   at A.B()"}"#;
    let EventBody::Task(TaskEvent::Failed(failed)) = one(&with_data("TaskFailed", data)).unwrap().body else {
        panic!("another event")
    };
    assert_eq!((failed.error.as_str(), failed.details), ("boom", None));
}

#[test]
fn a_batch_is_answered_element_by_element() {
    let body = format!(r#"[{GOOD},{{"id":"e-2"}},7,{GOOD}]"#);
    for content_type in [BATCH, "application/json; charset=utf-8"] {
        let events = ingest(content_type, body.as_bytes()).unwrap();
        let is_good: Vec<bool> = events.iter().map(Result::is_ok).collect();
        assert_eq!(is_good, [true, false, false, true]);
        let rejected = events[1].as_ref().unwrap_err();
        assert_eq!((rejected.id.as_deref(), rejected.rejection.field.as_deref()), (Some("e-2"), Some("source")));
        assert_eq!(events[2].as_ref().unwrap_err().to_string(), "invalid type: integer `7`, expected an object");
    }
}

#[test]
fn a_line_that_is_no_json_is_rejected_alone() {
    let mut body = format!("{GOOD}\r\n\n   \n{{\"id\":\n{GOOD}\n").into_bytes();
    body.extend(b"\"\xff\"\n");
    for content_type in [LINES, "application/ndjson"] {
        let events = ingest(content_type, &body).unwrap();
        let is_good: Vec<bool> = events.iter().map(Result::is_ok).collect();
        assert_eq!(is_good, [true, false, true, false]);
        assert_eq!(events[3].as_ref().unwrap_err().to_string(), "the line is not UTF-8");
    }
}

#[test]
fn plain_json_is_one_event_or_a_batch_by_its_first_character() {
    assert_eq!(ingest("application/json", format!("  {GOOD}").as_bytes()).unwrap().len(), 1);
    assert_eq!(ingest("application/json", format!(" \n[{GOOD},{GOOD}]").as_bytes()).unwrap().len(), 2);
    assert!(ingest(BATCH, b"[]").unwrap().is_empty());
}

#[test]
fn a_byte_order_mark_is_skipped() {
    assert!(ingest(SINGLE, format!("\u{feff}{GOOD}").as_bytes()).unwrap()[0].is_ok());
}

#[test]
fn a_body_that_is_wrong_as_a_whole_has_its_status_and_place() {
    for (content_type, body, status, text) in [
        ("text/plain", GOOD.to_owned(), 415, "the content type must be"),
        (SINGLE, String::new(), 400, "the body is empty"),
        (LINES, " \n\n".to_owned(), 400, "the body is empty"),
        (SINGLE, "{\n\"id\" 7}".to_owned(), 400, "the body is not JSON: expected `:` at line 2 column 6"),
        (BATCH, format!("[{GOOD},]"), 400, "the body is not JSON: trailing comma"),
        (BATCH, GOOD.to_owned(), 400, "a batch of events must be a JSON array"),
        (BATCH, "{".to_owned(), 400, "the body is not JSON"),
        (SINGLE, " ".repeat(MAX_BODY_BYTES + 1), 413, "the body has 1048577 bytes, and at most 1048576 are taken"),
        (BATCH, format!("[{}]", ["7"; 1_001].join(",")), 413, "the body has 1001 events, and at most 1000 are taken"),
        (LINES, "7\n".repeat(1_001), 413, "the body has 1001 events, and at most 1000 are taken"),
    ] {
        let error = ingest(content_type, body.as_bytes()).unwrap_err();
        assert_eq!(error.status(), status, "{error}");
        assert!(error.to_string().starts_with(text), "{error}");
    }
    let error = ingest(SINGLE, b"\"\xff\"").unwrap_err();
    assert_eq!(error.status(), 400);
}

#[test]
fn a_thousand_events_and_a_body_of_exactly_one_mebibyte_are_taken() {
    assert_eq!(ingest(BATCH, format!("[{}]", ["7"; MAX_EVENTS].join(",")).as_bytes()).unwrap().len(), MAX_EVENTS);
    assert_eq!(ingest(LINES, "7\n".repeat(MAX_EVENTS).as_bytes()).unwrap().len(), MAX_EVENTS);
    let padding = " ".repeat(MAX_BODY_BYTES - GOOD.len());
    assert!(ingest(SINGLE, format!("{padding}{GOOD}").as_bytes()).unwrap()[0].is_ok());
}

#[test]
fn an_event_of_more_than_100_000_bytes_is_rejected_with_its_id() {
    let event_of = |bytes: usize| {
        let empty = with_data("TaskCancelled", r#"{"taskId":"t","reason":""}"#);
        empty.replace(r#""reason":"""#, &format!(r#""reason":"{}""#, "x".repeat(bytes - empty.len())))
    };
    assert!(one(&event_of(MAX_EVENT_BYTES)).is_ok());
    let too_large = event_of(MAX_EVENT_BYTES + 1);
    assert_eq!(rejection(&too_large), "the event has 100001 bytes, and at most 100000 are taken");
    let in_a_batch = ingest(BATCH, format!("[{too_large},{GOOD}]").as_bytes()).unwrap();
    assert_eq!(in_a_batch.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
}
