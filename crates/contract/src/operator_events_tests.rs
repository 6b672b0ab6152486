//! What clients of the system, navigation and admin hubs are told, in every dialect.

use serde_json::{Value, json};

use crate::{
    AdminError, ConfigurationChanged, ConnectionCountChanged, Dialect, EventMeta, Hub, InitialProviderHealth,
    ModelAvailabilityChanged, ModelCapabilitiesDiscovered, ModelMappingChanged, Notification, PreferencesUpdated,
    ProviderHealthChanged, ProviderHealthRecord, ProviderHealthRefreshed, RateLimitWarning, RealtimeSessionChanged,
    ServiceDegraded, ServiceRestored, SubscribedToProvider, SubscribedToVirtualKey, SystemAlert, SystemAnnouncement,
    UnsubscribedFromProvider, UnsubscribedFromVirtualKey, VirtualKeyCreated, VirtualKeyDeleted, VirtualKeyUpdated,
    admin_hub::ADMIN_HUB,
    client_event::ClientEvent,
    hub::HUBS,
    navigation_hub::{NAVIGATION_HUB, NavigationUpdated},
    system_hub::SYSTEM_HUB,
};

const EVENT_ID: &str = "e-1";
const TIME: &str = "2026-01-31T12:00:00.000Z";

/// The example of an event as its type reads and writes it.
fn example<E: ClientEvent + serde::de::DeserializeOwned>(hub: &'static Hub) -> Notification {
    let declaration = E::DECLARATION;
    let event: E = serde_json::from_str(declaration.example)
        .unwrap_or_else(|error| panic!("the example of {} can't be read: {error}", declaration.name));
    let meta = EventMeta {
        timestamp_millis: 1_769_860_800_000,
        event_id: EVENT_ID.to_owned(),
        correlation_id: Some("c-1".to_owned()),
    };
    let notification = Notification::new(hub, Vec::new(), &event, meta).unwrap();
    let written: Value = serde_json::from_str(notification.data().get()).unwrap();
    assert_eq!(written, serde_json::from_str::<Value>(declaration.example).unwrap(), "{}", declaration.name);
    notification
}

fn arguments(notification: &Notification, dialect: Dialect) -> Value {
    serde_json::from_str(notification.arguments(dialect, false).unwrap().json().get()).unwrap()
}

/// An object with the metadata that every object has.
fn with_meta(mut object: Value) -> Value {
    for (name, value) in [("timestamp", TIME), ("eventId", EVENT_ID), ("correlationId", "c-1")] {
        object[name] = json!(value);
    }
    object
}

/// An object of the original system with its common members.
fn notice(original_type: &str, priority: u8, mut members: Value) -> Value {
    members["id"] = json!(EVENT_ID);
    members["type"] = json!(original_type);
    members["priority"] = json!(priority);
    json!([with_meta(members)])
}

