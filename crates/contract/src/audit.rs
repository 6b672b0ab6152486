//! What an audit trail keeps of one action.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The longest reason, in characters.
const MAX_REASON_CHARS: usize = 200;

/// Who did what, when, from where. Never a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Sorts by time; the cursor of a page.
    pub id: String,
    /// When.
    pub timestamp: Timestamp,
    /// Who: `operator`, or the connection that acted.
    pub actor: String,
    /// What, in the words of the contract: `key.created`, `connection.opened`, `connection.closed`,
    /// `subscription.added`, `realtime.begun`, `realtime.ended`, `recording.read`, `recording.deleted`.
    pub action: String,
    /// To what: a key's id, a provider's name, a group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// From which address of the network, where the platform said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Why, where there is more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Which members of it changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
}

impl AuditEntry {
    /// An entry; its id and its time are made where it is kept.
    pub fn new(actor: impl Into<String>, action: impl Into<String>) -> Self {
        Self {
            id: String::new(),
            timestamp: Timestamp(0),
            actor: actor.into(),
            action: action.into(),
            subject: None,
            from: None,
            reason: None,
            changed: Vec::new(),
        }
    }

    /// To what it was done.
    #[must_use]
    pub fn to(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Why, cut to 200 characters: clients have their say in it.
    #[must_use]
    pub fn because(mut self, reason: Option<&str>) -> Self {
        self.reason = reason.map(|reason| reason.chars().take(MAX_REASON_CHARS).collect());
        self
    }

    /// From where.
    #[must_use]
    pub fn from(mut self, address: Option<String>) -> Self {
        self.from = address;
        self
    }
}
