//! A task as its key's owner reads it: `GET /v1/tasks`.

use serde::{Deserialize, Serialize};

use crate::{
    any_json::AnyJson,
    identifier::Identifier,
    percent::Percent,
    task::{Outcome, Task, TaskState},
    task_type::TaskType,
    time::Timestamp,
};

/// A task with its latest state. What does not apply is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TaskView {
    /// Its id.
    pub task_id: Identifier,
    /// Its type.
    pub task_type: TaskType,
    /// `registered`, `running`, `completed`, `failed`, `cancelled` or `timedOut`.
    pub state: String,
    /// How far it is, in percent.
    pub percent_complete: Percent,
    /// What it is doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What its producer wants clients to know of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<AnyJson>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<AnyJson>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// More of why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<AnyJson>,
    /// Whether it may go better another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_retryable: Option<bool>,
    /// Why it was cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The task that it is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_task_id: Option<Identifier>,
    /// When it times out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_at: Option<Timestamp>,
    /// When it was last heard of.
    pub updated_at: Timestamp,
    /// What ties its latest event to its cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

impl TaskState {
    /// Its name, as its key's owner reads it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Running => "running",
            Self::Ended(Outcome::Completed(_)) => "completed",
            Self::Ended(Outcome::Failed { .. }) => "failed",
            Self::Ended(Outcome::Cancelled(_)) => "cancelled",
            Self::Ended(Outcome::TimedOut) => "timedOut",
        }
    }
}

impl TaskView {
    /// A task as its owner reads it.
    pub fn of(task: &Task) -> Self {
        let mut view = Self {
            task_id: task.task_id.clone(),
            task_type: task.task_type.clone(),
            state: task.state.name().to_owned(),
            percent_complete: task.share_done(),
            message: task.progress.as_ref().and_then(|progress| progress.message.clone()),
            metadata: task.metadata.clone(),
            result: None,
            error: None,
            details: None,
            is_retryable: None,
            reason: None,
            parent_task_id: task.parent_task_id.clone(),
            deadline_at: task.deadline_at_millis.filter(|_| !task.state.has_ended()).map(Timestamp),
            updated_at: Timestamp(task.updated_at_millis),
            correlation_id: task.correlation_id.clone(),
        };
        match &task.state {
            TaskState::Ended(Outcome::Completed(result)) => view.result.clone_from(result),
            TaskState::Ended(Outcome::Failed { error, details, is_retryable }) => {
                view.percent_complete = task.progress.as_ref().map_or(Percent::ZERO, |last| last.percent_complete);
                view.error = Some(error.clone());
                view.details.clone_from(details);
                view.is_retryable = Some(*is_retryable);
            }
            TaskState::Ended(Outcome::Cancelled(reason)) => view.reason.clone_from(reason),
            _ => {}
        }
        view
    }
}
