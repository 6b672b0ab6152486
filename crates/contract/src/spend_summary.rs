//! Summaries of what a key spent: which are due when a day begins, and what they say.

use std::collections::HashMap;

use crate::identifier::Identifier;
use crate::money::Money;
use crate::percentage::Percentage;
use crate::period::{first_of_month, monday_of, start_of_day};
use crate::spend_hub::{SpendComparison, SpendShare, SpendSummary, SpendTrend, SummaryPeriod};
use crate::time::Timestamp;

/// How many providers or models are listed.
pub const MAX_SHARES: usize = 10;
/// What is recorded without a provider or a model is listed under this name.
const UNNAMED: &str = "unknown";
/// How large a part of the period before, in percent, a change may be that is none.
const STABLE_PERCENT: u64 = 5;

/// What was spent on a day with one provider and one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySpend {
    /// The day, counted from 1970-01-01 ([`day_of`](crate::period::day_of)).
    pub day: i64,
    /// The provider, if the producer said so.
    pub provider: Option<Identifier>,
    /// The model, if the producer said so.
    pub model: Option<Identifier>,
    /// How much.
    pub amount: Money,
    /// In how many requests.
    pub requests: u64,
}

/// A summary that is due, in days counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueSummary {
    /// What it is of.
    pub period: SummaryPeriod,
    /// Its first day.
    pub from_day: i64,
    /// The day after its last.
    pub to_day: i64,
    /// The first day of the period before, whose last is the day before `from_day`.
    pub previous_from_day: i64,
}

/// Says which summaries are due when `today` has begun: of the last day, week and month that are over, unless they were
/// due by `last_done_day` already. Nothing older is made up for. Without a `last_done_day` there was a look yesterday.
pub fn due_summaries(last_done_day: Option<i64>, today: i64) -> Vec<DueSummary> {
    let last_done_day = last_done_day.unwrap_or(today - 1);
    let (monday, first) = (monday_of(today), first_of_month(today));
    let last_month = first_of_month(first - 1);
    [
        (SummaryPeriod::Daily, today, today - 1, today - 2),
        (SummaryPeriod::Weekly, monday, monday - 7, monday - 14),
        (SummaryPeriod::Monthly, first, last_month, first_of_month(last_month - 1)),
    ]
    .into_iter()
    .filter(|(_, to_day, _, _)| *to_day > last_done_day)
    .map(|(period, to_day, from_day, previous_from_day)| DueSummary { period, from_day, to_day, previous_from_day })
    .collect()
}

/// Summarises the rows of a period, compared with those of the period before. None if nothing was spent.
pub fn summarise(due: &DueSummary, rows: &[DaySpend], previous_rows: &[DaySpend]) -> Option<SpendSummary> {
    let (total_spend, request_count) = total(rows);
    if total_spend.is_zero() {
        return None;
    }
    Some(SpendSummary {
        period: due.period,
        from: Timestamp(start_of_day(due.from_day)),
        to: Timestamp(start_of_day(due.to_day)),
        total_spend,
        request_count,
        average_request_cost: total_spend.checked_div(request_count).unwrap_or_default(),
        top_providers: top_providers(rows),
        top_models: top_models(rows),
        comparison: compared(total_spend, total(previous_rows).0),
    })
}

/// The providers that cost most, at most [`MAX_SHARES`], the dearest first.
pub fn top_providers(rows: &[DaySpend]) -> Vec<SpendShare> {
    top(rows, |row| row.provider.as_ref())
}

/// The models that cost most, at most [`MAX_SHARES`], the dearest first.
pub fn top_models(rows: &[DaySpend]) -> Vec<SpendShare> {
    top(rows, |row| row.model.as_ref())
}

fn total<'a>(rows: impl IntoIterator<Item = &'a DaySpend>) -> (Money, u64) {
    rows.into_iter().fold((Money::ZERO, 0), |(amount, requests), row| {
        (amount.saturating_add(row.amount), requests.saturating_add(row.requests))
    })
}

fn top(rows: &[DaySpend], name: fn(&DaySpend) -> Option<&Identifier>) -> Vec<SpendShare> {
    let mut by_name: HashMap<&str, Vec<&DaySpend>> = HashMap::new();
    for row in rows {
        by_name.entry(name(row).map_or(UNNAMED, Identifier::as_str)).or_default().push(row);
    }
    let (whole, _) = total(rows);
    let mut shares: Vec<SpendShare> = by_name
        .into_iter()
        .map(|(name, rows)| {
            let (spend, request_count) = total(rows);
            let percentage = Percentage::of(spend, whole).unwrap_or_default();
            SpendShare { name: name.to_owned(), spend, percentage, request_count }
        })
        .collect();
    shares.sort_unstable_by(|one, other| other.spend.cmp(&one.spend).then_with(|| one.name.cmp(&other.name)));
    shares.truncate(MAX_SHARES);
    shares
}

fn compared(now: Money, then: Money) -> Option<SpendComparison> {
    let change_amount = now.saturating_sub(then);
    let change_percentage = Percentage::of(change_amount, then)?;
    let (change, band) = (change_amount.saturating_mul(100), then.saturating_mul(STABLE_PERCENT));
    let trend = if change > band {
        SpendTrend::Up
    } else if Money::ZERO.saturating_sub(change) > band {
        SpendTrend::Down
    } else {
        SpendTrend::Stable
    };
    Some(SpendComparison { previous_period_spend: then, change_amount, change_percentage, trend })
}

#[cfg(test)]
#[path = "spend_summary_tests.rs"]
mod tests;
