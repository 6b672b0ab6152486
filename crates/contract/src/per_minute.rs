//! A rate per minute: a token bucket that needs no timer and counts in whole numbers.

/// A token, in the units that the bucket counts in: with a limit of `n` a minute, `n` units are added each millisecond.
const TOKEN: u64 = 60_000;

/// So many a minute, evenly; after a pause, as many as a minute allows may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerMinute {
    limit: u32,
    level: u64,
    counted_at_millis: i64,
}

impl PerMinute {
    /// A full bucket of `limit` a minute; a limit of 0 lets nothing pass.
    pub fn new(limit: u32, now_millis: i64) -> Self {
        Self { limit, level: u64::from(limit) * TOKEN, counted_at_millis: now_millis }
    }

    /// Takes one, or says that there is none. A clock that steps back takes nothing away.
    pub fn take(&mut self, now_millis: i64) -> bool {
        // Nothing more comes in after the minute that fills the bucket.
        let elapsed_millis = u64::try_from(now_millis.saturating_sub(self.counted_at_millis)).unwrap_or(0).min(TOKEN);
        let limit = u64::from(self.limit);
        self.level = (self.level + elapsed_millis * limit).min(limit * TOKEN);
        self.counted_at_millis = now_millis;
        let Some(left) = self.level.checked_sub(TOKEN) else {
            return false;
        };
        self.level = left;
        true
    }

    /// When the next can be taken; none if never. A time in the past is now.
    pub fn next_millis(&self) -> Option<i64> {
        let limit = u64::from(self.limit);
        if limit == 0 {
            return None;
        }
        let wait_millis = TOKEN.saturating_sub(self.level).div_ceil(limit);
        Some(self.counted_at_millis.saturating_add_unsigned(wait_millis))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn after_a_pause_a_minutes_worth_comes_at_once_and_then_evenly() {
        let mut rate = PerMinute::new(3, 0);
        assert_eq!([(); 4].map(|()| rate.take(0)), [true, true, true, false]);
        assert_eq!(rate.next_millis(), Some(20_000));
        assert!(!rate.take(19_999));
        assert!(rate.take(20_000));
        assert!(!rate.take(20_000));
        assert_eq!((0..10).filter(|_| rate.take(86_400_000)).count(), 3);
    }

    #[test]
    fn a_limit_of_0_lets_nothing_pass_ever() {
        let mut rate = PerMinute::new(0, 0);
        assert!(!rate.take(i64::MAX));
        assert_eq!(rate.next_millis(), None);
    }

    #[test]
    fn a_clock_that_steps_back_takes_nothing_away() {
        let mut rate = PerMinute::new(2, 10_000);
        assert!(rate.take(0));
        assert!(rate.take(i64::MIN));
        assert!(!rate.take(i64::MIN));
    }

    proptest! {
        #[test]
        fn the_next_comes_exactly_when_it_is_said_to(
            limit in prop_oneof![1_u32..=40, 1_u32..=1_000_000],
            pauses in prop::collection::vec(0_i64..700, 0..80),
        ) {
            let mut rate = PerMinute::new(limit, 0);
            let mut now = 0;
            for pause in pauses {
                now += pause;
                rate.take(now);
                let next = rate.next_millis().unwrap();
                let (mut then, mut before) = (rate, rate);
                prop_assert!(then.take(next.max(now)));
                if next > now {
                    prop_assert!(!before.take(next - 1));
                }
            }
        }

        #[test]
        fn no_time_gives_more_than_a_minutes_worth_and_what_the_time_brings(
            limit in 1_u32..=100,
            pauses in prop::collection::vec(0_i64..2_000, 1..300),
        ) {
            let mut rate = PerMinute::new(limit, 0);
            let mut now = 0;
            let mut taken = 0;
            for pause in pauses {
                now += pause;
                taken += i64::from(rate.take(now));
                prop_assert!(taken <= i64::from(limit) + now * i64::from(limit) / 60_000);
            }
        }
    }
}
