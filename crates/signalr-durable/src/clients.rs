//! Addressing: from "who" to a send. Usable inside hub methods and outside of them.

use std::rc::Rc;

use serde::de::DeserializeOwned;
use signalr::{Arguments, error_text};

use crate::{
    audience::Audience,
    error::HubError,
    event::Event,
    sockets::{HubIndex, Sockets},
};

/// The connections of one hub.
#[derive(Clone)]
pub struct Clients {
    sockets: Rc<dyn Sockets>,
    hub: HubIndex,
}

impl Clients {
    /// The connections of the hub that was registered at this place.
    pub fn new(sockets: Rc<dyn Sockets>, hub: HubIndex) -> Self {
        Self { sockets, hub }
    }

    /// Whoever an audience describes.
    pub fn to<'a>(&self, audience: Audience<'a>) -> Recipients<'a> {
        Recipients { sockets: self.sockets.clone(), hub: self.hub, audience }
    }

    /// Everybody connected to the hub.
    pub fn all(&self) -> Recipients<'_> {
        self.to(Audience::All)
    }

    /// Everybody but these connections.
    pub fn all_except<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Recipients<'a> {
        self.to(Audience::AllExcept(ids.into_iter().collect()))
    }

    /// One connection, by its public id. An unknown one is nobody.
    pub fn connection<'a>(&self, id: &'a str) -> Recipients<'a> {
        self.connections([id])
    }

    /// Some connections, by their public ids.
    pub fn connections<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Recipients<'a> {
        self.to(Audience::Connections(ids.into_iter().collect()))
    }

    /// The connections of a user.
    pub fn user<'a>(&self, id: &'a str) -> Recipients<'a> {
        self.users([id])
    }

    /// The connections of some users.
    pub fn users<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Recipients<'a> {
        self.to(Audience::Users(ids.into_iter().collect()))
    }

    /// The members of a group. A group nobody joined has none.
    pub fn group<'a>(&self, name: &'a str) -> Recipients<'a> {
        self.groups([name])
    }

    /// The members of some groups; who is in two of them gets an event twice, as in ASP.NET Core.
    pub fn groups<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Recipients<'a> {
        self.to(Audience::Groups(names.into_iter().collect()))
    }

    /// The members of at least one of the groups, each of them once.
    pub fn any_group<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Recipients<'a> {
        self.to(Audience::AnyGroup(names.into_iter().collect()))
    }

    /// The members of a group but these connections.
    pub fn group_except<'a>(&self, name: &'a str, ids: impl IntoIterator<Item = &'a str>) -> Recipients<'a> {
        self.to(Audience::GroupExcept(name, ids.into_iter().collect()))
    }

    /// Asks one client something and waits for what its handler returns (client results).
    ///
    /// # Errors
    ///
    /// [`HubError::Refused`] with what went wrong: the connection does not exist or ends, its client has no such
    /// handler or the handler failed, the answer is no `R`, or it takes longer than
    /// [`ServerOptions::client_result_timeout_millis`](crate::ServerOptions).
    pub async fn invoke<R: DeserializeOwned>(
        &self,
        id: &str,
        target: &str,
        arguments: impl Arguments,
    ) -> Result<R, HubError> {
        let answer = self.sockets.ask(self.hub, id, &|protocol, invocation_id, out| {
            protocol.encode_invocation_with_id(invocation_id, target, &arguments, out)
        });
        let answer = answer.await?;
        answer
            .decode()
            .map_err(|error| HubError::refused(error_text::client_result_not_bound(dotnet_name::<R>(), &error)))
    }

    /// Closes a connection. `allow_reconnect` tells clients that reconnect by themselves to do so.
    pub fn close(&self, id: &str, error: Option<&str>, allow_reconnect: bool) {
        self.sockets.close(id, error, allow_reconnect);
    }

    /// Adds a connection to a group.
    ///
    /// # Errors
    ///
    /// As [`Caller::join`](crate::Caller::join).
    pub fn join(&self, id: &str, group: &str) -> Result<(), HubError> {
        self.sockets.join(id, group)
    }

    /// Takes a connection out of a group.
    ///
    /// # Errors
    ///
    /// As [`Caller::leave`](crate::Caller::leave).
    pub fn leave(&self, id: &str, group: &str) -> Result<(), HubError> {
        self.sockets.leave(id, group)
    }

    /// How many connections the hub has.
    pub fn count(&self) -> usize {
        self.sockets.count(self.hub)
    }

    /// Whether a connection is there, as far as the server knows.
    pub fn has(&self, id: &str) -> bool {
        self.sockets.is_connected(self.hub, id)
    }

    /// Whether nobody is in a group.
    pub fn is_group_empty(&self, name: &str) -> bool {
        !self.sockets.group_exists(self.hub, name)
    }
}

/// What .NET calls a type, where it has one like it: the text of a failure names it.
fn dotnet_name<T>() -> &'static str {
    match std::any::type_name::<T>() {
        "bool" => "Boolean",
        "i32" => "Int32",
        "u32" => "UInt32",
        "i64" => "Int64",
        "u64" => "UInt64",
        "f32" => "Single",
        "f64" => "Double",
        "alloc::string::String" => "String",
        other => other.rsplit("::").next().unwrap_or(other),
    }
}

/// Whom to send something.
pub struct Recipients<'a> {
    sockets: Rc<dyn Sockets>,
    hub: HubIndex,
    audience: Audience<'a>,
}

impl Recipients<'_> {
    /// Sends an event to each of them and says how many they are. It is encoded once for each kind of
    /// recipient, and leaves when the current turn of the event loop ends, together with whatever else
    /// is sent to the same connection until then.
    ///
    /// # Errors
    ///
    /// The event cannot be encoded; then nobody gets it, and those for whom it could not be are closed, as in ASP.NET
    /// Core.
    pub fn send(&self, event: impl Event) -> Result<usize, HubError> {
        self.sockets.send(self.hub, &self.audience, &event).map_err(HubError::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::dotnet_name;

    #[test]
    fn a_type_has_the_name_that_dot_net_users_know() {
        assert_eq!(dotnet_name::<i32>(), "Int32");
        assert_eq!(dotnet_name::<String>(), "String");
        assert_eq!(dotnet_name::<std::time::Duration>(), "Duration");
    }
}
