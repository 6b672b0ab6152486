//! What clients of `TaskHub` are told: the events of the contract, with positional arguments.

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    any_json::{AnyJson, JsonValues},
    identifier::Identifier,
    percent::Percent,
    task::{Outcome, Task, TaskState},
    task_hub,
    task_type::TaskType,
    time::format_millis,
};

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventClass {
    /// It is kept, so that who was away can get it later.
    Durable,
    /// Only the latest counts.
    Ephemeral,
}

/// One more, last argument for connections that asked for it (`?meta=1`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventMeta {
    /// When the event was accepted, in milliseconds since the epoch.
    pub timestamp_millis: i64,
    /// Unique and sortable for its key.
    pub event_id: String,
    /// What ties it to its cause.
    pub correlation_id: Option<String>,
}

impl Serialize for EventMeta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = if self.correlation_id.is_some() { 3 } else { 2 };
        let mut map = serializer.serialize_map(Some(count))?;
        map.serialize_entry("timestamp", &format_millis(self.timestamp_millis))?;
        map.serialize_entry("eventId", &self.event_id)?;
        if let Some(correlation_id) = &self.correlation_id {
            map.serialize_entry("correlationId", correlation_id)?;
        }
        map.end()
    }
}

/// How JSON of a producer is written: the protocols' encoders cannot be told apart where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonForm {
    /// Verbatim, into JSON.
    Text,
    /// As values, into anything else.
    Values,
}

/// One positional argument of an event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Argument<'a> {
    /// A string, or null.
    Text(Option<&'a str>),
    /// A number from 0 to 100.
    Percent(Percent),
    /// Whatever the producer sent, or null, as its text.
    Json(Option<&'a AnyJson>),
    /// The same, as the values that the text stands for.
    Values(Option<JsonValues<'a>>),
    /// The metadata.
    Meta(&'a EventMeta),
}

/// What happened to a task, for its subscribers.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskNotification {
    /// The task.
    pub task_id: Identifier,
    /// Its type.
    pub task_type: TaskType,
    /// What happened.
    pub notice: TaskNotice,
}

/// What happened to a task.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskNotice {
    /// It started, with this metadata.
    Started(AnyJson),
    /// It went on.
    Progress(Percent, Option<String>),
    /// It ended.
    Ended(Outcome),
}

impl TaskNotification {
    pub(crate) fn of(task: &Task, notice: TaskNotice) -> Self {
        Self { task_id: task.task_id.clone(), task_type: task.task_type.clone(), notice }
    }

    /// The client method that is invoked.
    pub fn target(&self) -> &'static str {
        match &self.notice {
            TaskNotice::Started(_) => "TaskStarted",
            TaskNotice::Progress(..) => "TaskProgress",
            TaskNotice::Ended(Outcome::Completed(_)) => "TaskCompleted",
            TaskNotice::Ended(Outcome::Failed { .. }) => "TaskFailed",
            TaskNotice::Ended(Outcome::Cancelled(_)) => "TaskCancelled",
            TaskNotice::Ended(Outcome::TimedOut) => "TaskTimedOut",
        }
    }

    /// How much it matters.
    pub fn class(&self) -> EventClass {
        match &self.notice {
            TaskNotice::Progress(..) => EventClass::Ephemeral,
            TaskNotice::Started(_) | TaskNotice::Ended(_) => EventClass::Durable,
        }
    }

    /// The groups it goes to; a connection in several of them gets it once.
    pub fn groups(&self) -> [String; 3] {
        [
            task_hub::task_group(self.task_id.as_str()),
            task_hub::task_type_group(self.task_type.as_str()),
            task_hub::task_type_group("*"),
        ]
    }

    /// The arguments in their order, with the metadata where it is asked for.
    pub fn arguments<'a>(&'a self, form: JsonForm, meta: Option<&'a EventMeta>) -> Vec<Argument<'a>> {
        let json = |json: Option<&'a AnyJson>| match form {
            JsonForm::Text => Argument::Json(json),
            JsonForm::Values => Argument::Values(json.map(AnyJson::values)),
        };
        let mut arguments = Vec::with_capacity(4);
        arguments.push(Argument::Text(Some(self.task_id.as_str())));
        match &self.notice {
            TaskNotice::Started(metadata) => {
                arguments.push(Argument::Text(Some(self.task_type.as_str())));
                arguments.push(json(Some(metadata)));
            }
            TaskNotice::Progress(percent_complete, message) => {
                arguments.push(Argument::Percent(*percent_complete));
                arguments.push(Argument::Text(message.as_deref()));
            }
            TaskNotice::Ended(Outcome::Completed(result)) => arguments.push(json(result.as_ref())),
            TaskNotice::Ended(Outcome::Failed { error, details }) => {
                arguments.push(Argument::Text(Some(error)));
                arguments.push(json(details.as_ref()));
            }
            TaskNotice::Ended(Outcome::Cancelled(reason)) => arguments.push(Argument::Text(reason.as_deref())),
            TaskNotice::Ended(Outcome::TimedOut) => {}
        }
        arguments.extend(meta.map(Argument::Meta));
        arguments
    }
}

