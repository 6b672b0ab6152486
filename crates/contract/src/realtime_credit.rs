//! How a key's budget is lent to its realtime sessions, so that none, and not all of them together, outrun it.
//!
//! A session may cost what it was lent and not more. What is lent and not yet billed counts as gone, so what all sessions
//! hold, and what was spent, is never above the limit. A session gets an eighth of what there is, and more when it has
//! billed: the less there is left, the smaller the loans, down to a hundredth of the limit.

use serde::{Deserialize, Serialize};

use crate::money::Money;

/// A loan is this part of what there is…
const PART_OF_REST: u64 = 8;
/// …but at least this part of the limit, so that the loans come to an end.
const PART_OF_LIMIT: u64 = 100;

/// What a session was lent, and what it has billed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionAccount {
    /// All that it was lent so far.
    pub credit: Money,
    /// All that it has billed so far.
    pub billed: Money,
    /// In how many bills.
    pub bills: u64,
}

impl SessionAccount {
    /// What it was lent and has not billed.
    pub fn held(&self) -> Money {
        self.credit.saturating_sub(self.billed).max(Money::ZERO)
    }

    /// Lends it what it should hold of a rest that nobody holds, or takes back what is missing. Returns the new rest.
    #[must_use = "the rest is what others may be lent"]
    pub fn lend(&mut self, limit: Money, rest: Money) -> Money {
        let held = self.held();
        let pot = rest.saturating_add(held).max(Money::ZERO);
        let part = |whole: Money, count| whole.checked_div(count).unwrap_or(Money::ZERO);
        let should_hold = part(pot, PART_OF_REST).max(part(limit, PART_OF_LIMIT)).min(pot);
        // What it holds is taken back only where others have spent it.
        let holds = if rest < Money::ZERO { held.min(pot) } else { held.max(should_hold) };
        self.credit = self.billed.saturating_add(holds);
        rest.saturating_add(held).saturating_sub(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn a_session_is_lent_an_eighth_of_what_there_is() {
        let mut account = SessionAccount::default();
        assert_eq!(account.lend(money("80"), money("80")), money("70"));
        assert_eq!(account.lend(money("80"), money("70")), money("70"), "it holds enough");
        account.billed = money("10");
        assert_eq!(account.lend(money("80"), money("70")), money("61.25"));
        assert_eq!(account.credit, money("18.75"));
    }

    #[test]
    fn the_last_hundredth_is_lent_at_once() {
        let mut account = SessionAccount { billed: money("79.5"), credit: money("79.5"), bills: 9 };
        assert_eq!(account.lend(money("80"), money("0.5")), Money::ZERO);
        assert_eq!(account.credit, money("80"));
    }

    #[test]
    fn one_that_has_cost_more_than_it_was_lent_is_lent_no_less() {
        let mut account = SessionAccount { billed: money("11"), credit: money("10"), bills: 1 };
        assert_eq!(account.lend(money("80"), money("8")), money("7"));
        assert_eq!(account.credit, money("12"));
    }

    #[test]
    fn what_others_have_spent_meanwhile_is_taken_back() {
        let mut account = SessionAccount { billed: money("1"), credit: money("11"), bills: 1 };
        assert_eq!(account.lend(money("80"), money("-4")), Money::ZERO);
        assert_eq!(account.credit, money("7"));
        assert_eq!(account.lend(money("80"), money("-9")), money("-3"));
        assert_eq!(account.credit, money("1"));
    }

    #[test]
    fn sessions_that_spend_what_they_are_lent_spend_the_limit_and_no_more() {
        let limit = money("1");
        let mut accounts = [SessionAccount::default(); 5];
        let spent = |accounts: &[SessionAccount]| {
            accounts.iter().fold(Money::ZERO, |sum, account| sum.saturating_add(account.billed))
        };
        for turn in 0..1_000 {
            let held = accounts.iter().fold(Money::ZERO, |sum, account| sum.saturating_add(account.held()));
            let mut rest = limit.saturating_sub(spent(&accounts)).saturating_sub(held);
            for account in &mut accounts {
                rest = account.lend(limit, rest);
            }
            assert!(rest >= Money::ZERO);
            let account = &mut accounts[turn % 5];
            account.billed = account.credit;
        }
        assert_eq!(spent(&accounts), limit);
    }
}
