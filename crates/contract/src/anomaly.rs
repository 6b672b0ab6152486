//! Whether a key's spending is unlike what it was, or high for long.

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::percentage::Percentage;
use crate::spend_hub::{SpendActivity, UnusualSpendingDetected};
use crate::spend_window::{SpendSum, SpendWindow};
use crate::time::MILLIS_PER_HOUR;

/// Fewer records than this in two hours say nothing.
const FEWEST_RECORDS: u64 = 5;
/// How many times the hour before is a spike.
const SPIKE_FACTOR: u64 = 3;
/// What a record costs on average above which it is dear.
const HIGH_MEAN: u64 = 10;
/// How many records of an hour are not yet many.
const FEW_RECORDS: u64 = 20;

/// When a key's clients were alerted last. Its JSON is how it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnomalyState {
    spike_at_millis: Option<i64>,
    sustained_at_millis: Option<i64>,
}

impl AnomalyState {
    /// Looks at the last two hours. Clients are alerted of the same kind at most once in 60 minutes.
    #[must_use = "clients are to be alerted"]
    pub fn check(&mut self, window: &SpendWindow, now_millis: i64) -> Option<UnusualSpendingDetected> {
        let (hour, before) = (window.last_hour(now_millis), window.hour_before(now_millis));
        let (alert, alerted_at) = match activity(hour, before)? {
            SpendActivity::SpendSpike => (spike(hour, before)?, &mut self.spike_at_millis),
            SpendActivity::SustainedHighSpending => (sustained(hour, before), &mut self.sustained_at_millis),
        };
        let is_recent = |at_millis: i64| at_millis.saturating_add(MILLIS_PER_HOUR) > now_millis;
        if alerted_at.is_some_and(is_recent) {
            return None;
        }
        *alerted_at = Some(now_millis);
        Some(alert)
    }
}

fn activity(hour: SpendSum, before: SpendSum) -> Option<SpendActivity> {
    let mean_is_above = |mean: u64| hour.amount > Money::ONE.saturating_mul(mean).saturating_mul(hour.records);
    if hour.records.saturating_add(before.records) < FEWEST_RECORDS {
        None
    } else if !before.amount.is_zero() && hour.amount > before.amount.saturating_mul(SPIKE_FACTOR) {
        Some(SpendActivity::SpendSpike)
    } else if hour.records > FEW_RECORDS && mean_is_above(HIGH_MEAN) {
        Some(SpendActivity::SustainedHighSpending)
    } else {
        None
    }
}

fn spike(hour: SpendSum, before: SpendSum) -> Option<UnusualSpendingDetected> {
    let deviation = Percentage::of(hour.amount.saturating_sub(before.amount), before.amount)?;
    Some(UnusualSpendingDetected {
        activity_type: SpendActivity::SpendSpike,
        description: format!("Spending of the last hour is {:.0}% above the hour before.", deviation.get()),
        current_rate: hour.amount,
        normal_rate: before.amount,
        deviation_percentage: deviation,
        recommendations: texts(&[
            "Look through the requests of the last hour",
            "Stop loops and retries that nobody watches",
            "Set a limit on requests per minute",
        ]),
    })
}

fn sustained(hour: SpendSum, before: SpendSum) -> UnusualSpendingDetected {
    UnusualSpendingDetected {
        activity_type: SpendActivity::SustainedHighSpending,
        description: format!("The last hour had {} requests that cost more than {HIGH_MEAN} on average.", hour.records),
        current_rate: hour.amount,
        normal_rate: before.amount,
        deviation_percentage: Percentage::ZERO,
        recommendations: texts(&[
            "Find out what the dearest requests are for",
            "Send work that can wait in batches",
            "Choose cheaper models where they are good enough",
        ]),
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spend_window::minute_of;

    const NOW: i64 = 10 * MILLIS_PER_HOUR;

    fn window(before: (&str, u64), hour: (&str, u64)) -> SpendWindow {
        let mut window = SpendWindow::default();
        window.load(minute_of(NOW) - 90, before.0.parse().unwrap(), before.1);
        window.load(minute_of(NOW), hour.0.parse().unwrap(), hour.1);
        window
    }

    fn checked(before: (&str, u64), hour: (&str, u64)) -> Option<SpendActivity> {
        AnomalyState::default().check(&window(before, hour), NOW).map(|alert| alert.activity_type)
    }

    #[test]
    fn a_spike_is_more_than_three_times_the_hour_before() {
        assert_eq!(checked(("1", 4), ("3", 1)), None);
        assert_eq!(checked(("1", 4), ("3.0000000001", 1)), Some(SpendActivity::SpendSpike));
        assert_eq!(checked(("0", 4), ("9", 1)), None, "of nothing there is no multiple");
        assert_eq!(checked(("0", 0), ("9", 9)), None);
    }

    #[test]
    fn fewer_than_five_records_in_two_hours_say_nothing() {
        assert_eq!(checked(("1", 3), ("100", 1)), None);
        assert_eq!(checked(("1", 1), ("100", 4)), Some(SpendActivity::SpendSpike));
    }

    #[test]
    fn spending_is_high_for_long_with_many_dear_records() {
        assert_eq!(checked(("0", 0), ("210", 21)), None, "not over 10");
        assert_eq!(checked(("0", 0), ("210.01", 21)), Some(SpendActivity::SustainedHighSpending));
        assert_eq!(checked(("0", 0), ("1000", 20)), None, "not more than 20");
        assert_eq!(checked(("1", 1), ("210.01", 21)), Some(SpendActivity::SpendSpike), "a spike says more");
    }

    #[test]
    fn an_alert_has_the_rates_and_how_far_they_are_apart() {
        let alert = AnomalyState::default().check(&window(("2", 5), ("8.5", 1)), NOW).unwrap();
        let json = serde_json::to_string(&alert).unwrap();
        assert!(json.starts_with(r#"{"activityType":"spend_spike","description":"Spending of the last hour is 325% above the hour before.","currentRate":8.5,"normalRate":2,"deviationPercentage":325,"#), "{json}");
        assert_eq!(alert.recommendations.len(), 3);
        let alert = AnomalyState::default().check(&window(("0", 0), ("999", 21)), NOW).unwrap();
        assert_eq!((alert.recommendations.len(), alert.deviation_percentage), (3, Percentage::ZERO));
    }

    #[test]
    fn the_same_kind_is_alerted_of_once_an_hour_and_each_kind_by_itself() {
        let mut state = AnomalyState::default();
        let spike = window(("1", 5), ("9", 1));
        assert!(state.check(&spike, NOW).is_some());
        assert_eq!(state.check(&spike, NOW), None);
        let sustained = window(("0", 0), ("999", 21));
        assert!(state.check(&sustained, NOW + 1).is_some());
        let kept = serde_json::to_string(&state).unwrap();
        let mut state: AnomalyState = serde_json::from_str(&kept).unwrap();
        let later = NOW + MILLIS_PER_HOUR;
        let mut spike = SpendWindow::default();
        spike.load(minute_of(later) - 60, "1".parse().unwrap(), 5);
        spike.load(minute_of(later), "9".parse().unwrap(), 1);
        assert_eq!(state.check(&spike, later - 1), None);
        assert!(state.check(&spike, later).is_some());
    }
}
