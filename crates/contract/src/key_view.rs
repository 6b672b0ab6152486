//! A virtual key as the operator reads it, with what its own object knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{money::Money, virtual_key::KeyRecord};

/// A key, with what its own object knows where that was asked.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeyView<'a> {
    /// What the registry says of it.
    #[serde(flatten)]
    pub record: &'a KeyRecord,
    /// What was spent in its period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_spend: Option<Money>,
    /// Its open connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<usize>,
    /// The secret, in the one answer that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<&'a str>,
}

/// What became of the connections of a key.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Disconnected {
    /// How many were closed.
    pub disconnected: usize,
}

/// A key that somebody is connected with.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OnlineKey {
    /// The key.
    pub virtual_key_id: String,
    /// Its connections in all.
    pub connections: u64,
    /// The connections of each hub, by its name.
    pub hubs: BTreeMap<String, u64>,
}
