//! Which system events the clients of a key want to hear.

use std::{collections::BTreeSet, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, IgnoredAny, MapAccess, Visitor},
};
use thiserror::Error;

use crate::{
    client_event::client_event, notification::Notification, notification_type::NotificationType, severity::Severity,
    system_event::SystemEvent,
};

/// What a key wants to hear: `{enabledTypes: ["provider_health", …], minimumPriority: "Low"}`. All of it, until changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationPreferences {
    /// The types that are heard.
    pub enabled_types: BTreeSet<NotificationType>,
    /// Events that matter less are not heard.
    pub minimum_priority: Severity,
}

impl Default for NotificationPreferences {
    fn default() -> Self {
        Self { enabled_types: NotificationType::all().collect(), minimum_priority: Severity::Low }
    }
}

/// Whether clients with these preferences are told of an event.
pub fn wants(preferences: &NotificationPreferences, event: &SystemEvent) -> bool {
    preferences.enabled_types.contains(&event.notification_type()) && event.priority() >= preferences.minimum_priority
}

/// The same of a notification of the system hub. What is no system event is wanted, as is what cannot be read.
pub fn wants_notification(preferences: &NotificationPreferences, notification: &Notification) -> bool {
    match SystemEvent::of_notification(notification) {
        Some(event) => wants(preferences, &event),
        None => true,
    }
}

/// The preferences of a key are these now. Only who changed them is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PreferencesUpdated {
    /// As they are stored.
    pub preferences: NotificationPreferences,
}
client_event!(
    PreferencesUpdated, Ephemeral, Positional(&["preferences"]),
    conduit: "PreferencesUpdated" => |told| {
        let mut preferences = told.get("preferences");
        // The original writes the number of the priority.
        if let Some(priority) = preferences.get_mut("minimumPriority")
            && let Ok(severity) = Severity::deserialize(&*priority)
        {
            *priority = serde_json::Value::from(severity.number());
        }
        vec![preferences]
    },
    example: r#"{"preferences":{"enabledTypes":["provider_health","service_degradation"],"minimumPriority":"Medium"}}"#,
);

/// Preferences as a client gives them.
///
/// They are read as ASP.NET Core reads them: names of members in any case, unknown members left alone, and what is absent
/// or null as it is before anybody changes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename_all = "camelCase"))]
pub struct PreferencesArgument {
    /// The types to be heard; left out, all.
    #[cfg_attr(feature = "schema", schemars(with = "Option<BTreeSet<NotificationType>>"))]
    enabled_types: Option<Vec<String>>,
    /// Events that matter less are not heard; left out, `Low`.
    minimum_priority: Option<Severity>,
}

/// Refuses preferences that name what is no type.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("Unknown notification type '{0}'")]
pub struct UnknownNotificationType(pub String);

impl TryFrom<PreferencesArgument> for NotificationPreferences {
    type Error = UnknownNotificationType;

    /// The preferences that are meant.
    ///
    /// # Errors
    ///
    /// The first type that there is not; its text is what the client is told.
    fn try_from(argument: PreferencesArgument) -> Result<Self, UnknownNotificationType> {
        let defaults = Self::default();
        let known = |name: String| NotificationType::named(&name).ok_or(UnknownNotificationType(name));
        let enabled_types = match argument.enabled_types {
            Some(names) => names.into_iter().map(known).collect::<Result<_, _>>()?,
            None => defaults.enabled_types,
        };
        let minimum_priority = argument.minimum_priority.unwrap_or(defaults.minimum_priority);
        Ok(Self { enabled_types, minimum_priority })
    }
}

impl<'de> Deserialize<'de> for PreferencesArgument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PreferencesVisitor)
    }
}

struct PreferencesVisitor;

impl<'de> Visitor<'de> for PreferencesVisitor {
    type Value = PreferencesArgument;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with enabledTypes and minimumPriority")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<PreferencesArgument, A::Error> {
        let mut argument = PreferencesArgument::default();
        while let Some(name) = object.next_key::<String>()? {
            let of_member = |cause: A::Error| de::Error::custom(format_args!("{name}: {cause}"));
            if name.eq_ignore_ascii_case("enabledTypes") {
                argument.enabled_types = object.next_value().map_err(of_member)?;
            } else if name.eq_ignore_ascii_case("minimumPriority") {
                argument.minimum_priority = object.next_value().map_err(of_member)?;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(argument)
    }
}

#[cfg(test)]
#[path = "preferences_tests.rs"]
mod tests;
