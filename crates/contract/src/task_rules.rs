//! What an event does to a task. Pure: the same task, event and time always give the same.

use crate::{
    any_json::AnyJson,
    percent::Percent,
    task::{Outcome, Progress, Task, TaskState},
    task_event::{TaskEvent, TaskProgress, TaskRegistered, TaskStarted},
    task_notification::{TaskNotice, TaskNotification},
    task_type::TaskType,
};

/// Members of a task's metadata that stay inside: they carry the secrets of somebody's webhook.
const WITHHELD_METADATA: [&str; 2] = ["webhookheaders", "webhook_headers"];

/// Why an event changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IgnoreReason {
    /// After its end nothing happens to a task.
    TaskEnded,
    /// Older or lower than what is known.
    Stale,
}

impl IgnoreReason {
    /// As the producer reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaskEnded => "task ended",
            Self::Stale => "stale",
        }
    }
}

/// What an event does.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "most events change something, and none is kept for long")]
pub enum Applied {
    /// Nothing.
    Ignored(IgnoreReason),
    /// It changes the task.
    Changed(Change),
}

/// A changed task, and what its subscribers are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The task as it now is.
    pub task: Task,
    /// What to tell; a registration tells nothing.
    pub notification: Option<TaskNotification>,
}

/// Applies an event. `current` is the task as known, none for one that was never heard of; `now_millis` is
/// the time of acceptance, from which deadlines count; `reported_at_millis` is the producer's own time.
pub fn apply(
    current: Option<Task>,
    event: &TaskEvent,
    now_millis: i64,
    reported_at_millis: Option<i64>,
    correlation_id: Option<&str>,
) -> Applied {
    let is_known = current.is_some();
    let mut task = current.unwrap_or_else(|| Task::new(event.task_id().clone(), TaskType::unknown(), now_millis));
    if task.state.has_ended() {
        return Applied::Ignored(IgnoreReason::TaskEnded);
    }
    task.updated_at_millis = now_millis;
    task.correlation_id = correlation_id.map(str::to_owned);
    let notice = match event {
        TaskEvent::Registered(registered) => {
            if is_known {
                return Applied::Ignored(IgnoreReason::Stale);
            }
            register(&mut task, registered, now_millis);
            None
        }
        TaskEvent::Started(started) => {
            if !start(&mut task, started, now_millis) {
                return Applied::Ignored(IgnoreReason::Stale);
            }
            Some(TaskNotice::Started(task.metadata.clone()))
        }
        TaskEvent::Progress(progress) => {
            if !advance(&mut task, progress, reported_at_millis) {
                return Applied::Ignored(IgnoreReason::Stale);
            }
            Some(TaskNotice::Progress(progress.percent_complete, progress.message.clone()))
        }
        TaskEvent::Completed(completed) => Some(end(&mut task, Outcome::Completed(completed.result.clone()))),
        TaskEvent::Failed(failed) => {
            Some(end(&mut task, Outcome::Failed { error: failed.error.clone(), details: failed.details.clone() }))
        }
        TaskEvent::Cancelled(cancelled) => Some(end(&mut task, Outcome::Cancelled(cancelled.reason.clone()))),
        TaskEvent::TimedOut(_) => Some(end(&mut task, Outcome::TimedOut)),
    };
    changed(task, notice)
}

/// Times a task out if its deadline has come and it has not ended.
pub fn time_out(mut task: Task, now_millis: i64) -> Option<Change> {
    let is_due = task.deadline_at_millis.is_some_and(|deadline| deadline <= now_millis);
    if !is_due || task.state.has_ended() {
        return None;
    }
    task.updated_at_millis = now_millis;
    let notice = end(&mut task, Outcome::TimedOut);
    Some(Change { notification: Some(TaskNotification::of(&task, notice)), task })
}

/// Moves a task to the mean of its parts, while nobody reports its own progress. None if that is no
/// further than it is.
pub fn follow_parts<'a>(mut task: Task, parts: impl IntoIterator<Item = &'a Task>, now_millis: i64) -> Option<Change> {
    let is_reported = task.progress.as_ref().is_some_and(|progress| progress.is_reported);
    if is_reported || task.state.has_ended() {
        return None;
    }
    let mean = Percent::whole_mean(parts.into_iter().map(Task::share_done))?;
    if task.progress.as_ref().map_or(Percent::ZERO, |progress| progress.percent_complete) >= mean {
        return None;
    }
    task.state = TaskState::Running;
    task.updated_at_millis = now_millis;
    task.progress =
        Some(Progress { percent_complete: mean, message: None, reported_at_millis: None, is_reported: false });
    let notice = TaskNotice::Progress(mean, None);
    Some(Change { notification: Some(TaskNotification::of(&task, notice)), task })
}

fn changed(task: Task, notice: Option<TaskNotice>) -> Applied {
    let notification = notice.map(|notice| TaskNotification::of(&task, notice));
    Applied::Changed(Change { task, notification })
}

fn register(task: &mut Task, registered: &TaskRegistered, now_millis: i64) {
    task.task_type = registered.task_type.clone();
    task.deadline_at_millis = registered.deadline_seconds.map(|deadline| now_millis + deadline.as_millis());
}

/// A start that says nothing new is stale: a producer tried twice. One with other metadata tells the
/// subscribers again.
fn start(task: &mut Task, started: &TaskStarted, now_millis: i64) -> bool {
    let metadata = started.metadata.as_ref().map(without_secrets);
    if task.is_started && task.metadata == metadata && task.task_type == started.task_type {
        return false;
    }
    task.is_started = true;
    task.state = TaskState::Running;
    task.task_type = started.task_type.clone();
    task.metadata = metadata;
    if let Some(deadline) = started.deadline_seconds {
        task.deadline_at_millis = Some(now_millis + deadline.as_millis());
    }
    if started.parent_task_id.as_ref().is_some_and(|parent| *parent != task.task_id) {
        task.parent_task_id.clone_from(&started.parent_task_id);
    }
    true
}

fn advance(task: &mut Task, progress: &TaskProgress, reported_at_millis: Option<i64>) -> bool {
    if let Some(last) = &task.progress {
        let is_lower = progress.percent_complete < last.percent_complete;
        let is_older = matches!((reported_at_millis, last.reported_at_millis), (Some(now), Some(then)) if now < then);
        if is_lower || is_older {
            return false;
        }
    }
    task.state = TaskState::Running;
    task.progress = Some(Progress {
        percent_complete: progress.percent_complete,
        message: progress.message.clone(),
        reported_at_millis,
        is_reported: true,
    });
    true
}

fn end(task: &mut Task, outcome: Outcome) -> TaskNotice {
    task.state = TaskState::Ended(outcome.clone());
    TaskNotice::Ended(outcome)
}

fn without_secrets(metadata: &AnyJson) -> AnyJson {
    metadata.without_members(|name| WITHHELD_METADATA.contains(&name.to_ascii_lowercase().as_str()))
}

#[cfg(test)]
#[path = "task_rules_tests.rs"]
mod tests;
