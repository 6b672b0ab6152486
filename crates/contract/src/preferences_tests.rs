use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    HealthStatus, Identifier, ModelAvailabilityChanged, ModelCapabilitiesDiscovered, ModelMappingChanged,
    ProviderHealthChanged, RateLimitWarning, ServiceDegraded, ServiceRestored, SystemAnnouncement, time::Timestamp,
};

fn read(json: &serde_json::Value) -> Result<NotificationPreferences, String> {
    let argument: PreferencesArgument = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
    argument.try_into().map_err(|error: UnknownNotificationType| error.to_string())
}

#[test]
fn preferences_are_read_as_a_dot_net_client_writes_them() {
    let expected = NotificationPreferences {
        enabled_types: [NotificationType::ProviderHealth, NotificationType::ModelMapping].into(),
        minimum_priority: Severity::Medium,
    };
    for (types, priority) in [
        (json!(["provider_health", "model_mapping"]), json!("Medium")),
        (json!(["model_mapping_changed", "Provider_Health", "model_mapping"]), json!(1)),
    ] {
        let camel = json!({ "enabledTypes": types, "minimumPriority": priority, "other": { "a": [] } });
        let pascal = json!({ "EnabledTypes": types, "MinimumPriority": priority });
        assert_eq!(read(&camel).unwrap(), expected);
        assert_eq!(read(&pascal).unwrap(), expected);
        let bytes = rmp_serde::to_vec(&camel).unwrap();
        let argument: PreferencesArgument = rmp_serde::from_slice(&bytes).unwrap();
        assert_eq!(NotificationPreferences::try_from(argument).unwrap(), expected);
    }
}

#[test]
fn what_is_left_out_is_everything() {
    for empty in [json!({}), json!({ "enabledTypes": null, "minimumPriority": null })] {
        assert_eq!(read(&empty).unwrap(), NotificationPreferences::default());
    }
    assert!(read(&json!({ "enabledTypes": [] })).unwrap().enabled_types.is_empty());
}

#[test]
fn an_unknown_type_is_refused_in_the_words_of_the_contract() {
    let error = read(&json!({ "enabledTypes": ["rate_limit", "weather"] })).unwrap_err();
    assert_eq!(error, "Unknown notification type 'weather'");
}

#[test]
fn what_can_not_be_read_is_named() {
    for (wrong, expected) in [
        (json!({ "minimumPriority": "urgent" }), "minimumPriority: must be Low, Medium, High or Critical"),
        (json!({ "enabledTypes": "rate_limit" }), "enabledTypes: invalid type: string"),
        (json!([]), "expected an object with enabledTypes and minimumPriority"),
    ] {
        let error = read(&wrong).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn preferences_are_stored_as_clients_read_them() {
    let stored = serde_json::to_string(&NotificationPreferences::default()).unwrap();
    let expected = concat!(
        r#"{"enabledTypes":["provider_health","rate_limit","system_announcement","service_degradation","#,
        r#""model_mapping","model_capabilities","model_availability"],"minimumPriority":"Low"}"#
    );
    assert_eq!(stored, expected);
    let read: NotificationPreferences = serde_json::from_str(&stored).unwrap();
    assert_eq!(read, NotificationPreferences::default());
}

fn provider() -> Identifier {
    Identifier::from(1)
}

fn health(status: HealthStatus) -> SystemEvent {
    SystemEvent::ProviderHealthChanged(ProviderHealthChanged { provider: provider(), status, message: None })
}

fn warning(remaining: u64) -> SystemEvent {
    SystemEvent::RateLimitWarning(RateLimitWarning { endpoint: "/v1".to_owned(), remaining, reset_time: Timestamp(0) })
}

fn announcement(severity: Severity) -> SystemEvent {
    SystemEvent::SystemAnnouncement(SystemAnnouncement { title: "t".to_owned(), message: "m".to_owned(), severity })
}

fn availability(is_available: bool) -> SystemEvent {
    SystemEvent::ModelAvailabilityChanged(ModelAvailabilityChanged { model: "m".to_owned(), is_available })
}

/// Every system event with its type and its priority, as the contract lists them.
fn cases() -> Vec<(SystemEvent, NotificationType, Severity)> {
    let service = || "s".to_owned();
    let degraded = ServiceDegraded { service: service(), reason: "r".to_owned() };
    let mapping = ModelMappingChanged { model: "m".to_owned(), new_provider: None };
    let capabilities = ModelCapabilitiesDiscovered { provider: provider(), capabilities: Vec::new() };
    vec![
        (health(HealthStatus::Unhealthy), NotificationType::ProviderHealth, Severity::High),
        (health(HealthStatus::Degraded), NotificationType::ProviderHealth, Severity::Medium),
        (health(HealthStatus::Healthy), NotificationType::ProviderHealth, Severity::Medium),
        (warning(9), NotificationType::RateLimit, Severity::High),
        (warning(10), NotificationType::RateLimit, Severity::Medium),
        (announcement(Severity::Low), NotificationType::SystemAnnouncement, Severity::Low),
        (announcement(Severity::Critical), NotificationType::SystemAnnouncement, Severity::Critical),
        (SystemEvent::ServiceDegraded(degraded), NotificationType::ServiceDegradation, Severity::High),
        (
            SystemEvent::ServiceRestored(ServiceRestored { service: service() }),
            NotificationType::ServiceDegradation,
            Severity::Medium,
        ),
        (SystemEvent::ModelMappingChanged(mapping), NotificationType::ModelMapping, Severity::Medium),
        (SystemEvent::ModelCapabilitiesDiscovered(capabilities), NotificationType::ModelCapabilities, Severity::Low),
        (availability(false), NotificationType::ModelAvailability, Severity::Medium),
        (availability(true), NotificationType::ModelAvailability, Severity::Low),
    ]
}

#[test]
fn each_event_has_the_type_and_the_priority_of_the_contract() {
    for (event, notification_type, priority) in cases() {
        assert_eq!((event.notification_type(), event.priority()), (notification_type, priority), "{event:?}");
    }
}

fn preferences() -> impl Strategy<Value = NotificationPreferences> {
    let types: Vec<NotificationType> = NotificationType::all().collect();
    let count = types.len();
    let priority = prop::sample::select(vec![Severity::Low, Severity::Medium, Severity::High, Severity::Critical]);
    (prop::sample::subsequence(types, 0..=count), priority).prop_map(|(types, minimum_priority)| {
        NotificationPreferences { enabled_types: types.into_iter().collect(), minimum_priority }
    })
}

proptest! {
    #[test]
    fn an_event_is_wanted_when_its_type_is_and_it_matters_enough(preferences in preferences()) {
        for (event, notification_type, priority) in cases() {
            let is_enabled = preferences.enabled_types.contains(&notification_type);
            let matters = priority.number() >= preferences.minimum_priority.number();
            prop_assert_eq!(wants(&preferences, &event), is_enabled && matters);
            prop_assert!(wants(&NotificationPreferences::default(), &event));
        }
    }

    #[test]
    fn preferences_survive_their_way_to_a_client_and_back(preferences in preferences()) {
        let written = serde_json::to_value(&preferences).unwrap();
        prop_assert_eq!(read(&written).unwrap(), preferences);
    }
}
