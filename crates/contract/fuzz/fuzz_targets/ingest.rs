//! Any bytes as the body of `POST /v1/events`: every event is understood or rejected with a short reason, and what is
//! understood survives the way to its object.
#![no_main]

use contract::{DomainEvent, IngestError, MAX_EVENTS, ingest};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

const CONTENT_TYPES: [&str; 4] = [
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/x-ndjson",
    "application/json; charset=utf-8",
];

fuzz_target!(|body: &[u8]| {
    for content_type in CONTENT_TYPES {
        let events = match ingest(content_type, body) {
            Ok(events) => events,
            Err(error) => {
                assert_ne!(error, IngestError::UnsupportedMediaType);
                assert!(matches!(error.status(), 400 | 413));
                continue;
            }
        };
        assert!(events.len() <= MAX_EVENTS);
        for event in events {
            match event {
                Ok(accepted) => {
                    let sent = serde_json::to_string(&accepted.json).expect("JSON");
                    let arrived: Box<RawValue> = serde_json::from_str(&sent).expect("JSON");
                    assert_eq!(DomainEvent::parse(arrived.get()).expect("an event"), accepted.event);
                }
                Err(rejected) => {
                    assert!(!rejected.rejection.message.is_empty());
                    assert!(rejected.rejection.message.len() < 400);
                }
            }
        }
    }
});
