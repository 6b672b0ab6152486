//! Times on the wire: UTC with milliseconds out, RFC 3339 in. Inside, a time is a count of milliseconds since
//! 1970-01-01T00:00:00Z, leap seconds not counted.
//!
//! The conversions between days and dates are those of Howard Hinnant's `chrono`-compatible algorithms
//! (<https://howardhinnant.github.io/date_algorithms.html>): the proleptic Gregorian calendar, years 0000 to 9999.

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use thiserror::Error;

const MILLIS_PER_SECOND: i64 = 1_000;
pub(crate) const MILLIS_PER_MINUTE: i64 = 60 * MILLIS_PER_SECOND;
pub(crate) const MILLIS_PER_HOUR: i64 = 60 * MILLIS_PER_MINUTE;
pub(crate) const MILLIS_PER_DAY: i64 = 24 * MILLIS_PER_HOUR;

/// 0000-01-01T00:00:00.000Z, the earliest time that RFC 3339 can write.
pub const EARLIEST_MILLIS: i64 = -62_167_219_200_000;
/// 9999-12-31T23:59:59.999Z, the latest time that RFC 3339 can write.
pub const LATEST_MILLIS: i64 = 253_402_300_799_999;

/// Says that a text is no RFC 3339 time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be a time of RFC 3339 such as 2026-01-31T12:00:00Z")]
pub struct TimeError;

/// A time in milliseconds since the epoch: RFC 3339 in JSON, `2026-01-31T12:00:00.000Z` out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Timestamp(#[serde(with = "rfc3339")] pub i64);

/// Writes a time as `2026-01-31T12:00:00.000Z`. What lies outside the years 0000 to 9999 becomes the nearest time inside.
pub fn format_millis(time_millis: i64) -> String {
    let time_millis = time_millis.clamp(EARLIEST_MILLIS, LATEST_MILLIS);
    let (year, month, day) = civil_from_days(time_millis.div_euclid(MILLIS_PER_DAY));
    let of_day = time_millis.rem_euclid(MILLIS_PER_DAY);
    let hour = of_day / MILLIS_PER_HOUR;
    let minute = of_day / MILLIS_PER_MINUTE % 60;
    let second = of_day / MILLIS_PER_SECOND % 60;
    let milli = of_day % MILLIS_PER_SECOND;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

/// Reads a time of RFC 3339, section 5.6, into milliseconds since the epoch.
///
/// Digits of the second past the third are cut off. A leap second (`:60`) is read as the second before it.
///
/// # Errors
///
/// The text is not such a time, or lies outside the years 0000 to 9999 in UTC.
pub fn parse_rfc3339(text: &str) -> Result<i64, TimeError> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    literal(&mut rest, b"-")?;
    let month = in_range(digits(&mut rest, 2)?, 1, 12)?;
    literal(&mut rest, b"-")?;
    let day = in_range(digits(&mut rest, 2)?, 1, days_of_month(year, month))?;
    literal(&mut rest, b"Tt")?;
    let hour = in_range(digits(&mut rest, 2)?, 0, 23)?;
    literal(&mut rest, b":")?;
    let minute = in_range(digits(&mut rest, 2)?, 0, 59)?;
    literal(&mut rest, b":")?;
    let second = in_range(digits(&mut rest, 2)?, 0, 60)?.min(59);
    let milli = fraction_millis(&mut rest)?;
    let offset_millis = offset_millis(&mut rest)?;
    if !rest.is_empty() {
        return Err(TimeError);
    }
    let local_millis = days_from_civil(year, month, day) * MILLIS_PER_DAY
        + hour * MILLIS_PER_HOUR
        + minute * MILLIS_PER_MINUTE
        + second * MILLIS_PER_SECOND
        + milli;
    in_range(local_millis - offset_millis, EARLIEST_MILLIS, LATEST_MILLIS)
}

/// A time that is RFC 3339 text on the wire: `#[serde(with = "contract::time::rfc3339")]` for an `i64`.
pub mod rfc3339 {
    use super::{Cow, Deserialize, Deserializer, Serialize, Serializer, de, format_millis, parse_rfc3339};

    /// Writes the text.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(time_millis: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        format_millis(*time_millis).serialize(serializer)
    }

    /// Reads the text.
    ///
    /// # Errors
    ///
    /// No string, or a string that is no RFC 3339 time.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        parse_rfc3339(&text).map_err(de::Error::custom)
    }

    /// The same for an `Option<i64>`.
    pub mod option {
        use super::{Deserialize, Deserializer, Serialize, Serializer, format_millis};

        #[derive(serde::Deserialize)]
        struct Time(#[serde(with = "super")] i64);

        /// Writes the text or null.
        ///
        /// # Errors
        ///
        /// Those of the serializer.
        pub fn serialize<S: Serializer>(time_millis: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
            time_millis.map(format_millis).serialize(serializer)
        }

        /// Reads the text or null.
        ///
        /// # Errors
        ///
        /// Neither null nor a string, or a string that is no RFC 3339 time.
        pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
            let time = Option::<Time>::deserialize(deserializer)?;
            Ok(time.map(|time| time.0))
        }
    }
}

fn digits(rest: &mut &[u8], count: usize) -> Result<i64, TimeError> {
    let (number, tail) = rest.split_at_checked(count).ok_or(TimeError)?;
    let mut value = 0_i64;
    for byte in number {
        if !byte.is_ascii_digit() {
            return Err(TimeError);
        }
        value = value * 10 + i64::from(byte - b'0');
    }
    *rest = tail;
    Ok(value)
}

fn literal(rest: &mut &[u8], one_of: &[u8]) -> Result<u8, TimeError> {
    let (first, tail) = rest.split_first().ok_or(TimeError)?;
    if !one_of.contains(first) {
        return Err(TimeError);
    }
    *rest = tail;
    Ok(*first)
}

fn in_range(value: i64, least: i64, most: i64) -> Result<i64, TimeError> {
    if (least..=most).contains(&value) { Ok(value) } else { Err(TimeError) }
}

/// Reads `.` and one or more digits, if a point is there.
fn fraction_millis(rest: &mut &[u8]) -> Result<i64, TimeError> {
    let Some((b'.', tail)) = rest.split_first() else {
        return Ok(0);
    };
    let length = tail.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, tail) = tail.split_at_checked(length).ok_or(TimeError)?;
    if fraction.is_empty() {
        return Err(TimeError);
    }
    *rest = tail;
    let three_digits = fraction.iter().copied().chain(*b"00").take(3);
    Ok(three_digits.fold(0, |value, byte| value * 10 + i64::from(byte - b'0')))
}

fn offset_millis(rest: &mut &[u8]) -> Result<i64, TimeError> {
    let sign = match literal(rest, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => return Ok(0),
    };
    let hour = in_range(digits(rest, 2)?, 0, 23)?;
    literal(rest, b":")?;
    let minute = in_range(digits(rest, 2)?, 0, 59)?;
    Ok(sign * (hour * MILLIS_PER_HOUR + minute * MILLIS_PER_MINUTE))
}

fn days_of_month(year: i64, month: i64) -> i64 {
    let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap_year => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. The year of the computation begins in March, so that the leap day is its last.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`]: year, month, day.
pub(crate) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
#[path = "time_tests.rs"]
mod tests;
