//! How many invocations a connection may make: a token bucket that needs no timer.

/// Invocations per minute and the burst they may come in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InvocationRate {
    /// Sustained invocations a minute; 0 turns the limit off.
    pub per_minute: u32,
    /// Invocations that may come at once after a pause.
    pub burst: u32,
}

/// What is left of a connection's [`InvocationRate`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenBucket {
    tokens: f64,
    filled_at_millis: f64,
}

impl TokenBucket {
    pub(crate) fn full(rate: InvocationRate, now_millis: f64) -> Self {
        Self { tokens: f64::from(rate.burst), filled_at_millis: now_millis }
    }

    /// Takes one token, or says that there is none.
    pub(crate) fn take(&mut self, rate: InvocationRate, now_millis: f64) -> bool {
        if rate.per_minute == 0 {
            return true;
        }
        let elapsed_millis = (now_millis - self.filled_at_millis).max(0.0);
        let refill = elapsed_millis * f64::from(rate.per_minute) / 60_000.0;
        self.tokens = (self.tokens + refill).min(f64::from(rate.burst));
        self.filled_at_millis = now_millis;
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: InvocationRate = InvocationRate { per_minute: 60, burst: 3 };

    #[test]
    fn a_burst_passes_and_then_one_a_second() {
        let mut bucket = TokenBucket::full(RATE, 0.0);
        assert_eq!([(); 4].map(|()| bucket.take(RATE, 0.0)), [true, true, true, false]);
        assert!(!bucket.take(RATE, 900.0));
        assert!(bucket.take(RATE, 1_900.0));
        assert!(!bucket.take(RATE, 1_900.0));
    }

    #[test]
    fn a_pause_never_fills_more_than_the_burst() {
        let mut bucket = TokenBucket::full(RATE, 0.0);
        assert_eq!((0..10).filter(|_| bucket.take(RATE, 86_400_000.0)).count(), 3);
    }

    #[test]
    fn a_clock_that_steps_back_takes_nothing_away() {
        let mut bucket = TokenBucket::full(RATE, 10_000.0);
        assert!(bucket.take(RATE, 0.0));
        assert!(bucket.take(RATE, 0.0));
    }

    #[test]
    fn a_rate_of_zero_is_no_limit() {
        let unlimited = InvocationRate { per_minute: 0, burst: 0 };
        let mut bucket = TokenBucket::full(unlimited, 0.0);
        assert!((0..1_000).all(|_| bucket.take(unlimited, 0.0)));
    }
}
