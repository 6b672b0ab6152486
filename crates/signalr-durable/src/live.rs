//! What the server keeps in memory for each connection, beside its place in the table.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    rc::Rc,
};

use futures::future::AbortHandle;
use signalr::{Connection, HubMessage, Invocation};

use crate::{
    cancellation::Cancellation, error::HubError, line::Line, methods::Found, rate::TokenBucket, reading::Reading,
    session::Session, upload::UploadBuffer,
};

/// One thing to do for a connection. The platform would let messages of one socket overtake each other at every await,
/// so what must keep its order waits here.
pub(crate) enum Work {
    Connected,
    /// A method that takes its turn.
    Invocation(Call),
    Disconnected(Option<Rc<str>>),
}

/// A call and its uploads, which take items from the moment the call arrives.
pub(crate) struct Call {
    pub(crate) invocation: Invocation,
    /// None: the hub has no such method.
    pub(crate) method: Option<Found>,
    /// The client awaits a stream.
    pub(crate) is_streamed: bool,
    pub(crate) uploads: Vec<Rc<UploadBuffer>>,
    pub(crate) cancellation: Rc<Cancellation>,
}

/// What is to be done for a connection. It outlives the connection's entry, since `disconnected` runs
/// when that is gone.
#[derive(Default)]
pub(crate) struct WorkQueue {
    pub(crate) waiting: VecDeque<Work>,
    /// Calls that stream, and so run beside the others.
    pub(crate) streaming: Vec<Call>,
    /// Somebody is working it off.
    pub(crate) is_busy: bool,
    /// Methods that run beside the one who works it off.
    pub(crate) running: usize,
    pub(crate) stage: Stage,
}

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    /// `connected` has not run yet.
    #[default]
    New,
    /// `connected` runs, or has run, so `disconnected` is owed.
    Connecting,
    /// `connected` has run.
    Connected,
}

/// The live side of a connection.
#[expect(clippy::struct_excessive_bools, reason = "independent of each other")]
pub(crate) struct Live {
    pub(crate) line: Line,
    pub(crate) connection: Connection,
    pub(crate) work: Rc<RefCell<WorkQueue>>,
    pub(crate) invocations: TokenBucket,
    /// Its groups or an unfinished record are in storage, not in the attachment.
    pub(crate) spilled: Spilled,
    /// Ends the wait for the handshake, or for the client to come back.
    pub(crate) timer: Option<AbortHandle>,
    /// The client did not come back: nothing is kept for it to fetch.
    pub(crate) is_abandoned: bool,
    /// What the connection ends with once what it asked for before is worked off.
    pub(crate) last_record: Option<Vec<u8>>,
    /// A Close record is on its way: nothing more is read or sent.
    pub(crate) is_closing: bool,
    /// The attachment is older than the table.
    pub(crate) is_attachment_stale: bool,
    /// Calls that can be cancelled, by invocation id.
    pub(crate) calls: HashMap<String, RunningCall>,
    /// Streams that the client sends, by their id.
    pub(crate) uploads: HashMap<String, Rc<UploadBuffer>>,
    /// Records that wait behind a full upload, and about how many bytes they have.
    pub(crate) waiting: VecDeque<HubMessage>,
    pub(crate) waiting_bytes: usize,
    pub(crate) reading: Reading,
    /// What is kept of the connection in storage, if it is to outlive its sockets.
    pub(crate) session: Option<Session>,
    /// Stateful reconnect was agreed in negotiation; the handshake decides.
    pub(crate) may_be_stateful: bool,
    /// When the client was last heard, and whether it has pinged.
    pub(crate) heard_at_millis: f64,
    pub(crate) has_pinged: bool,
    pub(crate) written_at_millis: f64,
    /// What the connection's end is put down to, for `disconnected`.
    pub(crate) end_error: Option<Rc<str>>,
    /// Cancelled when the connection ends.
    pub(crate) gone: Rc<Cancellation>,
}

/// Begins the keys of calls that have no id, since their clients await no answer: no client's id begins so.
pub(crate) const NO_ID: char = '\u{0}';

/// A call that did not end in the turn it came in.
pub(crate) struct RunningCall {
    pub(crate) target: Rc<str>,
    pub(crate) cancellation: Rc<Cancellation>,
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

impl Live {
    pub(crate) fn stop_timer(&mut self) {
        if let Some(timer) = self.timer.take() {
            timer.abort();
        }
    }

    /// Bytes that the client has not shown to have read.
    pub(crate) fn unread_bytes(&self) -> usize {
        self.session.as_ref().map_or(self.reading.unread_bytes(), |session| session.outgoing.bytes())
    }

    /// The calls that run, with the names of their methods, in the order of their ids.
    pub(crate) fn open_calls(&self) -> Vec<(String, String)> {
        let awaited = self.calls.iter().filter(|(id, _)| !id.starts_with(NO_ID));
        let mut open: Vec<_> = awaited.map(|(id, call)| (id.clone(), call.target.to_string())).collect();
        open.sort_unstable();
        open
    }
}

impl Drop for Live {
    /// The connection has ended: whatever runs for it or waits on it learns of that.
    fn drop(&mut self) {
        self.stop_timer();
        self.gone.cancel();
        for call in self.calls.values() {
            call.cancellation.cancel();
        }
        for upload in self.uploads.values() {
            upload.end(Err(HubError::exception("OperationCanceledException", "The underlying connection was closed.")));
        }
    }
}
