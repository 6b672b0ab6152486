//! What operators are told that Conduit Edge itself knows: its keys, their connections, and answers to the caller.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    client_event::{Told, client_event},
    identifier::Identifier,
    named_enum::named_enum,
    provider_health::{self, ProviderHealthRecord},
    severity::Severity,
};

/// The health of all providers, for who has just connected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InitialProviderHealth {
    /// A record for each provider of which something is known.
    pub records: Vec<ProviderHealthRecord>,
}
client_event!(
    InitialProviderHealth, Ephemeral, Positional(&["records"]),
    conduit: "InitialProviderHealth" => provider_health::conduit_records,
    example: r#"{"records":[
        {"provider":"openai","status":"Healthy","isHealthy":true,"responseTimeMs":87,"checkedAt":"2026-01-31T12:00:00.000Z"}
    ]}"#,
);

/// The health of all providers, for who asked that it be checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderHealthRefreshed {
    /// A record for each provider of which something is known.
    pub records: Vec<ProviderHealthRecord>,
}
client_event!(
    ProviderHealthRefreshed, Ephemeral, Positional(&["records"]),
    conduit: "ProviderHealthRefreshed" => provider_health::conduit_records,
    example: r#"{"records":[
        {
            "provider":"openai","status":"Unhealthy","isHealthy":false,"message":"could not be reached",
            "checkedAt":"2026-01-31T12:00:00.000Z"
        }
    ]}"#,
);

/// What happened to a virtual key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VirtualKeyChange {
    /// The key.
    pub virtual_key_id: Identifier,
    /// What the operator calls it.
    pub name: String,
    /// The names of what is different about it, never the values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_properties: Option<Vec<String>>,
}

/// There is a new virtual key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct VirtualKeyCreated(pub VirtualKeyChange);
client_event!(
    VirtualKeyCreated, Durable, Object,
    conduit: "VirtualKeyUpdate" => |told| key_update(told, "created", Severity::Medium),
    example: r#"{"virtualKeyId":"456","name":"demo"}"#,
);

/// A virtual key is another than before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct VirtualKeyUpdated(pub VirtualKeyChange);
client_event!(
    VirtualKeyUpdated, Durable, Object,
    conduit: "VirtualKeyUpdate" => |told| key_update(told, "updated", Severity::Medium),
    example: r#"{"virtualKeyId":"456","name":"demo","changedProperties":["enabled","limits.connections"]}"#,
);

/// A virtual key is no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct VirtualKeyDeleted(pub VirtualKeyChange);
client_event!(
    VirtualKeyDeleted, Durable, Object,
    conduit: "VirtualKeyUpdate" => |told| key_update(told, "deleted", Severity::High),
    example: r#"{"virtualKeyId":"456","name":"demo"}"#,
);

fn key_update(told: &Told<'_>, update_type: &str, priority: Severity) -> Vec<Value> {
    vec![json!({
        "id": told.meta.event_id,
        "timestamp": told.timestamp(),
        "type": "VirtualKeyUpdate",
        "priority": priority.number(),
        "virtualKeyId": told.get("virtualKeyId"),
        "updateType": update_type,
        "details": told.renamed(&[("name", "name"), ("changedProperties", "changedProperties")]),
    })]
}

/// A virtual key has more or fewer connections than before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionCountChanged {
    /// The key.
    pub virtual_key_id: Identifier,
    /// How many it has now, on all hubs.
    pub connections: u32,
}
client_event!(
    ConnectionCountChanged, Ephemeral, Object,
    example: r#"{"virtualKeyId":"456","connections":3}"#,
);

named_enum! {
    /// Where a realtime session stands.
    pub enum RealtimeSessionState {
        /// The provider is being called.
        Connecting = 0,
        /// Both ends are connected.
        Active = 1,
        /// One end is closed, and the other is being closed.
        Closing = 2,
        /// It is over.
        Closed = 3,
        /// It is over, and not as it should be.
        Failed = 4,
    }
}

/// A realtime session of a virtual key began, went on or ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RealtimeSessionChanged {
    /// The key.
    pub virtual_key_id: Identifier,
    /// The session.
    pub connection_id: Identifier,
    /// Where it stands now.
    pub state: RealtimeSessionState,
}
client_event!(
    RealtimeSessionChanged, Durable, Object,
    example: r#"{"virtualKeyId":"456","connectionId":"rt-01","state":"Active"}"#,
);

/// What the caller asked for can't be done. The invocation itself completes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdminError {
    /// Why, for a person.
    pub message: String,
}
client_event!(
    AdminError, Ephemeral, Object,
    name: "Error",
    example: r#"{"message":"Virtual key 456 not found"}"#,
);

/// The caller is told of a virtual key from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubscribedToVirtualKey {
    /// The key.
    pub virtual_key_id: Identifier,
}
client_event!(
    SubscribedToVirtualKey, Ephemeral, Positional(&["virtualKeyId"]),
    example: r#"{"virtualKeyId":"456"}"#,
);

/// The caller is told of a virtual key no longer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnsubscribedFromVirtualKey {
    /// The key.
    pub virtual_key_id: Identifier,
}
client_event!(
    UnsubscribedFromVirtualKey, Ephemeral, Positional(&["virtualKeyId"]),
    example: r#"{"virtualKeyId":"456"}"#,
);

/// The caller is told of a provider from now on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubscribedToProvider {
    /// The provider.
    pub provider: Identifier,
}
client_event!(
    SubscribedToProvider, Ephemeral, Positional(&["provider"]),
    example: r#"{"provider":"openai"}"#,
);

/// The caller is told of a provider no longer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnsubscribedFromProvider {
    /// The provider.
    pub provider: Identifier,
}
client_event!(
    UnsubscribedFromProvider, Ephemeral, Positional(&["provider"]),
    example: r#"{"provider":"openai"}"#,
);
