//! How long messages take, counted in fixed buckets.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The upper bounds of the buckets, in milliseconds, each counting what is no larger. What is larger than the last counts
/// in none of them.
pub const BOUNDS_MILLIS: [u64; 11] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];

/// A histogram of durations.
///
/// It counts in whole milliseconds, so that the order in which parts are added never matters.
///
/// Its JSON is `{count, sumSeconds, buckets: [{le, count}]}`: bounds in seconds, and counts of all that is no larger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "LatencyFigures", try_from = "LatencyFigures")]
pub struct LatencyHistogram {
    /// What fell into each bucket and into no smaller one.
    buckets: [u64; BOUNDS_MILLIS.len()],
    /// What fell into none.
    over: u64,
    sum_millis: u64,
}

impl LatencyHistogram {
    /// Counts one duration.
    pub fn record(&mut self, millis: u64) {
        let bucket = BOUNDS_MILLIS.iter().zip(&mut self.buckets).find(|(bound, _)| millis <= **bound);
        let count = bucket.map_or(&mut self.over, |(_, count)| count);
        *count = count.saturating_add(1);
        self.sum_millis = self.sum_millis.saturating_add(millis);
    }

    /// Adds what another counted.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.buckets.iter_mut().zip(other.buckets) {
            *count = count.saturating_add(more);
        }
        self.over = self.over.saturating_add(other.over);
        self.sum_millis = self.sum_millis.saturating_add(other.sum_millis);
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(self.over, |sum, count| sum.saturating_add(*count))
    }

    /// Their sum, in seconds.
    pub fn sum_seconds(&self) -> f64 {
        seconds(self.sum_millis)
    }

    /// Each bound, in seconds, with the number of durations that are no larger.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        let counts = self.buckets.iter().scan(0_u64, |sum, count| {
            *sum = sum.saturating_add(*count);
            Some(*sum)
        });
        BOUNDS_MILLIS.iter().map(|bound| seconds(*bound)).zip(counts)
    }
}

#[expect(clippy::cast_precision_loss, reason = "285,000 years of milliseconds are exact in a float")]
fn seconds(millis: u64) -> f64 {
    millis as f64 / 1_000.0
}

/// The JSON of a [`LatencyHistogram`].
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "LatencyHistogram"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LatencyFigures {
    /// How many durations were counted.
    count: u64,
    /// Their sum, in seconds.
    sum_seconds: f64,
    /// How many were no longer than each bound.
    buckets: Vec<LatencyBucket>,
}

/// A bucket of a histogram.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LatencyBucket {
    /// Its upper bound, in seconds.
    le: f64,
    /// How many were no longer.
    count: u64,
}

impl From<LatencyHistogram> for LatencyFigures {
    fn from(histogram: LatencyHistogram) -> Self {
        Self {
            count: histogram.count(),
            sum_seconds: histogram.sum_seconds(),
            buckets: histogram.cumulative().map(|(le, count)| LatencyBucket { le, count }).collect(),
        }
    }
}

/// Says that figures are those of no [`LatencyHistogram`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
enum FiguresError {
    #[error("must have the buckets of this version")]
    Buckets,
    #[error("must have counts that never fall, and a sum that is not negative")]
    Figures,
}

impl TryFrom<LatencyFigures> for LatencyHistogram {
    type Error = FiguresError;

    fn try_from(figures: LatencyFigures) -> Result<Self, FiguresError> {
        let bounds = figures.buckets.iter().map(|bucket| bucket.le);
        if !bounds.eq(BOUNDS_MILLIS.iter().map(|bound| seconds(*bound))) {
            return Err(FiguresError::Buckets);
        }
        let mut histogram = Self::default();
        let mut below = 0;
        for (count, bucket) in histogram.buckets.iter_mut().zip(&figures.buckets) {
            *count = bucket.count.checked_sub(below).ok_or(FiguresError::Figures)?;
            below = bucket.count;
        }
        histogram.over = figures.count.checked_sub(below).ok_or(FiguresError::Figures)?;
        if !figures.sum_seconds.is_finite() || figures.sum_seconds < 0.0 {
            return Err(FiguresError::Figures);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative; a cast saturates")]
        let sum_millis = (figures.sum_seconds * 1_000.0).round() as u64;
        histogram.sum_millis = sum_millis;
        Ok(histogram)
    }
}
