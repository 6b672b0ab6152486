//! Proofs for the calendar: every day of ten thousand years, counted one by one.

use super::*;
use proptest::prelude::*;

#[test]
fn a_time_is_written_in_utc_with_three_digits_of_the_second() {
    assert_eq!(format_millis(0), "1970-01-01T00:00:00.000Z");
    assert_eq!(format_millis(1_769_860_800_000), "2026-01-31T12:00:00.000Z");
    assert_eq!(format_millis(951_782_400_007), "2000-02-29T00:00:00.007Z");
    assert_eq!(format_millis(-1), "1969-12-31T23:59:59.999Z");
}

#[test]
fn a_time_outside_four_digit_years_is_written_as_the_nearest_inside() {
    assert_eq!(format_millis(i64::MIN), "0000-01-01T00:00:00.000Z");
    assert_eq!(format_millis(i64::MAX), "9999-12-31T23:59:59.999Z");
}

#[test]
fn offsets_fractions_and_small_letters_are_understood() {
    let noon = 1_769_860_800_000;
    for text in [
        "2026-01-31T12:00:00Z",
        "2026-01-31t12:00:00.000z",
        "2026-01-31T12:00:00.0009999999Z",
        "2026-01-31T14:00:00+02:00",
        "2026-01-31T06:30:00-05:30",
        "2026-02-01T11:59:00+23:59",
        "2026-01-31T12:00:00-00:00",
    ] {
        assert_eq!(parse_rfc3339(text), Ok(noon), "{text}");
    }
    assert_eq!(parse_rfc3339("2026-01-31T12:00:00.5Z"), Ok(noon + 500));
    assert_eq!(parse_rfc3339("2026-01-31T12:00:00.05Z"), Ok(noon + 50));
}

#[test]
fn a_leap_second_is_the_second_before_it() {
    assert_eq!(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2016-12-31T23:59:59Z"));
    assert!(parse_rfc3339("2016-12-31T23:59:60Z").is_ok());
}

#[test]
fn what_is_no_rfc_3339_time_is_refused() {
    for text in [
        "",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00,5Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:61Z",
        "2026-02-29T12:00:00Z",
        "1900-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-00-01T12:00:00Z",
        "2026-01-00T12:00:00Z",
        "2026-01-31T12:00:00+2:00",
        "2026-01-31T12:00:00+0200",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00Z ",
        "+026-01-31T12:00:00Z",
        "20260131T120000Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "２026-01-31T12:00:00Z",
        "1769860800",
    ] {
        assert_eq!(parse_rfc3339(text), Err(TimeError), "{text}");
    }
}

#[test]
fn every_day_from_year_0_to_year_9999_has_its_date() {
    let mut days = EARLIEST_MILLIS / MILLIS_PER_DAY;
    for year in 0..=9_999 {
        for month in 1..=12 {
            for day in 1..=days_of_month(year, month) {
                assert_eq!(days_from_civil(year, month, day), days);
                assert_eq!(civil_from_days(days), (year, month, day));
                days += 1;
            }
        }
    }
    assert_eq!(days * MILLIS_PER_DAY - 1, LATEST_MILLIS);
}

proptest! {
    #[test]
    fn what_was_written_is_read_back(time_millis in EARLIEST_MILLIS..=LATEST_MILLIS) {
        prop_assert_eq!(parse_rfc3339(&format_millis(time_millis)), Ok(time_millis));
    }

    #[test]
    fn reading_never_panics(text in "[-0-9T:.Z+ä]{0,40}") {
        let _ = parse_rfc3339(&text);
    }
}
