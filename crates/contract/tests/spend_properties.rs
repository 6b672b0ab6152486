//! What holds for alerts and the ledger whatever is recorded, whenever, shown through the public interface.
#![allow(clippy::unwrap_used, reason = "clippy.toml allows it in tests, and all of this file is one")]

use contract::{
    AlertRule, AlertState, Amount, Budget, BudgetPeriod, Identifier, Money, SpendAccount, SpendRecorded, SpendTotals,
    SpendWindow, budget::evaluate, spend_hub::SpendUpdate, spend_ledger::ANNOUNCEMENT_INTERVAL_MILLIS,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const PERIODS: [BudgetPeriod; 4] =
    [BudgetPeriod::Daily, BudgetPeriod::Weekly, BudgetPeriod::Monthly, BudgetPeriod::None];
const HOUR: i64 = 3_600_000;

/// Some ten-billionths, the smallest money.
fn money(units: u64) -> Money {
    format!("{units}e-10").parse().unwrap()
}

/// What happens to a key between two looks at its budget.
#[derive(Debug, Clone)]
struct Step {
    wait_millis: i64,
    spend: u32,
    limit: Option<u32>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let wait = prop_oneof![Just(0), 0..HOUR, (0..60 * HOUR)];
    let limit = prop::option::weighted(0.9, prop_oneof![9 => 40_u32..120, 1 => Just(0_u32)]);
    let step = (wait, 0_u32..130, limit).prop_map(|(wait_millis, spend, limit)| Step { wait_millis, spend, limit });
    prop::collection::vec(step, 1..40)
}

proptest! {
    #[test]
    fn a_reached_threshold_is_alerted_of_once_a_period_and_never_within_its_cooldown(
        steps in steps(),
        cooldown_millis in prop_oneof![Just(0), 0..30 * HOUR],
        thresholds in prop::collection::btree_set(1_u16..200, 1..6),
        period in prop::sample::select(PERIODS.as_slice()),
    ) {
        let text: Vec<String> = thresholds.iter().map(u16::to_string).collect();
        let rule = AlertRule { thresholds: text.join(",").parse().unwrap(), cooldown_millis };
        let id = Identifier::from(7);
        let (mut state, mut now) = (AlertState::default(), 0);
        // A model that never forgets.
        let (mut period_id, mut sent, mut last) = (String::new(), BTreeSet::new(), BTreeMap::<u16, i64>::new());
        for step in steps {
            now += step.wait_millis;
            let spend: Money = step.spend.to_string().parse().unwrap();
            let budget = step.limit.map(|limit| Budget { limit: limit.to_string().parse().unwrap(), period });
            let account = SpendAccount { virtual_key_id: &id, budget: budget.as_ref() };
            let evaluated = evaluate(&state, account, spend, &rule, now);
            state = serde_json::from_str(&serde_json::to_string(&evaluated.state).unwrap()).unwrap();

            let current = account.period().bounds(now).id;
            let limit = step.limit.filter(|limit| *limit > 0);
            let is_reached =
                |threshold: u16| limit.is_some_and(|limit| step.spend * 100 >= limit * u32::from(threshold));
            if current != period_id || !thresholds.first().is_some_and(|lowest| is_reached(*lowest)) {
                sent.clear();
                period_id = current;
            }
            let (mut alerts, mut due) = (Vec::new(), None);
            for threshold in thresholds.iter().copied().filter(|threshold| is_reached(*threshold)) {
                let free_at = last.get(&threshold).map_or(now, |at| at + cooldown_millis);
                if sent.contains(&threshold) {
                    continue;
                }
                if free_at > now {
                    due = Some(due.unwrap_or(free_at).min(free_at));
                } else {
                    alerts.push(threshold);
                    sent.insert(threshold);
                    last.insert(threshold, now);
                }
            }
            let told: Vec<u16> = evaluated.alerts.iter().map(|alert| alert.threshold).collect();
            prop_assert_eq!(told, alerts);
            prop_assert_eq!(evaluated.next_due_millis, due);
            for alert in &evaluated.alerts {
                prop_assert!(alert.percentage_used.get() >= f64::from(alert.threshold));
            }
            let again = evaluate(&state, account, spend, &rule, now);
            prop_assert!(again.alerts.is_empty(), "the same look again tells nothing");
        }
    }
}

#[derive(Debug, Clone)]
enum Move {
    Record(u64),
    Wait(i64),
    /// The alarm: it tells what is due.
    Alarm,
    /// An alert: all is told at once.
    Alert,
    Budget(Option<(u32, BudgetPeriod)>),
    Join,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let period = prop::sample::select(PERIODS.as_slice());
    let one = prop_oneof![
        6 => (0..50_000_000_000_u64).prop_map(Move::Record),
        3 => prop_oneof![0_i64..1_500, 0..50 * HOUR].prop_map(Move::Wait),
        4 => Just(Move::Alarm),
        1 => Just(Move::Alert),
        1 => prop::option::of((0_u32..100, period)).prop_map(Move::Budget),
        2 => Just(Move::Join),
    ];
    prop::collection::vec(one, 1..60)
}

/// What a client makes of what it is told.
struct Client {
    /// The last `currentSpend`.
    spend: Money,
    /// The snapshot and all deltas since.
    sum: Money,
    /// What the snapshot and all records since come to, those included that were not yet announced then.
    expected: Money,
}

impl Client {
    fn hear(&mut self, update: &SpendUpdate, is_first_of_period: bool) -> Result<(), TestCaseError> {
        prop_assert!(update.requests > 0);
        prop_assert_eq!(update.previous_spend.saturating_add(update.delta), update.current_spend);
        prop_assert_eq!(update.previous_spend, if is_first_of_period { Money::ZERO } else { self.spend });
        self.spend = update.current_spend;
        self.sum = self.sum.saturating_add(update.delta);
        Ok(())
    }
}

proptest! {
    #[test]
    fn what_a_client_was_told_sums_to_the_ledger(moves in moves()) {
        let id = Identifier::from(7);
        let mut budget: Option<Budget> = None;
        let mut totals = SpendTotals::default();
        let mut clients: Vec<Client> = Vec::new();
        let (mut now, mut told_at) = (0_i64, None::<i64>);
        // In this period: what was recorded and announced of it, and whether an update was told.
        let (mut recorded, mut is_first) = (Money::ZERO, true);
        let mut unannounced = Money::ZERO;
        for step in moves.into_iter().chain([Move::Alert]) {
            match &step {
                Move::Wait(millis) => now += millis,
                Move::Budget(new) => {
                    budget = new.map(|(limit, period)| Budget { limit: limit.to_string().parse().unwrap(), period });
                }
                _ => {}
            }
            let account = SpendAccount { virtual_key_id: &id, budget: budget.as_ref() };
            let before = totals.current_spend();
            let last = totals.roll_over(account, now);
            let mut updates: Vec<SpendUpdate> = Vec::new();
            if let Some(last) = last {
                prop_assert_eq!(last.current_spend, before, "nothing of the old period is lost");
                for client in &mut clients {
                    client.hear(&last, is_first)?;
                }
                unannounced = Money::ZERO;
                told_at = Some(now);
            }
            if totals.requests() == 0 {
                (recorded, is_first) = (Money::ZERO, true);
            }
            match step {
                Move::Record(units) => {
                    let amount = Amount::new(money(units)).unwrap();
                    let record = SpendRecorded {
                        amount, provider: None, model: None, request_id: None, input_tokens: None, output_tokens: None,
                    };
                    totals.record(&record);
                    recorded = recorded.saturating_add(amount.get());
                    unannounced = unannounced.saturating_add(amount.get());
                    for client in &mut clients {
                        client.expected = client.expected.saturating_add(amount.get());
                    }
                    let due = totals.due_at(now);
                    let earliest = told_at.map_or(now, |at| now.max(at + ANNOUNCEMENT_INTERVAL_MILLIS));
                    prop_assert_eq!(due, Some(earliest));
                }
                Move::Alarm if totals.due_at(now) == Some(now) => updates.extend(totals.announce(account, now)),
                Move::Alert => updates.extend(totals.announce(account, now)),
                Move::Join => {
                    let snapshot = totals.snapshot(account);
                    prop_assert_eq!((snapshot.delta, snapshot.requests), (Money::ZERO, 0));
                    prop_assert_eq!(snapshot.previous_spend, snapshot.current_spend);
                    let spend = snapshot.current_spend;
                    clients.push(Client { spend, sum: spend, expected: spend.saturating_add(unannounced) });
                }
                Move::Alarm | Move::Wait(_) | Move::Budget(_) => {}
            }
            for update in &updates {
                // Of a period that a client joined in, it knows what was told before.
                for client in &mut clients {
                    client.hear(update, is_first)?;
                }
                is_first = false;
                unannounced = Money::ZERO;
                told_at = Some(now);
            }
            prop_assert_eq!(totals.current_spend(), recorded);
            totals = serde_json::from_str(&serde_json::to_string(&totals).unwrap()).unwrap();
        }
        prop_assert_eq!(totals.due_at(now), None, "the last of the moves tells everything");
        for client in &clients {
            prop_assert_eq!(client.sum, client.expected);
            if !is_first {
                prop_assert_eq!(client.spend, totals.current_spend());
            }
        }
    }

    #[test]
    fn a_window_has_what_was_recorded_in_each_hour(
        records in prop::collection::vec((0_i64..40, 0..10_000_000_000_u64), 0..80),
    ) {
        let (mut window, mut now, mut all) = (SpendWindow::default(), 0, Vec::new());
        for (minutes, units) in records {
            now += minutes * 60_000 + 777;
            window.record(money(units), 1, now);
            all.push((now / 60_000, units));
            let sum = |ages: std::ops::Range<i64>| -> u64 {
                all.iter().filter(|(minute, _)| ages.contains(&(now / 60_000 - minute))).map(|(_, units)| units).sum()
            };
            prop_assert_eq!(window.last_hour(now).amount, money(sum(0..60)));
            prop_assert_eq!(window.hour_before(now).amount, money(sum(60..120)));
        }
    }
}
