//! A connection that outlives its sockets: long polling, which has none between two polls, and stateful reconnect.

use std::rc::Rc;

use signalr::resume::{Incoming, Outgoing};

/// The bytes of one record, shared with all who were sent it.
#[derive(Debug, Clone)]
pub(crate) struct Kept(pub(crate) Rc<Vec<u8>>);

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// What is kept for such a connection, in memory and in storage.
pub(crate) struct Session {
    /// Its number in storage.
    pub(crate) number: i64,
    /// What was sent and not confirmed: by the client's acknowledgements, or by the Worker that answers a poll.
    pub(crate) outgoing: Outgoing<Kept>,
    /// What was received; none for long polling, whose requests cannot be lost unnoticed.
    pub(crate) incoming: Option<Incoming>,
    /// The number of the last record that is in storage.
    pub(crate) stored_until: i64,
    /// What storage says of `incoming` and of the open calls.
    pub(crate) stored_received: i64,
    pub(crate) stored_open: Vec<(String, String)>,
    /// Storage has an older idea of who the connection is.
    pub(crate) is_identity_stale: bool,
    /// An Ack will be sent before long.
    pub(crate) is_ack_scheduled: bool,
    /// It is among those that the end of the turn looks at.
    pub(crate) is_touched: bool,
}

impl Session {
    pub(crate) fn new(number: i64, window_bytes: usize, is_stateful: bool) -> Self {
        Self {
            number,
            outgoing: Outgoing::new(window_bytes),
            incoming: is_stateful.then(Incoming::new),
            stored_until: 0,
            stored_received: 0,
            stored_open: Vec::new(),
            is_identity_stale: false,
            is_ack_scheduled: false,
            is_touched: false,
        }
    }

    pub(crate) fn is_stateful(&self) -> bool {
        self.incoming.is_some()
    }

    pub(crate) fn received(&self) -> i64 {
        self.incoming.as_ref().map_or(0, Incoming::received)
    }
}
