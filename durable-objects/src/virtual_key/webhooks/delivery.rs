//! One delivery: what it sends, and what clients are told of it.

use std::num::NonZeroU32;

use contract::{
    AttemptOutcome, CircuitBreakerState, CircuitBreakerStateChanged, DeadLetter, DeadLetterKind, ErrorText, HttpStatus,
    Identifier, Notification, Quantity, UndeliveredWebhook, WebhookDeliveryAttempted, WebhookDeliveryFailed,
    WebhookDeliveryRequested, WebhookDeliveryRetryScheduled, WebhookDeliverySucceeded, WebhookEvent, WebhookHeaders,
    WebhookSecrets, hub::WEBHOOK_HUB, time::Timestamp, webhook_hub,
};
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use worker::{Error, Result};

use super::{super::draft::Draft, entry::Entry, tell};
use crate::{
    identifiers::{random_bytes, ulid},
    virtual_key::calls::AttemptToMake,
};

/// What a delivery sends. Its JSON is for storing.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) request: WebhookDeliveryRequested,
    pub(super) correlation_id: Option<String>,
    pub(super) trace_parent: Option<String>,
}

/// A delivery and its entry in the schedule.
pub(super) struct Delivery {
    pub(super) entry: Entry,
    id: Identifier,
    content: Content,
}

impl Content {
    /// That of a delivery of which only the dead letter is left.
    pub(super) fn of_letter(letter: &UndeliveredWebhook) -> Self {
        Self {
            request: WebhookDeliveryRequested {
                url: letter.url.clone(),
                event_type: letter.event_type.clone(),
                payload: letter.payload.clone(),
                headers: WebhookHeaders::default(),
                task_id: letter.task_id.clone(),
            },
            correlation_id: letter.correlation_id.clone(),
            trace_parent: letter.trace_parent.clone(),
        }
    }
}

impl Delivery {
    pub(super) fn new(entry: Entry, content: &str) -> Result<Self> {
        let id = Identifier::new(entry.id.as_str()).map_err(|error| Error::RustError(error.to_string()))?;
        Ok(Self { entry, id, content: serde_json::from_str(content)? })
    }

    /// The request that makes an attempt now.
    pub(super) fn to_make(&self, secrets: &WebhookSecrets, now_millis: i64, timeout_millis: i64) -> AttemptToMake {
        let request = &self.content.request;
        let body = request.payload.get().to_owned();
        let timestamp_seconds = now_millis.div_euclid(1_000);
        let signature = secrets.sign(&self.entry.id, timestamp_seconds, &body, now_millis);
        let own = |name: &str, value: String| (name.to_owned(), value);
        let mut headers = vec![
            own("content-type", "application/json".to_owned()),
            own("user-agent", "Conduit-Webhooks/1.0".to_owned()),
            own("webhook-id", self.entry.id.clone()),
            own("webhook-timestamp", timestamp_seconds.to_string()),
            own("webhook-signature", signature),
        ];
        headers.extend(self.content.trace_parent.clone().map(|value| own("traceparent", value)));
        headers.extend(request.headers.iter().map(|(name, value)| own(name, value.to_owned())));
        AttemptToMake { url: self.entry.url.clone(), headers, body, timeout_millis }
    }

    fn attempt(&self) -> NonZeroU32 {
        NonZeroU32::new(self.entry.attempt).unwrap_or(NonZeroU32::MIN)
    }

    pub(super) fn attempted(&self) -> WebhookEvent {
        let request = &self.content.request;
        WebhookEvent::WebhookDeliveryAttempted(WebhookDeliveryAttempted {
            delivery_id: self.id.clone(),
            url: request.url.clone(),
            event_type: request.event_type.clone(),
            task_id: request.task_id.clone(),
            attempt: self.attempt(),
        })
    }

