//! What is sent and not acknowledged.

use std::collections::VecDeque;

/// What one side has sent and the other has not acknowledged yet.
///
/// `R` is one framed record of a [counted](crate::HubMessage::is_counted) message, as it goes over the wire; its length
/// must not change. Records of other kinds are not kept here, and the host sends them as they are.
///
/// A host that may lose its memory keeps each record that is pushed before it is transmitted, forgets as many as
/// [`acknowledge`](Self::acknowledge) says, and keeps [`first_id`](Self::first_id).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outgoing<R> {
    window_bytes: usize,
    first_id: i64,
    records: VecDeque<R>,
    bytes: usize,
    /// How many records, from the front, were transmitted on this socket.
    transmitted: usize,
    /// How many bytes those records have.
    transmitted_bytes: usize,
    /// Whether one record more may be transmitted although the window is full.
    probes: bool,
}

impl<R: AsRef<[u8]>> Outgoing<R> {
    /// Creates the state of a new connection, on its first socket: nothing was sent.
    ///
    /// `window_bytes` is how many bytes may be transmitted and not acknowledged before the next record has to wait.
    /// ASP.NET Core's default is 100,000.
    pub fn new(window_bytes: usize) -> Self {
        Self {
            window_bytes,
            first_id: 1,
            records: VecDeque::new(),
            bytes: 0,
            transmitted: 0,
            transmitted_bytes: 0,
            probes: false,
        }
    }

    /// Creates the state of a connection whose host lost its memory, and with it the socket; so it is as after
    /// [`resume`](Self::resume).
    ///
    /// `records` are those that the host has kept, in order. `first_id` is the number of the first of them, or the
    /// number that the next record gets if there are none. Numbers below 1 mean 1.
    pub fn restore(window_bytes: usize, first_id: i64, records: impl IntoIterator<Item = R>) -> Self {
        let mut restored = Self { first_id: first_id.max(1), ..Self::new(window_bytes) };
        for record in records {
            restored.push(record);
        }
        restored.resume();
        restored
    }

    /// Takes a record and returns its number, the first one's being 1. It is not transmitted yet.
    pub fn push(&mut self, record: R) -> i64 {
        self.bytes += record.as_ref().len();
        self.records.push_back(record);
        self.last_id()
    }

    /// Returns the next record to transmit on this socket, and counts it as transmitted. Returns nothing when all are
    /// transmitted, or while the window is full: that is, while the bytes transmitted and not acknowledged exceed it. So
    /// the record that crosses the limit is still transmitted.
    ///
    /// After a [`resume`](Self::resume), one record more is transmitted although the window is full. ASP.NET Core's
    /// client acknowledges nothing twice, so if its Ack was lost with the socket, it is a record that it has not seen
    /// yet which makes it acknowledge again; without one both sides would wait for ever.
    pub fn transmit(&mut self) -> Option<&R> {
        if self.is_window_full() {
            return None;
        }
        let record = self.records.get(self.transmitted)?;
        if self.exceeds_window() {
            self.probes = false;
        }
        self.transmitted += 1;
        self.transmitted_bytes += record.as_ref().len();
        Some(record)
    }

    /// Forgets the records up to the number `sequence_id`, which the other side has received, as it says in an Ack.
    /// Returns how many records were forgotten.
    ///
    /// An id may be any number. One below [`first_id`](Self::first_id) forgets nothing. One beyond what was transmitted
    /// on this socket forgets only that: the other side counts what comes after a Sequence, so a record must not be left
    /// out of a replay even if it was received before.
    pub fn acknowledge(&mut self, sequence_id: i64) -> usize {
        let received = sequence_id.saturating_sub(self.first_id).saturating_add(1).max(0);
        let count = usize::try_from(received).unwrap_or(usize::MAX).min(self.transmitted);
        let bytes: usize = self.records.drain(..count).map(|record| record.as_ref().len()).sum();
        self.first_id = self.number(count);
        self.bytes -= bytes;
        self.transmitted -= count;
        self.transmitted_bytes -= bytes;
        count
    }

    /// Takes note that a new socket replaces the lost one: everything that is not acknowledged is to be transmitted
    /// again. Returns the id of the Sequence to send before it: [`first_id`](Self::first_id).
    pub fn resume(&mut self) -> i64 {
        self.transmitted = 0;
        self.transmitted_bytes = 0;
        self.probes = true;
        self.first_id
    }

    /// Returns the number of the last record pushed, 0 if there was none.
    pub fn last_id(&self) -> i64 {
        self.number(self.records.len()).saturating_sub(1)
    }

    /// Returns the number of the oldest record kept, or the number that the next record gets if none is kept.
    pub fn first_id(&self) -> i64 {
        self.first_id
    }

    /// Lists the kept records from the number `id` on, transmitted or not.
    pub fn since(&self, id: i64) -> impl Iterator<Item = &R> {
        let skipped = usize::try_from(id.saturating_sub(self.first_id)).unwrap_or(0);
        self.records.iter().skip(skipped)
    }

    /// Returns how many records are kept, transmitted or not.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Tells whether no record is kept: everything sent was acknowledged.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Returns how many bytes the kept records have, transmitted or not.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Tells whether the next record has to wait until an Ack comes.
    pub fn is_window_full(&self) -> bool {
        self.exceeds_window() && !self.probes
    }

