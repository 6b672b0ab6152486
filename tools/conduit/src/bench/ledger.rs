//! What every connection has received: each event once, in order, and how long it took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::time::Instant;

/// Histograms that connections share, so that they seldom wait for each other.
const SHARDS: usize = 16;

/// The longest time that a histogram tells from longer ones: ten minutes.
const MAX_MICROS: u64 = 600_000_000;

/// What became of all deliveries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Deliveries {
    /// Events that came, each once.
    pub(super) received: u64,
    /// Events that came again.
    pub(super) duplicates: u64,
    /// Events that came after a later one.
    pub(super) out_of_order: u64,
    /// What came and was none of ours.
    pub(super) unknown: u64,
}

pub(super) struct Ledger {
    connections: Vec<Mutex<Account>>,
    latencies: Vec<Mutex<Histogram<u64>>>,
    received: AtomicU64,
    start: OnceLock<Instant>,
    events: u64,
    warmup_events: u64,
}

/// Of one connection.
#[derive(Default)]
struct Account {
    /// A bit for each event.
    seen: Vec<u64>,
    next: u64,
    deliveries: Deliveries,
}

impl Ledger {
    /// For so many connections, each of which gets so many events, the first of which are not measured.
    pub(super) fn new(connections: u32, events: u64, warmup_events: u64) -> Self {
        let words = usize::try_from(events.div_ceil(64)).unwrap_or(usize::MAX);
        let account = || Mutex::new(Account { seen: vec![0; words], ..Account::default() });
        Self {
            connections: (0..connections).map(|_| account()).collect(),
            latencies: (0..SHARDS).map(|_| Mutex::new(histogram())).collect(),
            received: AtomicU64::new(0),
            start: OnceLock::new(),
            events,
            warmup_events,
        }
    }

    /// The time from which events are due.
    pub(super) fn begin(&self, start: Instant) {
        // There is one beginning.
        let _ = self.start.set(start);
    }

    /// Notes that a connection has received an event, which was due so long after the beginning.
    pub(super) fn note(&self, connection: usize, number: Option<u64>, due: impl Fn(u64) -> Duration) {
        let Some(account) = self.connections.get(connection) else { return };
        let mut account = lock(account);
        let Some((number, mask)) =
            number.filter(|number| *number < self.events).map(|number| (number, 1_u64 << (number % 64)))
        else {
            account.deliveries.unknown += 1;
            return;
        };
        let next = account.next;
        let Some(word) = usize::try_from(number / 64).ok().and_then(|index| account.seen.get_mut(index)) else {
            account.deliveries.unknown += 1;
            return;
        };
        if *word & mask != 0 {
            account.deliveries.duplicates += 1;
            return;
        }
        *word |= mask;
        account.deliveries.received += 1;
        account.deliveries.out_of_order += u64::from(number < next);
        account.next = next.max(number + 1);
        drop(account);
        self.received.fetch_add(1, Ordering::Relaxed);
        if number < self.warmup_events {
            return;
        }
        if let (Some(start), Some(shard)) = (self.start.get(), self.latencies.get(connection % SHARDS)) {
            let late = start.elapsed().saturating_sub(due(number));
            lock(shard).saturating_record(micros(late));
        }
    }

    /// How many events have come so far, each once.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    pub(super) fn deliveries(&self) -> Deliveries {
        self.connections.iter().fold(Deliveries::default(), |all, account| {
            let own = lock(account).deliveries;
            Deliveries {
                received: all.received + own.received,
                duplicates: all.duplicates + own.duplicates,
                out_of_order: all.out_of_order + own.out_of_order,
                unknown: all.unknown + own.unknown,
            }
        })
    }

    /// The times of all deliveries that are measured, in microseconds.
    pub(super) fn latencies(&self) -> Histogram<u64> {
        let mut all = histogram();
        for shard in &self.latencies {
            // They have one shape.
            let _ = all.add(&*lock(shard));
        }
        all
    }
}

/// A histogram of microseconds, three digits exact.
pub(super) fn histogram() -> Histogram<u64> {
    #[expect(clippy::expect_used, reason = "the bounds are constants")]
    Histogram::new_with_max(MAX_MICROS, 3).expect("the bounds are good")
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_twice_or_late_or_from_elsewhere_is_told_apart() {
        let ledger = Ledger::new(2, 100, 1);
        ledger.begin(Instant::now());
        for number in [Some(0), Some(2), Some(1), Some(2), Some(100), None] {
            ledger.note(0, number, |_| Duration::ZERO);
        }
        ledger.note(1, Some(99), |_| Duration::ZERO);
        let expected = Deliveries { received: 4, duplicates: 1, out_of_order: 1, unknown: 2 };
        assert_eq!(ledger.deliveries(), expected);
        assert_eq!((ledger.received(), ledger.latencies().len()), (4, 3));
    }
}
