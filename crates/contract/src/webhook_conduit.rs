//! The events of webhook deliveries as the original system shaped them (`?dialect=conduit`).

use serde_json::{Map, Value};

use crate::{client_event::Told, key_secret::sha256_hex};

/// How many hexadecimal digits of a URL's hash are in the name of a webhook.
const HASH_DIGITS: usize = 8;

/// `DeliveryAttempted`.
pub(crate) fn delivery_attempted(told: &Told<'_>) -> Vec<Value> {
    // Nobody reports the type of the task.
    let members = told.renamed(&[("attemptNumber", "attempt"), ("taskId", "taskId"), ("taskType", "taskType")]);
    of_delivery(told, members)
}

/// `DeliverySucceeded`.
pub(crate) fn delivery_succeeded(told: &Told<'_>) -> Vec<Value> {
    let members = told.renamed(&[
        ("statusCode", "statusCode"),
        ("responseTimeMs", "responseTimeMs"),
        ("attemptCount", "attempt"),
        ("taskId", "taskId"),
        ("totalAttempts", "attempt"),
    ]);
    of_delivery(told, members)
}

/// `DeliveryFailed`.
pub(crate) fn delivery_failed(told: &Told<'_>) -> Vec<Value> {
    let members = told.renamed(&[
        ("error", "error"),
        ("errorMessage", "error"),
        ("statusCode", "statusCode"),
        ("attemptCount", "attempt"),
        ("attemptNumber", "attempt"),
        ("isFinal", "isFinal"),
        ("isPermanentFailure", "isFinal"),
        ("taskId", "taskId"),
    ]);
    of_delivery(told, members)
}

/// `RetryScheduled`.
pub(crate) fn retry_scheduled(told: &Told<'_>) -> Vec<Value> {
    // How many retries there may be, which its reason says, is not reported.
    let members = told.renamed(&[
        ("nextAttemptNumber", "attempt"),
        ("scheduledAt", "scheduledAt"),
        ("delaySeconds", "delaySeconds"),
        ("reason", "reason"),
    ]);
    of_delivery(told, members)
}

/// `CircuitBreakerStateChanged`, of which only the states are known.
pub(crate) fn breaker_changed(told: &Told<'_>) -> Vec<Value> {
    let event = told.renamed(&[
        ("url", "url"),
        ("previousState", "previousState"),
        ("currentState", "currentState"),
        ("reason", "reason"),
        ("failureCount", "failureCount"),
        ("successCount", "successCount"),
        ("nextTestAt", "nextTestAt"),
    ]);
    vec![Value::Object(event)]
}

/// The members with those that every event of a delivery has. Its time is in the event's metadata.
fn of_delivery(told: &Told<'_>, mut members: Map<String, Value>) -> Vec<Value> {
    members.extend(told.renamed(&[("deliveryId", "deliveryId"), ("url", "url"), ("eventType", "eventType")]));
    members.insert("webhookId".to_owned(), webhook_id(told));
    vec![Value::Object(members)]
}

/// What the original named a webhook by: its task, or its delivery where there is no task, and a hash of its URL.
fn webhook_id(told: &Told<'_>) -> Value {
    let text = |name| told.data.get(name).and_then(Value::as_str);
    let owner = text("taskId").or(text("deliveryId")).unwrap_or_default();
    let hash = sha256_hex(text("url").unwrap_or_default());
    let hash: String = hash.chars().take(HASH_DIGITS).collect();
    Value::String(format!("{owner}_{hash}"))
}
