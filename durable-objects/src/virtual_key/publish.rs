//! Taking events in: each once, all of a call or none, and only then told to anybody.

use contract::{Change, DomainEvent, EventBody, EventMeta};
use serde_json::json;
use worker::Result;

use super::{
    VirtualKey,
    calls::{Publish, Published},
    key_state::KeyState,
    retention::hours,
    task_event::OutgoingTaskEvent,
};
use crate::{identifiers::now_millis, log, transaction::transaction};

/// What an event came to, before anybody is told.
enum Taken {
    Duplicate,
    Ignored(&'static str),
    Changed(Vec<Change>),
}

impl VirtualKey {
    /// Takes events of the key, in order. None where there is no such key.
    ///
    /// # Errors
    ///
    /// Storage failed: none of the events was taken, and the caller may send all of them again.
    pub(super) async fn publish(&self, publish: Publish) -> Result<Option<Vec<Published>>> {
        match self.key.read(&publish.virtual_key_id).await? {
            None | Some(KeyState::Deleted { .. }) => return Ok(None),
            Some(KeyState::Known(_)) => {}
        }
        let now_millis = now_millis();
        let seen_since_millis = now_millis - hours(self.configuration()?.deduplication_hours);
        let taken = transaction(&self.storage, || {
            publish
                .events
                .iter()
                .map(|event| self.take(event, now_millis, seen_since_millis))
                .collect::<Result<Vec<_>>>()
        })?;
        let published = taken.into_iter().map(|taken| self.tell(taken)).collect();
        self.server.flush();
        self.wind().await?;
        Ok(Some(published))
    }

    fn take(&self, event: &DomainEvent, now_millis: i64, seen_since_millis: i64) -> Result<Taken> {
        if !self.deduplication.note(&event.source, &event.id, now_millis, seen_since_millis)? {
            return Ok(Taken::Duplicate);
        }
        let EventBody::Task(task_event) = &event.body;
        Ok(match self.tasks.apply(event, task_event, now_millis)? {
            Ok(changes) => Taken::Changed(changes),
            Err(reason) => Taken::Ignored(reason.as_str()),
        })
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
        let meta = EventMeta {
            timestamp_millis: change.task.updated_at_millis,
            event_id: self.event_ids.next(change.task.updated_at_millis),
            correlation_id: change.task.correlation_id.clone(),
        };
        let groups = notification.groups();
        let groups = [groups[0].as_str(), groups[1].as_str(), groups[2].as_str()];
        let sent = clients.any_group(&groups).send(OutgoingTaskEvent { notification, meta: &meta });
        sent.unwrap_or_else(|error| {
            log::error(
                "an event could not be encoded",
                json!({ "target": notification.target(), "error": error.to_string() }),
            );
            0
        })
    }
}
