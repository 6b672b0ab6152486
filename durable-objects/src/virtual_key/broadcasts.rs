//! What concerns everybody, as it reaches this key: each broadcast once, in order, whatever the directory repeats.
//!
//! It goes into the key's own journal, so that whoever resumes gets it in its place among the key's own events. What
//! came while nobody was online is fetched when somebody asks for the past.

use contract::{
    Broadcast, EventMeta, Notification, NotificationError, SystemEvent,
    hub::{NAVIGATION_HUB, SYSTEM_HUB, key_group},
    preferences, system_hub,
};
use serde_json::json;
use worker::Result;

use super::{VirtualKey, calls::Deliver, key_state::KeyState, services::Services};
use crate::{
    administration::calls::ReadBroadcasts, call, desk::JournalLimits, identifiers::now_millis, log,
    transaction::transaction,
};

impl VirtualKey {
    /// Takes broadcasts and tells whoever is connected.
    pub(super) async fn deliver(&self, deliver: Deliver) -> Result<()> {
        let services = &self.services;
        let known = services.presence.last_broadcast()?.unwrap_or(0);
        if let Some(first) = deliver.broadcasts.first().filter(|first| first.number > known + 1) {
            services.fetch_missed(|| Ok(first.number - 1)).await?;
        }
        let key = &deliver.virtual_key_id;
        let notifications = keep(services, &deliver.broadcasts, |one| notifications_of(services, key, one, None))?;
        let wanted = services.preferences.read()?;
        for notification in &notifications {
            if notification.hub != &SYSTEM_HUB || preferences::wants_notification(&wanted, notification) {
                services.desk.notifier.send(notification);
            }
        }
        self.server.flush();
        for broadcast in &deliver.broadcasts {
            services.presence.note_latency(now_millis() - broadcast.at_millis, 1);
        }
        self.note_activity().await
    }
}

impl Services {
    /// Fetches the broadcasts that came while nobody of the key was online. Of what came before there was such a key,
    /// none; and none of those that the directory brings, since clients are told of them then.
    pub(super) async fn catch_up(&self) -> Result<()> {
        self.fetch_missed(|| Ok(self.presence.not_brought_through()?.unwrap_or(i64::MAX))).await
    }

    /// Fetches broadcasts up to one, which is asked for again after each wait: somebody may have connected meanwhile.
    async fn fetch_missed(&self, through: impl Fn() -> Result<i64>) -> Result<()> {
        loop {
            let read = ReadBroadcasts { after: self.presence.last_broadcast()?.unwrap_or(0), through: through()? };
            if read.after >= read.through {
                return Ok(());
            }
            let mut missed = call::ask(&self.env, &read).await?;
            let through = through()?;
            missed.retain(|broadcast| broadcast.number <= through);
            let Some(KeyState::Known(record)) = self.key.stored()? else { return Ok(()) };
            if missed.is_empty() {
                return Ok(());
            }
            // Nobody was connected then: they are for those who ask, in their place among what the key was told.
            keep(self, &missed, |broadcast| {
                if broadcast.at_millis < record.created_at_millis {
                    return Vec::new();
                }
                let id = self.desk.id_of_then(broadcast.at_millis);
                notifications_of(self, &record.id, broadcast, Some(id))
            })?;
        }
    }
}

/// Puts the broadcasts that are new into the journal, and returns what clients are told.
fn keep(
    services: &Services,
    broadcasts: &[Broadcast],
    tell: impl Fn(&Broadcast) -> Vec<Notification>,
) -> Result<Vec<Notification>> {
    let presence = &services.presence;
    // Read after every wait: another call may have brought them meanwhile.
    let known = presence.last_broadcast()?.unwrap_or(0);
    let new: Vec<&Broadcast> = broadcasts.iter().filter(|broadcast| broadcast.number > known).collect();
    let Some(last) = new.last() else { return Ok(Vec::new()) };
    let told: Vec<Vec<Notification>> = new.iter().map(|broadcast| tell(broadcast)).collect();
    let limits = JournalLimits::of(services.configuration()?);
    let kept = transaction(&services.storage, || {
        presence.set_last_broadcast(last.number)?;
        // A row each: what is fetched later lies between what the key was told meanwhile.
        told.iter().try_for_each(|notifications| services.desk.journal.append(notifications, limits))
    });
    if kept.is_err() {
        presence.forget();
        services.desk.journal.recount();
    }
    kept.map(|()| told.into_iter().flatten().collect())
}

/// What the clients of a key are told of a broadcast: under new ids, or under this one and its successor.
fn notifications_of(
    services: &Services,
    key: &str,
    broadcast: &Broadcast,
    then: Option<(String, String)>,
) -> Vec<Notification> {
    let (first, second) = match then {
        Some((first, second)) => (Some(first), Some(second)),
        None => (None, None),
    };
    let meta = |id: Option<String>| {
        let fresh = services.desk.meta(now_millis(), broadcast.correlation_id.as_deref());
        let event_id = id.unwrap_or(fresh.event_id);
        EventMeta { timestamp_millis: broadcast.at_millis, event_id, correlation_id: fresh.correlation_id }
    };
    let event: &SystemEvent = &broadcast.event;
    let mut told = vec![event.notification(&SYSTEM_HUB, vec![system_hub::GROUP.to_owned()], meta(first))];
    if NAVIGATION_HUB.event(event.name()).is_some() {
        told.push(event.notification(&NAVIGATION_HUB, vec![key_group(key)], meta(second)));
    }
    let written = |outcome: std::result::Result<Notification, NotificationError>| {
        outcome
            .inspect_err(|error| log::error("a broadcast could not be written", json!({ "error": error.to_string() })))
            .ok()
    };
    told.into_iter().filter_map(written).collect()
}
