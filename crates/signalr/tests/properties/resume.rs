//! Two sides that resume lose no message and process none twice, whatever happens to their sockets and memories.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;
use signalr::resume::{Incoming, Outgoing, ResumeError};
use signalr::{Headers, HubMessage};

/// What is under way in one direction.
#[derive(Clone, Debug)]
enum InFlight {
    Record(Vec<u8>),
    Other(HubMessage),
}

/// One side, and what its host has kept.
struct Side {
    window_bytes: usize,
    outgoing: Outgoing<Vec<u8>>,
    incoming: Incoming,
    /// Every record it has sent.
    sent: Vec<Vec<u8>>,
    /// What a host keeps for when it loses its memory.
    kept: VecDeque<Vec<u8>>,
    /// Every record it has processed.
    processed: Vec<Vec<u8>>,
    /// Every Ack it has sent.
    acks: Vec<i64>,
    /// What is under way to the other side.
    line: VecDeque<InFlight>,
}

impl Side {
    fn new(window_bytes: usize) -> Self {
        Self {
            window_bytes,
            outgoing: Outgoing::new(window_bytes),
            incoming: Incoming::new(),
            sent: Vec::new(),
            kept: VecDeque::new(),
            processed: Vec::new(),
            acks: Vec::new(),
            line: VecDeque::new(),
        }
    }

    fn push(&mut self, padding: usize) {
        let mut record = self.sent.len().to_string().into_bytes();
        record.resize(record.len() + padding, b' ');
        self.sent.push(record.clone());
        self.kept.push_back(record.clone());
        assert_eq!(usize::try_from(self.outgoing.push(record)).unwrap(), self.sent.len());
    }

    /// Returns whether there was a record to transmit.
    fn transmit(&mut self) -> bool {
        let record = self.outgoing.transmit().cloned();
        self.line.extend(record.clone().map(InFlight::Record));
        record.is_some()
    }

    /// Returns whether there was an Ack to send.
    fn acknowledge(&mut self) -> bool {
        let ack = self.incoming.ack();
        self.acks.extend(ack);
        self.line.extend(ack.map(|sequence_id| InFlight::Other(HubMessage::Ack { sequence_id })));
        ack.is_some()
    }

    fn receive(&mut self, in_flight: InFlight) {
        match in_flight {
            InFlight::Record(record) => {
                let message =
                    HubMessage::CancelInvocation { headers: Headers::default(), invocation_id: "1".to_owned() };
                if self.incoming.accept(&message) {
                    self.processed.push(record);
                }
            }
            InFlight::Other(message) => {
                if !self.incoming.accept(&message) {
                    return;
                }
                match message {
                    HubMessage::Ack { sequence_id } => {
                        let forgotten = self.outgoing.acknowledge(sequence_id);
                        self.kept.drain(..forgotten);
                    }
                    HubMessage::Sequence { sequence_id } => self.incoming.sequence(sequence_id).unwrap(),
                    other => panic!("nobody sends {other:?}"),
                }
            }
        }
    }

    fn lose_memory(&mut self) {
        let restored = Outgoing::restore(self.window_bytes, self.outgoing.first_id(), self.kept.clone());
        let mut resumed = self.outgoing.clone();
        resumed.resume();
        assert_eq!(restored, resumed);
        self.outgoing = restored;
        self.incoming = Incoming::restore(self.incoming.received());
    }

    fn resume(&mut self) {
        let sequence_id = self.outgoing.resume();
        self.incoming.resume();
        self.line = VecDeque::from([InFlight::Other(HubMessage::Sequence { sequence_id })]);
    }

    fn assert_consistent(&self) {
        assert_eq!(self.outgoing.len(), self.kept.len());
        assert_eq!(self.outgoing.bytes(), self.kept.iter().map(Vec::len).sum::<usize>());
        assert_eq!(usize::try_from(self.outgoing.last_id()).unwrap(), self.sent.len());
        assert_eq!(usize::try_from(self.incoming.received()).unwrap(), self.processed.len());
    }
}

/// What may happen next; `side` is the index of the side that it happens to.
#[derive(Clone, Debug)]
enum Event {
    Push {
        padding: usize,
    },
    Transmit {
        count: usize,
    },
    Deliver {
        count: usize,
    },
    Ack,
    /// An Ack of before, of an earlier socket maybe, is sent once more.
    RepeatAck(prop::sample::Index),
    /// An Ack under way is overtaken by everything behind it.
    DelayAck(prop::sample::Index),
    LoseSocket,
    LoseMemory,
}

fn event() -> impl Strategy<Value = (usize, Event)> {
    let event = prop_oneof![
        6 => (0..20_usize).prop_map(|padding| Event::Push { padding }),
        6 => (1..6_usize).prop_map(|count| Event::Transmit { count }),
        8 => (1..6_usize).prop_map(|count| Event::Deliver { count }),
        3 => Just(Event::Ack),
        2 => any::<prop::sample::Index>().prop_map(Event::RepeatAck),
        2 => any::<prop::sample::Index>().prop_map(Event::DelayAck),
        2 => Just(Event::LoseSocket),
        1 => Just(Event::LoseMemory),
    ];
    (0..2_usize, event)
}

