//! What is known of a task.

use serde::{Deserialize, Serialize};

use crate::{
    any_json::AnyJson, identifier::Identifier, media_log::MediaLog, percent::Percent, task_event::DeadlineSeconds,
    task_type::TaskType,
};

/// Where a task is in its life.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TaskState {
    /// Its id is known, nothing has happened.
    Registered,
    /// It runs.
    Running,
    /// It ended, in this way.
    Ended(Outcome),
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// With a result, or none.
    Completed(Option<AnyJson>),
    /// With an error.
    Failed {
        /// Why, for a person.
        error: String,
        /// More of why.
        details: Option<AnyJson>,
        /// Whether it may go better another time.
        is_retryable: bool,
    },
    /// Stopped, for a reason or none.
    Cancelled(Option<String>),
    /// It took too long.
    TimedOut,
}

impl TaskState {
    /// Whether nothing happens to the task any more.
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Ended(_))
    }
}

/// The latest of a task's progress.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// How far it is.
    pub percent_complete: Percent,
    /// What it is doing.
    pub message: Option<String>,
    /// When, by the producer's clock, if it said so.
    pub reported_at_millis: Option<i64>,
    /// Somebody reported it; it does not follow from the parts of the task.
    pub is_reported: bool,
}

/// A task, with all that is needed to answer whoever subscribes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id, unique for its key.
    pub task_id: Identifier,
    /// Its type.
    pub task_type: TaskType,
    /// Where it is in its life.
    pub state: TaskState,
    /// What clients may know of it, from its start.
    pub metadata: Option<AnyJson>,
    /// A start was reported, so a snapshot tells of it.
    pub is_started: bool,
    /// Its latest progress.
    pub progress: Option<Progress>,
    /// The task that it is a part of.
    pub parent_task_id: Option<Identifier>,
    /// When it times out, in milliseconds since the epoch.
    pub deadline_at_millis: Option<i64>,
    /// How long it might take in all, as its producer said.
    pub deadline_seconds: Option<DeadlineSeconds>,
    /// When it was last heard of, in milliseconds since the epoch.
    pub updated_at_millis: i64,
    /// What ties its latest event to its cause.
    pub correlation_id: Option<String>,
    /// Of a video or an image: what the clients of its own hub were told last.
    #[serde(default, skip_serializing_if = "MediaLog::is_empty")]
    pub media: MediaLog,
}

impl Task {
    pub(crate) fn new(task_id: Identifier, task_type: TaskType, now_millis: i64) -> Self {
        Self {
            task_id,
            task_type,
            state: TaskState::Registered,
            metadata: None,
            is_started: false,
            progress: None,
            parent_task_id: None,
            deadline_at_millis: None,
            deadline_seconds: None,
            updated_at_millis: now_millis,
            correlation_id: None,
            media: MediaLog::default(),
        }
    }

    /// What clients may know of it; an empty object where its start said nothing.
    pub fn known_metadata(&self) -> AnyJson {
        self.metadata.clone().unwrap_or_else(AnyJson::empty_object)
    }

    /// How far it is, as a part of another: all of the way once it has ended.
    pub fn share_done(&self) -> Percent {
        if self.state.has_ended() {
            return Percent::FULL;
        }
        self.progress.as_ref().map_or(Percent::ZERO, |progress| progress.percent_complete)
    }
}
