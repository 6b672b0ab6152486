//! What holds for every body that anybody may send, shown through the public interface.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in tests, and all of this file is one")]

use contract::{
    AnyJson, DeadlineSeconds, DomainEvent, EventBody, Identifier, Percent, TaskCancelled, TaskCompleted, TaskEvent,
    TaskFailed, TaskProgress, TaskRegistered, TaskStarted, TaskTimedOut, TaskType, ingest, time::format_millis,
};
use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};

const CONTENT_TYPES: [&str; 5] = [
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/x-ndjson",
    "application/ndjson",
    "application/json",
];

fn printable(max_chars: usize) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[a-zA-Z0-9äß東 /:.\"\\\\*-]{{1,{max_chars}}}"))
        .unwrap()
        .prop_filter("not blank", |text| !text.trim().is_empty())
}

fn identifier() -> impl Strategy<Value = Identifier> {
    prop_oneof![any::<u64>().prop_map(Identifier::from), printable(40).prop_map(|text| Identifier::new(text).unwrap())]
}

fn task_type() -> impl Strategy<Value = TaskType> {
    printable(20).prop_filter_map("not *", |text| TaskType::new(text).ok())
}

fn any_json() -> impl Strategy<Value = AnyJson> {
    let leaf = prop_oneof![
        Just(json!({})),
        any::<i64>().prop_map(Value::from),
        proptest::num::f64::NORMAL.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z]{1,4}", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    value.prop_map(|value| AnyJson::from_value(&value).unwrap())
}

fn deadline() -> impl Strategy<Value = DeadlineSeconds> {
    prop_oneof![(1_u32..2_592_000).prop_map(f64::from), 0.001..2_592_000.0]
        .prop_map(|seconds| DeadlineSeconds::new(seconds).unwrap())
}

fn task_event() -> impl Strategy<Value = TaskEvent> {
    use prop::option::of;
    // One line: of a text with more, lines that look like a stack trace are taken out.
    let text = || "[^\\n\\r]{0,30}";
    prop_oneof![
        (identifier(), task_type(), of(deadline())).prop_map(|(task_id, task_type, deadline_seconds)| {
            TaskEvent::Registered(TaskRegistered { task_id, task_type, deadline_seconds })
        }),
        (identifier(), task_type(), of(any_json()), of(deadline()), of(printable(9))).prop_map(
            |(task_id, task_type, metadata, deadline_seconds, parent)| {
                let parent_task_id = parent.map(|parent| Identifier::new(format!("p{parent}{task_id}")).unwrap());
                TaskEvent::Started(TaskStarted { task_id, task_type, metadata, deadline_seconds, parent_task_id })
            }
        ),
        (identifier(), 0.0..=100.0, of(text()), of(any::<u64>()), of(any::<u64>())).prop_map(
            |(task_id, percent, message, completed, total)| {
                let percent_complete = Percent::new(percent).unwrap();
                TaskEvent::Progress(TaskProgress { task_id, percent_complete, message, completed, total })
            }
        ),
        (identifier(), of(any_json()))
            .prop_map(|(task_id, result)| TaskEvent::Completed(TaskCompleted { task_id, result })),
        (identifier(), "[a-z ]{0,30}", of(any_json()), of(any::<bool>())).prop_map(
            |(task_id, error, details, is_retryable)| {
                let details = details.filter(|details| !details.get().starts_with('"'));
                TaskEvent::Failed(TaskFailed { task_id, error, details, is_retryable })
            }
        ),
        (identifier(), of(text()))
            .prop_map(|(task_id, reason)| TaskEvent::Cancelled(TaskCancelled { task_id, reason })),
        identifier().prop_map(|task_id| TaskEvent::TimedOut(TaskTimedOut { task_id })),
    ]
}

fn domain_event() -> impl Strategy<Value = DomainEvent> {
    let time_millis = prop::option::of(contract::time::EARLIEST_MILLIS..=contract::time::LATEST_MILLIS);
    let correlation_id = prop::option::of(printable(20));
    (printable(40), printable(40), time_millis, identifier(), correlation_id, task_event()).prop_map(
        |(id, source, time_millis, virtual_key_id, correlation_id, event)| DomainEvent {
            id,
            source,
            event_type: type_of(&event),
            time_millis,
            virtual_key_id: Some(virtual_key_id),
            correlation_id,
            trace_parent: None,
            body: EventBody::Task(event),
        },
    )
}

