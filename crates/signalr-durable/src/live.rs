//! What the server keeps in memory for each connection, beside its place in the table.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use futures::future::AbortHandle;
use signalr::{Connection, Invocation};

use crate::{rate::TokenBucket, socket::Socket};

/// One thing to do for a connection. They are done one at a time, in order: the platform would let
/// messages of one socket overtake each other at every await.
pub(crate) enum Work {
    Connected,
    Invocation(Invocation),
    Disconnected,
}

/// What is to be done for a connection. It outlives the connection's entry, since `disconnected` runs
/// when that is gone.
#[derive(Default)]
pub(crate) struct WorkQueue {
    pub(crate) waiting: VecDeque<Work>,
    /// Somebody is working it off.
    pub(crate) busy: bool,
    /// `connected` has run, so `disconnected` is owed.
    pub(crate) connected: bool,
}

/// The live side of a connection.
pub(crate) struct Live {
    pub(crate) socket: Socket,
    pub(crate) connection: Connection,
    pub(crate) work: Rc<RefCell<WorkQueue>>,
    pub(crate) invocations: TokenBucket,
    /// Its groups or an unfinished record are in storage, not in the attachment.
    pub(crate) spilled: Spilled,
    /// Ends the wait for the handshake when dropped or fired.
    pub(crate) handshake_timeout: Option<AbortHandle>,
    /// A Close record is on its way: nothing more is read or sent.
    pub(crate) closing: bool,
    /// The attachment is older than the table.
    pub(crate) attachment_stale: bool,
}

/// Which parts of a connection are in storage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Spilled {
    pub(crate) groups: bool,
    /// How many bytes of the unfinished record.
    pub(crate) partial_bytes: usize,
}

impl Spilled {
    pub(crate) fn any(self) -> bool {
        self.groups || self.partial_bytes > 0
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if let Some(timeout) = self.handshake_timeout.take() {
            timeout.abort();
        }
    }
}
