//! Realtime sessions that go on, as the key's owner and the operator read them.

use serde::{Deserialize, Serialize};

use crate::{admin_notice::RealtimeSessionState, identifier::Identifier, time::Timestamp};

/// The sessions of a key: `GET /v1/realtime/connections`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RealtimeConnections {
    /// The key.
    pub virtual_key_id: String,
    /// Those that go on, the oldest first.
    pub active_connections: Vec<RealtimeConnection>,
}

/// A session that goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RealtimeConnection {
    /// The session.
    pub connection_id: String,
    /// The model, by the client's name of it.
    pub model: String,
    /// The provider that was called first.
    pub provider: String,
    /// When it began.
    pub connected_at: Timestamp,
    /// Where it stands.
    pub state: RealtimeSessionState,
}

/// A session of any key: `GET /v1/admin/realtime/sessions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RealtimeSession {
    /// The id of the key; its secret is known to nobody.
    pub virtual_key_id: Identifier,
    /// The session.
    #[serde(flatten)]
    pub connection: RealtimeConnection,
}
