//! Figures of a hub's connection.

use std::time::Duration;

/// How long something took, over all the times that it happened.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Timing {
    /// How often it happened.
    pub count: u64,
    /// The last time, in milliseconds.
    pub last_millis: f64,
    /// The shortest, in milliseconds.
    pub min_millis: f64,
    /// The longest, in milliseconds.
    pub max_millis: f64,
    /// The mean, in milliseconds.
    pub average_millis: f64,
}

impl Timing {
    pub(super) fn record(&mut self, took: Duration) {
        let millis = took.as_secs_f64() * 1_000.0;
        self.min_millis = if self.count == 0 { millis } else { self.min_millis.min(millis) };
        self.max_millis = self.max_millis.max(millis);
        self.last_millis = millis;
        self.count += 1;
        // A count that large loses nothing that a mean would show.
        #[expect(clippy::cast_precision_loss, reason = "a mean of more than 2^52 calls")]
        let count = self.count as f64;
        self.average_millis += (millis - self.average_millis) / count;
    }
}

/// What the connection of a hub has carried, and how fast.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HubMetrics {
    /// From a call to its result.
    pub latency: Timing,
    /// From the wish to connect, or the loss, to the connection.
    pub connection_time: Timing,
    /// Events that handlers were told.
    pub messages_received: u64,
    /// Calls that were sent.
    pub messages_sent: u64,
    /// Events that came again and were dropped.
    pub duplicates: u64,
    /// How often a lost connection was made anew.
    pub reconnects: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timing_has_its_ends_and_its_mean() {
        let mut timing = Timing::default();
        for millis in [30, 10, 20] {
            timing.record(Duration::from_millis(millis));
        }
        assert_eq!(timing.count, 3);
        let near = |left: f64, right: f64| (left - right).abs() < 1e-9;
        assert!(near(timing.last_millis, 20.0) && near(timing.min_millis, 10.0) && near(timing.max_millis, 30.0));
        assert!(near(timing.average_millis, 20.0));
    }
}
