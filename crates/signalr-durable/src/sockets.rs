//! What hubs need of whoever holds the connections: sending, groups, questions, ends. A [`Server`](crate::Server)
//! offers it for the sockets of its own object; somebody else may for sockets that other objects hold.

use std::{pin::Pin, rc::Rc};

use signalr::{EncodeError, Payload, Protocol};

use crate::{audience::Audience, error::HubError, event::Event};

/// Which of a server's hubs, by order of registration.
pub type HubIndex = u8;

/// Writes a question to a client: an invocation with the id that is given.
pub type EncodeQuestion<'a> = &'a dyn Fn(Protocol, &str, &mut Vec<u8>) -> Result<(), EncodeError>;

/// What a client answers.
pub type Answer = Pin<Box<dyn Future<Output = Result<Payload, HubError>>>>;

/// The connections of hubs and their groups, wherever the sockets are.
pub trait Sockets {
    /// Sends an event and says to how many connections. It is encoded once for each kind of recipient, and leaves when
    /// the current turn of the event loop ends.
    ///
    /// # Errors
    ///
    /// The event cannot be encoded; then nobody gets it, and those for whom it could not be are closed, as in ASP.NET
    /// Core.
    fn send(&self, hub: HubIndex, audience: &Audience<'_>, event: &dyn Event) -> Result<usize, EncodeError>;

    /// Asks a client something and waits for its answer (client results). It ends in an error where the client is not
    /// there, goes, fails, or takes longer than the options allow.
    fn ask(&self, hub: HubIndex, connection: &str, question: EncodeQuestion<'_>) -> Answer;

    /// Adds a connection to a group; to be in it already is fine, and so is an unknown connection.
    ///
    /// # Errors
    ///
    /// [`HubError`] where a limit of the options is reached, or storage fails.
    fn join(&self, connection: &str, group: &str) -> Result<(), HubError>;

    /// Takes a connection out of a group; not to be in it is fine.
    ///
    /// # Errors
    ///
    /// [`HubError::Internal`] where storage fails.
    fn leave(&self, connection: &str, group: &str) -> Result<(), HubError>;

    /// Closes a connection with a Close record; an unknown one is nobody.
    fn close(&self, connection: &str, error: Option<&str>, allow_reconnect: bool);

    /// How many connections a hub has.
    fn count(&self, hub: HubIndex) -> usize;

    /// The groups that a connection is in, oldest first; none of an unknown one.
    fn groups(&self, connection: &str) -> Vec<Rc<str>>;

    /// Whether a connection of a hub is there.
    fn is_connected(&self, hub: HubIndex, connection: &str) -> bool;

    /// Whether anybody is in a group of a hub.
    fn group_exists(&self, hub: HubIndex, group: &str) -> bool;
}