fn type_of(event: &TaskEvent) -> &'static str {
    match event {
        TaskEvent::Registered(_) => "TaskRegistered",
        TaskEvent::Started(_) => "TaskStarted",
        TaskEvent::Progress(_) => "TaskProgress",
        TaskEvent::Completed(_) => "TaskCompleted",
        TaskEvent::Failed(_) => "TaskFailed",
        TaskEvent::Cancelled(_) => "TaskCancelled",
        TaskEvent::TimedOut(_) => "TaskTimedOut",
    }
}

/// The event as a backend would send it; what may stand in the envelope or in `data` stands where `in_data` says.
fn cloud_event(event: &DomainEvent, in_data: bool) -> String {
    let EventBody::Task(task_event) = &event.body else { panic!("another event") };
    let data = match task_event {
        TaskEvent::Registered(data) => serde_json::to_string(data),
        TaskEvent::Started(data) => serde_json::to_string(data),
        TaskEvent::Progress(data) => serde_json::to_string(data),
        TaskEvent::Completed(data) => serde_json::to_string(data),
        TaskEvent::Failed(data) => serde_json::to_string(data),
        TaskEvent::Cancelled(data) => serde_json::to_string(data),
        TaskEvent::TimedOut(data) => serde_json::to_string(data),
    };
    let mut data = data.unwrap();
    let mut envelope = format!(
        r#"{{"specversion":"1.0","id":{},"source":{},"type":"{}","virtualkeyid":{}"#,
        json!(event.id),
        json!(event.source),
        event.event_type,
        json!(event.virtual_key_id)
    );
    let names = if in_data { ["timestamp", "correlationId"] } else { ["time", "correlationid"] };
    let values = [event.time_millis.map(format_millis), event.correlation_id.clone()];
    for (name, value) in names.into_iter().zip(values) {
        let Some(value) = value else { continue };
        let member = format!(",\"{name}\":{}", json!(value));
        if in_data { data.insert_str(data.len() - 1, &member) } else { envelope.push_str(&member) }
    }
    format!("{envelope},\"data\":{data}}}")
}

proptest! {
    #[test]
    fn no_bytes_make_ingest_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), which in 0..CONTENT_TYPES.len()) {
        let _ = ingest(CONTENT_TYPES[which], &bytes);
    }

    #[test]
    fn no_text_that_is_almost_json_makes_ingest_panic(
        text in r#"[\[\]{}:,"\\ \nu0-9.eE+a-d-]{0,200}"#,
        which in 0..CONTENT_TYPES.len(),
    ) {
        let _ = ingest(CONTENT_TYPES[which], text.as_bytes());
    }

    #[test]
    fn no_event_cut_short_or_with_a_byte_changed_makes_ingest_panic(
        event in domain_event(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        is_cut in any::<bool>(),
    ) {
        let mut body = cloud_event(&event, true).into_bytes();
        let place = place.index(body.len());
        if is_cut { body.truncate(place) } else { body[place] = byte }
        let _ = ingest("application/json", &body);
    }

    #[test]
    fn whatever_is_sent_as_it_should_be_is_read_as_it_was_meant(
        events in prop::collection::vec(domain_event(), 1..6),
        in_data in any::<bool>(),
    ) {
        let bodies: Vec<String> = events.iter().map(|event| cloud_event(event, in_data)).collect();
        let read = |content_type, body: &str| -> Vec<_> {
            let arrivals = ingest(content_type, body.as_bytes()).unwrap();
            arrivals.into_iter().map(|arrival| arrival.unwrap().event).collect()
        };
        prop_assert_eq!(&read("application/x-ndjson", &bodies.join("\n")), &events);
        let batch = format!("[{}]", bodies.join(" , "));
        prop_assert_eq!(&read("application/cloudevents-batch+json", &batch), &events);
    }

    #[test]
    fn an_event_survives_the_way_to_its_object(event in domain_event(), in_data in any::<bool>()) {
        let body = cloud_event(&event, in_data);
        let arrivals = ingest("application/json", body.as_bytes()).unwrap();
        let sent: Vec<_> = arrivals.into_iter().map(|arrival| arrival.unwrap().json).collect();
        let travelled = serde_json::to_string(&sent).unwrap();
        let arrived: Vec<Box<RawValue>> = serde_json::from_str(&travelled).unwrap();
        let read: Vec<_> = arrived.iter().map(|json| DomainEvent::parse(json.get())).collect();
        prop_assert_eq!(read, vec![Ok(event)]);
    }
}
