//! Who invoked a method: the connection, and what it may do to itself and others.

use std::rc::Rc;

use serde::de::DeserializeOwned;
use signalr::{Arguments, Transport, error_text};

use crate::{
    audience::Audience,
    cancellation::Cancellation,
    clients::{Clients, Recipients},
    error::HubError,
    event::{Event, Variant},
    identity::Identity,
    sockets::Sockets,
};

/// What a [`Caller`] stands for, which decides what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    Connecting,
    Invocation,
    Disconnected,
}

/// The connection that a hub method, or a lifecycle callback, runs for.
#[derive(Clone)]
pub struct Caller {
    sockets: Rc<dyn Sockets>,
    identity: Rc<Identity>,
    occasion: Occasion,
    cancellation: Rc<Cancellation>,
    disconnect_error: Option<Rc<str>>,
}

impl Caller {
    pub(crate) fn new(
        sockets: Rc<dyn Sockets>,
        identity: Rc<Identity>,
        occasion: Occasion,
        cancellation: Rc<Cancellation>,
    ) -> Self {
        Self { sockets, identity, occasion, cancellation, disconnect_error: None }
    }

    pub(crate) fn with_disconnect_error(mut self, error: Option<Rc<str>>) -> Self {
        self.disconnect_error = error;
        self
    }

    /// The connection's public id, by which others may address it.
    pub fn connection_id(&self) -> &str {
        &self.identity.id
    }

    /// Whom the connection belongs to, if the application said so when it accepted it.
    pub fn user_id(&self) -> Option<&str> {
        self.identity.user.as_deref()
    }

    /// What the application had remembered of the connection when it accepted it, or when its authentication was
    /// refreshed last.
    pub fn claims(&self) -> &str {
        &self.identity.claims
    }

    /// The shape in which this connection reads events.
    pub fn variant(&self) -> Variant {
        self.identity.variant
    }

    /// How the connection reaches the server.
    pub fn transport(&self) -> Transport {
        self.identity.transport
    }

    /// All connections of this hub.
    pub fn clients(&self) -> Clients {
        Clients::new(self.sockets.clone(), self.identity.hub)
    }

    /// Everybody connected to this hub but the caller.
    pub fn others(&self) -> Recipients<'_> {
        self.clients().to(Audience::AllExcept([self.connection_id()].into_iter().collect()))
    }

    /// Everybody in a group of this hub but the caller.
    pub fn others_in_group<'a>(&'a self, group: &'a str) -> Recipients<'a> {
        self.clients().to(Audience::GroupExcept(group, [self.connection_id()].into_iter().collect()))
    }

    /// Sends the caller an event. It arrives before the completion of the method that sends it.
    ///
    /// # Errors
    ///
    /// The event cannot be encoded, which closes the connection, as in ASP.NET Core.
    pub fn send(&self, event: impl Event) -> Result<(), HubError> {
        self.clients().connection(self.connection_id()).send(event)?;
        Ok(())
    }

    /// Asks the caller something and waits for what its handler returns (client results). Other methods of the
    /// connection's client wait meanwhile, as for any method that takes its time.
    ///
    /// # Errors
    ///
    /// As [`Clients::invoke`]; and always in [`Hub::connected`](crate::Hub::connected), where the client does not read
    /// yet.
    pub async fn invoke<R: DeserializeOwned>(&self, target: &str, arguments: impl Arguments) -> Result<R, HubError> {
        if self.occasion == Occasion::Connecting {
            return Err(HubError::exception("InvalidOperationException", error_text::CLIENT_RESULT_WHILE_CONNECTING));
        }
        self.clients().invoke(self.connection_id(), target, arguments).await
    }

    /// Waits until the client cancels this call or the connection ends. A method that does not listen runs on; a
    /// stream that a method returned is dropped without being asked.
    pub async fn cancelled(&self) {
        self.cancellation.clone().cancelled().await;
    }

    /// Whether the client has cancelled this call, or the connection has ended.
    pub fn is_cancelled(&self) -> bool {
        self.cancellation.is_cancelled()
    }

    /// In [`Hub::disconnected`](crate::Hub::disconnected): why the client said that it leaves, what was wrong with the
    /// connection, or why [`Server::close_all`](crate::Server::close_all) closed it; none where it ended as it should.
    pub fn disconnect_error(&self) -> Option<&str> {
        self.disconnect_error.as_deref()
    }

    /// Adds the caller to a group; to be in it already is fine. Membership ends with the connection.
    ///
    /// # Errors
    ///
    /// `Too many subscriptions` where the connection or the object is in as many groups as
    /// [`ServerOptions`](crate::ServerOptions) allow; [`HubError::Internal`] where storage fails.
    pub fn join(&self, group: &str) -> Result<(), HubError> {
        self.sockets.join(&self.identity.id, group)
    }

    /// Takes the caller out of a group; not to be in it is fine.
    ///
    /// # Errors
    ///
    /// [`HubError::Internal`] where storage fails.
    pub fn leave(&self, group: &str) -> Result<(), HubError> {
        self.sockets.leave(&self.identity.id, group)
    }

    /// The groups that the caller is in, oldest first.
    pub fn groups(&self) -> Vec<Rc<str>> {
        self.sockets.groups(&self.identity.id)
    }

    /// Ends the caller's connection with a Close that forbids reconnecting (`Context.Abort()`).
    pub fn abort(&self) {
        self.sockets.close(&self.identity.id, None, false);
    }
}
