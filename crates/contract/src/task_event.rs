//! Domain events of tasks: what a backend says happened.
//!
//! Each type is read from the `data` of a `CloudEvent` whose `type` is its name, and unknown fields are refused.

use crate::any_json::AnyJson;
use crate::domain_event::{EventBody, EventType, ParsedData, Scope};
use crate::event_data::{self, CommonData};
use crate::identifier::Identifier;
use crate::percent::{NumberVisitor, Percent, serialize_number};
use crate::rejection::Rejection;
use crate::stack_trace;
use crate::task_type::TaskType;
use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest deadline: 30 days.
pub const MAX_DEADLINE_SECONDS: f64 = 30.0 * 24.0 * 3_600.0;

/// Members of a task's metadata that never leave, compared without regard to case, `-` and `_`. Conduit puts the
/// receiver's `webhookHeaders` into metadata, and they carry credentials.
const WITHHELD_METADATA: [&str; 6] =
    ["webhookheaders", "webhooksecret", "authorization", "apikey", "secret", "secrets"];

macro_rules! event_type {
    ($event:ident, $variant:ident, $example:literal) => {
        EventType {
            name: stringify!($event),
            scope: Scope::Key,
            parse: |data| parse(data, TaskEvent::$variant),
            example: $example,
            #[cfg(feature = "schema")]
            schema: |generator| generator.subschema_for::<$event>(),
        }
    };
}

/// The types of this family, by the `type` of their `CloudEvents`.
pub(crate) const EVENT_TYPES: &[EventType] = &[
    event_type!(TaskRegistered, Registered, r#"{"taskId":"task-1","taskType":"batch","deadlineSeconds":600}"#),
    event_type!(TaskStarted, Started, r#"{"taskId":"task-1","taskType":"batch","metadata":{"rows":120}}"#),
    event_type!(
        TaskProgress,
        Progress,
        r#"{"taskId":"task-1","percentComplete":42.5,"message":"row 51 of 120","completed":51,"total":120}"#
    ),
    event_type!(TaskCompleted, Completed, r#"{"taskId":"task-1","result":{"rows":120}}"#),
    event_type!(
        TaskFailed,
        Failed,
        r#"{"taskId":"task-1","error":"the provider refused the prompt","details":"policy","isRetryable":false}"#
    ),
    event_type!(TaskCancelled, Cancelled, r#"{"taskId":"task-1","reason":"by its owner"}"#),
    event_type!(TaskTimedOut, TimedOut, r#"{"taskId":"task-1"}"#),
];

/// Something that happened to a task.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskEvent {
    /// The task exists; nothing was done yet.
    Registered(TaskRegistered),
    /// Work began.
    Started(TaskStarted),
    /// Work went on.
    Progress(TaskProgress),
    /// The task ended well.
    Completed(TaskCompleted),
    /// The task ended badly.
    Failed(TaskFailed),
    /// Somebody ended the task.
    Cancelled(TaskCancelled),
    /// The task took too long.
    TimedOut(TaskTimedOut),
}

/// Makes a task known before anything happens, so that a client can be handed its id and subscribe at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskRegistered {
    /// The task.
    pub task_id: Identifier,
    /// What it does.
    pub task_type: TaskType,
    /// How long it may take, from when this event is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_seconds: Option<DeadlineSeconds>,
}

/// Says that work on a task began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskStarted {
    /// The task.
    pub task_id: Identifier,
    /// What it does.
    pub task_type: TaskType,
    /// Whatever the producer wants clients to know, of any shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<AnyJson>,
    /// How long it may take, from when this event is applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_seconds: Option<DeadlineSeconds>,
    /// The task that this one is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_task_id: Option<Identifier>,
}

/// Says how far a task is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskProgress {
    /// The task.
    pub task_id: Identifier,
    /// How far it is, in percent.
    pub percent_complete: Percent,
    /// What it is doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many of [`total`](Self::total) parts are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed: Option<u64>,
    /// How many parts there are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// Says that a task ended well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskCompleted {
    /// The task.
    pub task_id: Identifier,
    /// What came of it, of any shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<AnyJson>,
}

/// Says that a task ended badly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskFailed {
    /// The task.
    pub task_id: Identifier,
    /// What went wrong, without stack trace.
    pub error: String,
    /// More about it, of any shape; a text is without stack trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<AnyJson>,
    /// Whether it may go better another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_retryable: Option<bool>,
}

