//! The circuit breaker of a URL: whether deliveries go out or wait.
//!
//! What counts is whether the receiver works: an answer that it gave for itself, a refusal too, says that it does; no
//! answer, or one that asks to be tried again later, says that it does not.

use serde::{Deserialize, Serialize};

use crate::webhook_event::CircuitBreakerState;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerRule {
    /// So many failures in a row open it.
    pub failures: u32,
    /// How long it is open, in milliseconds.
    pub open_millis: i64,
}

/// What an attempt says of the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It answers for itself.
    Works,
    /// It does not.
    Fails,
    /// The attempt was lost on our side.
    None,
}

/// A breaker. Its JSON is for storing; it is not part of the contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Breaker {
    /// Failures since the receiver worked last.
    failures: u32,
    phase: Phase,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Phase {
    #[default]
    Closed,
    #[serde(rename_all = "camelCase")]
    Open { until_millis: i64 },
    /// This delivery is the trial.
    HalfOpen { trial: String },
}

impl Breaker {
    /// What clients are told. An open one stays so until a trial begins.
    pub fn state(&self) -> CircuitBreakerState {
        match self.phase {
            Phase::Closed => CircuitBreakerState::Closed,
            Phase::Open { .. } => CircuitBreakerState::Open,
            Phase::HalfOpen { .. } => CircuitBreakerState::HalfOpen,
        }
    }

    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.state() == CircuitBreakerState::Open
    }

    /// How many deliveries may be under way at once, of at most `most`: while it is not closed, one.
    pub fn room(&self, most: u32) -> u32 {
        if self.phase == Phase::Closed { most } else { most.min(1) }
    }

    /// Until when deliveries wait, if they do: a trial's end has no time.
    pub fn open_until_millis(&self) -> Option<i64> {
        match self.phase {
            Phase::Open { until_millis } => Some(until_millis),
            Phase::Closed | Phase::HalfOpen { .. } => None,
        }
    }

    /// Begins an attempt; false if it has to wait. The first one after the breaker's time is the trial.
    pub fn begin(&mut self, delivery: &str, now_millis: i64) -> bool {
        match self.phase {
            Phase::Closed => true,
            Phase::Open { until_millis } if until_millis <= now_millis => {
                self.phase = Phase::HalfOpen { trial: delivery.to_owned() };
                true
            }
            Phase::Open { .. } | Phase::HalfOpen { .. } => false,
        }
    }

    /// Takes what an attempt that ended says. Failures of deliveries that were under way when it opened change nothing;
    /// a receiver that works closes it, whoever found that.
    pub fn heard(&mut self, delivery: &str, sign: Sign, rule: BreakerRule, now_millis: i64) {
        let is_trial = matches!(&self.phase, Phase::HalfOpen { trial } if trial == delivery);
        match (sign, &self.phase) {
            (Sign::Works, _) => *self = Self::default(),
            (Sign::Fails, Phase::Closed) => {
                self.failures = self.failures.saturating_add(1);
                if self.failures >= rule.failures {
                    self.open(rule.open_millis, now_millis);
                }
            }
            (Sign::Fails, _) if is_trial => self.open(rule.open_millis, now_millis),
            // The trial tells nothing: another one may begin at once.
            (Sign::None, _) if is_trial => self.open(0, now_millis),
            (Sign::Fails | Sign::None, _) => {}
        }
    }

    fn open(&mut self, open_millis: i64, now_millis: i64) {
        self.phase = Phase::Open { until_millis: now_millis.saturating_add(open_millis) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULE: BreakerRule = BreakerRule { failures: 5, open_millis: 300_000 };

    fn after_failures(count: u32) -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..count {
            assert!(breaker.begin("d", 0));
            breaker.heard("d", Sign::Fails, RULE, 0);
        }
        breaker
    }

    #[test]
    fn it_opens_after_so_many_failures_in_a_row() {
        assert_eq!(after_failures(4).state(), CircuitBreakerState::Closed);
        assert_eq!(after_failures(5).state(), CircuitBreakerState::Open);
        let mut interrupted = after_failures(4);
        interrupted.heard("d", Sign::Works, RULE, 0);
        interrupted.heard("d", Sign::Fails, RULE, 0);
        assert_eq!(interrupted.state(), CircuitBreakerState::Closed);
    }

    #[test]
    fn while_it_is_open_all_wait_and_then_one_is_the_trial() {
        let mut breaker = after_failures(5);
        assert_eq!(breaker.open_until_millis(), Some(300_000));
        assert!(!breaker.begin("a", 299_999));
        assert!(breaker.begin("a", 300_000));
        assert_eq!(breaker.state(), CircuitBreakerState::HalfOpen);
        assert!(!breaker.begin("b", 300_000));
        assert_eq!((breaker.room(10), Breaker::default().room(10)), (1, 10));
    }

    #[test]
    fn the_trial_closes_it_or_opens_it_again() {
        let half_open = || {
            let mut breaker = after_failures(5);
            assert!(breaker.begin("trial", 300_000));
            breaker
        };
        let mut works = half_open();
        works.heard("trial", Sign::Works, RULE, 300_100);
        assert_eq!(works, Breaker::default());
        let mut fails = half_open();
        fails.heard("trial", Sign::Fails, RULE, 300_100);
        assert_eq!(fails.open_until_millis(), Some(600_100));
        let mut lost = half_open();
        lost.heard("trial", Sign::None, RULE, 300_100);
        assert!(lost.begin("another", 300_100));
    }

    #[test]
    fn deliveries_that_were_under_way_do_not_keep_it_open() {
        let mut breaker = after_failures(5);
        breaker.heard("other", Sign::Fails, RULE, 200_000);
        assert_eq!(breaker.open_until_millis(), Some(300_000));
        breaker.heard("other", Sign::Works, RULE, 200_000);
        assert_eq!(breaker.state(), CircuitBreakerState::Closed);
    }

    proptest! {
        /// Whatever happens in whatever order: a delivery can begin in the end, never two while it is not closed.
        #[test]
        fn it_never_stays_shut_and_never_lets_two_trials_out(
            steps in prop::collection::vec((0..4_u8, 0..3_u8, 0..400_000_i64), 0..60)
        ) {
            let mut breaker = Breaker::default();
            let mut under_way: Vec<(String, bool)> = Vec::new();
            let mut now_millis = 0;
            for (nth, (kind, which, pause)) in steps.into_iter().enumerate() {
                now_millis += pause;
                if kind == 0 {
                    let delivery = nth.to_string();
                    let was_closed = breaker.state() == CircuitBreakerState::Closed;
                    if breaker.begin(&delivery, now_millis) {
                        let trials = under_way.iter().filter(|(_, is_trial)| *is_trial).count();
                        prop_assert!(was_closed || trials == 0);
                        under_way.push((delivery, !was_closed));
                    }
                } else if !under_way.is_empty() {
                    let (delivery, _) = under_way.remove(usize::from(which) % under_way.len());
                    let sign = [Sign::Works, Sign::Fails, Sign::None][usize::from(kind) - 1];
                    breaker.heard(&delivery, sign, RULE, now_millis);
                    if breaker.state() == CircuitBreakerState::Closed {
                        for other in &mut under_way {
                            other.1 = false;
                        }
                    }
                }
            }
            for (delivery, _) in under_way {
                breaker.heard(&delivery, Sign::None, RULE, now_millis);
            }
            prop_assert!(breaker.begin("last", now_millis + RULE.open_millis));
        }
    }
}
