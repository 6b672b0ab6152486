//! A system event for everybody, with its place among all of them.

use serde::{Deserialize, Serialize};

use crate::system_event::SystemEvent;

/// A broadcast, as it travels from the registry to the objects of the keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Broadcast {
    /// Its number: one more than that of the one before it.
    pub number: i64,
    /// When it was accepted, in milliseconds since the epoch.
    pub at_millis: i64,
    /// What ties it to its cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// What everybody is told.
    pub event: SystemEvent,
}
