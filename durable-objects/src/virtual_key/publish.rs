//! Taking events in: each once, all of a call or none, and only then told to anybody.

use std::ops::Range;

use contract::{
    DomainEvent, EventBody, KeyRecord, MediaEvent, SystemEvent,
    hub::{SYSTEM_HUB, key_group},
    preferences,
};
use serde_json::value::RawValue;
use worker::Result;

use super::{
    VirtualKey,
    calls::{Publish, Published},
    draft::Draft,
    key_state::KeyState,
    session_money, spend, tasks, webhooks,
};
use crate::{
    arrival,
    identifiers::{hours_millis, now_millis},
};

/// What an event came to, before anybody is told.
pub(super) enum Taken {
    Duplicate,
    NotTaken(NotTaken),
    /// It has its effect, and clients are told this.
    Effective(Range<usize>),
}

/// Why an event has no effect.
pub(super) enum NotTaken {
    /// It changes nothing.
    Ignored(&'static str),
    /// It cannot be taken now, and may come again.
    Rejected(&'static str),
}

impl Taken {
    /// Why it was not taken, if it may come again.
    pub(super) fn rejected(&self) -> Option<&'static str> {
        match self {
            Self::NotTaken(NotTaken::Rejected(reason)) => Some(reason),
            _ => None,
        }
    }

    pub(super) fn is_effective(&self) -> bool {
        matches!(self, Self::Effective(_))
    }
}

impl VirtualKey {
    /// Takes events of the key, in order; while others are waited for, they wait in line. None where there is no such
    /// key.
    ///
    /// # Errors
    ///
    /// Storage failed, or the line is too long: none of the events was stored, and the caller may send all of them again.
    pub(super) async fn publish(&self, publish: Publish) -> Result<Option<Vec<Published>>> {
        let record = match self.services.key.read(&publish.virtual_key_id).await? {
            None | Some(KeyState::Deleted { .. }) => return Ok(None),
            Some(KeyState::Known(record)) => record,
        };
        let services = &*self.services;
        if !services.line.is_empty()? {
            if !services.line.join(&publish.events, publish.accepted_at_millis, now_millis())? {
                return Err(worker::Error::RustError("the line of the key is too long".to_owned()));
            }
            return Ok(Some(publish.events.iter().map(|_| Published::Queued).collect()));
        }
        let mut draft = Draft::new(services, now_millis());
        let taken = self.take_all(&mut draft, &record, &publish.events)?;
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
        let effective = taken.iter().filter(|taken| taken.is_effective()).count();
        services.presence.note_latency(now_millis() - publish.accepted_at_millis, effective);
        self.follow_up(&draft).await?;
        Ok(Some(taken.into_iter().map(|taken| published(taken, &recipients)).collect()))
    }

    /// Takes events into a draft: each once.
    pub(super) fn take_all(
        &self,
        draft: &mut Draft<'_>,
        record: &KeyRecord,
        events: &[Box<RawValue>],
    ) -> Result<Vec<Taken>> {
        let deduplication_hours = self.services.configuration()?.deduplication_hours;
        let seen_since_millis = draft.now_millis - hours_millis(deduplication_hours);
        let mut taken = Vec::with_capacity(events.len());
        for sent in events {
            let Some(event) = &arrival::read(sent) else {
                taken.push(Taken::NotTaken(NotTaken::Ignored(arrival::NOT_UNDERSTOOD)));
                continue;
            };
            taken.push(if draft.note(&event.source, &event.id, seen_since_millis)? {
                let first = draft.notifications().len();
                match take(draft, record, event)? {
                    Ok(()) => Taken::Effective(first..draft.notifications().len()),
                    Err(not_taken) => {
                        if matches!(not_taken, NotTaken::Rejected(_)) {
                            draft.unnote(&event.source, &event.id);
                        }
                        Taken::NotTaken(not_taken)
                    }
                }
            } else {
                Taken::Duplicate
            });
        }
        Ok(taken)
    }

    /// Does what follows from a draft once it is stored and told.
    pub(super) async fn follow_up(&self, draft: &Draft<'_>) -> Result<()> {
        if !draft.spend.is_empty() {
            self.attend_sessions()?;
        }
        if draft.has_raised() {
            self.empty_outbox().await?;
        }
        if draft.webhooks.has_requests() || self.services.webhooks.is_unattended() {
            self.attend_deliveries().await?;
        }
        self.bring_letters().await?;
        self.wind(draft).await?;
        self.note_activity().await
    }
}

fn published(taken: Taken, recipients: &[usize]) -> Published {
    match taken {
        Taken::Duplicate => Published::Duplicate,
        Taken::NotTaken(NotTaken::Ignored(reason)) => Published::Ignored(reason.to_owned()),
        Taken::NotTaken(NotTaken::Rejected(reason)) => Published::Rejected(reason.to_owned()),
        Taken::Effective(told) => {
            let recipients = recipients.get(told).unwrap_or_default();
            Published::Delivered { recipients: Some(recipients.iter().copied().max().unwrap_or(0)) }
        }
    }
}

/// Applies an event to the draft, or says why it changes nothing.
fn take(draft: &mut Draft<'_>, record: &KeyRecord, event: &DomainEvent) -> Result<std::result::Result<(), NotTaken>> {
    let reason = |outcome: tasks::Outcome| outcome.map_err(|reason| NotTaken::Ignored(reason.as_str()));
    let correlation_id = event.correlation_id.as_deref();
    match &event.body {
        EventBody::Task(task) => tasks::take(draft, event, task).map(reason),
        EventBody::Video(video) => tasks::take_media(draft, event, MediaEvent::Video(video)).map(reason),
        EventBody::Image(image) => tasks::take_media(draft, event, MediaEvent::Image(image)).map(reason),
        EventBody::Spend(recorded) => {
            let counts = session_money::note_bill(draft, record, event, recorded)?;
            spend::take(draft, record, recorded, counts, correlation_id).map(Ok)
        }
        EventBody::Webhook(webhook) => webhooks::take(draft, webhook, correlation_id).map(reason),
        EventBody::WebhookRequest(request) => webhooks::request(draft, event, request),
        EventBody::System(system @ SystemEvent::RateLimitWarning(_)) => {
            if preferences::wants(&draft.services.preferences.read()?, system) {
                draft.tell(correlation_id, |meta| system.notification(&SYSTEM_HUB, vec![key_group(&record.id)], meta));
            }
            Ok(Ok(()))
        }
        // Broadcasts go another way: the door does not hand them to a key.
        EventBody::System(_) | EventBody::Admin(_) => Ok(Err(NotTaken::Ignored("not an event of a virtual key"))),
    }
}