/// An event, its arguments, and its name and arguments in the `conduit` dialect; none where they are the same.
type Case = (Notification, Value, Option<(&'static str, Value)>);

fn service_cases() -> Vec<Case> {
    let hub = &SYSTEM_HUB;
    vec![
        (
            example::<ProviderHealthChanged>(hub),
            json!(["openai", "Degraded", "every third request fails"]),
            Some((
                "OnProviderHealthChanged",
                notice(
                    "provider_health",
                    1,
                    json!({
                        "providerId": "openai", "providerName": "openai", "status": "Degraded", "responseTimeMs": null,
                        "details": "every third request fails",
                    }),
                ),
            )),
        ),
        (
            example::<RateLimitWarning>(hub),
            json!(["/v1/chat/completions", 7, "2026-01-31T12:01:00.000Z"]),
            Some((
                "OnRateLimitWarning",
                notice(
                    "rate_limit",
                    2,
                    json!({
                        "remaining": 7, "resetTime": "2026-01-31T12:01:00.000Z", "endpoint": "/v1/chat/completions",
                        "percentageUsed": 90,
                    }),
                ),
            )),
        ),
        (
            example::<SystemAnnouncement>(hub),
            json!(["Maintenance", "No new keys on Sunday from 2 to 3 UTC.", "Medium"]),
            Some((
                "OnSystemAnnouncement",
                notice(
                    "system_announcement",
                    1,
                    json!({
                        "title": "Maintenance", "message": "No new keys on Sunday from 2 to 3 UTC.", "category": "general",
                    }),
                ),
            )),
        ),
        (
            example::<ServiceDegraded>(hub),
            json!(["image generation", "the queue is longer than usual"]),
            Some((
                "OnServiceDegraded",
                notice(
                    "service_degradation",
                    2,
                    json!({
                        "service": "image generation", "reason": "the queue is longer than usual",
                        "estimatedResolution": null,
                    }),
                ),
            )),
        ),
        (
            example::<ServiceRestored>(hub),
            json!(["image generation"]),
            Some((
                "OnServiceRestored",
                notice("service_restoration", 1, json!({ "service": "image generation", "outageDuration": null })),
            )),
        ),
    ]
}

fn model_cases() -> Vec<Case> {
    let hub = &SYSTEM_HUB;
    let capabilities = json!([
        { "model": "gpt-4o", "capabilities": ["chat", "vision"] },
        { "model": "text-embedding-3-small", "capabilities": ["embeddings"] },
    ]);
    vec![
        (
            example::<ModelMappingChanged>(hub),
            json!(["gpt-4o", "azure-openai"]),
            Some((
                "OnModelMappingChanged",
                notice(
                    "model_mapping_changed",
                    1,
                    json!({ "mappingId": null, "modelAlias": "gpt-4o", "changeType": null, "newProvider": "azure-openai" }),
                ),
            )),
        ),
        (
            example::<ModelCapabilitiesDiscovered>(hub),
            json!(["openai", capabilities]),
            Some((
                "OnModelCapabilitiesDiscovered",
                notice(
                    "model_capabilities_discovered",
                    0,
                    json!({
                        "providerId": "openai", "providerName": "openai", "modelCount": 2, "embeddingCount": 1,
                        "visionCount": 1, "imageGenCount": 0, "videoGenCount": 0, "details": null,
                    }),
                ),
            )),
        ),
        (
            example::<ModelAvailabilityChanged>(hub),
            json!(["gpt-4o", false]),
            Some((
                "OnModelAvailabilityChanged",
                notice("model_availability_changed", 1, json!({ "modelId": "gpt-4o", "isAvailable": false })),
            )),
        ),
        (
            example::<PreferencesUpdated>(hub),
            json!([{ "enabledTypes": ["provider_health", "service_degradation"], "minimumPriority": "Medium" }]),
            Some((
                "PreferencesUpdated",
                json!([with_meta(json!({
                    "enabledTypes": ["provider_health", "service_degradation"], "minimumPriority": 1,
                }))]),
            )),
        ),
    ]
}

fn navigation_cases() -> Vec<Case> {
    let state = json!({ "page": "chat", "conversationId": "c-7" });
    vec![(example::<NavigationUpdated>(&NAVIGATION_HUB), json!([state]), None)]
}

fn health_cases() -> Vec<Case> {
    let hub = &ADMIN_HUB;
    let original = |status: u8, message: Value, response_time: Value| {
        json!([[{
            "id": null, "providerId": "openai", "status": status, "isOnline": status == 0, "statusMessage": message,
            "timestampUtc": TIME, "responseTimeMs": response_time, "errorCategory": null, "errorDetails": null,
            "endpointUrl": null,
        }]])
    };
    let record = |status: &str, other: Value| {
        let mut record = other;
        record["provider"] = json!("openai");
        record["status"] = json!(status);
        record["checkedAt"] = json!(TIME);
        record
    };
    vec![
        (
            example::<InitialProviderHealth>(hub),
            json!([[record("Healthy", json!({ "isHealthy": true, "responseTimeMs": 87 }))]]),
            Some(("InitialProviderHealth", original(0, json!(null), json!(87)))),
        ),
        (
            example::<ProviderHealthRefreshed>(hub),
            json!([[record("Unhealthy", json!({ "isHealthy": false, "message": "could not be reached" }))]]),
            Some(("ProviderHealthRefreshed", original(1, json!("could not be reached"), json!(null)))),
        ),
        (
            example::<ProviderHealthRecord>(hub),
            json!([with_meta(record(
                "Degraded",
                json!({ "isHealthy": false, "responseTimeMs": 412, "message": "answered with 503" }),
            ))]),
            Some((
                "ProviderHealthUpdate",
                json!([with_meta(json!({
                    "providerId": "openai", "status": "Degraded", "isHealthy": false,
                    "healthData": {
                        "responseTimeMs": 412, "errorCategory": null, "timestamp": TIME, "message": "answered with 503",
                    },
                }))]),
            )),
        ),
    ]
}

fn key_cases() -> Vec<Case> {
    let hub = &ADMIN_HUB;
    let update = |update_type: &str, priority: u8, changed: Value| {
        let update = notice(
            "VirtualKeyUpdate",
            priority,
            json!({
                "virtualKeyId": "456", "updateType": update_type,
                "details": { "name": "demo", "changedProperties": changed },
            }),
        );
        Some(("VirtualKeyUpdate", update))
    };
    let key = json!({ "virtualKeyId": "456", "name": "demo" });
    let changed = json!(["enabled", "limits.connections"]);
    let updated = json!({ "virtualKeyId": "456", "name": "demo", "changedProperties": changed });
    vec![
        (example::<VirtualKeyCreated>(hub), json!([with_meta(key.clone())]), update("created", 1, json!(null))),
        (example::<VirtualKeyUpdated>(hub), json!([with_meta(updated)]), update("updated", 1, changed)),
        (example::<VirtualKeyDeleted>(hub), json!([with_meta(key)]), update("deleted", 2, json!(null))),
        (
            example::<ConnectionCountChanged>(hub),
            json!([with_meta(json!({ "virtualKeyId": "456", "connections": 3 }))]),
            None,
        ),
        (
            example::<RealtimeSessionChanged>(hub),
            json!([with_meta(json!({ "virtualKeyId": "456", "connectionId": "rt-01", "state": "Active" }))]),
            None,
        ),
        (example::<SubscribedToVirtualKey>(hub), json!(["456"]), None),
        (example::<UnsubscribedFromVirtualKey>(hub), json!(["456"]), None),
    ]
}

fn other_admin_cases() -> Vec<Case> {
    let hub = &ADMIN_HUB;
    let setting = json!({ "setting": "providers.openai.healthUrl", "changedBy": "master key" });
    vec![
        (
            example::<SystemAlert>(hub),
            json!([with_meta(json!({
                "severity": "High", "title": "Cache", "message": "Half of all look-ups miss.", "source": "core-api-2",
            }))]),
            Some((
                "SystemAnnouncement",
                json!([with_meta(json!({
                    "message": "Half of all look-ups miss.", "priority": 2, "category": "general", "title": "Cache",
                    "source": "core-api-2",
                }))]),
            )),
        ),
        (example::<ConfigurationChanged>(hub), json!([with_meta(setting)]), None),
        (example::<AdminError>(hub), json!([with_meta(json!({ "message": "Virtual key 456 not found" }))]), None),
        (example::<SubscribedToProvider>(hub), json!(["openai"]), None),
        (example::<UnsubscribedFromProvider>(hub), json!(["openai"]), None),
    ]
}

fn cases() -> Vec<Case> {
    [service_cases(), model_cases(), navigation_cases(), health_cases(), key_cases(), other_admin_cases()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn each_event_reads_in_each_dialect_as_it_should() {
    for (notification, own, conduit) in cases() {
        let name = notification.event.name;
        for dialect in [Dialect::Contract, Dialect::Guide] {
            assert_eq!(notification.target(dialect), name);
            assert_eq!(arguments(&notification, dialect), own, "{name}");
        }
        let (conduit_name, conduit_arguments) = conduit.unwrap_or((name, own));
        assert_eq!(notification.target(Dialect::Conduit), conduit_name);
        assert_eq!(arguments(&notification, Dialect::Conduit), conduit_arguments, "{name}");
    }
}

#[test]
fn each_event_of_these_hubs_is_among_the_cases() {
    let known: Vec<&str> = cases().iter().map(|(notification, ..)| notification.event.name).collect();
    for hub in [&SYSTEM_HUB, &NAVIGATION_HUB, &ADMIN_HUB] {
        // Alerts of budgets are tried with the spend hub.
        for event in hub.events.iter().filter(|event| !event.name.ends_with("Alert") || event.name == "SystemAlert") {
            assert!(known.contains(&event.name), "{hub:?}: {event:?}");
        }
    }
}

#[test]
fn an_event_of_a_hub_survives_the_journal() {
    for (notification, own, _) in cases() {
        let kept: Notification = serde_json::from_str(&serde_json::to_string(&notification).unwrap()).unwrap();
        assert_eq!(kept.hub, notification.hub);
        assert_eq!(arguments(&kept, Dialect::Contract), own);
    }
}

#[test]
fn what_is_told_to_the_caller_alone_is_not_kept() {
    for event in SYSTEM_HUB.events.iter().chain(ADMIN_HUB.events).chain(NAVIGATION_HUB.events) {
        let is_for_the_caller = ["PreferencesUpdated", "InitialProviderHealth", "ProviderHealthRefreshed", "Error"]
            .contains(&event.name)
            || event.name.contains("ubscribed");
        let is_only_the_latest_of_interest = ["NavigationUpdated", "ConnectionCountChanged"].contains(&event.name);
        let is_ephemeral = event.class == crate::EventClass::Ephemeral;
        assert_eq!(is_ephemeral, is_for_the_caller || is_only_the_latest_of_interest, "{event:?}");
    }
}

#[test]
fn examples_of_parameters_and_answers_are_json() {
    for method in HUBS.iter().flat_map(|hub| hub.all_methods()) {
        let examples = method.parameters.iter().map(|parameter| parameter.example);
        for example in examples.chain(method.answer.as_ref().map(|answer| answer.example)) {
            assert!(serde_json::from_str::<Value>(example).is_ok(), "{method:?}: {example}");
        }
    }
}

#[test]
fn groups_and_texts_are_those_of_the_contract() {
    assert_eq!(crate::admin_hub::virtual_key_group("456"), "admin-vkey-456");
    assert_eq!(crate::admin_hub::provider_group("openai"), "admin-provider-openai");
    assert_eq!(crate::admin_hub::virtual_key_not_found("456").message, "Virtual key 456 not found");
}
