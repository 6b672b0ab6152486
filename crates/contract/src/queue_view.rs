//! What waits in the queues, as the operator reads it.

use serde::Serialize;

/// All queues.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueuesView {
    /// One for each queue.
    pub items: Vec<QueueView>,
    /// Dead letters that wait for the operator.
    pub dead_letters: u64,
}

/// What waits in a queue.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct QueueView {
    /// Its name.
    pub name: &'static str,
    /// Messages that wait.
    pub depth: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How long the oldest has waited, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_age_seconds: Option<f64>,
}
