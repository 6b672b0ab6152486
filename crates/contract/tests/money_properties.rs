//! What holds for any sum of money and any time, shown through the public interface.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in tests, and all of this file is one")]

use contract::{
    Amount, BudgetPeriod, Money,
    spend_hub::SummaryPeriod,
    spend_summary::due_summaries,
    time::{EARLIEST_MILLIS, LATEST_MILLIS},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Ten-billionths of a unit, the smallest money.
const UNIT: i128 = 10_000_000_000;
/// The largest money, in ten-billionths.
const MOST: i128 = 1_000_000_000_000_000 * UNIT;
const PERIODS: [BudgetPeriod; 4] =
    [BudgetPeriod::Daily, BudgetPeriod::Weekly, BudgetPeriod::Monthly, BudgetPeriod::None];
const DAY: i64 = 24 * 3_600_000;

/// A decimal number with all of its ten decimals.
fn digits(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let units = units.abs();
    format!("{sign}{}.{:010}", units / UNIT, units % UNIT)
}

fn money(units: i128) -> Money {
    digits(units).parse().unwrap()
}

fn units() -> impl Strategy<Value = i128> {
    prop_oneof![-MOST..=MOST, -UNIT..=UNIT, (-1_000_000_i128..=1_000_000).prop_map(|whole| whole * UNIT)]
}

proptest! {
    #[test]
    fn money_is_read_and_written_digit_by_digit(units in units(), zeros in 0_usize..20, exponent in -40_i32..40) {
        let text = digits(units);
        let expected = text.trim_end_matches('0').trim_end_matches('.');
        let expected = if units == 0 { "0" } else { expected };
        prop_assert_eq!(money(units).to_string(), expected);
        let json = serde_json::to_string(&money(units)).unwrap();
        prop_assert_eq!(&json, expected);
        // The same number with its point elsewhere, and with more zeros.
        let scaled = format!("{units}{}e{}", "0".repeat(zeros), -10 - i64::try_from(zeros).unwrap());
        let shifted = format!("{text}{}e{exponent}", "0".repeat(zeros));
        for same in [json, scaled] {
            prop_assert_eq!(serde_json::from_str::<Money>(&same).unwrap(), money(units), "{}", same);
            prop_assert_eq!(serde_json::from_str::<Money>(&format!("\"{same}\"")).unwrap(), money(units), "{}", same);
        }
        if let Ok(money) = shifted.parse::<Money>() {
            prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
        }
    }

    #[test]
    fn no_text_makes_money_panic(text in "[-+0-9.eE\"n ]{0,60}", any_text in any::<String>()) {
        for text in [text, any_text] {
            let _ = text.parse::<Money>();
            let _ = serde_json::from_str::<Amount>(&text);
        }
    }

    #[test]
    fn money_is_added_and_taken_away_exactly(one in units(), other in units(), count in any::<u64>()) {
        let nearest = |units: i128| money(units.clamp(-MOST, MOST));
        prop_assert_eq!(money(one).saturating_add(money(other)), nearest(one + other));
        prop_assert_eq!(money(one).saturating_sub(money(other)), nearest(one - other));
        prop_assert_eq!(money(one).saturating_mul(count), nearest(one.saturating_mul(count.into())));
        prop_assert_eq!(one.cmp(&other), money(one).cmp(&money(other)));
    }

    #[test]
    fn every_time_is_in_one_period_of_each_kind(now in EARLIEST_MILLIS..=LATEST_MILLIS, other in -40_i64..40) {
        for period in PERIODS {
            let bounds = period.bounds(now);
            let (Some(start), Some(end)) = (bounds.start_millis, bounds.end_millis) else {
                prop_assert_eq!((period, &bounds), (BudgetPeriod::None, &period.bounds(0)));
                continue;
            };
            prop_assert!(start <= now && now < end);
            if (EARLIEST_MILLIS..=LATEST_MILLIS).contains(&start) {
                prop_assert_eq!(&period.bounds(start), &bounds);
                prop_assert_eq!(&period.bounds(end - 1).id, &bounds.id);
            }
            let other = (now + other * DAY).clamp(EARLIEST_MILLIS, LATEST_MILLIS);
            prop_assert_eq!(period.bounds(other).id == bounds.id, (start..end).contains(&other));
        }
    }

    #[test]
    fn no_summary_is_due_twice_and_none_is_missed_by_who_looks_every_day(
        first in -700_000_i64..2_900_000,
        waits in prop::collection::vec(prop_oneof![9 => Just(1_i64), 1 => 0_i64..70], 1..80),
    ) {
        let (mut last, mut today) = (None, first);
        let mut seen: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for wait in waits {
            today += wait;
            for due in due_summaries(last, today) {
                prop_assert!(due.previous_from_day < due.from_day && due.from_day < due.to_day && due.to_day <= today);
                let kind = match due.period {
                    SummaryPeriod::Daily => "daily",
                    SummaryPeriod::Weekly => "weekly",
                    SummaryPeriod::Monthly => "monthly",
                };
                if let Some((from, to)) = seen.insert(kind, (due.from_day, due.to_day)) {
                    prop_assert!(due.from_day >= to, "it was due before");
                    let is_next = due.from_day == to;
                    prop_assert!(is_next || wait > 1, "one was missed");
                    prop_assert!(!is_next || due.previous_from_day == from);
                }
            }
            last = Some(today);
        }
    }
}
