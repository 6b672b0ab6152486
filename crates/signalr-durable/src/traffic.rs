//! How much a server carries: what its hubs sent, received and took up again, since the object woke.

use std::cell::Cell;

use crate::{
    server::Server,
    sockets::{HubIndex, Sockets},
};

/// What one hub carried since its object's memory began. Whoever wants totals adds them up before the object sleeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Records received of clients, but for pings and acknowledgements.
    pub received: u64,
    /// Invocations that were sent to clients: an event for each of its recipients.
    pub sent: u64,
    /// Connections that went on with another socket (stateful reconnect).
    pub resumed: u64,
}

/// The counters of one hub.
#[derive(Default)]
pub(crate) struct Counters {
    received: Cell<u64>,
    sent: Cell<u64>,
    resumed: Cell<u64>,
}

impl Counters {
    pub(crate) fn count_received(&self) {
        self.received.set(self.received.get() + 1);
    }

    pub(crate) fn count_sent(&self, recipients: usize) {
        self.sent.set(self.sent.get() + recipients as u64);
    }

    pub(crate) fn count_resumed(&self) {
        self.resumed.set(self.resumed.get() + 1);
    }
}

impl Server {
    /// Each hub's name, its connections, and what it carried, in the order of registration.
    pub fn traffic(&self) -> impl Iterator<Item = (&'static str, usize, Traffic)> {
        self.hubs.iter().zip(&self.counters).zip(0..).map(|(((name, _), counters), index): (_, HubIndex)| {
            let traffic = Traffic {
                received: counters.received.get(),
                sent: counters.sent.get(),
                resumed: counters.resumed.get(),
            };
            (*name, self.count(index), traffic)
        })
    }

    pub(crate) fn counters(&self, hub: HubIndex) -> Option<&Counters> {
        self.counters.get(usize::from(hub))
    }
}
