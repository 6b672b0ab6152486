use super::*;
use crate::time::{MILLIS_PER_DAY, MILLIS_PER_HOUR};

/// The first midnight of a month, in which the tests begin.
const START: i64 = 1_769_904_000_000;

fn budget(limit: &str) -> Budget {
    Budget { limit: limit.parse().unwrap(), period: BudgetPeriod::Daily }
}

struct Key {
    id: Identifier,
    budget: Option<Budget>,
    rule: AlertRule,
    state: AlertState,
}

impl Key {
    fn with_budget(limit: &str) -> Self {
        let rule = AlertRule { thresholds: BudgetThresholds::default(), cooldown_millis: MILLIS_PER_HOUR };
        Self { id: Identifier::from(7), budget: Some(budget(limit)), rule, state: AlertState::default() }
    }

    /// The thresholds that are alerted of at a time after [`START`], and when to look again.
    fn at(&mut self, millis: i64, spend: &str) -> (Vec<u16>, Option<i64>) {
        let (alerts, due) = self.alerts(millis, spend);
        (alerts.iter().map(|alert| alert.threshold).collect(), due)
    }

    fn alerts(&mut self, millis: i64, spend: &str) -> (Vec<BudgetAlert>, Option<i64>) {
        let account = SpendAccount { virtual_key_id: &self.id, budget: self.budget.as_ref() };
        // The state survives being kept.
        let kept = serde_json::to_string(&self.state).unwrap();
        self.state = serde_json::from_str(&kept).unwrap();
        let evaluated = evaluate(&self.state, account, spend.parse().unwrap(), &self.rule, START + millis);
        self.state = evaluated.state;
        (evaluated.alerts, evaluated.next_due_millis.map(|due| due - START))
    }
}

#[test]
fn each_threshold_is_alerted_of_once_in_ascending_order() {
    let mut key = Key::with_budget("50");
    assert_eq!(key.at(0, "24.9999999999"), (vec![], None));
    assert_eq!(key.at(1, "25"), (vec![50], None));
    assert_eq!(key.at(2, "44.99"), (vec![75], None));
    assert_eq!(key.at(3, "80"), (vec![90, 100], None));
    assert_eq!(key.at(4, "90"), (vec![], None));
}

#[test]
fn thresholds_are_armed_again_below_the_lowest_only() {
    let mut key = Key::with_budget("50");
    key.rule.cooldown_millis = 0;
    assert_eq!(key.at(0, "40").0, [50, 75]);
    key.budget = Some(budget("60"));
    assert_eq!(key.at(1, "40").0, [0_u16; 0], "66 % is not below 50 %");
    key.budget = Some(budget("50"));
    assert_eq!(key.at(2, "40").0, [0_u16; 0]);
    key.budget = Some(budget("100"));
    assert_eq!(key.at(3, "40").0, [0_u16; 0]);
    key.budget = Some(budget("50"));
    assert_eq!(key.at(4, "40").0, [50, 75]);
}

#[test]
fn a_new_period_arms_every_threshold() {
    let mut key = Key::with_budget("50");
    assert_eq!(key.at(0, "30").0, [50]);
    assert_eq!(key.at(MILLIS_PER_DAY, "30").0, [50]);
}

#[test]
fn a_threshold_is_held_back_until_its_cooldown_ends_even_over_a_periods_end() {
    let mut key = Key::with_budget("50");
    let late = MILLIS_PER_DAY - 60_000;
    let due = late + MILLIS_PER_HOUR;
    assert_eq!(key.at(late, "30"), (vec![50], None));
    assert_eq!(key.at(MILLIS_PER_DAY, "40"), (vec![75], Some(due)), "75 was not alerted of");
    assert_eq!(key.at(due - 1, "41"), (vec![], Some(due)));
    assert_eq!(key.at(due, "41"), (vec![50], None));
}

#[test]
fn what_is_held_back_is_dropped_if_it_is_no_longer_so() {
    let mut key = Key::with_budget("50");
    assert_eq!(key.at(0, "30").0, [50]);
    key.budget = Some(budget("100"));
    assert_eq!(key.at(1, "30"), (vec![], None));
    key.budget = Some(budget("50"));
    assert_eq!(key.at(2, "30"), (vec![], Some(MILLIS_PER_HOUR)));
    key.budget = Some(budget("100"));
    assert_eq!(key.at(MILLIS_PER_HOUR, "30"), (vec![], None));
}

