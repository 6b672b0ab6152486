//! What leaves at the end of a turn: records that reach a connection together leave in one frame, and
//! connections that are sent the same records are sent the same frame, built once.
//!
//! A frame costs about as much as sixteen records in it, so this is where a burst gets cheap. Under load events wait for
//! the end of a [window](crate::window) as well; a lone one never does, and nothing else ever does, nor lets what is
//! before it wait: a client waits for a completion.

use std::{collections::HashMap, rc::Rc};

use signalr::Protocol;
use smallvec::SmallVec;

use crate::{
    table::Slot,
    waiting::{Taken, TurnEnd, Waiting},
    window::{Window, sent_at_millis},
};

/// A record stored in the outbox, until the flush.
pub(crate) type RecordId = u32;

/// Records of one connection, in order.
pub(crate) type Pending = SmallVec<[RecordId; 4]>;

/// Records of one frame stay together up to this size; a larger record has a frame to itself.
pub(crate) const FRAME_BYTES: usize = 128 * 1024;

/// From so much on that is stored, nothing waits for a window's end.
const HELD_BYTES: usize = 8 * FRAME_BYTES;

/// A record with what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    protocol: Protocol,
    pub(crate) bytes: Rc<Vec<u8>>,
    pub(crate) kind: RecordKind,
}

/// Whether stateful reconnect numbers a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKind {
    /// An invocation, a stream's item or a completion.
    Counted,
    /// A handshake's answer, a ping, an acknowledgement, a close.
    Control,
    /// Where a replay begins: it comes before whatever waits.
    Sequence,
}

/// What the end of a turn leaves to do.
pub(crate) struct Flushed {
    /// Records that are kept, by connection.
    pub(crate) kept: Vec<(Slot, Vec<Record>)>,
    /// After so many milliseconds the window is to end.
    pub(crate) window_ends_in_millis: Option<f64>,
}

/// What waits to leave.
pub(crate) struct Outbox {
    records: Vec<Record>,
    /// Bytes of all records, each counted once.
    stored_bytes: usize,
    /// Connections with something new, in the order they got the first.
    touched: Vec<Slot>,
    /// Connections whose records wait for the end of the window.
    put_off: Vec<Slot>,
    window: Window,
    /// The window is over: nothing waits for it.
    is_window_over: bool,
}

impl Outbox {
    /// An empty one, with a window of this length; 0 is none.
    pub(crate) fn new(window_millis: u64) -> Self {
        Self {
            records: Vec::new(),
            stored_bytes: 0,
            touched: Vec::new(),
            put_off: Vec::new(),
            window: Window::new(window_millis),
            is_window_over: false,
        }
    }

