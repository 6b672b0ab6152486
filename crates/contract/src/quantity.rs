//! Measured quantities: seconds and milliseconds that somebody reports.

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use crate::percent::{NumberVisitor, serialize_number};

/// The largest quantity: up to here every whole number is exact in a 64-bit float, so that sums stay finite and right.
pub const MAX_QUANTITY: f64 = 9_007_199_254_740_991.0;

/// A number from 0 to [`MAX_QUANTITY`], fractions allowed; its unit is in the name of the field that has it.
///
/// A whole one that fits 32 bits is written as an integer, because a .NET client that declared an `int` reads nothing else.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Quantity(f64);

impl Quantity {
    /// Makes a quantity; none of what is not in range.
    pub fn new(number: f64) -> Option<Self> {
        // Minus zero is zero.
        (0.0..=MAX_QUANTITY).contains(&number).then_some(Self(number + 0.0))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_number(self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_f64(NumberVisitor("a number"))?;
        Self::new(number).ok_or_else(|| de::Error::custom("must be a number from 0 to 9007199254740991"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_a_number_that_is_not_negative() {
        for (json, expected) in [("0", "0"), ("-0.0", "0"), ("12.5", "12.5"), ("30.0", "30")] {
            let quantity: Quantity = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&quantity).unwrap(), expected);
        }
        for json in ["-0.001", "1e16"] {
            let error = serde_json::from_str::<Quantity>(json).unwrap_err().to_string();
            assert_eq!(error, "must be a number from 0 to 9007199254740991", "{json}");
        }
        assert!(serde_json::from_str::<Quantity>("\"1\"").is_err());
        assert_eq!(Quantity::new(f64::NAN), None);
    }
}
