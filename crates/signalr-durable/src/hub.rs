//! What a hub is: its methods, and what happens when a connection comes and goes.

use std::{future::Future, rc::Rc};

use crate::{caller::Caller, error::HubError, methods::Methods};

/// A hub: methods that clients invoke, and callbacks for their coming and going.
///
/// One value serves all connections of its object, which is single-threaded: state goes into cells.
///
/// ```
/// # use std::rc::Rc;
/// use signalr_durable::{Caller, Hub, HubError, Methods};
///
/// struct Chat;
///
/// impl Hub for Chat {
///     fn methods(methods: &mut Methods<Self>) {
///         methods.on("Join", Self::join).on("Say", Self::say);
///     }
/// }
///
/// impl Chat {
///     async fn join(self: Rc<Self>, caller: Caller, room: String) -> Result<(), HubError> {
///         caller.join(&room)
///     }
///
///     async fn say(self: Rc<Self>, caller: Caller, room: String, text: String) -> Result<usize, HubError> {
///         caller.clients().group(&room).send(("Said", (caller.connection_id(), text)))
///     }
/// }
/// ```
pub trait Hub: Sized + 'static {
    /// Registers what clients may invoke.
    fn methods(methods: &mut Methods<Self>);

    /// Runs after the handshake and before the connection's first invocation.
    ///
    /// # Errors
    ///
    /// An error closes the connection (ASP.NET Core: an exception in `OnConnectedAsync`).
    fn connected(self: Rc<Self>, caller: Caller) -> impl Future<Output = Result<(), HubError>> {
        let _unused = caller;
        async { Ok(()) }
    }

    /// Runs once after the connection has ended, if `connected` ran. The connection is in no group any
    /// more, and nothing can be sent to it.
    fn disconnected(self: Rc<Self>, caller: Caller) -> impl Future<Output = ()> {
        let _unused = caller;
        async {}
    }
}
