//! What a key spent in the current period, and how much of that its clients were told.
//!
//! Records come faster than clients want to hear of them, so what they add is told at most once a second, as the sum. The
//! rule that all of this keeps: who got a snapshot and every update since has, in `currentSpend`, the ledger without what
//! is still to be announced, and the deltas that were told sum to what was recorded.

use serde::{Deserialize, Serialize};

use crate::budget::SpendAccount;
use crate::identifier::Identifier;
use crate::money::Money;
use crate::percentage::Percentage;
use crate::period::BudgetPeriod;
use crate::spend_event::SpendRecorded;
use crate::spend_hub::SpendUpdate;

/// How long after an update the next one waits, in milliseconds.
pub const ANNOUNCEMENT_INTERVAL_MILLIS: i64 = 1_000;

/// The ledger of a key. Its JSON is how it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpendTotals {
    /// The kind of period that is counted in.
    period: BudgetPeriod,
    /// The period, by its [id](crate::PeriodBounds::id); empty before the first.
    period_id: String,
    current_spend: Money,
    requests: u64,
    announced_spend: Money,
    announced_requests: u64,
    /// When clients were told last, in whichever period.
    announced_at_millis: Option<i64>,
    /// Of the last record.
    provider: Option<Identifier>,
    model: Option<Identifier>,
}

impl SpendTotals {
    /// What was spent in this period, announced or not.
    pub fn current_spend(&self) -> Money {
        self.current_spend
    }

    /// How many records that was.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Begins a new period if there is one, because of the time or because the account now counts in others. To be
    /// called before everything else. What was not announced of the old period is the update that it gives.
    #[must_use = "the update is the last of the old period"]
    pub fn roll_over(&mut self, account: SpendAccount<'_>, now_millis: i64) -> Option<SpendUpdate> {
        let period = account.period();
        let period_id = period.bounds(now_millis).id;
        if period_id == self.period_id {
            return None;
        }
        let last = self.announce(account, now_millis);
        *self = Self { period, period_id, announced_at_millis: self.announced_at_millis, ..Self::default() };
        last
    }

    /// Adds a record of a request.
    pub fn record(&mut self, record: &SpendRecorded) {
        self.requests = self.requests.saturating_add(1);
        self.record_more(record);
    }

    /// Adds a further record of a request that was counted already.
    pub fn record_more(&mut self, record: &SpendRecorded) {
        self.current_spend = self.current_spend.saturating_add(record.amount.get());
        self.provider.clone_from(&record.provider);
        self.model.clone_from(&record.model);
    }

    /// Takes back what was recorded too much, and says how much that was: no more than this period has.
    pub fn pay_back(&mut self, amount: Money) -> Money {
        let paid = amount.min(self.current_spend).max(Money::ZERO);
        self.current_spend = self.current_spend.saturating_sub(paid);
        paid
    }

    /// Whether clients know everything.
    fn is_announced(&self) -> bool {
        (self.requests, self.current_spend) == (self.announced_requests, self.announced_spend)
    }

    /// When clients are to be told what they don't know: now, or when the last update is a second old. None if they know
    /// everything. With an alert they are told at once.
    pub fn due_at(&self, now_millis: i64) -> Option<i64> {
        if self.is_announced() {
            return None;
        }
        let told = self.announced_at_millis.filter(|at_millis| *at_millis <= now_millis);
        let earliest = told.map(|at_millis| at_millis.saturating_add(ANNOUNCEMENT_INTERVAL_MILLIS));
        Some(earliest.map_or(now_millis, |earliest| earliest.max(now_millis)))
    }

    /// Tells clients what they don't know. None if they know everything.
    #[must_use = "clients count what they are told"]
    pub fn announce(&mut self, account: SpendAccount<'_>, now_millis: i64) -> Option<SpendUpdate> {
        if self.is_announced() {
            return None;
        }
        let update = SpendUpdate {
            delta: self.current_spend.saturating_sub(self.announced_spend),
            previous_spend: self.announced_spend,
            requests: self.requests.saturating_sub(self.announced_requests),
            provider: self.provider.clone(),
            model: self.model.clone(),
            ..self.standing(account, self.current_spend)
        };
        self.announced_spend = self.current_spend;
        self.announced_requests = self.requests;
        self.announced_at_millis = Some(now_millis);
        Some(update)
    }

    /// What a new client is told: what all others were told, not what is still to be announced, because the next update
    /// adds that for all of them.
    pub fn snapshot(&self, account: SpendAccount<'_>) -> SpendUpdate {
        self.standing(account, self.announced_spend)
    }