    /// Keeps a record until the flush.
    // A turn of 2^32 records is beyond any memory.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn store(&mut self, protocol: Protocol, bytes: Vec<u8>, kind: RecordKind) -> RecordId {
        self.stored_bytes += bytes.len();
        self.records.push(Record { protocol, bytes: Rc::new(bytes), kind });
        (self.records.len() - 1) as RecordId
    }

    /// Puts a stored record behind what waits for a connection already, and has all of it leave with this turn.
    pub(crate) fn enqueue(&mut self, slot: Slot, waiting: &mut Waiting, record: RecordId) {
        waiting.push(record);
        self.hurry(slot, waiting);
    }

    /// Puts an event behind what waits for a connection already.
    pub(crate) fn enqueue_event(&mut self, slot: Slot, waiting: &mut Waiting, record: RecordId) {
        waiting.push_event(record, self.bytes_of(record).len());
        self.touch(slot, waiting);
    }

    /// Has what waits for a connection leave with this turn.
    pub(crate) fn hurry(&mut self, slot: Slot, waiting: &mut Waiting) {
        waiting.hurry();
        self.touch(slot, waiting);
    }

    fn touch(&mut self, slot: Slot, waiting: &mut Waiting) {
        if waiting.touch() {
            self.touched.push(slot);
        }
    }

    /// Ends the window: nothing waits for it any more.
    pub(crate) fn end_window(&mut self) {
        self.window.close();
        self.is_window_over = true;
    }

    /// Whether the end of the turn has nothing to look at.
    pub(crate) fn is_empty(&self) -> bool {
        self.touched.is_empty() && !self.is_window_over
    }

    /// Ends the turn: `take` gives what becomes of a connection's records (none if it is gone), `frame` makes what is sent of some bytes, once for each distinct list of records, `send` sends it and is
    /// told its size in bytes.
    pub(crate) fn flush<F>(
        &mut self,
        now_millis: f64,
        mut take: impl FnMut(Slot, &TurnEnd<'_>) -> Option<Taken>,
        mut frame: impl FnMut(Protocol, &[u8]) -> F,
        mut send: impl FnMut(Slot, &F, usize),
    ) -> Flushed {
        let mut slots = std::mem::take(&mut self.touched);
        let is_window_over = std::mem::take(&mut self.is_window_over)
            || self.window.is_late(now_millis)
            || self.stored_bytes >= HELD_BYTES;
        if is_window_over {
            slots.append(&mut self.put_off);
        }
        let sent_at_millis = sent_at_millis(now_millis, slots.len());
        let mut flushed = Flushed { kept: Vec::new(), window_ends_in_millis: None };
        let mut frames: HashMap<Pending, (F, usize)> = HashMap::new();
        for slot in slots {
            let window = (!is_window_over).then_some(&self.window);
            let pending = match take(slot, &TurnEnd { now_millis, sent_at_millis, window }) {
                None | Some(Taken::Nothing) => continue,
                Some(Taken::PutOff { told_at_millis }) => {
                    self.put_off.push(slot);
                    if let Some(millis) = self.window.open(now_millis, told_at_millis) {
                        flushed.window_ends_in_millis = Some(millis);
                    }
                    continue;
                }
                Some(Taken::Send(pending)) => pending,
                Some(Taken::Keep(pending)) => {
                    let records = pending.iter().filter_map(|id| self.records.get(*id as usize).cloned());
                    flushed.kept.push((slot, records.collect()));
                    continue;
                }
            };
            for list in self.split(&pending) {
                let Some(protocol) = self.protocol_of(list) else { continue };
                if let Some((built, bytes)) = frames.get(list) {
                    send(slot, built, *bytes);
                } else {
                    let (built, bytes) = if let [only] = list {
                        (frame(protocol, self.bytes_of(*only)), self.bytes_of(*only).len())
                    } else {
                        let joined = self.join(list);
                        (frame(protocol, &joined), joined.len())
                    };
                    send(slot, &built, bytes);
                    frames.insert(Pending::from_slice(list), (built, bytes));
                }
            }
        }
        if self.put_off.is_empty() {
            self.records.clear();
            self.stored_bytes = 0;
        }
        flushed
    }

    /// Cuts a list of records into frames of at most `FRAME_BYTES`. Lists of two protocols never occur:
    /// a connection has one.
    fn split<'a>(&self, pending: &'a [RecordId]) -> Vec<&'a [RecordId]> {
        let mut frames = Vec::with_capacity(1);
        let mut rest = pending;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fitting = rest.iter().take_while(|record| {
                bytes += self.bytes_of(**record).len();
                bytes <= FRAME_BYTES
            });
            let (list, behind) = rest.split_at(fitting.count().max(1));
            frames.push(list);
            rest = behind;
        }
        frames
    }

    fn protocol_of(&self, list: &[RecordId]) -> Option<Protocol> {
        let first = *list.first()?;
        Some(self.records.get(first as usize)?.protocol)
    }

    pub(crate) fn bytes_of(&self, record: RecordId) -> &[u8] {
        self.records.get(record as usize).map_or(&[], |record| record.bytes.as_slice())
    }

    fn join(&self, list: &[RecordId]) -> Vec<u8> {
        let mut joined = Vec::with_capacity(list.iter().map(|record| self.bytes_of(*record).len()).sum());
        for record in list {
            joined.extend_from_slice(self.bytes_of(*record));
        }
        joined
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