fn is_ack(in_flight: &InFlight) -> bool {
    matches!(in_flight, InFlight::Other(HubMessage::Ack { .. }))
}

fn apply(sides: &mut [Side; 2], side: usize, event: &Event) {
    let this = &mut sides[side];
    match event {
        Event::Push { padding } => this.push(*padding),
        Event::Transmit { count } => {
            for _ in 0..*count {
                this.transmit();
            }
        }
        Event::Deliver { count } => {
            for _ in 0..*count {
                if let Some(in_flight) = sides[1 - side].line.pop_front() {
                    sides[side].receive(in_flight);
                }
            }
        }
        Event::Ack => {
            this.acknowledge();
        }
        Event::RepeatAck(index) => {
            if !this.acks.is_empty() {
                let sequence_id = *index.get(&this.acks);
                this.line.push_back(InFlight::Other(HubMessage::Ack { sequence_id }));
            }
        }
        Event::DelayAck(index) => {
            let acks: Vec<usize> = (0..this.line.len()).filter(|&at| is_ack(&this.line[at])).collect();
            if !acks.is_empty() {
                let ack = this.line.remove(*index.get(&acks)).unwrap();
                this.line.push_back(ack);
            }
        }
        Event::LoseSocket => sides.iter_mut().for_each(Side::resume),
        Event::LoseMemory => {
            this.lose_memory();
            sides.iter_mut().for_each(Side::resume);
        }
    }
}

/// Lets the two sides exchange what they have, undisturbed.
fn exchange(sides: &mut [Side; 2]) {
    loop {
        let mut is_quiet = true;
        for side in 0..2 {
            while sides[side].transmit() {
                is_quiet = false;
            }
            is_quiet &= !sides[side].acknowledge();
            while let Some(in_flight) = sides[side].line.pop_front() {
                sides[1 - side].receive(in_flight);
                is_quiet = false;
            }
        }
        if is_quiet {
            return;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_message_is_processed_once_and_in_order(
        windows in [0..60_usize, 0..60_usize],
        events in vec(event(), 0..200),
        is_resumed_at_last: bool,
    ) {
        let mut sides = windows.map(Side::new);
        for (side, event) in events {
            apply(&mut sides, side, &event);
            for side in 0..2 {
                sides[side].assert_consistent();
                prop_assert!(sides[1 - side].sent.starts_with(&sides[side].processed));
            }
        }
        if is_resumed_at_last {
            sides.iter_mut().for_each(Side::resume);
        }
        exchange(&mut sides);
        for side in 0..2 {
            prop_assert_eq!(&sides[side].processed, &sides[1 - side].sent);
            prop_assert!(sides[side].outgoing.is_empty());
        }
    }

    /// The model transmits on a first socket only, where the window is all that counts.
    #[test]
    fn no_more_than_one_record_goes_beyond_the_window(
        window in 0..40_usize,
        steps in vec(prop_oneof![(0..20_usize).prop_map(Ok), (-2..40_i64).prop_map(Err)], 0..80),
    ) {
        let mut outgoing = Outgoing::new(window);
        let mut sent: Vec<Vec<u8>> = Vec::new();
        let (mut acknowledged, mut transmitted) = (0, 0);
        for step in steps {
            match step {
                Ok(length) => {
                    sent.push(vec![0; length]);
                    outgoing.push(vec![0; length]);
                }
                Err(sequence_id) => {
                    let upto = usize::try_from(sequence_id.max(0)).unwrap().clamp(acknowledged, transmitted);
                    prop_assert_eq!(outgoing.acknowledge(sequence_id), upto - acknowledged);
                    acknowledged = upto;
                }
            }
            loop {
                let in_flight: usize = sent[acknowledged..transmitted].iter().map(Vec::len).sum();
                prop_assert_eq!(outgoing.is_window_full(), in_flight > window);
                let expected = if in_flight > window { None } else { sent.get(transmitted) };
                prop_assert_eq!(outgoing.transmit(), expected);
                if expected.is_none() {
                    break;
                }
                transmitted += 1;
            }
            prop_assert_eq!(outgoing.len(), sent.len() - acknowledged);
            prop_assert_eq!(usize::try_from(outgoing.first_id()).unwrap(), acknowledged + 1);
        }
    }

    #[test]
    fn an_id_of_any_size_does_no_harm(
        received in any::<i64>(),
        first_id in any::<i64>(),
        ids in vec(prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -3..3_i64], 0..20),
    ) {
        let mut incoming = Incoming::restore(received);
        let mut outgoing = Outgoing::restore(10, first_id, [[0; 4]; 3]);
        for id in ids {
            let before = incoming.received();
            let expected = if id > before.saturating_add(1) { Err(ResumeError::Gap) } else { Ok(()) };
            prop_assert_eq!(incoming.sequence(id), expected);
            incoming.accept(&HubMessage::CancelInvocation { headers: Headers::default(), invocation_id: String::new() });
            prop_assert!(incoming.received() >= before);
            prop_assert!(incoming.ack().is_none_or(|ack| (1..=incoming.received()).contains(&ack)));
            outgoing.transmit();
            outgoing.acknowledge(id);
            prop_assert!(outgoing.resume() >= 1);
        }
    }
}
