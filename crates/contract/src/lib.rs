//! What the hubs of Conduit Edge mean.
//!
//! Domain events come in as [`CloudEvents`](https://cloudevents.io) and are read by [`ingest`]; a rule such as
//! [`task_rules::apply`] turns one into a change of state and the client event that tells of it; a client event such as
//! [`TaskNotification`] knows its name, its arguments, its class and the groups it goes to.
//!
//! Nothing here knows of Workers, a clock or randomness: the time is an argument, in milliseconds since the Unix epoch,
//! and everything is a pure function.

#![forbid(unsafe_code)]

mod any_json;
mod bounded_text;
mod client_access;
mod cloud_event;
mod domain_event;
mod event_data;
mod fields;
pub mod hub;
mod identifier;
mod ingest;
mod json_members;
mod json_tree;
mod key_input;
pub mod key_secret;
mod media_type;
mod percent;
mod problem;
mod rejection;
mod stack_trace;
mod task;
mod task_event;
pub mod task_hub;
mod task_notification;
pub mod task_rules;
mod task_type;
pub mod time;
mod token_request;
mod virtual_key;

pub use any_json::{AnyJson, AnyJsonError, JsonValues, MAX_JSON_DEPTH};
pub use client_access::{ClaimsError, ClientAccess};
pub use cloud_event::{CloudEvent, MAX_ID_BYTES, MAX_SOURCE_BYTES, MAX_TYPE_BYTES};
pub use domain_event::{Arrival, DomainEvent, EventBody, event_types};
pub use hub::{Hub, KeyKind};
pub use identifier::{Identifier, IdentifierError, MAX_IDENTIFIER_BYTES};
pub use ingest::{IngestError, MAX_BODY_BYTES, MAX_EVENT_BYTES, MAX_EVENTS, ingest};
pub use key_input::{KeyCreation, KeyPatch, LimitsPatch};
pub use key_secret::KeySecret;
pub use percent::{Percent, PercentError};
pub use problem::{Problem, ProblemKind};
pub use rejection::{RejectedEvent, Rejection};
pub use task::{Outcome, Progress, Task, TaskState};
pub use task_event::{
    DeadlineSeconds, MAX_DEADLINE_SECONDS, TaskCancelled, TaskCompleted, TaskEvent, TaskFailed, TaskProgress,
    TaskRegistered, TaskStarted, TaskTimedOut,
};
pub use task_notification::{Argument, EventClass, EventMeta, JsonForm, TaskNotice, TaskNotification, snapshot};
pub use task_rules::{Applied, Change, IgnoreReason};
pub use task_type::{MAX_TASK_TYPE_BYTES, TaskType, TaskTypeError};
pub use token_request::{MAX_TOKEN_NAMES, MAX_TOKEN_SECONDS, TokenRequest};
pub use virtual_key::{ConnectionLimit, KeyLimits, KeyName, KeyRecord, MAX_CONNECTIONS};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