    fn standing(&self, account: SpendAccount<'_>, spend: Money) -> SpendUpdate {
        // A budget by the month says nothing about what was spent in a day.
        let limit = account.limit().filter(|_| account.period() == self.period);
        SpendUpdate {
            virtual_key_id: account.virtual_key_id.clone(),
            delta: Money::ZERO,
            previous_spend: spend,
            current_spend: spend,
            budget: limit,
            budget_remaining: limit.map(|limit| limit.get().saturating_sub(spend).max(Money::ZERO)),
            budget_percentage: limit.and_then(|limit| Percentage::of(spend, limit.get())),
            requests: 0,
            provider: None,
            model: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::Budget;
    use crate::time::MILLIS_PER_DAY;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn record(amount: &str, model: Option<&str>) -> SpendRecorded {
        let model = model.map(|model| Identifier::new(model).unwrap());
        let amount = amount.parse().unwrap();
        SpendRecorded { amount, provider: None, model, request_id: None, input_tokens: None, output_tokens: None }
    }

    fn with_account(budget: Option<&Budget>, test: impl FnOnce(SpendAccount<'_>)) {
        test(SpendAccount { virtual_key_id: &Identifier::from(7), budget });
    }

    fn daily(limit: &str) -> Budget {
        Budget { limit: limit.parse().unwrap(), period: BudgetPeriod::Daily }
    }

    #[test]
    fn records_within_a_second_are_told_as_one() {
        with_account(Some(&daily("50")), |account| {
            let mut totals = SpendTotals::default();
            assert_eq!(totals.roll_over(account, 5_000), None);
            totals.record(&record("0.1", Some("a")));
            assert_eq!(totals.due_at(5_000), Some(5_000));
            assert_eq!(totals.announce(account, 5_000).unwrap().delta, money("0.1"));
            assert_eq!((totals.due_at(5_000), totals.announce(account, 5_000)), (None, None));

            totals.record(&record("0.2", Some("b")));
            totals.record(&record("12.2", Some("c")));
            assert_eq!(totals.due_at(5_400), Some(6_000));
            assert_eq!(totals.due_at(7_000), Some(7_000), "an alarm may be late");
            let update = totals.announce(account, 6_000).unwrap();
            let expected = r#"{"virtualKeyId":"7","delta":12.4,"previousSpend":0.1,"currentSpend":12.5,"budget":50,"budgetRemaining":37.5,"budgetPercentage":25,"requests":2,"model":"c"}"#;
            assert_eq!(serde_json::to_string(&update).unwrap(), expected);
        });
    }

    #[test]
    fn a_new_client_is_told_what_the_others_were() {
        with_account(None, |account| {
            let mut totals = SpendTotals::default();
            totals.record(&record("1", None));
            assert!(totals.announce(account, 0).is_some());
            totals.record(&record("2", None));
            let snapshot = totals.snapshot(account);
            assert_eq!((snapshot.current_spend, snapshot.delta, snapshot.requests), (money("1"), Money::ZERO, 0));
            let update = totals.announce(account, 0).unwrap();
            assert_eq!(snapshot.current_spend.saturating_add(update.delta), totals.current_spend());
        });
    }

    #[test]
    fn a_period_ends_with_an_update_of_what_was_not_announced() {
        with_account(Some(&daily("50")), |account| {
            let mut totals = SpendTotals::default();
            assert_eq!(totals.roll_over(account, 0), None);
            totals.record(&record("60", None));
            let last = totals.roll_over(account, MILLIS_PER_DAY).unwrap();
            assert_eq!((last.delta, last.current_spend), (money("60"), money("60")));
            assert_eq!(
                (last.budget_remaining, totals.current_spend(), totals.requests()),
                (Some(Money::ZERO), Money::ZERO, 0)
            );
            totals.record(&record("1", None));
            assert_eq!(totals.due_at(MILLIS_PER_DAY), Some(MILLIS_PER_DAY + 1_000), "an update left just now");
            let first = totals.announce(account, MILLIS_PER_DAY + 1_000).unwrap();
            assert_eq!((first.previous_spend, first.current_spend), (Money::ZERO, money("1")));
        });
    }

    #[test]
    fn what_was_spent_in_another_kind_of_period_is_not_compared_with_the_budget() {
        let mut totals = SpendTotals::default();
        with_account(None, |account| {
            assert_eq!(totals.roll_over(account, 0), None);
            totals.record(&record("60", None));
        });
        with_account(Some(&daily("50")), |account| {
            let last = totals.roll_over(account, 0).unwrap();
            assert_eq!((last.current_spend, last.budget, last.budget_percentage), (money("60"), None, None));
            assert_eq!(totals.snapshot(account).budget_percentage, Some(Percentage::ZERO));
        });
    }

    #[test]
    fn a_limit_of_0_is_counted_by_its_period_and_has_no_percentage() {
        with_account(Some(&daily("0")), |account| {
            let mut totals = SpendTotals::default();
            assert_eq!(totals.roll_over(account, 0), None);
            totals.record(&record("0", None));
            let update = totals.announce(account, 0).unwrap();
            assert_eq!((update.requests, update.budget, update.budget_percentage), (1, None, None));
            assert_eq!(totals.roll_over(account, MILLIS_PER_DAY), None);
            assert_eq!(totals.requests(), 0);
        });
    }

    #[test]
    fn a_request_is_counted_once_and_what_it_cost_too_little_is_paid_back() {
        with_account(None, |account| {
            let mut totals = SpendTotals::default();
            totals.record(&record("1", None));
            totals.record_more(&record("2", None));
            assert_eq!(totals.announce(account, 0).unwrap().requests, 1);
            assert_eq!(totals.pay_back(money("0.5")), money("0.5"));
            let update = totals.announce(account, 0).unwrap();
            assert_eq!((update.delta, update.requests), (money("-0.5"), 0));
            assert_eq!(totals.pay_back(money("9")), money("2.5"), "no more than was spent");
            assert_eq!(totals.current_spend(), Money::ZERO);
        });
    }

    #[test]
    fn a_ledger_survives_being_kept() {
        let mut totals = SpendTotals::default();
        totals.record(&record("0.1", Some("m")));
        let kept = serde_json::to_string(&totals).unwrap();
        assert_eq!(serde_json::from_str::<SpendTotals>(&kept).unwrap(), totals);
    }
}
