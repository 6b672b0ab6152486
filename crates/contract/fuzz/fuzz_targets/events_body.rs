//! Any lines as the `data` of task events: whatever is accepted, in whatever order, moves a task forwards only, and what
//! is told of it can be written in both protocols. The first byte of a line chooses the event's type.
#![no_main]

use contract::{Applied, Dialect, DomainEvent, EventBody, EventMeta, Task, task_rules};
use libfuzzer_sys::fuzz_target;

const TYPES: [&str; 7] =
    ["TaskRegistered", "TaskStarted", "TaskProgress", "TaskCompleted", "TaskFailed", "TaskCancelled", "TaskTimedOut"];

fuzz_target!(|lines: &str| {
    let mut task: Option<Task> = None;
    for (now_millis, line) in (0_i64..).zip(lines.lines()) {
        let Some(first) = line.chars().next() else { continue };
        let event_type = TYPES[first as usize % TYPES.len()];
        let data = &line[first.len_utf8()..];
        let json = format!(
            r#"{{"specversion":"1.0","id":"1","source":"s","type":"{event_type}","virtualkeyid":"k","data":{data}}}"#
        );
        let Ok(event) = DomainEvent::parse(&json) else { continue };
        let EventBody::Task(body) = &event.body else { continue };
        let applied =
            task_rules::apply(task.clone(), body, now_millis, event.time_millis, event.correlation_id.as_deref());
        let Applied::Changed(change) = applied else { continue };

        assert!(!task.as_ref().is_some_and(|before| before.state.has_ended()), "an ended task changed");
        let percent = |task: &Task| task.progress.as_ref().map_or(0.0, |progress| progress.percent_complete.get());
        assert!(percent(&change.task) >= task.as_ref().map_or(0.0, percent), "progress went back");
        let stored = serde_json::to_string(&change.task).expect("JSON");
        assert_eq!(serde_json::from_str::<Task>(&stored).expect("a task"), change.task);

        for notification in contract::snapshot(&change.task).iter().chain(&change.notification) {
            let meta = EventMeta { timestamp_millis: now_millis, event_id: "e".to_owned(), correlation_id: None };
            let notification = notification.notification(meta).expect("JSON");
            for dialect in [Dialect::Contract, Dialect::Conduit, Dialect::Guide] {
                let arguments = notification.arguments(dialect, true).expect("arguments");
                let json = arguments.json().get();
                assert!(!json.contains(['\n', '\u{1e}']), "a record separator or a line feed in a record");
                let mut bytes = Vec::new();
                arguments.serialize_values(&mut rmp_serde::Serializer::new(&mut bytes)).expect("MessagePack");
            }
        }
        task = Some(change.task);
    }
});
