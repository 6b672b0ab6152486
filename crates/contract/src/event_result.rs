//! What `POST /v1/events` answers: what became of each event, in the order of the request.

use serde::Serialize;

use crate::{problem::Problem, rejection::Rejection};

/// What became of one event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventResult {
    /// The event's id, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What became of it.
    pub status: EventStatus,
    /// How many connections were told; not of what is for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipients: Option<usize>,
    /// Why it changes nothing, or what to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Rejection>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum EventStatus {
    /// Its effect is stored.
    Delivered,
    /// An event with this source and id was taken before.
    Duplicate,
    /// It is on its way, and will have its effect.
    Queued,
    /// It changes nothing.
    Ignored,
    /// It is wrong, or may not be sent.
    Rejected,
    /// What takes it does not answer.
    #[default]
    Unavailable,
}

/// What became of all events of a request.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EventResults<'a> {
    /// One for each event.
    pub results: &'a [EventResult],
}

/// A problem that tells of every event.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnavailableProblem<'a> {
    /// What is wrong.
    #[serde(flatten)]
    pub problem: Problem,
    /// One for each event.
    pub results: &'a [EventResult],
}
