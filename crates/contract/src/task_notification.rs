//! What clients of `TaskHub` are told of a task.

use crate::{
    any_json::AnyJson,
    event_meta::EventMeta,
    hub::TASK_HUB,
    identifier::Identifier,
    notification::{Notification, NotificationError},
    percent::Percent,
    task::{Outcome, Task, TaskState},
    task_event::DeadlineSeconds,
    task_hub::{self, Cancelled, Completed, Failed, Progress, Started, TimedOut},
    task_type::TaskType,
};

/// What happened to a task, for its subscribers.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskNotification {
    /// The task.
    pub task_id: Identifier,
    /// Its type.
    pub task_type: TaskType,
    /// How long it might take, if its producer said so.
    pub deadline_seconds: Option<DeadlineSeconds>,
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
        Self {
            task_id: task.task_id.clone(),
            task_type: task.task_type.clone(),
            deadline_seconds: task.deadline_seconds,
            notice,
        }
    }

    /// Whether only the latest of its kind counts.
    pub fn is_ephemeral(&self) -> bool {
        matches!(self.notice, TaskNotice::Progress(..))
    }

    /// The groups it goes to; a connection in several of them gets it once.
    fn groups(&self) -> Vec<String> {
        vec![
            task_hub::task_group(self.task_id.as_str()),
            task_hub::task_type_group(self.task_type.as_str()),
            task_hub::task_type_group("*"),
        ]
    }

    /// The event that `TaskHub` sends.
    ///
    /// # Errors
    ///
    /// It can't be written as JSON.
    pub fn notification(&self, meta: EventMeta) -> Result<Notification, NotificationError> {
        let task_id = &self.task_id;
        let groups = self.groups();
        match &self.notice {
            TaskNotice::Started(metadata) => {
                let started = Started { task_id, task_type: &self.task_type, metadata };
                Notification::new(&TASK_HUB, groups, &started, meta)
            }
            TaskNotice::Progress(percent_complete, message) => {
                let progress = Progress { task_id, percent_complete: *percent_complete, message: message.as_deref() };
                Notification::new(&TASK_HUB, groups, &progress, meta)
            }
            TaskNotice::Ended(Outcome::Completed(result)) => {
                Notification::new(&TASK_HUB, groups, &Completed { task_id, result: result.as_ref() }, meta)
            }
            TaskNotice::Ended(Outcome::Failed { error, details, is_retryable }) => {
                let failed = Failed { task_id, error, details: details.as_ref(), is_retryable: *is_retryable };
                Notification::new(&TASK_HUB, groups, &failed, meta)
            }
            TaskNotice::Ended(Outcome::Cancelled(reason)) => {
                Notification::new(&TASK_HUB, groups, &Cancelled { task_id, reason: reason.as_deref() }, meta)
            }
            TaskNotice::Ended(Outcome::TimedOut) => {
                let timeout_seconds = self.deadline_seconds.map(DeadlineSeconds::get);
                Notification::new(&TASK_HUB, groups, &TimedOut { task_id, timeout_seconds }, meta)
            }
        }
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
    use crate::notification::Dialect;

    fn told(notice: TaskNotice, dialect: Dialect, correlation_id: Option<&str>, with_meta: bool) -> String {
        let mut task = Task::new(Identifier::new("7").unwrap(), TaskType::new("video").unwrap(), 0);
        task.deadline_seconds = DeadlineSeconds::new(2.5);
        let meta = EventMeta {
            timestamp_millis: 0,
            event_id: "e".to_owned(),
            correlation_id: correlation_id.map(str::to_owned),
        };
        let notification = TaskNotification::of(&task, notice).notification(meta).unwrap();
        // What is kept in the journal is told in the same words.
        let kept = serde_json::to_string(&notification).unwrap();
        let notification: Notification = serde_json::from_str(&kept).unwrap();
        let arguments = notification.arguments(dialect, with_meta).unwrap();
        format!("{} {}", notification.target(dialect), arguments.json())
    }

    #[test]
    fn the_arguments_are_those_of_the_contract() {
        let object = || AnyJson::from_text(r#"{"a": 1.50}"#).unwrap();
        let failed = || Outcome::Failed { error: "e".into(), details: Some(object()), is_retryable: true };
        for (notice, expected) in [
            (TaskNotice::Started(object()), r#"TaskStarted ["7","video",{"a":1.50}]"#),
            (TaskNotice::Started(AnyJson::empty_object()), r#"TaskStarted ["7","video",{}]"#),
            (TaskNotice::Progress(Percent::new(42.0).unwrap(), None), r#"TaskProgress ["7",42,null]"#),
            (TaskNotice::Progress(Percent::new(42.5).unwrap(), Some("m".into())), r#"TaskProgress ["7",42.5,"m"]"#),
            (TaskNotice::Ended(Outcome::Completed(None)), r#"TaskCompleted ["7",null]"#),
            (TaskNotice::Ended(failed()), r#"TaskFailed ["7","e",{"a":1.50}]"#),
            (TaskNotice::Ended(Outcome::Cancelled(Some("r".into()))), r#"TaskCancelled ["7","r"]"#),
            (TaskNotice::Ended(Outcome::TimedOut), r#"TaskTimedOut ["7"]"#),
        ] {
            assert_eq!(told(notice, Dialect::Contract, None, false), expected);
        }
        assert_eq!(told(TaskNotice::Ended(failed()), Dialect::Conduit, None, false), r#"TaskFailed ["7","e",true]"#);
        let timed_out = told(TaskNotice::Ended(Outcome::TimedOut), Dialect::Conduit, None, false);
        assert_eq!(timed_out, r#"TaskTimedOut ["7",2]"#);
    }

    #[test]
    fn the_metadata_is_one_more_last_argument() {
        let timed_out =
            |correlation_id| told(TaskNotice::Ended(Outcome::TimedOut), Dialect::Contract, correlation_id, true);
        let expected = r#"TaskTimedOut ["7",{"timestamp":"1970-01-01T00:00:00.000Z","eventId":"e"}]"#;
        assert_eq!(timed_out(None), expected);
        assert!(timed_out(Some("c")).ends_with(r#""eventId":"e","correlationId":"c"}]"#));
    }
}
