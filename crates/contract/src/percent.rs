//! Percentages, and numbers that stay whole when they are.

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;
use thiserror::Error;

/// How far something is: a number from 0 to 100.
///
/// A whole one is written as an integer (`42`, not `42.0`), because a .NET client that declared an `int` reads nothing
/// else.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Percent(f64);

/// Says that a number is no [`Percent`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a number from 0 to 100")]
pub struct PercentError;

impl Percent {
    /// Nothing yet.
    pub const ZERO: Self = Self(0.0);
    /// All of it.
    pub const FULL: Self = Self(100.0);

    /// Makes a percentage.
    ///
    /// # Errors
    ///
    /// The number is below 0, above 100, or not a number.
    pub fn new(value: f64) -> Result<Self, PercentError> {
        if !(0.0..=100.0).contains(&value) {
            return Err(PercentError);
        }
        // Minus zero is zero.
        Ok(Self(value + 0.0))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// The mean of some percentages without its fraction, so that it is 100 only when all of them are. None for none.
    pub fn whole_mean(percentages: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut sum = 0.0;
        let mut count = 0.0;
        for Self(value) in percentages {
            sum += value;
            count += 1.0;
        }
        (count > 0.0).then(|| Self((sum / count).floor().clamp(0.0, 100.0)))
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_number(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_f64(NumberVisitor("a number from 0 to 100"))?;
        Self::new(value).map_err(de::Error::custom)
    }
}

/// Writes a number that has no fraction and fits 32 bits as an integer, any other as a float.
pub(crate) fn serialize_number<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    #[expect(clippy::cast_possible_truncation, reason = "a cast that changes the number is noticed by the comparison")]
    let whole = number as i32;
    #[expect(clippy::float_cmp, reason = "exactly equal is what is asked")]
    if f64::from(whole) == number { serializer.serialize_i32(whole) } else { serializer.serialize_f64(number) }
}

/// Reads any number as a float; its text completes "expected …".
pub(crate) struct NumberVisitor(pub(crate) &'static str);

impl Visitor<'_> for NumberVisitor {
    type Value = f64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }

    fn visit_f64<E>(self, number: f64) -> Result<f64, E> {
        Ok(number)
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers this large are refused by the caller's range")]
    fn visit_u64<E>(self, number: u64) -> Result<f64, E> {
        Ok(number as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "numbers this large are refused by the caller's range")]
    fn visit_i64<E>(self, number: i64) -> Result<f64, E> {
        Ok(number as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(value: f64) -> Percent {
        Percent::new(value).unwrap()
    }

    #[test]
    fn a_whole_percentage_is_written_as_an_integer() {
        assert_eq!(serde_json::to_string(&percent(42.0)).unwrap(), "42");
        assert_eq!(serde_json::to_string(&percent(-0.0)).unwrap(), "0");
        assert_eq!(rmp_serde::to_vec(&percent(100.0)).unwrap(), [100]);
    }

    #[test]
    fn a_fraction_is_kept() {
        assert_eq!(serde_json::to_string(&percent(33.25)).unwrap(), "33.25");
        assert_eq!(serde_json::from_str::<Percent>("33.25").unwrap(), percent(33.25));
    }

    #[test]
    fn what_is_not_between_0_and_100_is_refused() {
        for value in [-0.001, 100.001, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Percent::new(value), Err(PercentError), "{value}");
        }
        for json in ["101", "-1", "1e300", "18446744073709551615"] {
            assert!(serde_json::from_str::<Percent>(json).unwrap_err().to_string().starts_with("must be a number"));
        }
        for json in ["\"50\"", "null", "true", "[50]"] {
            let error = serde_json::from_str::<Percent>(json).unwrap_err().to_string();
            assert!(error.contains("expected a number from 0 to 100"), "{error}");
        }
    }

    #[test]
    fn the_mean_has_no_fraction_and_is_100_only_when_all_are() {
        assert_eq!(Percent::whole_mean([percent(100.0), percent(0.0), percent(0.0)]), Some(percent(33.0)));
        assert_eq!(Percent::whole_mean([percent(100.0), percent(99.9)]), Some(percent(99.0)));
        assert_eq!(Percent::whole_mean([percent(100.0), percent(100.0)]), Some(Percent::FULL));
        assert_eq!(Percent::whole_mean([]), None);
    }
}
