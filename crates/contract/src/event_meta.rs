//! What every event carries beside its data.

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};

use crate::time::format_millis;

/// When an event was accepted, its id, and what it belongs to.
///
/// Its JSON, and that of the last argument of positional events where a client asked for it (`?meta=1`), is
/// `{timestamp, eventId, correlationId?}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EventMeta {
    /// When the event was accepted, in milliseconds since the epoch.
    #[serde(rename = "timestamp", with = "crate::time::rfc3339")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "crate::time::Timestamp", description = "When the event was accepted.")
    )]
    pub timestamp_millis: i64,
    /// Unique and sortable for its key.
    pub event_id: String,
    /// What ties it to its cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

impl Serialize for EventMeta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let count = if self.correlation_id.is_some() { 3 } else { 2 };
        let mut map = serializer.serialize_map(Some(count))?;
        map.serialize_entry("timestamp", &format_millis(self.timestamp_millis))?;
        map.serialize_entry("eventId", &self.event_id)?;
        if let Some(correlation_id) = &self.correlation_id {
            map.serialize_entry("correlationId", correlation_id)?;
        }
        map.end()
    }
}
