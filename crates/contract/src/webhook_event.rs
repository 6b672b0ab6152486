//! Webhook deliveries: what a delivery service says happened, which is what clients of `WebhookDeliveryHub` are told.
//!
//! `?dialect=conduit` has the original system's members. `?dialect=guide` has two names only: a delivery that succeeded,
//! and one that failed for good; a failure that is tried again keeps its name, which that dialect's clients don't know.

use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

use crate::{
    client_event::client_event,
    domain_event::{EventBody, domain_events},
    error_text::ErrorText,
    http_status::HttpStatus,
    identifier::Identifier,
    quantity::Quantity,
    time::Timestamp,
    webhook_conduit::{breaker_changed, delivery_attempted, delivery_failed, delivery_succeeded, retry_scheduled},
    webhook_url::WebhookUrl,
};

domain_events! {
    /// Something that happened to the delivery of a webhook.
    pub enum WebhookEvent in EventBody::Webhook {
        WebhookDeliveryAttempted: Key,
        WebhookDeliverySucceeded: Key,
        WebhookDeliveryFailed: Key,
        WebhookDeliveryRetryScheduled: Key,
    }
}

impl WebhookEvent {
    /// The delivery, unique for its URL.
    pub fn delivery_id(&self) -> &Identifier {
        match self {
            Self::WebhookDeliveryAttempted(event) => &event.delivery_id,
            Self::WebhookDeliverySucceeded(event) => &event.delivery_id,
            Self::WebhookDeliveryFailed(event) => &event.delivery_id,
            Self::WebhookDeliveryRetryScheduled(event) => &event.delivery_id,
        }
    }

    /// Where it is delivered to.
    pub fn url(&self) -> &WebhookUrl {
        match self {
            Self::WebhookDeliveryAttempted(event) => &event.url,
            Self::WebhookDeliverySucceeded(event) => &event.url,
            Self::WebhookDeliveryFailed(event) => &event.url,
            Self::WebhookDeliveryRetryScheduled(event) => &event.url,
        }
    }
}

/// Whether deliveries to a URL go out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CircuitBreakerState {
    /// They do.
    #[default]
    Closed,
    /// Too many failed: they wait.
    Open,
    /// One goes out, to see whether the others can.
    HalfOpen,
}

/// Says that a delivery is being tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookDeliveryAttempted {
    /// The delivery, unique for its URL.
    pub delivery_id: Identifier,
    /// Where it goes.
    pub url: WebhookUrl,
    /// What it tells of, such as `video.completed`.
    pub event_type: String,
    /// The task that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Identifier>,
    /// Which attempt this is, from 1.
    pub attempt: NonZeroU32,
}
client_event!(
    WebhookDeliveryAttempted, Durable, Object,
    name: "DeliveryAttempted",
    conduit: "DeliveryAttempted" => delivery_attempted,
    example: r#"{"deliveryId":"delivery-1","url":"https://example.com/hook","eventType":"video.completed","taskId":"video-1","attempt":1}"#,
);

/// Says that a delivery arrived.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookDeliverySucceeded {
    /// The delivery, unique for its URL.
    pub delivery_id: Identifier,
    /// Where it went.
    pub url: WebhookUrl,
    /// What it tells of, such as `video.completed`.
    pub event_type: String,
    /// The task that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Identifier>,
    /// Which attempt this was, from 1.
    pub attempt: NonZeroU32,
    /// The HTTP status that was answered.
    pub status_code: HttpStatus,
    /// How long the answer took, in milliseconds.
    pub response_time_ms: Quantity,
}
client_event!(
    WebhookDeliverySucceeded, Durable, Object,
    name: "DeliverySucceeded",
    conduit: "DeliverySucceeded" => delivery_succeeded,
    guide: "WebhookDelivered",
    example: r#"{"deliveryId":"delivery-1","url":"https://example.com/hook","eventType":"video.completed","taskId":"video-1","attempt":2,"statusCode":204,"responseTimeMs":31.5}"#,
);

/// Says that an attempt failed, or the delivery with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookDeliveryFailed {
    /// The delivery, unique for its URL.
    pub delivery_id: Identifier,
    /// Where it was to go.
    pub url: WebhookUrl,
    /// What it tells of, such as `video.completed`.
    pub event_type: String,
    /// The task that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Identifier>,
    /// Which attempt this was, from 1.
    pub attempt: NonZeroU32,
    /// What went wrong, without stack trace.
    pub error: ErrorText,
    /// The HTTP status, if there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<HttpStatus>,
    /// Whether the delivery is given up.
    pub is_final: bool,
}
client_event!(
    WebhookDeliveryFailed, Durable, Object,
    name: "DeliveryFailed",
    conduit: "DeliveryFailed" => delivery_failed,
    guide: "WebhookFailed" if "isFinal",
    example: r#"{"deliveryId":"delivery-1","url":"https://example.com/hook","eventType":"video.completed","taskId":"video-1","attempt":4,"error":"HTTP 503","statusCode":503,"isFinal":true}"#,
);

/// Says when a delivery is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookDeliveryRetryScheduled {
    /// The delivery, unique for its URL.
    pub delivery_id: Identifier,
    /// Where it is to go.
    pub url: WebhookUrl,
    /// What it tells of, such as `video.completed`.
    pub event_type: String,
    /// The task that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Identifier>,
    /// Which attempt is to come, from 1.
    pub attempt: NonZeroU32,
    /// In how many seconds.
    pub delay_seconds: Quantity,
    /// When that is.
    pub scheduled_at: Timestamp,
}
client_event!(
    WebhookDeliveryRetryScheduled, Durable, Object,
    name: "RetryScheduled",
    conduit: "RetryScheduled" => retry_scheduled,
    example: r#"{"deliveryId":"delivery-1","url":"https://example.com/hook","eventType":"video.completed","taskId":"video-1","attempt":2,"delaySeconds":2,"scheduledAt":"2026-01-31T12:00:02.000Z"}"#,
);

/// Says that deliveries to a URL wait, or go out again. The delivery is the one that brought it about, if one did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CircuitBreakerStateChanged {
    /// The delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_id: Option<Identifier>,
    /// The URL.
    pub url: WebhookUrl,
    /// What the delivery tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_type: Option<String>,
    /// The task that it tells of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<Identifier>,
    /// Which attempt it was, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<NonZeroU32>,
    /// What it was.
    pub previous_state: CircuitBreakerState,
    /// What it is.
    pub current_state: CircuitBreakerState,
}
client_event!(
    CircuitBreakerStateChanged, Durable, Object,
    conduit: "CircuitBreakerStateChanged" => breaker_changed,
    example: r#"{"deliveryId":"delivery-1","url":"https://example.com/hook","eventType":"video.completed","taskId":"video-1","attempt":4,"previousState":"Closed","currentState":"Open"}"#,
);
