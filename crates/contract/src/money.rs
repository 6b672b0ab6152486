//! Money: exact decimals, from the JSON text to the JSON text.

use rust_decimal::Decimal;
use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// How many decimals money has at the most.
pub const MAX_MONEY_DECIMALS: u32 = 10;
/// The largest [`Amount`], a billion times a thousand: far above any price, and far below where sums end.
pub const MAX_AMOUNT: i64 = 1_000_000_000_000;
/// The largest [`Money`], where sums stop growing. With ten decimals it still fits the 96 bits of a [`Decimal`].
const MAX_MONEY: i64 = 1_000_000_000_000_000;
/// How many digits stand before the point of [`MAX_MONEY`].
const MAX_WHOLE_DIGITS: i64 = 16;

/// A sum of money, in whichever currency the gateway bills: exact to [`MAX_MONEY_DECIMALS`] decimals, of either sign.
///
/// In JSON it is read from a number or a decimal string, digit by digit, so that 0.1 is 0.1, and written as a number
/// without trailing zeros. Only `serde_json` reads and writes it, from a text or a slice; other serializers get the
/// values of the JSON text, as [`AnyJson`](crate::AnyJson) does it. As text it is what [`Display`](fmt::Display) writes
/// and [`FromStr`] reads. Its arithmetic stays within ±10¹⁵ and never panics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(Decimal);

/// Says why something is no [`Money`] or no [`Amount`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Neither a number nor a string that holds one.
    #[error("must be a number or a decimal string such as \"12.50\"")]
    NotANumber,
    /// Its eleventh decimal, or a later one, is not 0.
    #[error("must have at most {MAX_MONEY_DECIMALS} decimals")]
    TooManyDecimals,
    /// Beyond ±10¹⁵.
    #[error("must be from -{MAX_MONEY} to {MAX_MONEY}")]
    TooLarge,
    /// An amount above [`MAX_AMOUNT`].
    #[error("must be at most {MAX_AMOUNT}")]
    AmountTooLarge,
    /// An amount below 0.
    #[error("must not be negative")]
    Negative,
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);
    /// One unit of the currency.
    pub const ONE: Self = Self(Decimal::ONE);

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The sum, or the nearest figure that there is.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self::nearest(self.0.checked_add(other.0), self.0.is_sign_negative())
    }

    /// The difference, or the nearest figure that there is.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self::nearest(self.0.checked_sub(other.0), self.0.is_sign_negative())
    }

    /// That many times as much, or the nearest figure that there is.
    #[must_use]
    pub fn saturating_mul(self, count: u64) -> Self {
        Self::nearest(self.0.checked_mul(Decimal::from(count)), self.0.is_sign_negative())
    }

    /// Its share when divided among that many, rounded to ten decimals; none among nobody.
    pub fn checked_div(self, count: u64) -> Option<Self> {
        let share = self.0.checked_div(Decimal::from(count))?;
        Some(Self::nearest(Some(share), self.0.is_sign_negative()))
    }

    /// The number, for [`Percentage`](crate::Percentage).
    pub(crate) fn decimal(self) -> Decimal {
        self.0
    }

    fn nearest(figure: Option<Decimal>, is_negative: bool) -> Self {
        let largest = Decimal::from(MAX_MONEY);
        let figure = figure.unwrap_or(if is_negative { -largest } else { largest });
        let figure = figure.clamp(-largest, largest).round_dp(MAX_MONEY_DECIMALS);
        // Minus zero is zero.
        Self(if figure.is_zero() { Decimal::ZERO } else { figure.normalize() })
    }

    fn from_json(json: &str) -> Result<Self, MoneyError> {
        match json.as_bytes().first() {
            Some(b'"') => {
                let text: Cow<'_, str> = serde_json::from_str(json).map_err(|_| MoneyError::NotANumber)?;
                text.parse()
            }
            _ => json.parse(),
        }
    }
}

/// A number's text without its sign: `12`, `12.50`, `1.25e1`.
struct NumberText<'a> {
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> NumberText<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let exponent_digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if ![whole, fraction, exponent_digits].into_iter().all(is_number) {
            return None;
        }
        // An exponent beyond 64 bits is as good as any other that is far too large or too small.
        let far = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
        Some(Self { whole, fraction, exponent: exponent.parse().unwrap_or(far) })
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    /// Reads a decimal number, with an exponent or without. Zeros after the tenth decimal are no decimals.
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let unsigned = text.strip_prefix('-');
        let number = NumberText::parse(unsigned.unwrap_or(text)).ok_or(MoneyError::NotANumber)?;
        let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
        let digits = format!("{}{}", number.whole, number.fraction);
        let significant = digits.trim_end_matches('0');
        let power = number
            .exponent
            .saturating_sub(length(number.fraction))
            .saturating_add(length(&digits).saturating_sub(length(significant)));
        // The figure is `significant` × 10^power.
        let significant = significant.trim_start_matches('0');
        if significant.is_empty() {
            return Ok(Self::ZERO);
        }
        let shift = power.saturating_add(i64::from(MAX_MONEY_DECIMALS));
        let shift = u32::try_from(shift)
            .map_err(|_| if power < 0 { MoneyError::TooManyDecimals } else { MoneyError::TooLarge })?;
        if length(significant).saturating_add(power) > MAX_WHOLE_DIGITS {
            return Err(MoneyError::TooLarge);
        }
        let units: i128 = significant.parse().map_err(|_| MoneyError::TooLarge)?;
        let units =
            10_i128.checked_pow(shift).and_then(|scale| units.checked_mul(scale)).ok_or(MoneyError::TooLarge)?;
        let units = if unsigned.is_some() { -units } else { units };
        let figure = Decimal::try_from_i128_with_scale(units, MAX_MONEY_DECIMALS).map_err(|_| MoneyError::TooLarge)?;
        if figure.abs() > Decimal::from(MAX_MONEY) {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self(figure.normalize()))
    }
}

/// Writes the shortest decimal number, without exponent: `-12.5`.
impl From<Money> for Decimal {
    fn from(money: Money) -> Self {
        money.0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Self::from_json(raw.get()).map_err(de::Error::custom)
    }
}

/// Money that was spent or may be spent: [`Money`] from 0 to [`MAX_AMOUNT`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Amount(Money);

impl Amount {
    /// Makes an amount.
    ///
    /// # Errors
    ///
    /// The money is below 0 or above [`MAX_AMOUNT`].
    pub fn new(money: Money) -> Result<Self, MoneyError> {
        if money < Money::ZERO {
            return Err(MoneyError::Negative);
        }
        if money.0 > Decimal::from(MAX_AMOUNT) {
            return Err(MoneyError::AmountTooLarge);
        }
        Ok(Self(money))
    }

    /// The money.
    pub fn get(self) -> Money {
        self.0
    }
}

impl FromStr for Amount {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        Self::new(text.parse()?)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Money::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
#[path = "money_tests.rs"]
mod tests;
