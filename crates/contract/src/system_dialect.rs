//! The system events as the original system had them (`?dialect=conduit`): one object each, with its id, time, type and
//! priority. What Conduit Edge does not know is null, and what the original had no member for follows under its own name.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::{
    client_event::Told,
    fields,
    notification_type::Notice,
    severity::Severity,
    system_event::{
        ModelAvailabilityChanged, ModelCapabilitiesDiscovered, ModelCapability, ModelMappingChanged,
        ProviderHealthChanged, RateLimitWarning, ServiceDegraded, ServiceRestored, SystemAnnouncement,
    },
};

pub(crate) fn provider_health_changed(told: &Told<'_>) -> Vec<Value> {
    notice::<ProviderHealthChanged>(told, "provider_health", |event| {
        json!({
            "providerId": event.provider,
            "providerName": event.provider,
            "status": event.status,
            "responseTimeMs": null,
            "details": event.message.as_deref().unwrap_or(event.status.in_words()),
        })
    })
}

pub(crate) fn rate_limit_warning(told: &Told<'_>) -> Vec<Value> {
    notice::<RateLimitWarning>(told, "rate_limit", |event| {
        // The original estimates that ten times as many as are left were there.
        let percentage_used = if event.remaining == 0 { 100 } else { 90 };
        json!({
            "remaining": event.remaining,
            "resetTime": event.reset_time,
            "endpoint": event.endpoint,
            "percentageUsed": percentage_used,
        })
    })
}

pub(crate) fn system_announcement(told: &Told<'_>) -> Vec<Value> {
    notice::<SystemAnnouncement>(told, "system_announcement", |event| {
        let is_urgent = event.severity == crate::severity::Severity::Critical;
        json!({
            "message": event.message,
            "category": if is_urgent { "urgent" } else { "general" },
            "title": event.title,
        })
    })
}

pub(crate) fn service_degraded(told: &Told<'_>) -> Vec<Value> {
    notice::<ServiceDegraded>(
        told,
        "service_degradation",
        |event| json!({ "service": event.service, "reason": event.reason, "estimatedResolution": null }),
    )
}

pub(crate) fn service_restored(told: &Told<'_>) -> Vec<Value> {
    notice::<ServiceRestored>(
        told,
        "service_restoration",
        |event| json!({ "service": event.service, "outageDuration": null }),
    )
}

pub(crate) fn model_mapping_changed(told: &Told<'_>) -> Vec<Value> {
    notice::<ModelMappingChanged>(told, "model_mapping_changed", |event| {
        json!({
            "mappingId": null,
            "modelAlias": event.model,
            "changeType": null,
            "newProvider": event.new_provider,
        })
    })
}

pub(crate) fn model_capabilities_discovered(told: &Told<'_>) -> Vec<Value> {
    notice::<ModelCapabilitiesDiscovered>(told, "model_capabilities_discovered", |event| {
        let count = |kind: &str| event.capabilities.iter().filter(|model| can(model, kind)).count();
        json!({
            "providerId": event.provider,
            "providerName": event.provider,
            "modelCount": event.capabilities.len(),
            "embeddingCount": count("embedding"),
            "visionCount": count("vision"),
            "imageGenCount": count("imagegen"),
            "videoGenCount": count("videogen"),
            "details": null,
        })
    })
}

pub(crate) fn model_availability_changed(told: &Told<'_>) -> Vec<Value> {
    notice::<ModelAvailabilityChanged>(
        told,
        "model_availability_changed",
        |event| json!({ "modelId": event.model, "isAvailable": event.is_available }),
    )
}

/// Whether a model has a capability whose name begins so, however its words are joined: `image_generation`,
/// `ImageGeneration` and `image-gen` are one.
fn can(model: &ModelCapability, kind: &str) -> bool {
    model.capabilities.iter().any(|capability| {
        let letters = capability.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_lowercase()).collect::<String>().starts_with(kind)
    })
}

/// The one object that the original's client method has for an argument. Data that can't be read is passed on as it is.
fn notice<E: Notice + DeserializeOwned>(
    told: &Told<'_>,
    original_type: &str,
    members: impl Fn(&E) -> Value,
) -> Vec<Value> {
    // Read as a text, as everywhere: a `Value` would be one more thing to read each of them from.
    let data = serde_json::to_string(told.data).and_then(|data| fields::read::<E>(&data));
    let Ok(event) = data else {
        return vec![Value::Object(told.data.clone())];
    };
    vec![original(told, original_type, event.priority(), members(&event))]
}

fn original(told: &Told<'_>, original_type: &str, priority: Severity, members: Value) -> Value {
    let mut object = Map::new();
    object.insert("id".to_owned(), Value::from(told.meta.event_id.as_str()));
    object.insert("timestamp".to_owned(), told.timestamp());
    object.insert("type".to_owned(), Value::from(original_type));
    object.insert("priority".to_owned(), Value::from(priority.number()));
    if let Value::Object(members) = members {
        object.extend(members);
    }
    Value::Object(object)
}