#[test]
fn without_a_budget_there_is_no_alert() {
    let mut key = Key::with_budget("0");
    assert_eq!(key.at(0, "30"), (vec![], None));
    key.budget = None;
    assert_eq!(key.at(0, "30"), (vec![], None));
}

#[test]
fn an_alert_says_how_grave_it_is_and_what_to_do() {
    let mut key = Key::with_budget("50");
    key.rule.thresholds = "10,50,74,75,89,90,99,100,150".parse().unwrap();
    let (alerts, _) = key.alerts(0, "75");
    let facts: Vec<_> = alerts
        .iter()
        .map(|alert| (alert.threshold, alert.alert_type.as_str(), alert.severity, alert.recommendations.len()))
        .collect();
    assert_eq!(
        facts,
        [
            (10, "budget_10_percent", BudgetSeverity::Info, 2),
            (50, "budget_50_percent", BudgetSeverity::Info, 2),
            (74, "budget_74_percent", BudgetSeverity::Info, 2),
            (75, "budget_75_percent", BudgetSeverity::Warning, 3),
            (89, "budget_89_percent", BudgetSeverity::Warning, 3),
            (90, "budget_90_percent", BudgetSeverity::Critical, 3),
            (99, "budget_99_percent", BudgetSeverity::Critical, 3),
            (100, "budget_exceeded", BudgetSeverity::Critical, 3),
            (150, "budget_exceeded", BudgetSeverity::Critical, 3),
        ]
    );
    for alert in &alerts {
        assert!(alert.message.starts_with(&format!("{}% of the budget", alert.threshold)), "{}", alert.message);
        assert_eq!(alert.percentage_used, Percentage::of("150".parse().unwrap(), "100".parse().unwrap()).unwrap());
        assert_eq!(alert.period_end, Some(Timestamp(START + MILLIS_PER_DAY)));
        assert_eq!(alert.high_spend().is_some(), alert.threshold >= 90);
    }
}

#[test]
fn what_is_left_is_told_before_the_limit() {
    let (alerts, _) = Key::with_budget("50").alerts(0, "45.25");
    assert_eq!(alerts[2].message, "90% of the budget is spent; only 4.75 of 50 remain.");
}

#[test]
fn thresholds_are_read_from_a_list_of_numbers() {
    assert_eq!("50,75,90,100".parse(), Ok(BudgetThresholds::default()));
    assert_eq!(" 1 , 1000".parse::<BudgetThresholds>().unwrap().0, [1, 1_000]);
    let sixteen: Vec<String> = (1..=16).map(|number| number.to_string()).collect();
    assert!(sixteen.join(",").parse::<BudgetThresholds>().is_ok());
    for text in [
        "",
        ",",
        "50,",
        "0,50",
        "50,1001",
        "50,50",
        "75,50",
        "50;75",
        "50.5",
        "-1",
        "99999999",
        &format!("{},17", sixteen.join(",")),
    ] {
        let error = text.parse::<BudgetThresholds>().unwrap_err().to_string();
        assert!(error.starts_with("must be 1 to 16 whole numbers from 1 to 1000 in ascending order"), "{error}");
        assert!(error.ends_with(&format!("not '{text}'")), "{error}");
    }
}

#[test]
fn a_budget_is_read_with_or_without_its_period() {
    let read = |json| crate::fields::parse::<Budget>(json).map_err(|rejection| rejection.to_string());
    assert_eq!(read(r#"{"limit":"50"}"#).unwrap(), Budget { period: BudgetPeriod::None, ..budget("50") });
    assert_eq!(read(r#"{"limit":50.0,"period":"daily"}"#).unwrap(), budget("50"));
    assert_eq!(serde_json::to_string(&budget("50")).unwrap(), r#"{"limit":50,"period":"daily"}"#);
    assert_eq!(read(r#"{"limit":-1}"#).unwrap_err(), "limit: must not be negative");
    assert!(read(r#"{"limit":1,"period":"yearly"}"#).unwrap_err().starts_with("period: unknown variant `yearly`"));
    assert_eq!(read(r#"{"limit":1,"currency":"EUR"}"#).unwrap_err(), "currency: unknown field");
}