/// What a new subscriber of a task is told at once: its start with the metadata as last known, then its
/// latest progress if it runs, or how it ended. Of a task that is only registered, nothing.
pub fn snapshot(task: &Task) -> Vec<TaskNotification> {
    let mut notices = Vec::with_capacity(2);
    if task.is_started {
        notices.push(TaskNotice::Started(task.known_metadata()));
    }
    match &task.state {
        TaskState::Registered => {}
        TaskState::Running => notices.extend(
            task.progress.as_ref().map(|last| TaskNotice::Progress(last.percent_complete, last.message.clone())),
        ),
        TaskState::Ended(outcome) => notices.push(TaskNotice::Ended(outcome.clone())),
    }
    notices.into_iter().map(|notice| TaskNotification::of(task, notice)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(notice: TaskNotice, meta: Option<&EventMeta>) -> String {
        let task = Task::new(Identifier::new("7").unwrap(), TaskType::new("video").unwrap(), 0);
        let notification = TaskNotification::of(&task, notice);
        let arguments = serde_json::to_string(&notification.arguments(JsonForm::Text, meta)).unwrap();
        format!("{} {arguments}", notification.target())
    }

    #[test]
    fn the_arguments_are_those_of_the_contract() {
        let object = || AnyJson::from_text(r#"{"a": 1.50}"#).unwrap();
        for (notice, expected) in [
            (TaskNotice::Started(object()), r#"TaskStarted ["7","video",{"a":1.50}]"#),
            (TaskNotice::Started(AnyJson::empty_object()), r#"TaskStarted ["7","video",{}]"#),
            (TaskNotice::Progress(Percent::new(42.0).unwrap(), None), r#"TaskProgress ["7",42,null]"#),
            (TaskNotice::Progress(Percent::new(42.5).unwrap(), Some("m".into())), r#"TaskProgress ["7",42.5,"m"]"#),
            (TaskNotice::Ended(Outcome::Completed(None)), r#"TaskCompleted ["7",null]"#),
            (
                TaskNotice::Ended(Outcome::Failed { error: "e".into(), details: Some(object()) }),
                r#"TaskFailed ["7","e",{"a":1.50}]"#,
            ),
            (TaskNotice::Ended(Outcome::Cancelled(Some("r".into()))), r#"TaskCancelled ["7","r"]"#),
            (TaskNotice::Ended(Outcome::TimedOut), r#"TaskTimedOut ["7"]"#),
        ] {
            assert_eq!(json(notice, None), expected);
        }
    }

    #[test]
    fn the_metadata_is_one_more_last_argument() {
        let mut meta = EventMeta { timestamp_millis: 0, event_id: "e".to_owned(), correlation_id: None };
        let timed_out = || TaskNotice::Ended(Outcome::TimedOut);
        let expected = r#"TaskTimedOut ["7",{"timestamp":"1970-01-01T00:00:00.000Z","eventId":"e"}]"#;
        assert_eq!(json(timed_out(), Some(&meta)), expected);
        meta.correlation_id = Some("c".to_owned());
        assert!(json(timed_out(), Some(&meta)).ends_with(r#""eventId":"e","correlationId":"c"}]"#));
    }
}
