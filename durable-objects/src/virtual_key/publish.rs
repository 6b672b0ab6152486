//! Taking events in: each once, all of a call or none, and only then told to anybody.

use std::ops::Range;

use contract::{
    DomainEvent, EventBody, MediaEvent, SystemEvent,
    hub::{SYSTEM_HUB, key_group},
    preferences,
};
use worker::Result;

use super::{
    VirtualKey,
    calls::{Publish, Published},
    draft::Draft,
    key_state::KeyState,
    spend, tasks, webhooks,
};
use crate::{
    arrival,
    identifiers::{hours_millis, now_millis},
};

/// What an event came to, before anybody is told.
enum Taken {
    Duplicate,
    Ignored(&'static str),
    /// It has its effect, and clients are told this.
    Effective(Range<usize>),
}

impl VirtualKey {
    /// Takes events of the key, in order. None where there is no such key.
    ///
    /// # Errors
    ///
    /// Storage failed: none of the events was stored, and the caller may send all of them again.
    pub(super) async fn publish(&self, publish: Publish) -> Result<Option<Vec<Published>>> {
        let record = match self.services.key.read(&publish.virtual_key_id).await? {
            None | Some(KeyState::Deleted { .. }) => return Ok(None),
            Some(KeyState::Known(record)) => record,
        };
        let services = &*self.services;
        let began_at_millis = now_millis();
        let seen_since_millis = began_at_millis - hours_millis(services.configuration()?.deduplication_hours);
        let mut draft = Draft::new(services, began_at_millis);
        let mut taken = Vec::with_capacity(publish.events.len());
        for sent in &publish.events {
            let Some(event) = &arrival::read(sent) else {
                taken.push(Taken::Ignored(arrival::NOT_UNDERSTOOD));
                continue;
            };
            taken.push(if draft.note(&event.source, &event.id, seen_since_millis)? {
                let first = draft.notifications().len();
                match take(&mut draft, &record, event)? {
                    Ok(()) => Taken::Effective(first..draft.notifications().len()),
                    Err(reason) => Taken::Ignored(reason),
                }
            } else {
                Taken::Duplicate
            });
        }
        // What is stored holds messages back until it is safe. Progress need not wait for that: if it is
        // lost after it was told, nothing is wrong but that it may be told again.
        let is_ephemeral = draft.is_ephemeral();
        if !is_ephemeral {
            draft.commit()?;
        }
        let recipients = draft.send();
        self.server.flush();
        if is_ephemeral {
            draft.commit()?;
        }
        if draft.has_raised() {
            self.empty_outbox().await?;
        }
        let effective = taken.iter().filter(|taken| matches!(taken, Taken::Effective(_))).count();
        services.presence.note_latency(now_millis() - publish.accepted_at_millis, effective);
        self.wind(&draft).await?;
        self.note_activity().await?;
        Ok(Some(taken.into_iter().map(|taken| published(taken, &recipients)).collect()))
    }
}

fn published(taken: Taken, recipients: &[usize]) -> Published {
    match taken {
        Taken::Duplicate => Published::Duplicate,
        Taken::Ignored(reason) => Published::Ignored(reason.to_owned()),
        Taken::Effective(told) => {
            let recipients = recipients.get(told).unwrap_or_default();
            Published::Delivered { recipients: Some(recipients.iter().copied().max().unwrap_or(0)) }
        }
    }
}

/// Applies an event to the draft, or says why it changes nothing.
fn take(
    draft: &mut Draft<'_>,
    record: &contract::KeyRecord,
    event: &DomainEvent,
) -> Result<std::result::Result<(), &'static str>> {
    let reason = |outcome: tasks::Outcome| outcome.map_err(contract::IgnoreReason::as_str);
    let correlation_id = event.correlation_id.as_deref();
    match &event.body {
        EventBody::Task(task) => tasks::take(draft, event, task).map(reason),
        EventBody::Video(video) => tasks::take_media(draft, event, MediaEvent::Video(video)).map(reason),
        EventBody::Image(image) => tasks::take_media(draft, event, MediaEvent::Image(image)).map(reason),
        EventBody::Spend(recorded) => spend::take(draft, record, recorded, correlation_id).map(Ok),
        EventBody::Webhook(webhook) => webhooks::take(draft, webhook, correlation_id).map(reason),
        EventBody::System(system @ SystemEvent::RateLimitWarning(_)) => {
            if preferences::wants(&draft.services.preferences.read()?, system) {
                draft.tell(correlation_id, |meta| system.notification(&SYSTEM_HUB, vec![key_group(&record.id)], meta));
            }
            Ok(Ok(()))
        }
        // Broadcasts go another way: the door does not hand them to a key.
        EventBody::System(_) | EventBody::Admin(_) => Ok(Err("not an event of a virtual key")),
    }
}
