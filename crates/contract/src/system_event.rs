//! Domain events of the system as a whole, which clients are told as they came. They are told on `SystemNotificationHub`,
//! and some of them on `NavigationStateHub` too.

use serde::{Deserialize, Serialize};

use crate::{
    clear_text,
    client_event::client_event,
    domain_event::{EventBody, domain_events},
    identifier::Identifier,
    provider_health::HealthStatus,
    severity::Severity,
    system_dialect as conduit,
    time::Timestamp,
};

/// A provider works better or worse than before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderHealthChanged {
    /// The provider.
    pub provider: Identifier,
    /// How it works now.
    pub status: HealthStatus,
    /// More about it, for a person; without stack trace.
    #[serde(default, deserialize_with = "clear_text::optional", skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
client_event!(
    ProviderHealthChanged, Durable, Positional(&["provider", "status", "message"]),
    conduit: "OnProviderHealthChanged" => conduit::provider_health_changed,
    example: r#"{"provider":"openai","status":"Degraded","message":"every third request fails"}"#,
);

/// A virtual key has few requests left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RateLimitWarning {
    /// Where the limit holds.
    pub endpoint: String,
    /// Requests left.
    pub remaining: u64,
    /// When there are more again.
    pub reset_time: Timestamp,
}
client_event!(
    RateLimitWarning, Durable, Positional(&["endpoint", "remaining", "resetTime"]),
    conduit: "OnRateLimitWarning" => conduit::rate_limit_warning,
    example: r#"{"endpoint":"/v1/chat/completions","remaining":7,"resetTime":"2026-01-31T12:01:00.000Z"}"#,
);

/// Something that everybody should know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SystemAnnouncement {
    /// What it is about.
    pub title: String,
    /// What it says; without stack trace.
    #[serde(deserialize_with = "clear_text::required")]
    pub message: String,
    /// How much it matters.
    pub severity: Severity,
}
client_event!(
    SystemAnnouncement, Durable, Positional(&["title", "message", "severity"]),
    conduit: "OnSystemAnnouncement" => conduit::system_announcement,
    example: r#"{"title":"Maintenance","message":"No new keys on Sunday from 2 to 3 UTC.","severity":"Medium"}"#,
);

/// A part of the system works worse than it should.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceDegraded {
    /// Which part.
    pub service: String,
    /// Why; without stack trace.
    #[serde(deserialize_with = "clear_text::required")]
    pub reason: String,
}
client_event!(
    ServiceDegraded, Durable, Positional(&["service", "reason"]),
    conduit: "OnServiceDegraded" => conduit::service_degraded,
    example: r#"{"service":"image generation","reason":"the queue is longer than usual"}"#,
);

/// A part of the system works again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceRestored {
    /// Which part.
    pub service: String,
}
client_event!(
    ServiceRestored, Durable, Positional(&["service"]),
    conduit: "OnServiceRestored" => conduit::service_restored,
    example: r#"{"service":"image generation"}"#,
);

/// A model is served by another provider, or by none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelMappingChanged {
    /// The model, by the name that clients use.
    pub model: String,
    /// Who serves it now, where that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_provider: Option<Identifier>,
}
client_event!(
    ModelMappingChanged, Durable, Positional(&["model", "newProvider"]),
    conduit: "OnModelMappingChanged" => conduit::model_mapping_changed,
    example: r#"{"model":"gpt-4o","newProvider":"azure-openai"}"#,
);

/// What a provider's models can do became known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelCapabilitiesDiscovered {
    /// The provider.
    pub provider: Identifier,
    /// Its models.
    pub capabilities: Vec<ModelCapability>,
}
client_event!(
    ModelCapabilitiesDiscovered, Durable, Positional(&["provider", "capabilities"]),
    conduit: "OnModelCapabilitiesDiscovered" => conduit::model_capabilities_discovered,
    example: r#"{
        "provider":"openai",
        "capabilities":[
            {"model":"gpt-4o","capabilities":["chat","vision"]},
            {"model":"text-embedding-3-small","capabilities":["embeddings"]}
        ]
    }"#,
);

/// What a model can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelCapability {
    /// The model.
    pub model: String,
    /// What it can do, such as `chat`, `vision`, `embeddings`, `image_generation` and `video_generation`.
    pub capabilities: Vec<String>,
}

/// A model can be used, or can't any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelAvailabilityChanged {
    /// The model.
    pub model: String,
    /// Whether it can be used.
    pub is_available: bool,
}
client_event!(
    ModelAvailabilityChanged, Durable, Positional(&["model", "isAvailable"]),
    conduit: "OnModelAvailabilityChanged" => conduit::model_availability_changed,
    example: r#"{"model":"gpt-4o","isAvailable":false}"#,
);

domain_events! {
    /// Something that happened to the system as a whole, or to the limits of a key.
    #[derive(Serialize, Deserialize)]
    pub enum SystemEvent in EventBody::System {
        ProviderHealthChanged: Broadcast,
        RateLimitWarning: Key,
        SystemAnnouncement: Broadcast,
        ServiceDegraded: Broadcast,
        ServiceRestored: Broadcast,
        ModelMappingChanged: Broadcast,
        ModelCapabilitiesDiscovered: Broadcast,
        ModelAvailabilityChanged: Broadcast,
    }
}

#[cfg(test)]
#[path = "system_event_tests.rs"]
mod tests;
