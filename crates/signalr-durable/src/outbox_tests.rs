//! What holds of the outbox and its window.

use std::{cell::RefCell, collections::VecDeque};

use proptest::prelude::*;

use super::*;

struct Sent {
    frames: HashMap<Slot, Vec<Vec<u8>>>,
    built: usize,
    kept: Vec<(Slot, Vec<Record>)>,
}

/// The one connection whose records are kept.
const KEEPS: Slot = 1_000;

/// When it is at first.
const START_MILLIS: f64 = 1_000_000.0;

/// An outbox with what waits for its connections, a clock and a timer.
struct Desk {
    outbox: Outbox,
    waiting: HashMap<Slot, Waiting>,
    now_millis: f64,
    /// When the timer runs.
    timer_millis: Option<f64>,
}

impl Desk {
    fn new(window_millis: u64) -> Self {
        let outbox = Outbox::new(window_millis);
        Self { outbox, waiting: HashMap::new(), now_millis: START_MILLIS, timer_millis: None }
    }

    fn store(&mut self, bytes: &[u8]) -> RecordId {
        self.outbox.store(Protocol::Json, bytes.to_vec(), RecordKind::Counted)
    }

    fn enqueue(&mut self, slot: Slot, record: RecordId) {
        self.outbox.enqueue(slot, self.waiting.entry(slot).or_default(), record);
    }

    fn enqueue_event(&mut self, slot: Slot, record: RecordId) {
        self.outbox.enqueue_event(slot, self.waiting.entry(slot).or_default(), record);
    }

    fn flush(&mut self) -> Sent {
        let mut built = 0;
        let frames: RefCell<HashMap<Slot, Vec<Vec<u8>>>> = RefCell::default();
        let flushed = self.outbox.flush(
            self.now_millis,
            |slot, turn_end| Some(self.waiting.get_mut(&slot)?.take(slot == KEEPS, turn_end)),
            |_, bytes| {
                built += 1;
                bytes.to_vec()
            },
            |slot, frame, bytes| {
                assert_eq!(frame.len(), bytes);
                frames.borrow_mut().entry(slot).or_default().push(frame.clone());
            },
        );
        if let Some(millis) = flushed.window_ends_in_millis {
            assert_eq!(self.timer_millis, None, "there is one timer");
            self.timer_millis = Some(self.now_millis + millis);
        }
        assert!(self.outbox.is_empty());
        Sent { frames: frames.take(), built, kept: flushed.kept }
    }

    /// Runs the timer, which must have been started.
    fn end_window(&mut self) -> Sent {
        self.now_millis = self.timer_millis.take().unwrap();
        self.outbox.end_window();
        self.flush()
    }
}

#[test]
fn connections_with_the_same_records_share_one_frame() {
    let mut desk = Desk::new(5);
    let (first, second) = (desk.store(b"1"), desk.store(b"2"));
    for slot in 0..500 {
        desk.enqueue_event(slot, first);
        desk.enqueue_event(slot, second);
    }
    desk.enqueue_event(500, second);
    let sent = desk.flush();
    assert_eq!(sent.built, 2);
    assert!((0..500).all(|slot| sent.frames[&slot] == [b"12".to_vec()]));
    assert_eq!(sent.frames[&500], [b"2".to_vec()]);
}

#[test]
fn what_is_kept_is_handed_back_with_its_turn_and_not_sent() {
    let mut desk = Desk::new(5);
    for text in [b"1", b"2"] {
        let record = desk.store(text);
        desk.enqueue_event(KEEPS, record);
        let sent = desk.flush();
        assert!(sent.frames.is_empty());
        let kept: Vec<_> = sent.kept.iter().flat_map(|(_, records)| records).map(|r| r.bytes.to_vec()).collect();
        assert_eq!(kept, [text.to_vec()]);
    }
}

#[test]
fn a_connection_that_went_meanwhile_is_passed_over() {
    let mut desk = Desk::new(5);
    let record = desk.store(b"1");
    desk.enqueue_event(7, record);
    desk.waiting.clear();
    assert!(desk.flush().frames.is_empty());
}

#[test]
fn a_frame_never_splits_a_record_and_stays_within_its_size() {
    let mut desk = Desk::new(5);
    for size in [FRAME_BYTES + 1, 10, FRAME_BYTES - 10, 1] {
        let record = desk.store(&vec![b'x'; size]);
        desk.enqueue(0, record);
    }
    let sizes: Vec<usize> = desk.flush().frames[&0].iter().map(Vec::len).collect();
    assert_eq!(sizes, [FRAME_BYTES + 1, FRAME_BYTES, 1]);
}

#[test]
fn turns_that_follow_each_other_leave_in_one_frame_at_the_end_of_the_window() {
    let mut desk = Desk::new(5);
    for text in [b"1", b"2", b"3"] {
        let record = desk.store(text);
        desk.enqueue_event(0, record);
        assert_eq!(desk.flush().frames.contains_key(&0), text == b"1");
        desk.now_millis += 1.0;
    }
    assert_eq!(desk.end_window().frames[&0], [b"23".to_vec()]);
    assert!(desk.now_millis < START_MILLIS + 5.1);
}

