//! `TaskHub`: its methods, its groups, its events, and what it refuses with.

use serde::Serialize;

use crate::hub::{GroupDeclaration, Hub, KEY_GROUP, KeyKind};
use crate::{
    any_json::AnyJson,
    client_event::{ClientEvent, EventDeclaration, Told, client_event},
    identifier::Identifier,
    method::{MethodDeclaration, parameter},
    percent::Percent,
    task_type::TaskType,
};

/// Refuses a blank task id.
pub const INVALID_TASK_ID: &str = "Invalid task ID";
/// Refuses an unknown task, another key's, and one that the client's token does not name: nobody can tell which.
pub const TASK_NOT_FOUND: &str = "Task not found";
/// Refuses a blank task type.
pub const INVALID_TASK_TYPE: &str = "Invalid task type";
/// Refuses a task type that the client's token does not name.
pub const UNAUTHORIZED_TASK_TYPE: &str = "Unauthorized access to task type";

/// Joins the group of one task, and tells where it stands.
pub const SUBSCRIBE_TO_TASK: MethodDeclaration = MethodDeclaration {
    name: "SubscribeToTask",
    summary: "Subscribes to one task. Its state is sent at once, before the invocation completes.",
    parameters: &[parameter!("taskId": Identifier, "\"task-1\"")],
    answer: None,
    refusals: &[INVALID_TASK_ID, TASK_NOT_FOUND],
    streams: false,
};
/// Leaves the group of one task.
pub const UNSUBSCRIBE_FROM_TASK: MethodDeclaration = MethodDeclaration {
    name: "UnsubscribeFromTask",
    summary: "Ends the subscription to one task. It never fails.",
    parameters: &[parameter!("taskId": Identifier, "\"task-1\"")],
    answer: None,
    refusals: &[],
    streams: false,
};
/// Joins the group of all tasks of a type.
pub const SUBSCRIBE_TO_TASK_TYPE: MethodDeclaration = MethodDeclaration {
    name: "SubscribeToTaskType",
    summary: "Subscribes to all of the key's tasks of a type; `*` is every type.",
    parameters: &[parameter!("taskType": TaskType, "\"batch\"")],
    answer: None,
    refusals: &[INVALID_TASK_TYPE, UNAUTHORIZED_TASK_TYPE],
    streams: false,
};
/// Leaves the group of all tasks of a type.
pub const UNSUBSCRIBE_FROM_TASK_TYPE: MethodDeclaration = MethodDeclaration {
    name: "UnsubscribeFromTaskType",
    summary: "Ends the subscription to a type. It never fails.",
    parameters: &[parameter!("taskType": TaskType, "\"batch\"")],
    answer: None,
    refusals: &[],
    streams: false,
};

/// Progress of long-running work.
pub static TASK_HUB: Hub = Hub {
    name: "TaskHub",
    route: "tasks",
    aliases: &["task-notifications"],
    key: KeyKind::Virtual,
    summary: "Progress of long-running work of every kind.",
    methods: METHODS,
    events: EVENTS,
    groups: GROUPS,
};

/// What clients may invoke.
const METHODS: &[MethodDeclaration] =
    &[SUBSCRIBE_TO_TASK, UNSUBSCRIBE_FROM_TASK, SUBSCRIBE_TO_TASK_TYPE, UNSUBSCRIBE_FROM_TASK_TYPE];

/// What clients are told.
const EVENTS: &[&EventDeclaration] = &[
    Started::DECLARATION,
    Progress::DECLARATION,
    Completed::DECLARATION,
    Failed::DECLARATION,
    Cancelled::DECLARATION,
    TimedOut::DECLARATION,
];

/// Who is told together.
const GROUPS: &[GroupDeclaration] = &[
    KEY_GROUP,
    GroupDeclaration { pattern: "task:{taskId}", summary: "Who subscribed to that task." },
    GroupDeclaration { pattern: "task-type:{taskType}", summary: "Who subscribed to all tasks of that type." },
    GroupDeclaration { pattern: "task-type:*", summary: "Who subscribed to all tasks." },
];

/// The group of a task's subscribers. The colon keeps a task named `type-x` apart from the type `x`.
pub fn task_group(task_id: &str) -> String {
    format!("task:{task_id}")
}

