//! What leaves at the end of a turn: records that reach a connection together leave in one frame, and
//! connections that are sent the same records are sent the same frame, built once.
//!
//! A frame costs about as much as sixteen records in it, so this is where a burst gets cheap; a lone
//! record is never held back, since a turn ends before the event loop does anything else.

use std::collections::HashMap;

use signalr::Protocol;
use smallvec::SmallVec;

use crate::table::Slot;

/// A record stored in the outbox, until the flush.
pub(crate) type RecordId = u32;

/// The records that wait for one connection, in order.
pub(crate) type Pending = SmallVec<[RecordId; 4]>;

/// Records of one frame stay together up to this size; a larger record has a frame to itself.
const FRAME_BYTES: usize = 128 * 1024;

struct Record {
    protocol: Protocol,
    bytes: Vec<u8>,
}

/// The records of this turn, and the connections that they are for.
#[derive(Default)]
pub(crate) struct Outbox {
    records: Vec<Record>,
    touched: Vec<Slot>,
}

impl Outbox {
    pub(crate) fn store(&mut self, protocol: Protocol, bytes: Vec<u8>) -> RecordId {
        self.records.push(Record { protocol, bytes });
        RecordId::try_from(self.records.len() - 1).unwrap_or(RecordId::MAX)
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

    /// Sends everything that waits: `take` gives a connection's socket and its pending records (none if
    /// it is gone), `frame` makes what is sent of some bytes, once for each distinct list of records,
    /// `send` sends it.
    pub(crate) fn flush<S, F>(
        &mut self,
        mut take: impl FnMut(Slot) -> Option<(S, Pending)>,
        mut frame: impl FnMut(Protocol, &[u8]) -> F,
        send: impl Fn(&S, &F),
    ) {
        let mut frames: HashMap<Pending, F> = HashMap::new();
        for slot in std::mem::take(&mut self.touched) {
            let Some((socket, pending)) = take(slot) else { continue };
            for list in self.split(&pending) {
                let Some(protocol) = self.protocol_of(list) else { continue };
                if let Some(built) = frames.get(list) {
                    send(&socket, built);
                } else {
                    let built = match list {
                        [only] => frame(protocol, self.bytes_of(*only)),
                        _ => frame(protocol, &self.join(list)),
                    };
                    send(&socket, &built);
                    frames.insert(Pending::from_slice(list), built);
                }
            }
        }
        self.records.clear();
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

    fn bytes_of(&self, record: RecordId) -> &[u8] {
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
    }

    fn flush(outbox: &mut Outbox, waiting: &mut HashMap<Slot, Pending>) -> Sent {
        let mut sent = Sent { frames: HashMap::new(), built: 0 };
        let frames: RefCell<HashMap<Slot, Vec<Vec<u8>>>> = RefCell::default();
        outbox.flush(
            |slot| Some((slot, waiting.remove(&slot)?)),
            |_, bytes| {
                sent.built += 1;
                bytes.to_vec()
            },
            |slot, frame| frames.borrow_mut().entry(*slot).or_default().push(frame.clone()),
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
        let first = outbox.store(Protocol::Json, b"1".to_vec());
        let second = outbox.store(Protocol::Json, b"2".to_vec());
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
    fn a_connection_that_went_meanwhile_is_passed_over() {
        let (mut outbox, mut waiting) = (Outbox::default(), HashMap::new());
        let record = outbox.store(Protocol::Json, b"1".to_vec());
        enqueue(&mut outbox, &mut waiting, 7, record);
        waiting.clear();
        assert!(flush(&mut outbox, &mut waiting).frames.is_empty());
    }

    #[test]
    fn a_frame_never_splits_a_record_and_stays_within_its_size() {
        let (mut outbox, mut waiting) = (Outbox::default(), HashMap::new());
        for size in [FRAME_BYTES + 1, 10, FRAME_BYTES - 10, 1] {
            let record = outbox.store(Protocol::Json, vec![b'x'; size]);
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
                (0u8..20).map(|byte| outbox.store(Protocol::Json, vec![byte])).collect();
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
