//! Who a connection is.

use std::rc::Rc;

use signalr::Transport;

use crate::{event::Variant, sockets::HubIndex};

/// What was said of a connection when it was accepted. Authentication refresh replaces it as a whole.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) id: Rc<str>,
    pub(crate) hub: HubIndex,
    pub(crate) transport: Transport,
    pub(crate) user: Option<Rc<str>>,
    pub(crate) claims: Rc<str>,
    /// From where it came, where the platform said so.
    pub(crate) remote_address: Option<Rc<str>>,
    pub(crate) variant: Variant,
    /// Milliseconds since the epoch after which its authentication is no longer good; none: it does not expire.
    pub(crate) expires_at_millis: Option<f64>,
}