/// The group of a type's subscribers, or of every type's (`*`).
pub fn task_type_group(task_type: &str) -> String {
    format!("task-type:{task_type}")
}

/// The task whose subscribers a group has.
pub fn task_of_group(group: &str) -> Option<&str> {
    group.strip_prefix("task:")
}

/// The type whose subscribers a group has; `*` for every type's.
pub fn task_type_of_group(group: &str) -> Option<&str> {
    group.strip_prefix("task-type:")
}

/// A task began, or has other metadata.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TaskStarted"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Started<'a> {
    /// The task.
    pub(crate) task_id: &'a Identifier,
    /// What it does.
    pub(crate) task_type: &'a TaskType,
    /// Whatever its producer wants clients to know; `{}` where it said nothing.
    pub(crate) metadata: &'a AnyJson,
}
client_event!(
    Started<'_>, Durable, Positional(&["taskId", "taskType", "metadata"]),
    name: "TaskStarted",
    example: r#"{"taskId":"task-1","taskType":"batch","metadata":{"rows":120}}"#,
);

/// How far a task is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TaskProgress"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress<'a> {
    /// The task.
    pub(crate) task_id: &'a Identifier,
    /// How far it is, in percent.
    pub(crate) percent_complete: Percent,
    /// What it is doing.
    pub(crate) message: Option<&'a str>,
}
client_event!(
    Progress<'_>, Ephemeral, Positional(&["taskId", "percentComplete", "message"]),
    name: "TaskProgress",
    conduit: "TaskProgress" => |told: &Told<'_>| {
        vec![told.get("taskId"), told.whole("percentComplete"), told.get("message")]
    },
    example: r#"{"taskId":"task-1","percentComplete":42.5,"message":"row 51 of 120"}"#,
);

/// A task ended well.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TaskCompleted"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Completed<'a> {
    /// The task.
    pub(crate) task_id: &'a Identifier,
    /// What came of it.
    pub(crate) result: Option<&'a AnyJson>,
}
client_event!(
    Completed<'_>, Durable, Positional(&["taskId", "result"]),
    name: "TaskCompleted",
    example: r#"{"taskId":"task-1","result":{"rows":120}}"#,
);

/// A task ended badly.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TaskFailed"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Failed<'a> {
    /// The task.
    pub(crate) task_id: &'a Identifier,
    /// What went wrong, for a person.
    pub(crate) error: &'a str,
    /// More about it.
    pub(crate) details: Option<&'a AnyJson>,
    /// Whether it may go better another time; an argument in the `conduit` dialect only.
    pub(crate) is_retryable: bool,
}
client_event!(
    Failed<'_>, Durable, Positional(&["taskId", "error", "details"]),
    name: "TaskFailed",
    conduit: "TaskFailed" => |told: &Told<'_>| vec![told.get("taskId"), told.get("error"), told.get("isRetryable")],
    example: r#"{"taskId":"task-1","error":"the provider refused the prompt","details":"policy","isRetryable":false}"#,
);

/// Somebody ended a task.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TaskCancelled"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cancelled<'a> {
    /// The task.
    pub(crate) task_id: &'a Identifier,
    /// Why.
    pub(crate) reason: Option<&'a str>,
}
client_event!(
    Cancelled<'_>, Durable, Positional(&["taskId", "reason"]),
    name: "TaskCancelled",
    example: r#"{"taskId":"task-1","reason":"by its owner"}"#,
);

/// A task took too long.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "TaskTimedOut"))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimedOut<'a> {
    /// The task.
    pub(crate) task_id: &'a Identifier,
    /// How long it might take, in seconds, where that is known; an argument in the `conduit` dialect only.
    pub(crate) timeout_seconds: Option<f64>,
}
client_event!(
    TimedOut<'_>, Durable, Positional(&["taskId"]),
    name: "TaskTimedOut",
    conduit: "TaskTimedOut" => |told: &Told<'_>| {
        // The original's is a whole number.
        let seconds = told.whole("timeoutSeconds");
        vec![told.get("taskId"), if seconds.is_null() { 0.into() } else { seconds }]
    },
    example: r#"{"taskId":"task-1","timeoutSeconds":30}"#,
);
