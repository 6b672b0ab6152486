//! Domain events for operators, which `AdminNotificationHub` tells as they came.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    clear_text,
    client_event::{Told, client_event},
    domain_event::{EventBody, domain_events},
    severity::Severity,
};

/// An operator should look at something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SystemAlert {
    /// How much it matters.
    pub severity: Severity,
    /// What it is about.
    pub title: String,
    /// What it says; without stack trace.
    #[serde(deserialize_with = "clear_text::required")]
    pub message: String,
    /// Who says it.
    pub source: String,
}
client_event!(
    SystemAlert, Durable, Object,
    conduit: "SystemAnnouncement" => |told: &Told<'_>| {
        let priority = Severity::deserialize(told.get("severity")).unwrap_or(Severity::Low);
        vec![json!({
            "message": told.get("message"),
            "priority": priority.number(),
            "category": "general",
            "title": told.get("title"),
            "source": told.get("source"),
        })]
    },
    example: r#"{"severity":"High","title":"Cache","message":"Half of all look-ups miss.","source":"core-api-2"}"#,
);

/// Somebody changed a setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigurationChanged {
    /// Which one; never its value.
    pub setting: String,
    /// Who did it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
}
client_event!(
    ConfigurationChanged, Durable, Object,
    example: r#"{"setting":"providers.openai.healthUrl","changedBy":"master key"}"#,
);

domain_events! {
    /// Something that operators should know.
    pub enum AdminEvent in EventBody::Admin {
        SystemAlert: Broadcast,
        ConfigurationChanged: Broadcast,
    }
}
