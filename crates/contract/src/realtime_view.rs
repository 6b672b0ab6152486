//! Realtime sessions, those that go on and those that are over, as the key's owner and the operator read them.

use serde::{Deserialize, Serialize};

use crate::{admin_notice::RealtimeSessionState, identifier::Identifier, money::Money, time::Timestamp};

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

/// A session that is over: `GET /v1/realtime/sessions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RealtimeSessionRecord {
    /// The session.
    pub connection_id: String,
    /// The model, by the client's name of it.
    pub model: String,
    /// The provider, the last one if there was more than one.
    pub provider: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it ended, such as `client_left`, `budget_spent`, `ended_by_owner`; `lost` where whoever held it was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<String>,
    /// What it cost.
    pub cost: Money,
    /// What it was; none of a session that was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<SessionFigures>,
    /// Whether there is a recording of it.
    #[serde(default)]
    pub recorded: bool,
}

/// What a session was, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SessionFigures {
    /// Responses that ended.
    pub turns: u64,
    /// Responses that the user cut off.
    pub interruptions: u64,
    /// Functions that were called.
    pub tool_calls: u64,
    /// Tokens that were read, the cached ones included; 0 of a provider that bills by time.
    pub input_tokens: u64,
    /// Tokens that were written or spoken.
    pub output_tokens: u64,
    /// How long it lasted, in milliseconds; as the provider bills it, where that says so.
    pub duration_millis: u64,
    /// Audio that the client sent, silence included, in milliseconds.
    pub input_audio_millis: u64,
    /// How long the user spoke, in milliseconds.
    pub user_talk_millis: u64,
    /// How long the model spoke, in milliseconds.
    pub agent_talk_millis: u64,
    /// How long the user waited for the first audio or text of an answer, on average, in milliseconds; none where
    /// nothing was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_answer_delay_millis: Option<u64>,
    /// The longest such wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_answer_delay_millis: Option<u64>,
}
