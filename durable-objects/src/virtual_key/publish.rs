//! Taking events in: each once, all of a call or none, and only then told to anybody.

use contract::{Change, DomainEvent, EventBody, EventClass};
use serde_json::json;
use worker::Result;

use super::{
    VirtualKey,
    calls::{Publish, Published},
    draft::Draft,
    key_state::KeyState,
    retention::hours,
    task_event::OutgoingTaskEvent,
    tasks::Tasks,
};
use crate::{identifiers::now_millis, log};

/// What an event came to, before anybody is told.
enum Taken {
    Duplicate,
    Ignored(&'static str),
    Changed(Vec<Change>),
}

impl Taken {
    /// Whether nothing of it must be stored before it is told.
    fn is_ephemeral(&self) -> bool {
        let is_durable = |change: &Change| {
            change.notification.as_ref().is_none_or(|notification| notification.class() == EventClass::Durable)
        };
        !matches!(self, Self::Changed(changes) if changes.iter().any(is_durable))
    }
}

impl VirtualKey {
    /// Takes events of the key, in order. None where there is no such key.
    ///
    /// # Errors
    ///
    /// Storage failed: none of the events was stored, and the caller may send all of them again.
    pub(super) async fn publish(&self, publish: Publish) -> Result<Option<Vec<Published>>> {
        match self.key.read(&publish.virtual_key_id).await? {
            None | Some(KeyState::Deleted { .. }) => return Ok(None),
            Some(KeyState::Known(_)) => {}
        }
        let now_millis = now_millis();
        let seen_since_millis = now_millis - hours(self.configuration()?.deduplication_hours);
        let mut draft = Draft::new(self.tasks.store(), &self.deduplication);
        let mut taken = Vec::with_capacity(publish.events.len());
        for event in &publish.events {
            taken.push(take(&mut draft, event, now_millis, seen_since_millis)?);
        }
        // What is stored holds messages back until it is safe. Progress need not wait for that: if it is
        // lost after it was told, nothing is wrong but that it may be told again.
        let is_ephemeral = taken.iter().all(Taken::is_ephemeral);
        if !is_ephemeral {
            draft.commit(&self.storage, now_millis)?;
        }
        let published = taken.into_iter().map(|taken| self.tell(taken)).collect();
        self.server.flush();
        if is_ephemeral {
            draft.commit(&self.storage, now_millis)?;
        }
        self.wind(draft.next_deadline_millis()).await?;
        Ok(Some(published))
    }

    fn tell(&self, taken: Taken) -> Published {
        match taken {
            Taken::Duplicate => Published::Duplicate,
            Taken::Ignored(reason) => Published::Ignored(reason.to_owned()),
            Taken::Changed(changes) => {
                let recipients = changes.iter().map(|change| self.send(change)).max().unwrap_or(0);
                Published::Delivered { recipients }
            }
        }
    }

    /// Tells the subscribers of a task what happened, and says how many they are. The change is stored: an
    /// event that cannot be encoded is our fault and does not take it back.
    pub(super) fn send(&self, change: &Change) -> usize {
        let Some(notification) = &change.notification else { return 0 };
        let Some(clients) = self.server.clients(contract::hub::TASK_HUB.name) else { return 0 };
        let meta = self.tasks.meta(&change.task);
        let groups = notification.groups();
        let groups = [groups[0].as_str(), groups[1].as_str(), groups[2].as_str()];
        let sent = clients.any_group(groups).send(OutgoingTaskEvent { notification, meta: &meta });
        sent.unwrap_or_else(|error| {
            log::error(
                "an event could not be encoded",
                json!({ "target": notification.target(), "error": error.to_string() }),
            );
            0
        })
    }
}

/// Applies an event to the draft, if it was not seen before.
fn take(draft: &mut Draft<'_>, event: &DomainEvent, now_millis: i64, seen_since_millis: i64) -> Result<Taken> {
    if !draft.note(&event.source, &event.id, seen_since_millis)? {
        return Ok(Taken::Duplicate);
    }
    let EventBody::Task(task_event) = &event.body;
    Ok(match Tasks::apply(draft, event, task_event, now_millis)? {
        Ok(changes) => Taken::Changed(changes),
        Err(reason) => Taken::Ignored(reason.as_str()),
    })
}