    pub(super) fn succeeded(&self, status_code: HttpStatus, response_time_millis: u32) -> WebhookEvent {
        let request = &self.content.request;
        WebhookEvent::WebhookDeliverySucceeded(WebhookDeliverySucceeded {
            delivery_id: self.id.clone(),
            url: request.url.clone(),
            event_type: request.event_type.clone(),
            task_id: request.task_id.clone(),
            attempt: self.attempt(),
            status_code,
            response_time_ms: Quantity::new(f64::from(response_time_millis)).unwrap_or_default(),
        })
    }

    pub(super) fn failed(&self, outcome: &AttemptOutcome, error: ErrorText, is_final: bool) -> WebhookEvent {
        let request = &self.content.request;
        WebhookEvent::WebhookDeliveryFailed(WebhookDeliveryFailed {
            delivery_id: self.id.clone(),
            url: request.url.clone(),
            event_type: request.event_type.clone(),
            task_id: request.task_id.clone(),
            attempt: self.attempt(),
            error,
            status_code: outcome.status(),
            is_final,
        })
    }

    /// That the attempt of this entry comes at this time.
    pub(super) fn scheduled(&self, now_millis: i64) -> WebhookEvent {
        let request = &self.content.request;
        let delay_millis = (self.entry.due_millis - now_millis).max(0);
        #[expect(clippy::cast_precision_loss, reason = "a delay of days has few milliseconds")]
        let delay_seconds = Quantity::new(delay_millis as f64 / 1_000.0).unwrap_or_default();
        WebhookEvent::WebhookDeliveryRetryScheduled(WebhookDeliveryRetryScheduled {
            delivery_id: self.id.clone(),
            url: request.url.clone(),
            event_type: request.event_type.clone(),
            task_id: request.task_id.clone(),
            attempt: self.attempt(),
            delay_seconds,
            scheduled_at: Timestamp(self.entry.due_millis),
        })
    }

    /// Has clients told of an event of this delivery, and counts it.
    pub(super) fn tell(&self, draft: &mut Draft<'_>, event: &WebhookEvent) -> Result<()> {
        draft.webhooks.apply(event)?;
        tell(draft, event, self.content.correlation_id.as_deref());
        Ok(())
    }

    /// Has clients told that this delivery changed the breaker of its URL, if it did.
    pub(super) fn tell_breaker(
        &self,
        draft: &mut Draft<'_>,
        previous: CircuitBreakerState,
        current: CircuitBreakerState,
    ) {
        if previous == current {
            return;
        }
        let request = &self.content.request;
        let event = CircuitBreakerStateChanged {
            delivery_id: Some(self.id.clone()),
            url: request.url.clone(),
            event_type: Some(request.event_type.clone()),
            task_id: request.task_id.clone(),
            attempt: Some(self.attempt()),
            previous_state: previous,
            current_state: current,
        };
        let groups = webhook_hub::groups(&request.url);
        draft
            .tell(self.content.correlation_id.as_deref(), |meta| Notification::new(&WEBHOOK_HUB, groups, &event, meta));
    }

    /// Its dead letter. Each time that it is given up it has another one.
    pub(super) fn letter(
        &self,
        virtual_key_id: Option<String>,
        outcome: &AttemptOutcome,
        error: ErrorText,
        now_millis: i64,
    ) -> Result<DeadLetter> {
        let random = random_bytes().map_err(|error| Error::RustError(error.to_string()))?;
        let Content { request, correlation_id, trace_parent } = &self.content;
        let cause = error.as_str().to_owned();
        let undelivered = UndeliveredWebhook {
            delivery_id: self.id.clone(),
            url: request.url.clone(),
            event_type: request.event_type.clone(),
            task_id: request.task_id.clone(),
            payload: request.payload.clone(),
            correlation_id: correlation_id.clone(),
            trace_parent: trace_parent.clone(),
            attempts: self.entry.attempt,
            error,
            status_code: outcome.status(),
        };
        Ok(DeadLetter {
            id: ulid(now_millis, random).to_string(),
            at: Timestamp(now_millis),
            kind: DeadLetterKind::Webhook,
            virtual_key_id,
            cause,
            attempts: self.entry.attempt,
            body: to_raw_value(&undelivered)?,
        })
    }
}
