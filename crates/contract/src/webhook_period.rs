//! Figures of deliveries over the last hour, day or week: sums of five minutes each.

use std::str::FromStr;

use thiserror::Error;

use crate::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR, MILLIS_PER_MINUTE};

/// How long one sum is of.
const SLOT_MILLIS: i64 = 5 * MILLIS_PER_MINUTE;

/// The longest period.
pub const LONGEST_PERIOD_MILLIS: i64 = 7 * MILLIS_PER_DAY;

/// A period that ends now. Its begin is right to five minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum StatisticsPeriod {
    /// `hour`.
    Hour,
    /// `day`.
    Day,
    /// `week`.
    Week,
}

/// Says that a text names no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be hour, day or week")]
pub struct StatisticsPeriodError;

impl StatisticsPeriod {
    /// When the first sum of the period begins.
    pub fn first_slot_millis(self, now_millis: i64) -> i64 {
        let length_millis = match self {
            Self::Hour => MILLIS_PER_HOUR,
            Self::Day => MILLIS_PER_DAY,
            Self::Week => LONGEST_PERIOD_MILLIS,
        };
        slot_millis(now_millis - length_millis)
    }
}

/// When the sum begins that a time is counted in.
pub fn slot_millis(at_millis: i64) -> i64 {
    at_millis - at_millis.rem_euclid(SLOT_MILLIS)
}

impl FromStr for StatisticsPeriod {
    type Err = StatisticsPeriodError;

    fn from_str(text: &str) -> Result<Self, StatisticsPeriodError> {
        match text {
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            _ => Err(StatisticsPeriodError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_begins_with_the_five_minutes_that_its_first_moment_is_in() {
        let now_millis = 30 * MILLIS_PER_DAY + 7 * MILLIS_PER_MINUTE;
        for (text, length_millis) in [("hour", 3_600_000), ("day", 86_400_000), ("week", 604_800_000)] {
            let first = text.parse::<StatisticsPeriod>().unwrap().first_slot_millis(now_millis);
            assert_eq!(first, now_millis - length_millis - 2 * MILLIS_PER_MINUTE, "{text}");
            assert_eq!(slot_millis(first), first);
        }
        assert_eq!("month".parse::<StatisticsPeriod>().unwrap_err().to_string(), "must be hour, day or week");
    }
}