    fn exceeds_window(&self) -> bool {
        self.transmitted_bytes > self.window_bytes
    }

    /// Returns the number of the record at `index`, or the one it will have.
    fn number(&self, index: usize) -> i64 {
        self.first_id.saturating_add(i64::try_from(index).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Transmits as much as may be, and returns it.
    fn transmit_all(outgoing: &mut Outgoing<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| outgoing.transmit().copied()).collect()
    }

    fn outgoing(window_bytes: usize, records: &[&'static str]) -> Outgoing<&'static str> {
        let mut outgoing = Outgoing::new(window_bytes);
        for &record in records {
            outgoing.push(record);
        }
        outgoing
    }

    #[test]
    fn records_are_numbered_from_1_and_transmitted_once() {
        let mut outgoing = Outgoing::new(100);
        assert_eq!((outgoing.first_id(), outgoing.last_id(), outgoing.len(), outgoing.bytes()), (1, 0, 0, 0));
        assert_eq!(outgoing.push("a"), 1);
        assert_eq!(outgoing.push("bc"), 2);
        assert_eq!((outgoing.first_id(), outgoing.last_id(), outgoing.len(), outgoing.bytes()), (1, 2, 2, 3));
        assert_eq!(transmit_all(&mut outgoing), ["a", "bc"]);
        assert_eq!(outgoing.acknowledge(2), 2);
        assert_eq!((outgoing.first_id(), outgoing.last_id(), outgoing.len(), outgoing.bytes()), (3, 2, 0, 0));
        assert!(outgoing.is_empty());
        assert_eq!(outgoing.push("d"), 3);
    }

    #[test]
    fn the_record_that_crosses_the_window_is_the_last_until_an_ack_comes() {
        let mut outgoing = outgoing(4, &["aa", "bb", "cc", "dd", "ee"]);
        assert_eq!(transmit_all(&mut outgoing), ["aa", "bb", "cc"]);
        assert!(outgoing.is_window_full());
        assert_eq!(outgoing.acknowledge(1), 1);
        assert!(!outgoing.is_window_full());
        assert_eq!(transmit_all(&mut outgoing), ["dd"]);
        assert_eq!(outgoing.acknowledge(4), 3);
        assert_eq!(transmit_all(&mut outgoing), ["ee"]);
        assert!(!outgoing.is_window_full());
    }

    #[test]
    fn without_a_window_one_record_is_transmitted_at_a_time() {
        let mut outgoing = outgoing(0, &["a", "b"]);
        assert_eq!(transmit_all(&mut outgoing), ["a"]);
        outgoing.acknowledge(1);
        assert_eq!(transmit_all(&mut outgoing), ["b"]);
    }

    #[test]
    fn an_ack_forgets_neither_what_is_gone_nor_what_was_not_transmitted() {
        let mut outgoing = outgoing(2, &["aa", "bb", "cc"]);
        transmit_all(&mut outgoing);
        assert_eq!(outgoing.acknowledge(1), 1);
        for sequence_id in [1, 0, -1, i64::MIN] {
            assert_eq!(outgoing.acknowledge(sequence_id), 0);
        }
        assert_eq!(outgoing.acknowledge(i64::MAX), 1);
        assert_eq!((outgoing.first_id(), outgoing.last_id(), outgoing.bytes()), (3, 3, 2));
        assert_eq!(transmit_all(&mut outgoing), ["cc"]);
    }

    #[test]
    fn a_new_socket_gets_everything_that_was_not_acknowledged() {
        let mut outgoing = outgoing(100, &["a", "b", "c"]);
        transmit_all(&mut outgoing);
        outgoing.acknowledge(1);
        assert_eq!(outgoing.resume(), 2);
        assert_eq!(outgoing.acknowledge(3), 0, "nothing of the replay was transmitted");
        assert_eq!(transmit_all(&mut outgoing), ["b", "c"]);
        outgoing.acknowledge(3);
        assert_eq!(outgoing.resume(), 4);
        assert_eq!(transmit_all(&mut outgoing), Vec::<&str>::new());
    }

    #[test]
    fn a_client_whose_only_ack_was_lost_gets_a_record_that_it_has_not_seen() {
        let mut outgoing = outgoing(3, &["aa", "bb", "cc", "dd"]);
        assert_eq!(transmit_all(&mut outgoing), ["aa", "bb"]);
        outgoing.resume();
        assert_eq!(transmit_all(&mut outgoing), ["aa", "bb", "cc"]);
        assert!(outgoing.is_window_full());
        outgoing.acknowledge(3);
        assert_eq!(transmit_all(&mut outgoing), ["dd"]);
    }

    #[test]
    fn numbers_at_the_ends_of_their_range_do_no_harm() {
        let mut low = Outgoing::restore(10, i64::MIN, ["a"]);
        assert_eq!((low.first_id(), low.last_id()), (1, 1));
        assert_eq!(low.resume(), 1);
        let mut high = Outgoing::restore(10, i64::MAX, ["a", "b"]);
        assert_eq!((high.first_id(), high.last_id()), (i64::MAX, i64::MAX - 1));
        transmit_all(&mut high);
        high.acknowledge(i64::MAX);
        high.acknowledge(i64::MIN);
        assert_eq!(high.resume(), i64::MAX);
    }
}
