//! Dead letters: what was accepted and could not be delivered, kept for the operator with its cause until it is replayed or
//! thrown away.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::time::Timestamp;

/// What a dead letter was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum DeadLetterKind {
    /// Domain events that their object did not take: the body is a list of `CloudEvents`.
    Event,
    /// A webhook that its target did not take: the body is the request that could not be delivered.
    Webhook,
    /// A message of a queue that nothing here wrote: the body is its text.
    Unreadable,
}

impl DeadLetterKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Webhook => "webhook",
            Self::Unreadable => "unreadable",
        }
    }
}

/// What could not be delivered, and why.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeadLetter {
    /// Unique: the same letter is kept once, however often it is brought.
    pub id: String,
    /// When it was given up.
    pub at: Timestamp,
    /// What it was.
    pub kind: DeadLetterKind,
    /// Whose it was; none of what was for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_key_id: Option<String>,
    /// Why it was given up.
    pub cause: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What was to be delivered, as JSON.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    pub body: Box<RawValue>,
}

/// What became of a letter that was to be sent on its way again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Replayed {
    /// How many were sent.
    pub replayed: usize,
}

/// What became of all letters that were to be sent on their way again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReplayedAll {
    /// How many were sent.
    pub replayed: usize,
    /// How many could not be, and stay.
    pub failed: usize,
    /// Whether there may be more: then whoever wants them sent asks again.
    pub has_more: bool,
}
