//! Who invoked a method: the connection, and what it may do to itself and others.

use std::rc::Rc;

use crate::{
    clients::{Clients, Recipients},
    error::HubError,
    event::{Event, Variant},
    server::Server,
    table::{Audience, Identity},
};

/// The connection that a hub method, or a lifecycle callback, runs for.
#[derive(Clone)]
pub struct Caller {
    server: Rc<Server>,
    identity: Rc<Identity>,
}

impl Caller {
    pub(crate) fn new(server: Rc<Server>, identity: Rc<Identity>) -> Self {
        Self { server, identity }
    }

    /// The connection's public id, by which others may address it.
    pub fn connection_id(&self) -> &str {
        &self.identity.id
    }

    /// Whom the connection belongs to, if the application said so when it accepted it.
    pub fn user_id(&self) -> Option<&str> {
        self.identity.user.as_deref()
    }

    /// What the application had remembered of the connection when it accepted it.
    pub fn claims(&self) -> &str {
        &self.identity.claims
    }

    /// The shape in which this connection reads events.
    pub fn variant(&self) -> Variant {
        self.identity.variant
    }

    /// The other connections of this hub.
    pub fn clients(&self) -> Clients {
        Clients::new(self.server.clone(), self.identity.hub)
    }

    /// Everybody connected to this hub but the caller.
    pub fn others(&self) -> Recipients<'_> {
        Recipients::new(self.server.clone(), self.identity.hub, Audience::AllExcept(&self.identity.id))
    }

    /// Everybody in a group of this hub but the caller.
    pub fn others_in_group<'a>(&'a self, group: &'a str) -> Recipients<'a> {
        let audience = Audience::GroupExcept(group, &self.identity.id);
        Recipients::new(self.server.clone(), self.identity.hub, audience)
    }

    /// Sends the caller an event. It arrives before the completion of the method that sends it.
    ///
    /// # Errors
    ///
    /// The event cannot be encoded.
    pub fn send(&self, event: impl Event) -> Result<(), HubError> {
        let audience = Audience::Connection(&self.identity.id);
        Recipients::new(self.server.clone(), self.identity.hub, audience).send(event)?;
        Ok(())
    }

    /// Adds the caller to a group; to be in it already is fine. Membership ends with the connection.
    ///
    /// # Errors
    ///
    /// `Too many subscriptions` where the connection or the object is in as many groups as
    /// [`ServerOptions`](crate::ServerOptions) allow; [`HubError::Internal`] where storage fails.
    pub fn join(&self, group: &str) -> Result<(), HubError> {
        self.server.join(&self.identity.id, group)
    }

    /// Takes the caller out of a group; not to be in it is fine.
    ///
    /// # Errors
    ///
    /// [`HubError::Internal`] where storage fails.
    pub fn leave(&self, group: &str) -> Result<(), HubError> {
        self.server.leave(&self.identity.id, group)
    }

    /// Ends the caller's connection with a Close that forbids reconnecting (`Context.Abort()`).
    pub fn abort(&self) {
        self.server.close_connection(&self.identity.id, None, false);
    }
}
