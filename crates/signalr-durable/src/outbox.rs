//! What leaves at the end of a turn: records that reach a connection together leave in one frame, and
//! connections that are sent the same records are sent the same frame, built once.
//!
//! A frame costs about as much as sixteen records in it, so this is where a burst gets cheap; a lone
//! record is never held back, since a turn ends before the event loop does anything else.

use std::{collections::HashMap, rc::Rc};

use signalr::Protocol;
use smallvec::SmallVec;

use crate::table::Slot;

/// A record stored in the outbox, until the flush.
pub(crate) type RecordId = u32;

/// The records that wait for one connection, in order.
pub(crate) type Pending = SmallVec<[RecordId; 4]>;

/// Records of one frame stay together up to this size; a larger record has a frame to itself.
pub(crate) const FRAME_BYTES: usize = 128 * 1024;

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

/// What becomes of the records that wait for a connection.
pub(crate) enum Taken {
    /// They are sent now.
    Send(Pending),
    /// They are kept until the client has confirmed them.
    Keep(Pending),
}

/// What waits to leave.
#[derive(Default)]
pub(crate) struct Outbox {
    records: Vec<Record>,
    /// Connections with pending records, in the order they got the first.
    touched: Vec<Slot>,
}

impl Outbox {
    /// Keeps a record until the flush.
    // A turn of 2^32 records is beyond any memory.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn store(&mut self, protocol: Protocol, bytes: Vec<u8>, kind: RecordKind) -> RecordId {
        self.records.push(Record { protocol, bytes: Rc::new(bytes), kind });
        (self.records.len() - 1) as RecordId
    }

    /// Puts a stored record behind what waits for a connection already.
    pub(crate) fn enqueue(&mut self, slot: Slot, pending: &mut Pending, record: RecordId) {
        if pending.is_empty() {
            self.touched.push(slot);
        }
        pending.push(record);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.touched.is_empty()
    }

    /// Ends the turn: `take` gives a connection's pending records (none if it is gone), `frame` makes what is sent of
    /// some bytes, once for each distinct list of records, `send` sends it and is told its size in bytes. Returns what
    /// is to be kept instead, by connection.
    pub(crate) fn flush<F>(
        &mut self,
        mut take: impl FnMut(Slot) -> Option<Taken>,
        mut frame: impl FnMut(Protocol, &[u8]) -> F,
        mut send: impl FnMut(Slot, &F, usize),
    ) -> Vec<(Slot, Vec<Record>)> {
        let mut kept = Vec::new();
        let mut frames: HashMap<Pending, (F, usize)> = HashMap::new();
        for slot in std::mem::take(&mut self.touched) {
            let pending = match take(slot) {
                None => continue,
                Some(Taken::Send(pending)) => pending,
                Some(Taken::Keep(pending)) => {
                    let records = pending.iter().filter_map(|id| self.records.get(*id as usize).cloned());
                    kept.push((slot, records.collect()));
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
        self.records.clear();
        kept
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
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;

    use super::*;

    struct Sent {
        frames: HashMap<Slot, Vec<Vec<u8>>>,
        built: usize,
        kept: Vec<(Slot, Vec<Record>)>,
    }

    /// The one connection whose records are kept.
    const KEEPS: Slot = 1_000;

    fn flush(outbox: &mut Outbox, waiting: &mut HashMap<Slot, Pending>) -> Sent {
        let mut sent = Sent { frames: HashMap::new(), built: 0, kept: Vec::new() };
        let frames: RefCell<HashMap<Slot, Vec<Vec<u8>>>> = RefCell::default();
        sent.kept = outbox.flush(
            |slot| {
                let pending = waiting.remove(&slot)?;
                Some(if slot == KEEPS { Taken::Keep(pending) } else { Taken::Send(pending) })
            },
            |_, bytes| {
                sent.built += 1;
                bytes.to_vec()
            },
            |slot, frame, bytes| {
                assert_eq!(frame.len(), bytes);
                frames.borrow_mut().entry(slot).or_default().push(frame.clone());
            },
        );
        sent.frames = frames.take();
        sent
    }

    fn enqueue(outbox: &mut Outbox, waiting: &mut HashMap<Slot, Pending>, slot: Slot, record: RecordId) {
        outbox.enqueue(slot, waiting.entry(slot).or_default(), record);
    }

    #[test]
    fn connections_with_the_same_records_share_one_frame() {
        let (mut outbox, mut waiting) = (Outbox::default(), HashMap::new());
        let first = outbox.store(Protocol::Json, b"1".to_vec(), RecordKind::Counted);
        let second = outbox.store(Protocol::Json, b"2".to_vec(), RecordKind::Counted);
        for slot in 0..500 {
            enqueue(&mut outbox, &mut waiting, slot, first);
            enqueue(&mut outbox, &mut waiting, slot, second);
        }
        enqueue(&mut outbox, &mut waiting, 500, second);
        let sent = flush(&mut outbox, &mut waiting);
        assert_eq!(sent.built, 2);
        assert!((0..500).all(|slot| sent.frames[&slot] == [b"12".to_vec()]));
        assert_eq!(sent.frames[&500], [b"2".to_vec()]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn what_is_kept_is_handed_back_and_not_sent() {
        let (mut outbox, mut waiting) = (Outbox::default(), HashMap::new());
        let first = outbox.store(Protocol::Json, b"1".to_vec(), RecordKind::Control);
        let second = outbox.store(Protocol::Json, b"2".to_vec(), RecordKind::Counted);
        enqueue(&mut outbox, &mut waiting, KEEPS, first);
        enqueue(&mut outbox, &mut waiting, KEEPS, second);
        let sent = flush(&mut outbox, &mut waiting);
        assert!(sent.frames.is_empty());
        let kept: Vec<_> =
            sent.kept.iter().flat_map(|(_, records)| records).map(|r| (r.kind, r.bytes.to_vec())).collect();
        assert_eq!(kept, [(RecordKind::Control, b"1".to_vec()), (RecordKind::Counted, b"2".to_vec())]);
    }

    #[test]
    fn a_connection_that_went_meanwhile_is_passed_over() {
        let (mut outbox, mut waiting) = (Outbox::default(), HashMap::new());
        let record = outbox.store(Protocol::Json, b"1".to_vec(), RecordKind::Counted);
        enqueue(&mut outbox, &mut waiting, 7, record);
        waiting.clear();
        assert!(flush(&mut outbox, &mut waiting).frames.is_empty());
    }

    #[test]
    fn a_frame_never_splits_a_record_and_stays_within_its_size() {
        let (mut outbox, mut waiting) = (Outbox::default(), HashMap::new());
        for size in [FRAME_BYTES + 1, 10, FRAME_BYTES - 10, 1] {
            let record = outbox.store(Protocol::Json, vec![b'x'; size], RecordKind::Counted);
            enqueue(&mut outbox, &mut waiting, 0, record);
        }
        let sizes: Vec<usize> = flush(&mut outbox, &mut waiting).frames[&0].iter().map(Vec::len).collect();
        assert_eq!(sizes, [FRAME_BYTES + 1, FRAME_BYTES, 1]);
    }

    proptest! {
        #[test]
        fn every_connection_gets_its_records_once_and_in_order(
            sends in proptest::collection::vec((0u32..5, 0usize..20), 0..100)
        ) {
            let (mut outbox, mut waiting) = (Outbox::default(), HashMap::new());
            let records: Vec<RecordId> =
                (0u8..20).map(|byte| outbox.store(Protocol::Json, vec![byte], RecordKind::Counted)).collect();
            let mut expected: HashMap<Slot, Vec<u8>> = HashMap::new();
            for (slot, record) in sends {
                enqueue(&mut outbox, &mut waiting, slot, records[record]);
                expected.entry(slot).or_default().push(u8::try_from(record)?);
            }
            let sent = flush(&mut outbox, &mut waiting);
            let received: HashMap<Slot, Vec<u8>> =
                sent.frames.into_iter().map(|(slot, frames)| (slot, frames.concat())).collect();
            prop_assert_eq!(received, expected);
        }
    }
}
