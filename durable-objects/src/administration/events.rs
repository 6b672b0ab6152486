//! Taking events for everybody: each once, numbered, and announced to the directory.

use contract::{DomainEvent, EventBody, Notification, SystemEvent, admin_hub::GROUP, hub::ADMIN_HUB};
use worker::Result;

use super::{
    calls::{PublishBroadcasts, Raise},
    services::Services,
};
use crate::{
    arrival,
    identifiers::{hours_millis, now_millis},
    virtual_key::calls::Published,
};

/// How long after a failed attempt shards are told again.
const RETRY_MILLIS: i64 = 1_000;

impl Services {
    /// Takes events, in order.
    pub(super) async fn publish(&self, publish: PublishBroadcasts) -> Result<Vec<Published>> {
        let mut published = Vec::with_capacity(publish.events.len());
        for sent in &publish.events {
            published.push(match arrival::read(sent) {
                Some(event) => self.take(&event)?,
                None => Published::Ignored(arrival::NOT_UNDERSTOOD.to_owned()),
            });
        }
        self.announce_broadcasts().await?;
        Ok(published)
    }

    fn take(&self, event: &DomainEvent) -> Result<Published> {
        let now_millis = now_millis();
        let seen_since_millis = now_millis - hours_millis(self.configuration()?.deduplication_hours);
        if self.deduplication.knows(&event.source, &event.id, seen_since_millis)? {
            return Ok(Published::Duplicate);
        }
        let correlation_id = event.correlation_id.as_deref();
        let mut notifications = Vec::new();
        let mut health = None;
        let mut broadcast = None;
        match &event.body {
            EventBody::System(system) => {
                if let SystemEvent::ProviderHealthChanged(report) = system {
                    let observed = self.reported(report)?;
                    notifications.push(self.health_notification(&observed, correlation_id)?);
                    health = Some(observed.record);
                }
                broadcast = Some(system);
            }
            EventBody::Admin(admin) => {
                let meta = self.desk.meta(now_millis, correlation_id);
                let notification = admin.notification(&ADMIN_HUB, vec![GROUP.to_owned()], meta);
                notifications.push(notification.map_err(|error| worker::Error::RustError(error.to_string()))?);
            }
            // The door hands events of a key to that key.
            _ => return Ok(Published::Ignored("not an event for everybody".to_owned())),
        }
        self.tell(&notifications, || {
            self.deduplication.note(&event.source, &event.id, now_millis)?;
            if let Some(health) = &health {
                self.providers.observed(health)?;
            }
            match broadcast {
                Some(system) => self.broadcasts.append(system.clone(), event.correlation_id.clone()),
                None => Ok(()),
            }
        })?;
        Ok(Published::Delivered { recipients: None })
    }

    /// Tells the shards of the directory what they lack; the alarm tells those that do not answer.
    pub(super) async fn announce_broadcasts(&self) -> Result<()> {
        if self.broadcasts.announce(&self.env).await? {
            return Ok(());
        }
        self.alarm_clock.ring_by(now_millis() + RETRY_MILLIS).await
    }

    /// Tells operators what happened to a key: each once, however often its object tries.
    pub(super) fn raise(&self, raise: &Raise) -> Result<()> {
        for raised in &raise.notifications {
            let (key, id) = (&raise.virtual_key_id, &raised.meta.event_id);
            if self.deduplication.knows(key, id, 0)? {
                continue;
            }
            let meta = self.desk.meta(raised.meta.timestamp_millis, raised.meta.correlation_id.as_deref());
            let mut notification: Notification = raised.clone();
            notification.meta = meta;
            self.tell(&[notification], || self.deduplication.note(key, id, now_millis()))?;
        }
        Ok(())
    }
}
