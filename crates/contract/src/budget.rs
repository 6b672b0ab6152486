//! A key's budget, and the rule that says when to alert of its use.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use thiserror::Error;

use crate::budget_alert::{BudgetAlert, BudgetSeverity, EXCEEDED_PERCENT, HIGH_SPEND_PERCENT};
use crate::identifier::Identifier;
use crate::money::{Amount, Money};
use crate::percentage::Percentage;
use crate::period::BudgetPeriod;
use crate::time::Timestamp;

/// How many thresholds there may be.
pub const MAX_THRESHOLDS: usize = 16;
/// The highest threshold, in percent.
pub const MAX_THRESHOLD_PERCENT: u16 = 1_000;
/// From which threshold on, in percent, an alert is a warning.
const WARNING_PERCENT: u16 = 75;

/// What a key may spend in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Budget {
    /// How much; 0 is no limit, only a period to count in.
    pub limit: Amount,
    /// How often it begins anew; never unless said otherwise.
    #[serde(default)]
    pub period: BudgetPeriod,
}

/// Whose spending it is.
#[derive(Debug, Clone, Copy)]
pub struct SpendAccount<'a> {
    /// The key.
    pub virtual_key_id: &'a Identifier,
    /// Its budget, if it has one.
    pub budget: Option<&'a Budget>,
}

impl SpendAccount<'_> {
    /// What may be spent in a period; none of no budget, and of a limit of 0.
    pub fn limit(&self) -> Option<Amount> {
        self.budget.map(|budget| budget.limit).filter(|limit| !limit.get().is_zero())
    }

    /// The periods to count in, whether there is a limit or not.
    pub fn period(&self) -> BudgetPeriod {
        self.budget.map_or(BudgetPeriod::None, |budget| budget.period)
    }
}

/// At what use of a budget, in percent, there are alerts: some whole numbers in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetThresholds(Vec<u16>);

/// Says that a text names no thresholds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "must be 1 to {MAX_THRESHOLDS} whole numbers from 1 to {MAX_THRESHOLD_PERCENT} in ascending order, separated by \
     commas, such as 50,75,90,100, not '{0}'"
)]
pub struct ThresholdsError(String);

impl Default for BudgetThresholds {
    fn default() -> Self {
        Self(vec![50, WARNING_PERCENT, HIGH_SPEND_PERCENT, EXCEEDED_PERCENT])
    }
}

impl FromStr for BudgetThresholds {
    type Err = ThresholdsError;

    /// Reads a text such as `50,75,90,100`; spaces around the numbers are allowed.
    fn from_str(text: &str) -> Result<Self, ThresholdsError> {
        let refused = || ThresholdsError(text.chars().take(100).collect());
        let numbers: Result<Vec<u16>, _> = text.split(',').map(|number| number.trim().parse()).collect();
        let numbers = numbers.map_err(|_| refused())?;
        let is_in_range = numbers.iter().all(|number| (1..=MAX_THRESHOLD_PERCENT).contains(number));
        if !is_in_range || numbers.len() > MAX_THRESHOLDS || !numbers.is_sorted_by(|one, next| one < next) {
            return Err(refused());
        }
        Ok(Self(numbers))
    }
}

/// When there are alerts, as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRule {
    /// At what use of the budget.
    pub thresholds: BudgetThresholds,
    /// How long after an alert its threshold is held back, in milliseconds.
    pub cooldown_millis: i64,
}

/// What a key's clients were alerted of. Its JSON is how it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertState {
    /// The period that `sent` is of, by its [id](crate::PeriodBounds::id).
    period_id: String,
    /// The thresholds that were alerted of in it.
    sent: BTreeSet<u16>,
    /// When each threshold was alerted of last, as long as that holds it back: over the period's end too.
    last_sent_millis: BTreeMap<u16, i64>,
}

/// What the rule comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// The state as it now is.
    pub state: AlertState,
    /// What to tell, in ascending order of the thresholds.
    pub alerts: Vec<BudgetAlert>,
    /// When a threshold that is held back is to be evaluated again, in milliseconds since the epoch.
    pub next_due_millis: Option<i64>,
}

