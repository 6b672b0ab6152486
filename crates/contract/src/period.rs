//! The periods that money is counted by: days, weeks and months of the calendar in UTC.

use serde::{Deserialize, Serialize};

use crate::time::{EARLIEST_MILLIS, LATEST_MILLIS, MILLIS_PER_DAY, civil_from_days, days_from_civil};

/// How often a budget begins anew.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum BudgetPeriod {
    /// At midnight.
    Daily,
    /// On Mondays.
    Weekly,
    /// On the first of the month.
    Monthly,
    /// Never.
    #[default]
    None,
}

/// One period: what it is called, and from when until when it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodBounds {
    /// Its name, unlike that of every other: `2026-11-21`, `2026-W47` (ISO 8601), `2026-11`, or `always`.
    pub id: String,
    /// Its first millisecond; none of what has no beginning.
    pub start_millis: Option<i64>,
    /// The first millisecond after it; none of what has no end.
    pub end_millis: Option<i64>,
}

impl BudgetPeriod {
    /// The period that a time is in.
    pub fn bounds(self, now_millis: i64) -> PeriodBounds {
        let today = day_of(now_millis);
        let (year, month, day) = civil_from_days(today);
        let between = |id, first, next| PeriodBounds {
            id,
            start_millis: Some(start_of_day(first)),
            end_millis: Some(start_of_day(next)),
        };
        match self {
            Self::Daily => between(format!("{year:04}-{month:02}-{day:02}"), today, today + 1),
            Self::Weekly => {
                let monday = monday_of(today);
                let (year, week) = iso_week(monday);
                between(format!("{year:04}-W{week:02}"), monday, monday + 7)
            }
            Self::Monthly => {
                between(format!("{year:04}-{month:02}"), first_of_month(today), first_of_next_month(today))
            }
            Self::None => PeriodBounds { id: "always".to_owned(), start_millis: None, end_millis: None },
        }
    }
}

/// The day of a time, counted from 1970-01-01. What lies outside the years 0000 to 9999 is the nearest day inside.
pub fn day_of(time_millis: i64) -> i64 {
    time_millis.clamp(EARLIEST_MILLIS, LATEST_MILLIS).div_euclid(MILLIS_PER_DAY)
}

/// The midnight that a day begins with, in milliseconds since the epoch.
pub fn start_of_day(day: i64) -> i64 {
    day.saturating_mul(MILLIS_PER_DAY)
}

/// The Monday of a day's week. 1970-01-01 was a Thursday.
pub(crate) fn monday_of(day: i64) -> i64 {
    day - (day + 3).rem_euclid(7)
}

/// The first day of a day's month.
pub(crate) fn first_of_month(day: i64) -> i64 {
    let (year, month, _) = civil_from_days(day);
    days_from_civil(year, month, 1)
}

fn first_of_next_month(day: i64) -> i64 {
    let (year, month, _) = civil_from_days(day);
    if month == 12 { days_from_civil(year + 1, 1, 1) } else { days_from_civil(year, month + 1, 1) }
}

/// The year and the number of the week that begins on this Monday (ISO 8601): it belongs to the year of its Thursday.
fn iso_week(monday: i64) -> (i64, i64) {
    let thursday = monday + 3;
    let (year, _, _) = civil_from_days(thursday);
    (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{format_millis, parse_rfc3339};

    fn bounds(period: BudgetPeriod, time: &str) -> (String, Option<String>, Option<String>) {
        let bounds = period.bounds(parse_rfc3339(time).unwrap());
        let date = |millis: i64| format_millis(millis).strip_suffix("T00:00:00.000Z").unwrap().to_owned();
        (bounds.id, bounds.start_millis.map(date), bounds.end_millis.map(date))
    }

    #[test]
    fn a_period_begins_and_ends_at_midnight_in_utc() {
        for (period, time, id, start, end) in [
            (BudgetPeriod::Daily, "2026-11-21T23:59:59.999Z", "2026-11-21", "2026-11-21", "2026-11-22"),
            (BudgetPeriod::Daily, "2026-12-31T00:00:00Z", "2026-12-31", "2026-12-31", "2027-01-01"),
            (BudgetPeriod::Weekly, "2026-11-21T12:00:00Z", "2026-W47", "2026-11-16", "2026-11-23"),
            (BudgetPeriod::Weekly, "2026-11-22T23:59:59.999Z", "2026-W47", "2026-11-16", "2026-11-23"),
            (BudgetPeriod::Weekly, "2026-11-23T00:00:00Z", "2026-W48", "2026-11-23", "2026-11-30"),
            (BudgetPeriod::Monthly, "2026-11-21T12:00:00Z", "2026-11", "2026-11-01", "2026-12-01"),
            (BudgetPeriod::Monthly, "2024-02-29T12:00:00Z", "2024-02", "2024-02-01", "2024-03-01"),
            (BudgetPeriod::Monthly, "2026-12-31T23:59:59Z", "2026-12", "2026-12-01", "2027-01-01"),
        ] {
            let expected = (id.to_owned(), Some(start.to_owned()), Some(end.to_owned()));
            assert_eq!(bounds(period, time), expected, "{time}");
        }
        assert_eq!(bounds(BudgetPeriod::None, "2026-11-21T12:00:00Z"), ("always".to_owned(), None, None));
    }

    #[test]
    fn a_week_across_new_year_belongs_to_the_year_of_its_thursday() {
        for (time, id) in [
            ("2026-12-31T12:00:00Z", "2026-W53"),
            ("2027-01-03T12:00:00Z", "2026-W53"),
            ("2027-01-04T12:00:00Z", "2027-W01"),
            ("2024-12-30T12:00:00Z", "2025-W01"),
            ("2021-01-01T12:00:00Z", "2020-W53"),
        ] {
            assert_eq!(bounds(BudgetPeriod::Weekly, time).0, id, "{time}");
        }
    }

    #[test]
    fn no_time_is_outside_every_period() {
        for period in [BudgetPeriod::Daily, BudgetPeriod::Weekly, BudgetPeriod::Monthly, BudgetPeriod::None] {
            for time in [i64::MIN, i64::MAX] {
                assert!(!period.bounds(time).id.is_empty());
            }
        }
    }
}
