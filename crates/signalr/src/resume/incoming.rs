//! What has been received.

use super::ResumeError;
use crate::HubMessage;

/// What one side has received of the other's counted messages.
///
/// A host that may lose its memory keeps [`received`](Self::received), in one step with whatever the message did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Incoming {
    /// The number of the last message to be processed, 0 if there was none.
    received: i64,
    /// The number of the next message to come, at most `received` + 1; lower while the other side replays.
    next: i64,
    /// Up to where the other side knows, or will, that its messages arrived. Never negative.
    acknowledged: i64,
    /// Whether the other side has yet to say which number comes next.
    awaits_sequence: bool,
}

impl Default for Incoming {
    fn default() -> Self {
        Self::new()
    }
}

impl Incoming {
    /// Creates the state of a new connection, on its first socket: nothing was received, and no Sequence is awaited.
    pub fn new() -> Self {
        Self { received: 0, next: 1, acknowledged: 0, awaits_sequence: false }
    }

    /// Creates the state of a connection whose host lost its memory, and with it the socket; so it is as after
    /// [`resume`](Self::resume).
    ///
    /// `received` is what [`received`](Self::received) returned last. A negative number means 0.
    pub fn restore(received: i64) -> Self {
        let received = received.max(0);
        let mut restored = Self { received, ..Self::new() };
        restored.resume();
        restored
    }