/// Says that somebody ended a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskCancelled {
    /// The task.
    pub task_id: Identifier,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Says that a task took too long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskTimedOut {
    /// The task.
    pub task_id: Identifier,
}

/// How long a task may take: more than 0 and at most [`MAX_DEADLINE_SECONDS`] seconds, fractions allowed.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct DeadlineSeconds(f64);

impl DeadlineSeconds {
    /// Makes a deadline; none of what is not in range.
    pub fn new(seconds: f64) -> Option<Self> {
        (seconds > 0.0 && seconds <= MAX_DEADLINE_SECONDS).then_some(Self(seconds))
    }

    /// The seconds.
    pub fn get(self) -> f64 {
        self.0
    }

    /// The same in milliseconds, at least one.
    #[expect(clippy::cast_possible_truncation, reason = "30 days of milliseconds are far inside an i64")]
    pub fn as_millis(self) -> i64 {
        (self.0 * 1_000.0).ceil() as i64
    }
}

impl Serialize for DeadlineSeconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_number(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for DeadlineSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = deserializer.deserialize_f64(NumberVisitor("a number of seconds"))?;
        Self::new(seconds).ok_or_else(|| de::Error::custom("must be more than 0 and at most 2592000 seconds (30 days)"))
    }
}

impl TaskEvent {
    /// The task that it happened to.
    pub fn task_id(&self) -> &Identifier {
        match self {
            Self::Registered(event) => &event.task_id,
            Self::Started(event) => &event.task_id,
            Self::Progress(event) => &event.task_id,
            Self::Completed(event) => &event.task_id,
            Self::Failed(event) => &event.task_id,
            Self::Cancelled(event) => &event.task_id,
            Self::TimedOut(event) => &event.task_id,
        }
    }

    /// Removes what must never leave: credentials in metadata, and stack traces.
    fn sanitised(self) -> Self {
        match self {
            Self::Started(event) => {
                let metadata = event.metadata.map(|metadata| metadata.without_members(is_withheld));
                Self::Started(TaskStarted { metadata, ..event })
            }
            Self::Failed(event) => {
                let error = stack_trace::removed(&event.error).unwrap_or_else(|| "task failed".to_owned());
                let details = event.details.and_then(without_stack_trace);
                Self::Failed(TaskFailed { error, details, ..event })
            }
            other => other,
        }
    }
}

fn parse<T: DeserializeOwned>(data: &str, variant: fn(T) -> TaskEvent) -> Result<ParsedData, Rejection> {
    let (own, common) = event_data::parse(data)?;
    checked(variant(own), common)
}

fn checked(event: TaskEvent, common: CommonData) -> Result<ParsedData, Rejection> {
    if let TaskEvent::Started(TaskStarted { task_id, parent_task_id: Some(parent), .. }) = &event
        && task_id == parent
    {
        return Err(Rejection::of_field("data.parentTaskId", "must not be the task itself"));
    }
    Ok(ParsedData { body: EventBody::Task(event.sanitised()), common })
}

fn is_withheld(name: &str) -> bool {
    let plain: String = name.chars().filter(|character| !matches!(character, '-' | '_')).collect();
    WITHHELD_METADATA.iter().any(|withheld| plain.eq_ignore_ascii_case(withheld))
}

/// Details that are a text lose its stack trace; what has nothing left is none.
fn without_stack_trace(details: AnyJson) -> Option<AnyJson> {
    match serde_json::from_str::<String>(details.get()) {
        Ok(text) => stack_trace::removed(&text).and_then(|kept| AnyJson::from_value(&kept).ok()),
        Err(_) => Some(details),
    }
}