/// Says which thresholds of its budget a key has reached and was not alerted of.
///
/// Each threshold is alerted of once in a period, and again once usage was below the lowest. Within the cooldown of its
/// own last alert it is held back; whether it still is reached is seen when the cooldown ends.
pub fn evaluate(
    state: &AlertState,
    account: SpendAccount<'_>,
    current_spend: Money,
    rule: &AlertRule,
    now_millis: i64,
) -> Evaluated {
    let bounds = account.period().bounds(now_millis);
    let mut state = state.clone();
    let ends_at = |sent_millis: i64| sent_millis.saturating_add(rule.cooldown_millis);
    state.last_sent_millis.retain(|_, sent_millis| ends_at(*sent_millis) > now_millis);
    if state.period_id != bounds.id {
        state.period_id = bounds.id;
        state.sent.clear();
    }
    let mut alerts = Vec::new();
    let mut next_due_millis: Option<i64> = None;
    let reached: Vec<u16> = account.limit().map_or_else(Vec::new, |limit| {
        let is_reached = |threshold: &u16| has_reached(*threshold, current_spend, limit);
        rule.thresholds.0.iter().copied().take_while(is_reached).collect()
    });
    if reached.is_empty() {
        state.sent.clear();
    }
    for threshold in reached {
        if state.sent.contains(&threshold) {
            continue;
        }
        if let Some(sent_millis) = state.last_sent_millis.get(&threshold) {
            let due_millis = ends_at(*sent_millis);
            next_due_millis = Some(next_due_millis.map_or(due_millis, |earlier| earlier.min(due_millis)));
            continue;
        }
        state.sent.insert(threshold);
        state.last_sent_millis.insert(threshold, now_millis);
        alerts.extend(alert(account, threshold, current_spend, bounds.end_millis));
    }
    Evaluated { state, alerts, next_due_millis }
}

/// Compares exactly, without dividing.
fn has_reached(threshold: u16, spend: Money, limit: Amount) -> bool {
    spend.saturating_mul(100) >= limit.get().saturating_mul(threshold.into())
}

fn alert(account: SpendAccount<'_>, threshold: u16, spend: Money, end_millis: Option<i64>) -> Option<BudgetAlert> {
    let limit = account.limit()?;
    let remaining = limit.get().saturating_sub(spend).max(Money::ZERO);
    let limit_money = limit.get();
    let (severity, message, recommendations): (_, _, &[&str]) = match threshold {
        EXCEEDED_PERCENT.. => (
            BudgetSeverity::Critical,
            format!("{threshold}% of the budget of {limit_money} is spent; further requests may be refused."),
            &[
                "Be prepared for refused requests",
                "Raise the budget if work must go on",
                "Find out which requests used it up",
            ],
        ),
        HIGH_SPEND_PERCENT.. => (
            BudgetSeverity::Critical,
            format!("{threshold}% of the budget is spent; only {remaining} of {limit_money} remain."),
            &["Put off requests that can wait", "Limit the callers that cost most", "Plan for a higher budget"],
        ),
        WARNING_PERCENT.. => (
            BudgetSeverity::Warning,
            format!("{threshold}% of the budget is spent; {remaining} of {limit_money} remain."),
            &[
                "Look for waste in the latest requests",
                "Cache answers that are asked for often",
                "Give simple work to a cheaper model",
            ],
        ),
        _ => (
            BudgetSeverity::Info,
            format!("{threshold}% of the budget is spent."),
            &["Keep an eye on what each day costs", "Compare what other models would cost"],
        ),
    };
    Some(BudgetAlert {
        virtual_key_id: account.virtual_key_id.clone(),
        alert_type: match threshold {
            EXCEEDED_PERCENT.. => "budget_exceeded".to_owned(),
            _ => format!("budget_{threshold}_percent"),
        },
        threshold,
        percentage_used: Percentage::of(spend, limit_money)?,
        current_spend: spend,
        budget_limit: limit,
        severity,
        message,
        recommendations: recommendations.iter().map(|&text| text.to_owned()).collect(),
        period_end: end_millis.map(Timestamp),
    })
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