    /// Takes note of a message that came, and tells whether to process it. Each message is to be shown here once, in
    /// the order in which they came.
    ///
    /// A counted message gets the next number, and is processed unless one with that number was before. Until the
    /// Sequence that a new socket begins with, nothing passes but a Sequence, as in ASP.NET Core: not even a Ping, an
    /// Ack or a Close. A Sequence always passes, and is to be given to [`sequence`](Self::sequence).
    pub fn accept(&mut self, message: &HubMessage) -> bool {
        if self.awaits_sequence {
            return matches!(message, HubMessage::Sequence { .. });
        }
        if !message.is_counted() {
            return true;
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        let is_new = number > self.received;
        if is_new {
            self.received = number;
        }
        is_new
    }

    /// Takes note that the next counted message has the number `sequence_id`, as the other side says in a Sequence,
    /// whether one was awaited or not.
    ///
    /// The id may be any number: messages with numbers below 1 count as received.
    ///
    /// # Errors
    ///
    /// Returns [`ResumeError::Gap`] when `sequence_id` is above the number after [`received`](Self::received), and
    /// changes nothing. The connection is then to be closed, with
    /// [`close_text::sequence_id_too_high`](crate::close_text::sequence_id_too_high).
    ///
    /// ASP.NET Core also fails when the id is above the number of the next message of a replay that was cut short, even
    /// if messages up to that id were received on an earlier socket and thus nothing is missing.
    pub fn sequence(&mut self, sequence_id: i64) -> Result<(), ResumeError> {
        if sequence_id > self.received.saturating_add(1) {
            return Err(ResumeError::Gap);
        }
        self.awaits_sequence = false;
        self.next = sequence_id;
        self.acknowledged = sequence_id.saturating_sub(1).max(0);
        Ok(())
    }

    /// Takes note that a new socket replaces the lost one: nothing passes until its Sequence came.
    pub fn resume(&mut self) {
        self.awaits_sequence = true;
        self.next = self.received.saturating_add(1);
    }

    /// Returns the number of the last counted message to be processed, 0 if there was none.
    pub fn received(&self) -> i64 {
        self.received
    }

    /// Returns the id of the Ack to send, if there is anything to acknowledge that was not by the last id returned.
    ///
    /// An Ack may be lost with its socket. Therefore a message that is replayed is acknowledged again, when it comes,
    /// as the JavaScript client does (ASP.NET Core does not); an other side whose window is full would otherwise wait
    /// for ever. While a Sequence is awaited there is nothing to acknowledge.
    pub fn ack(&mut self) -> Option<i64> {
        let arrived = self.next.saturating_sub(1);
        if self.awaits_sequence || arrived <= self.acknowledged {
            return None;
        }
        self.acknowledged = arrived;
        Some(arrived)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Headers;

    fn counted() -> HubMessage {
        HubMessage::CancelInvocation { headers: Headers::default(), invocation_id: "1".to_owned() }
    }

    fn uncounted() -> [HubMessage; 3] {
        [
            HubMessage::Ping,
            HubMessage::Close { error: None, allow_reconnect: false },
            HubMessage::Ack { sequence_id: 1 },
        ]
    }

    /// Shows `count` counted messages, and returns how many of them are to be processed.
    fn accept(incoming: &mut Incoming, count: usize) -> usize {
        (0..count).filter(|_| incoming.accept(&counted())).count()
    }

    #[test]
    fn on_the_first_socket_everything_passes_and_only_counted_messages_count() {
        let mut incoming = Incoming::new();
        assert_eq!(incoming.ack(), None);
        assert!(uncounted().iter().all(|message| incoming.accept(message)));
        assert_eq!(incoming.received(), 0);
        assert_eq!(accept(&mut incoming, 3), 3);
        assert_eq!(incoming.received(), 3);
        assert_eq!(incoming.ack(), Some(3));
        assert_eq!(incoming.ack(), None);
    }

    #[test]
    fn after_a_resume_only_a_sequence_passes_until_it_came() {
        let mut incoming = Incoming::new();
        incoming.resume();
        assert!(!uncounted().iter().any(|message| incoming.accept(message)));
        assert_eq!(accept(&mut incoming, 2), 0);
        assert!(incoming.accept(&HubMessage::Sequence { sequence_id: 1 }));
        incoming.sequence(1).unwrap();
        assert!(uncounted().iter().all(|message| incoming.accept(message)));
        assert_eq!(accept(&mut incoming, 1), 1);
        assert_eq!(incoming.received(), 1);
    }

    #[test]
    fn what_was_received_before_is_dropped_and_acknowledged_again() {
        let mut incoming = Incoming::new();
        accept(&mut incoming, 5);
        assert_eq!(incoming.ack(), Some(5));
        incoming.resume();
        assert_eq!(incoming.ack(), None);
        incoming.sequence(3).unwrap();
        assert_eq!(incoming.ack(), None);
        assert_eq!(accept(&mut incoming, 2), 0);
        assert_eq!(incoming.ack(), Some(4));
        assert_eq!(accept(&mut incoming, 3), 2);
        assert_eq!(incoming.received(), 7);
        assert_eq!(incoming.ack(), Some(7));
    }

    #[test]
    fn a_sequence_above_the_next_number_is_a_gap_and_changes_nothing() {
        for mut incoming in [Incoming::new(), Incoming::restore(0)] {
            let before = incoming.clone();
            assert_eq!(incoming.sequence(2), Err(ResumeError::Gap));
            assert_eq!(incoming.sequence(i64::MAX), Err(ResumeError::Gap));
            assert_eq!(incoming, before);
            assert_eq!(incoming.sequence(1), Ok(()));
        }
    }

    #[test]
    fn a_replay_that_was_cut_short_does_not_lower_what_was_received() {
        let mut incoming = Incoming::restore(5);
        incoming.sequence(1).unwrap();
        assert_eq!(accept(&mut incoming, 2), 0);
        incoming.resume();
        assert_eq!(incoming.sequence(7), Err(ResumeError::Gap));
        assert_eq!(incoming.sequence(6), Ok(()));
        assert_eq!(accept(&mut incoming, 1), 1);
        assert_eq!(incoming.received(), 6);
    }

    #[test]
    fn a_sequence_that_was_not_awaited_sets_the_next_number() {
        let mut incoming = Incoming::new();
        accept(&mut incoming, 3);
        incoming.sequence(2).unwrap();
        assert_eq!(accept(&mut incoming, 3), 1);
        assert_eq!(incoming.received(), 4);
    }

    #[test]
    fn ids_at_the_ends_of_their_range_do_no_harm() {
        let mut incoming = Incoming::new();
        for sequence_id in [i64::MIN, -1, 0] {
            incoming.sequence(sequence_id).unwrap();
            assert_eq!(accept(&mut incoming, 1), 0);
            assert_eq!(incoming.ack(), None);
        }
        let mut last = Incoming::restore(i64::MAX);
        last.sequence(i64::MAX).unwrap();
        assert_eq!(accept(&mut last, 3), 0);
        last.resume();
        assert_eq!(last.received(), i64::MAX);
        assert_eq!(Incoming::restore(i64::MIN), Incoming::restore(0));
    }
}
