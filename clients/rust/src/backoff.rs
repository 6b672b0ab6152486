//! How long to wait before the next attempt to connect.

use std::time::Duration;

/// When a connection is tried again: after it was lost, and when its first start failed.
///
/// The wait before an attempt is twice that before the one before, up to `max_delay`, and lies somewhere in the upper half
/// of that, so that the clients of a server that comes back do not all come at once.
///
/// ```
/// # use std::time::Duration;
/// # use conduit_client::ReconnectPolicy;
/// let patient = ReconnectPolicy { max_attempts: None, ..ReconnectPolicy::default() };
/// let never = ReconnectPolicy { max_attempts: Some(0), ..patient };
/// assert_eq!(never.delay(1, 0.5), None);
/// assert_eq!(patient.delay(1, 1.0), Some(Duration::from_secs(1)));
/// assert_eq!(patient.delay(2, 0.0), Some(Duration::from_secs(1)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconnectPolicy {
    /// The longest wait before the first attempt.
    pub base_delay: Duration,
    /// The longest wait before any attempt.
    pub max_delay: Duration,
    /// How many attempts in a row may fail before it is given up; without a number, none are too many.
    pub max_attempts: Option<u32>,
}

impl Default for ReconnectPolicy {
    /// From half a second up to 30 seconds, ten attempts.
    fn default() -> Self {
        Self { base_delay: Duration::from_secs(1), max_delay: Duration::from_secs(30), max_attempts: Some(10) }
    }
}

impl ReconnectPolicy {
    /// Fails at once, at the first start and when the connection is lost.
    pub const NEVER: Self = Self { base_delay: Duration::ZERO, max_delay: Duration::ZERO, max_attempts: Some(0) };

    /// The wait before an attempt, the first being 1, or nothing where it is given up. `jitter` is from 0 to 1.
    pub fn delay(&self, attempt: u32, jitter: f64) -> Option<Duration> {
        if self.max_attempts.is_some_and(|most| attempt > most) {
            return None;
        }
        let doublings = attempt.saturating_sub(1).min(31);
        let longest = self.base_delay.saturating_mul(1_u32 << doublings).min(self.max_delay);
        Some(longest.mul_f64(0.5 + 0.5 * jitter.clamp(0.0, 1.0)))
    }
}

/// A number from 0 to 1; 1 where the system has no randomness to give.
pub(crate) fn random_fraction() -> f64 {
    getrandom::u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_end_with_the_attempts() {
        let policy = ReconnectPolicy {
            base_delay: Duration::from_millis(100),
            max_delay: Duration::from_millis(350),
            max_attempts: Some(4),
        };
        let delays: Vec<_> = (1..=5).map(|attempt| policy.delay(attempt, 1.0).map(|delay| delay.as_millis())).collect();
        assert_eq!(delays, [Some(100), Some(200), Some(350), Some(350), None]);
        assert_eq!(policy.delay(2, 0.0), Some(Duration::from_millis(100)));
    }

    #[test]
    fn a_great_many_attempts_do_no_harm() {
        let policy = ReconnectPolicy { max_attempts: None, ..ReconnectPolicy::default() };
        assert_eq!(policy.delay(u32::MAX, 1.0), Some(policy.max_delay));
        assert!((0.0..=1.0).contains(&random_fraction()));
    }
}
