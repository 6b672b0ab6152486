//! Sends notifications to the connections of an object, under ids that sort as they were made.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};

use contract::{ConnectionFigure, Direction, EventMeta, Hub, HubLimits, MessageFigure, MetricsSnapshot, Notification};
use serde_json::json;
use signalr_durable::{Caller, Clients, HubError, Server};
use wasm_bindgen_futures::spawn_local;
use worker::Delay;

use super::{
    outgoing::Outgoing,
    pace::{Pace, Verdict},
};
use crate::{
    identifiers::{SortableIds, now_millis},
    log,
};

/// Sends to the connections of an object.
#[derive(Default)]
pub(crate) struct Notifier {
    /// The server's hubs hold this, so it does not hold the server.
    server: RefCell<Weak<Server>>,
    ids: SortableIds,
    pace: Pace,
    is_releasing: Cell<bool>,
}

impl Notifier {
    pub(super) fn attach(&self, server: &Rc<Server>) {
        self.server.replace(Rc::downgrade(server));
    }

    /// Metadata under a new id, later than all before it.
    pub(super) fn meta(&self, now_millis: i64, correlation_id: Option<&str>) -> EventMeta {
        EventMeta {
            timestamp_millis: now_millis,
            event_id: self.ids.next(now_millis),
            correlation_id: correlation_id.map(str::to_owned),
        }
    }

    /// What the object's hubs carry: who is connected now, and the messages since it woke.
    pub(crate) fn figures(&self) -> MetricsSnapshot {
        let mut figures = MetricsSnapshot::new(now_millis());
        let Some(server) = self.server.borrow().upgrade() else { return figures };
        for (hub, count, traffic) in server.traffic() {
            let hub = hub.to_owned();
            figures.connections.push(ConnectionFigure { hub: hub.clone(), active: count as u64 });
            for (direction, total) in [(Direction::In, traffic.received), (Direction::Out, traffic.sent)] {
                figures.messages.push(MessageFigure { hub: hub.clone(), direction, total });
            }
            figures.reconnections += traffic.resumed;
        }
        figures
    }

    /// How many are connected, and the groups with their sizes.
    pub(crate) fn members(&self) -> (u64, Vec<(String, u64)>) {
        let Some(server) = self.server.borrow().upgrade() else { return (0, Vec::new()) };
        let groups = server.groups().into_iter().map(|(name, size)| (name.to_string(), size as u64));
        let mut groups: Vec<(String, u64)> = groups.collect();
        groups.sort_unstable();
        (server.connection_count() as u64, groups)
    }

    /// Ids are later than this one from now on.
    pub(super) fn begin_after(&self, event_id: &str) {
        self.ids.begin_after(event_id);
    }

    /// The connections of a hub.
    pub(crate) fn clients(&self, hub: &Hub) -> Option<Clients> {
        self.server.borrow().upgrade()?.clients(hub.name)
    }

    /// Sends a notification to its groups, each connection once, and says to how many. What it tells of has happened: an
    /// event that cannot be encoded is our fault and takes nothing back.
    ///
    /// What is more than its hub may say in a minute waits, and is sent to nobody yet.
    pub(crate) fn send(self: &Rc<Self>, notification: &Notification) -> usize {
        match self.pace.judge(notification, now_millis()) {
            Verdict::Say => self.send_now(notification),
            Verdict::Drop => 0,
            Verdict::Wait(until_millis) => {
                self.release_at(until_millis);
                0
            }
        }
    }

    /// Looks again, when there is room, at what waits.
    fn release_at(self: &Rc<Self>, at_millis: i64) {
        if self.is_releasing.replace(true) {
            return;
        }
        let pause = u64::try_from(at_millis - now_millis()).unwrap_or(0);
        let notifier = self.clone();
        spawn_local(async move {
            Delay::from(Duration::from_millis(pause)).await;
            notifier.is_releasing.set(false);
            let (released, next) = notifier.pace.release(now_millis());
            for notification in &released {
                notifier.send_now(notification);
            }
            if let Some(next) = next {
                notifier.release_at(next);
            }
        });
    }

    /// Keeps to these limits from now on.
    pub(crate) fn set_limits(&self, limits: HubLimits) {
        self.pace.set_limits(limits);
    }

    /// How many events went beyond the limits of their hubs, since this was asked last.
    pub(crate) fn take_excess(&self) -> u64 {
        self.pace.take_excess()
    }

    fn send_now(&self, notification: &Notification) -> usize {
        let Some(clients) = self.clients(notification.hub) else { return 0 };
        let groups = notification.groups.iter().map(String::as_str);
        clients.any_group(groups).send(Outgoing(notification)).unwrap_or_else(|error| {
            let line = json!({ "target": notification.event.name, "error": error.to_string() });
            log::error("an event could not be encoded", line);
            0
        })
    }

    /// Sends a notification to one connection, whatever its groups are.
    pub(crate) fn send_to(caller: &Caller, notification: &Notification) -> Result<(), HubError> {
        caller.send(Outgoing(notification))
    }

    /// Sends a notification to a group but one connection.
    pub(crate) fn send_to_others(
        &self,
        caller: &Caller,
        group: &str,
        notification: &Notification,
    ) -> Result<(), HubError> {
        match self.pace.judge(notification, now_millis()) {
            Verdict::Say => caller.others_in_group(group).send(Outgoing(notification)).map(|_| ()),
            Verdict::Drop | Verdict::Wait(_) => Ok(()),
        }
    }
}
