//! What an event does to a task. Pure: the same task, event and time always give the same.

use crate::{
    percent::Percent,
    task::{Outcome, Progress, Task, TaskState},
    task_event::{TaskEvent, TaskProgress, TaskRegistered, TaskStarted},
    task_notification::{TaskNotice, TaskNotification},
    task_type::TaskType,
};

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
#[allow(clippy::large_enum_variant, reason = "most events change something, and none is kept for long")]
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
            // Known by progress alone, it has no type yet.
            if is_known && task.task_type != TaskType::unknown() {
                return Applied::Ignored(IgnoreReason::Stale);
            }
            register(&mut task, registered, now_millis);
            None
        }
        TaskEvent::Started(started) => match start(&mut task, started, now_millis) {
            Start::Nothing => return Applied::Ignored(IgnoreReason::Stale),
            Start::Quietly => None,
            Start::Told => Some(TaskNotice::Started(task.known_metadata())),
        },
        TaskEvent::Progress(progress) => {
            if !advance(&mut task, progress, reported_at_millis) {
                return Applied::Ignored(IgnoreReason::Stale);
            }
            Some(TaskNotice::Progress(progress.percent_complete, progress.message.clone()))
        }
        TaskEvent::Completed(completed) => Some(end(&mut task, Outcome::Completed(completed.result.clone()))),
        TaskEvent::Failed(failed) => Some(end(
            &mut task,
            Outcome::Failed {
                error: failed.error.clone(),
                details: failed.details.clone(),
                is_retryable: failed.is_retryable.unwrap_or(false),
            },
        )),
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
    task.deadline_seconds = registered.deadline_seconds;
    task.deadline_at_millis = registered.deadline_seconds.map(|deadline| now_millis + deadline.as_millis());
}

/// What a start comes to.
enum Start {
    /// It says nothing new: a producer tried twice.
    Nothing,
    /// It gives the task another deadline, which clients do not see.
    Quietly,
    /// It begins the task, or tells of other metadata.
    Told,
}

/// A task keeps the type and the metadata it has where a later start has none or others.
fn start(task: &mut Task, started: &TaskStarted, now_millis: i64) -> Start {
    if let Some(deadline) = started.deadline_seconds {
        task.deadline_seconds = Some(deadline);
        task.deadline_at_millis = Some(now_millis + deadline.as_millis());
    }
    if started.parent_task_id.is_some() {
        task.parent_task_id.clone_from(&started.parent_task_id);
    }
    let has_other_metadata = started.metadata.is_some() && started.metadata != task.metadata;
    if task.is_started && !has_other_metadata {
        return if started.deadline_seconds.is_some() { Start::Quietly } else { Start::Nothing };
    }
    if !task.is_started {
        task.task_type = started.task_type.clone();
    }
    if has_other_metadata {
        task.metadata.clone_from(&started.metadata);
    }
    task.is_started = true;
    task.state = TaskState::Running;
    Start::Told
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

#[cfg(test)]
#[path = "task_rules_tests.rs"]
mod tests;
