//! What part of one sum of money another is.

use serde::{Deserialize, Serialize, Serializer};

use crate::money::Money;
use crate::percent::serialize_number;
use rust_decimal::Decimal;

/// How many decimals are told.
const DECIMALS: u32 = 2;

/// A percentage of any size and sign, unlike [`Percent`](crate::Percent): of a budget, of a sum, of change.
///
/// It has two decimals, the rest being cut off, so that it never says 90 before 90 % are reached. A whole one is written
/// as an integer.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Deserialize)]
#[serde(transparent)]
pub struct Percentage(f64);

impl Percentage {
    /// Nothing.
    pub const ZERO: Self = Self(0.0);

    /// What percentage of `whole` a `part` is; none of a whole that is nothing or less.
    pub fn of(part: Money, whole: Money) -> Option<Self> {
        if whole <= Money::ZERO {
            return None;
        }
        let percentage = part.decimal().checked_mul(Decimal::ONE_HUNDRED)?.checked_div(whole.decimal())?;
        // The float nearest to what is written, which the digits give and an approximation may not.
        let text = percentage.trunc_with_scale(DECIMALS).normalize().to_string();
        text.parse().ok().map(Self)
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Serialize for Percentage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_number(self.0, serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percentage(part: &str, whole: &str) -> Option<String> {
        let percentage = Percentage::of(part.parse().unwrap(), whole.parse().unwrap())?;
        Some(serde_json::to_string(&percentage).unwrap())
    }

    #[test]
    fn a_percentage_is_cut_off_and_not_rounded() {
        for (part, whole, expected) in [
            ("44.9999", "50", "89.99"),
            ("45", "50", "90"),
            ("1", "3", "33.33"),
            ("-2", "3", "-66.66"),
            ("0", "3", "0"),
            ("70", "50", "140"),
        ] {
            assert_eq!(percentage(part, whole).as_deref(), Some(expected), "{part} of {whole}");
        }
    }

    #[test]
    fn of_nothing_there_is_no_percentage() {
        assert_eq!(percentage("1", "0"), None);
        assert_eq!(percentage("1", "-1"), None);
    }

    #[test]
    fn the_largest_sum_has_a_percentage_of_the_smallest() {
        assert!(percentage("1000000000000000", "0.0000000001").is_some());
    }
}