#[test]
fn what_a_client_waits_for_does_not_wait_and_takes_along_what_is_before_it() {
    let mut desk = Desk::new(5);
    for text in [b"1", b"2"] {
        let record = desk.store(text);
        desk.enqueue_event(0, record);
        desk.enqueue_event(1, record);
        desk.flush();
    }
    let answer = desk.store(b"3");
    desk.enqueue(0, answer);
    let sent = desk.flush();
    assert_eq!(sent.frames.keys().collect::<Vec<_>>(), [&0]);
    assert_eq!(sent.frames[&0], [b"23".to_vec()]);
    let sent = desk.end_window();
    assert_eq!(sent.frames.keys().collect::<Vec<_>>(), [&1]);
    assert_eq!(sent.frames[&1], [b"2".to_vec()]);
}

#[test]
fn what_fills_a_frame_does_not_wait() {
    let mut desk = Desk::new(5);
    for (size, is_sent) in [(1, true), (FRAME_BYTES - 1, false), (1, true), (1, false)] {
        let record = desk.store(&vec![b'x'; size]);
        desk.enqueue_event(0, record);
        assert_eq!(desk.flush().frames.contains_key(&0), is_sent);
    }
}

#[test]
fn an_outbox_that_is_full_empties_itself() {
    let mut desk = Desk::new(5);
    for slot in 0..9 {
        let record = desk.store(b"first");
        desk.enqueue_event(slot, record);
    }
    desk.flush();
    let mut sent = 0;
    for slot in 0..9 {
        let record = desk.store(&vec![b'x'; FRAME_BYTES - 1]);
        desk.enqueue_event(slot, record);
        sent += desk.flush().frames.len();
    }
    assert_eq!(sent, 9);
}

/// What happens to the outbox in a turn.
#[derive(Debug, Clone)]
struct Turn {
    after_millis: u8,
    /// Connection, size, and whether it is an event.
    records: Vec<(Slot, usize, bool)>,
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let size = prop_oneof![9 => 1usize..200, 1 => Just(FRAME_BYTES / 3)];
    let records = proptest::collection::vec((0u32..4, size, proptest::bool::weighted(0.9)), 0..4);
    let turn = (0u8..8, records).prop_map(|(after_millis, records)| Turn { after_millis, records });
    proptest::collection::vec(turn, 0..60)
}

/// A record on its way to a connection.
struct Due {
    bytes: Vec<u8>,
    since_millis: f64,
    is_event: bool,
}

/// Checks what left against what was due: all in order, nothing too late.
fn check(
    desk: &Desk,
    sent: Sent,
    window_millis: f64,
    due: &mut HashMap<Slot, VecDeque<Due>>,
    told: &mut HashMap<Slot, f64>,
) {
    for (slot, frames) in sent.frames {
        for frame in frames {
            let (mut rest, mut count) = (frame.as_slice(), 0);
            while !rest.is_empty() {
                let next = due.get_mut(&slot).unwrap().pop_front().unwrap();
                rest = rest.strip_prefix(next.bytes.as_slice()).unwrap();
                assert!(desk.now_millis - next.since_millis <= window_millis, "it is too late");
                assert!(next.is_event || next.since_millis >= desk.now_millis, "it was awaited");
                if next.is_event {
                    told.insert(slot, desk.now_millis);
                }
                count += 1;
            }
            assert!(frame.len() <= FRAME_BYTES || count == 1);
        }
    }
    for (slot, waiting) in due.iter().filter(|(_, waiting)| !waiting.is_empty()) {
        assert!(waiting.iter().all(|due| due.is_event), "it is awaited");
        let told_millis = told.get(slot).copied().unwrap_or(f64::NEG_INFINITY);
        let told_millis = sent_at_millis(told_millis, told.len());
        assert!(waiting[0].since_millis - told_millis < window_millis, "it follows nothing");
        assert!(desk.timer_millis.is_some(), "nothing ends the wait");
    }
}

proptest! {
    #[test]
    fn under_any_load_order_holds_and_nothing_waits_that_should_not(
        turns in turns(), window_millis in prop_oneof![Just(0u64), 1u64..10]
    ) {
        let mut desk = Desk::new(window_millis);
        let window = crate::millis(window_millis);
        let (mut due, mut told) = (HashMap::<Slot, VecDeque<Due>>::new(), HashMap::new());
        let mut number = 0u32;
        for turn in turns {
            let at_millis = desk.now_millis + f64::from(turn.after_millis);
            while desk.timer_millis.is_some_and(|timer| timer <= at_millis) {
                let sent = desk.end_window();
                check(&desk, sent, window, &mut due, &mut told);
            }
            desk.now_millis = at_millis;
            for (slot, size, is_event) in turn.records {
                number += 1;
                let bytes = format!("{number:>size$};").into_bytes();
                let record = desk.store(&bytes);
                if is_event { desk.enqueue_event(slot, record) } else { desk.enqueue(slot, record) }
                due.entry(slot).or_default().push_back(Due { bytes, since_millis: at_millis, is_event });
            }
            let sent = desk.flush();
            check(&desk, sent, window, &mut due, &mut told);
        }
        if desk.timer_millis.is_some() {
            let sent = desk.end_window();
            check(&desk, sent, window, &mut due, &mut told);
        }
        prop_assert!(due.values().all(VecDeque::is_empty));
        prop_assert_eq!(desk.timer_millis, None);
    }
}
