//! Addressing: from "who" to a send. Usable inside hub methods and outside of them.

use std::rc::Rc;

use crate::{
    error::HubError,
    event::Event,
    server::Server,
    table::{Audience, HubIndex},
};

/// The connections of one hub in this object.
#[derive(Clone)]
pub struct Clients {
    server: Rc<Server>,
    hub: HubIndex,
}

impl Clients {
    pub(crate) fn new(server: Rc<Server>, hub: HubIndex) -> Self {
        Self { server, hub }
    }

    fn recipients<'a>(&self, audience: Audience<'a>) -> Recipients<'a> {
        Recipients::new(self.server.clone(), self.hub, audience)
    }

    /// Everybody connected to the hub.
    pub fn all(&self) -> Recipients<'_> {
        self.recipients(Audience::All)
    }

    /// One connection, by its public id. An unknown one is nobody.
    pub fn connection<'a>(&self, id: &'a str) -> Recipients<'a> {
        self.recipients(Audience::Connection(id))
    }

    /// The members of a group. A group nobody joined has none.
    pub fn group<'a>(&self, name: &'a str) -> Recipients<'a> {
        self.recipients(Audience::Group(name))
    }

    /// The members of at least one of the groups, each of them once.
    pub fn any_group<'a>(&self, names: &'a [&'a str]) -> Recipients<'a> {
        self.recipients(Audience::AnyGroup(names))
    }

    /// How many connections the hub has.
    pub fn count(&self) -> usize {
        self.server.hub_len(self.hub)
    }

    /// Whether anybody is in a group.
    pub fn is_group_empty(&self, name: &str) -> bool {
        !self.server.group_exists(self.hub, name)
    }
}

/// Whom to send something.
pub struct Recipients<'a> {
    server: Rc<Server>,
    hub: HubIndex,
    audience: Audience<'a>,
}

impl<'a> Recipients<'a> {
    pub(crate) fn new(server: Rc<Server>, hub: HubIndex, audience: Audience<'a>) -> Self {
        Self { server, hub, audience }
    }

    /// Sends an event to each of them and says how many they are. It is encoded once for each kind of
    /// recipient, and leaves when the current turn of the event loop ends, together with whatever else
    /// is sent to the same connection until then.
    ///
    /// # Errors
    ///
    /// The event cannot be encoded; then nobody gets it.
    pub fn send(&self, event: impl Event) -> Result<usize, HubError> {
        self.server.send(self.hub, self.audience, &event).map_err(HubError::internal)
    }
}
