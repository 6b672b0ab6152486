//! What a key spent in the last two hours, by the minute.

use std::collections::BTreeMap;

use crate::money::Money;
use crate::time::MILLIS_PER_MINUTE;

const MINUTES_PER_HOUR: i64 = 60;

/// The minute of a time, counted from the epoch.
pub fn minute_of(time_millis: i64) -> i64 {
    time_millis.div_euclid(MILLIS_PER_MINUTE)
}

/// What was spent in some time, and in how many records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpendSum {
    /// How much.
    pub amount: Money,
    /// How many records.
    pub records: u64,
}

impl SpendSum {
    fn add(&mut self, other: Self) {
        self.amount = self.amount.saturating_add(other.amount);
        self.records = self.records.saturating_add(other.records);
    }
}

/// The sums of the last 120 minutes, the current one being the last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpendWindow(BTreeMap<i64, SpendSum>);

impl SpendWindow {
    /// Adds what came in so many records, and forgets what is too old.
    pub fn record(&mut self, amount: Money, records: u64, now_millis: i64) {
        self.load(minute_of(now_millis), amount, records);
        self.prune(now_millis);
    }

    /// Adds what was kept of a minute.
    pub fn load(&mut self, minute: i64, amount: Money, records: u64) {
        self.0.entry(minute).or_default().add(SpendSum { amount, records });
    }

    /// Forgets what is more than two hours old.
    pub fn prune(&mut self, now_millis: i64) {
        self.0 = self.0.split_off(&first_minute(now_millis, 2));
    }

    /// What was spent in the last 60 minutes.
    pub fn last_hour(&self, now_millis: i64) -> SpendSum {
        self.sum(first_minute(now_millis, 1), minute_of(now_millis))
    }

    /// What was spent in the 60 minutes before those.
    pub fn hour_before(&self, now_millis: i64) -> SpendSum {
        self.sum(first_minute(now_millis, 2), first_minute(now_millis, 1) - 1)
    }

    fn sum(&self, first: i64, last: i64) -> SpendSum {
        self.0.range(first..=last).fold(SpendSum::default(), |mut sum, (_, minute)| {
            sum.add(*minute);
            sum
        })
    }
}

/// The first of the minutes of that many hours which end with the current one.
fn first_minute(now_millis: i64, hours: i64) -> i64 {
    minute_of(now_millis) - hours * MINUTES_PER_HOUR + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000 * MILLIS_PER_MINUTE + 59_999;

    fn sum(amount: &str, records: u64) -> SpendSum {
        SpendSum { amount: amount.parse().unwrap(), records }
    }

    #[test]
    fn an_hour_is_sixty_minutes_and_the_hour_before_sixty_more() {
        let mut window = SpendWindow::default();
        for (minutes_ago, amount) in [(0, "1"), (59, "2"), (60, "4"), (119, "8"), (120, "16")] {
            window.record(amount.parse().unwrap(), 1, NOW - minutes_ago * MILLIS_PER_MINUTE);
        }
        assert_eq!(window.last_hour(NOW), sum("3", 2));
        assert_eq!(window.hour_before(NOW), sum("12", 2));
    }

    #[test]
    fn what_is_two_hours_old_is_forgotten() {
        let mut window = SpendWindow::default();
        window.load(880, "1".parse().unwrap(), 1);
        window.load(881, "2".parse().unwrap(), 3);
        window.prune(NOW);
        let mut expected = SpendWindow::default();
        expected.load(881, "2".parse().unwrap(), 3);
        assert_eq!(window, expected);
    }

    #[test]
    fn no_time_makes_a_window_panic() {
        for now_millis in [i64::MIN, 0, i64::MAX] {
            let mut window = SpendWindow::default();
            window.record("1".parse().unwrap(), 1, now_millis);
            assert_eq!((window.last_hour(now_millis), window.hour_before(now_millis)), (sum("1", 1), sum("0", 0)));
        }
    }
}
