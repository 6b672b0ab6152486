//! What a session may cost: its key's budget is lent to it in parts, and it asks for the next in time.

use durable_objects::Credit;
use rust_decimal::{Decimal, prelude::ToPrimitive};

/// How long a session that has cost all that it was lent waits for more: an answer to a bill takes milliseconds, and an
/// object that does not answer for so long cannot say that there is any.
const PATIENCE_MILLIS: u64 = 5_000;

const MINUTE_MILLIS: u64 = 60_000;

/// What is to be done about the cost of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing.
    Enough,
    /// It is to be billed now, which brings more credit if there is any.
    Ask,
    /// It is to end: it has cost all that there is.
    Spent,
}

/// What a session was lent, and when it asks for more.
#[derive(Debug)]
pub(super) struct Purse {
    credit: Option<Lent>,
    /// What a minute costs, whatever is said in it.
    per_minute: Decimal,
    next_look_millis: Option<u64>,
    empty_since_millis: Option<u64>,
}

#[derive(Debug)]
struct Lent {
    total: Decimal,
    is_last: bool,
    /// At this cost it asks.
    asks_at: Decimal,
}

impl Purse {
    /// The purse of a session that begins.
    pub(super) fn new(credit: Option<Credit>, per_minute: Decimal) -> Self {
        let mut purse = Self { credit: None, per_minute, next_look_millis: None, empty_since_millis: None };
        purse.lend(credit, Decimal::ZERO);
        purse
    }

    /// Takes what the session was lent; it has cost so much so far.
    pub(super) fn lend(&mut self, credit: Option<Credit>, cost: Decimal) {
        self.credit = credit.map(|credit| {
            let total = Decimal::from(credit.total);
            Lent { total, is_last: credit.is_last, asks_at: half_way(cost, total) }
        });
        self.empty_since_millis = None;
    }

    /// Looks whether what was lent covers what the session has cost so far.
    pub(super) fn look(&mut self, cost: impl FnOnce() -> Decimal, now_millis: u64) -> Verdict {
        self.next_look_millis = None;
        let Some(lent) = &mut self.credit else { return Verdict::Enough };
        let cost = cost();
        if cost >= lent.total {
            if lent.is_last {
                return Verdict::Spent;
            }
            let asks = self.empty_since_millis.is_none();
            self.empty_since_millis.get_or_insert(now_millis);
            return if asks { Verdict::Ask } else { Verdict::Enough };
        }
        let asks = !lent.is_last && cost >= lent.asks_at;
        if asks {
            lent.asks_at = half_way(cost, lent.total);
        }
        let mark = if lent.is_last { lent.total } else { lent.asks_at };
        self.next_look_millis =
            millis_for(mark - cost, self.per_minute).map(|millis| now_millis.saturating_add(millis));
        if asks { Verdict::Ask } else { Verdict::Enough }
    }

    /// Whether everything that was lent is spent, and there may be more.
    pub(super) fn is_empty(&self) -> bool {
        self.empty_since_millis.is_some()
    }

    /// How long it waits for more.
    pub(super) fn waits_until_millis(&self) -> Option<u64> {
        self.empty_since_millis.map(|since| since.saturating_add(PATIENCE_MILLIS))
    }

    /// When time alone will have cost so much that it is to be looked at again.
    pub(super) fn next_look_millis(&self) -> Option<u64> {
        self.next_look_millis
    }
}

fn half_way(from: Decimal, to: Decimal) -> Decimal {
    from + (to - from).max(Decimal::ZERO) / Decimal::TWO
}

/// How long it takes until time has cost so much, in milliseconds; none where time costs nothing.
fn millis_for(amount: Decimal, per_minute: Decimal) -> Option<u64> {
    let millis = amount.checked_mul(Decimal::from(MINUTE_MILLIS))?.checked_div(per_minute)?;
    Some(millis.ceil().to_u64()?.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credit(total: &str, is_last: bool) -> Credit {
        Credit { total: total.parse().unwrap(), is_last }
    }

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn without_a_budget_everything_is_enough() {
        let mut purse = Purse::new(None, decimal("60"));
        assert_eq!(purse.look(|| decimal("1000000"), 0), Verdict::Enough);
        assert_eq!(purse.next_look_millis(), None);
    }

    #[test]
    fn it_asks_half_way_and_then_half_way_again() {
        let mut purse = Purse::new(Some(credit("8", false)), Decimal::ZERO);
        let verdicts = ["3.9", "4", "5.9", "6", "6.5", "7"].map(|cost| purse.look(|| decimal(cost), 0));
        let expected = [Verdict::Enough, Verdict::Ask, Verdict::Enough, Verdict::Ask, Verdict::Enough, Verdict::Ask];
        assert_eq!(verdicts, expected);
    }

    #[test]
    fn one_that_is_empty_asks_once_and_waits() {
        let mut purse = Purse::new(Some(credit("8", false)), Decimal::ZERO);
        assert_eq!(purse.look(|| decimal("8"), 1_000), Verdict::Ask);
        assert_eq!(purse.look(|| decimal("8"), 2_000), Verdict::Enough);
        assert_eq!((purse.is_empty(), purse.waits_until_millis()), (true, Some(6_000)));
        purse.lend(Some(credit("10", false)), decimal("8"));
        assert!(!purse.is_empty());
    }

    #[test]
    fn what_is_last_is_spent_to_the_end() {
        let mut purse = Purse::new(Some(credit("8", true)), Decimal::ZERO);
        assert_eq!(purse.look(|| decimal("7.9"), 0), Verdict::Enough);
        assert_eq!(purse.look(|| decimal("8"), 0), Verdict::Spent);
    }

    #[test]
    fn where_time_costs_it_looks_when_that_matters() {
        let mut purse = Purse::new(Some(credit("8", true)), decimal("60"));
        assert_eq!(purse.look(|| decimal("7.9"), 500), Verdict::Enough);
        assert_eq!(purse.next_look_millis(), Some(600));
        let mut purse = Purse::new(Some(credit("8", false)), decimal("60"));
        assert_eq!(purse.look(|| decimal("1"), 0), Verdict::Enough);
        assert_eq!(purse.next_look_millis(), Some(3_000), "half of what was lent");
    }
}
