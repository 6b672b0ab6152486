use super::*;
use crate::period::day_of;
use crate::time::{format_millis, parse_rfc3339};

fn day(date: &str) -> i64 {
    day_of(parse_rfc3339(&format!("{date}T00:00:00Z")).unwrap())
}

fn date(day: i64) -> String {
    format_millis(start_of_day(day)).split('T').next().unwrap().to_owned()
}

fn due(last_done: Option<&str>, today: &str) -> Vec<(SummaryPeriod, String, String, String)> {
    due_summaries(last_done.map(day), day(today))
        .into_iter()
        .map(|due| (due.period, date(due.from_day), date(due.to_day), date(due.previous_from_day)))
        .collect()
}

fn dates(period: SummaryPeriod, from: &str, to: &str, previous: &str) -> (SummaryPeriod, String, String, String) {
    (period, from.to_owned(), to.to_owned(), previous.to_owned())
}

#[test]
fn every_day_the_day_before_is_due() {
    let yesterday = dates(SummaryPeriod::Daily, "2026-11-20", "2026-11-21", "2026-11-19");
    assert_eq!(due(Some("2026-11-20"), "2026-11-21"), std::slice::from_ref(&yesterday));
    assert_eq!(due(None, "2026-11-21"), [yesterday]);
}

#[test]
fn on_mondays_and_on_the_first_of_the_month_more_is_due() {
    let week = dates(SummaryPeriod::Weekly, "2026-11-16", "2026-11-23", "2026-11-09");
    assert_eq!(due(Some("2026-11-22"), "2026-11-23")[1..], [week]);
    let month = dates(SummaryPeriod::Monthly, "2026-12-01", "2027-01-01", "2026-11-01");
    assert_eq!(due(None, "2027-01-01")[1..], [month]);
    assert_eq!(due(None, "2026-06-01").len(), 3, "a Monday and the first");
}

#[test]
fn what_was_done_is_not_done_again() {
    assert_eq!(due(Some("2026-06-01"), "2026-06-01"), []);
    assert_eq!(due(Some("2026-06-02"), "2026-06-01"), [], "a clock that goes back");
}

#[test]
fn after_a_long_sleep_only_the_latest_of_each_kind_is_due() {
    assert_eq!(
        due(Some("2026-08-12"), "2026-11-21"),
        [
            dates(SummaryPeriod::Daily, "2026-11-20", "2026-11-21", "2026-11-19"),
            dates(SummaryPeriod::Weekly, "2026-11-09", "2026-11-16", "2026-11-02"),
            dates(SummaryPeriod::Monthly, "2026-10-01", "2026-11-01", "2026-09-01"),
        ]
    );
    let after_a_weekend = due(Some("2026-11-21"), "2026-11-24");
    assert_eq!(after_a_weekend[1], dates(SummaryPeriod::Weekly, "2026-11-16", "2026-11-23", "2026-11-09"));
    assert_eq!(after_a_weekend.len(), 2);
}

fn row(provider: Option<&str>, model: &str, amount: &str, requests: u64) -> DaySpend {
    let provider = provider.map(|name| Identifier::new(name).unwrap());
    let model = Some(Identifier::new(model).unwrap());
    DaySpend { day: 0, provider, model, amount: amount.parse().unwrap(), requests }
}

const DUE: DueSummary = DueSummary { period: SummaryPeriod::Daily, from_day: 1, to_day: 2, previous_from_day: 0 };

#[test]
fn a_summary_says_what_was_spent_with_whom_and_for_what() {
    let rows = [row(Some("openai"), "a", "1.5", 2), row(Some("openai"), "b", "3", 1), row(None, "a", "1.5", 3)];
    let summary = summarise(&DUE, &rows, &[row(None, "a", "4", 1)]).unwrap();
    let expected = r#"{"period":"daily","from":"1970-01-02T00:00:00.000Z","to":"1970-01-03T00:00:00.000Z","totalSpend":6,"requestCount":6,"averageRequestCost":1,"topProviders":[{"name":"openai","spend":4.5,"percentage":75,"requestCount":3},{"name":"unknown","spend":1.5,"percentage":25,"requestCount":3}],"topModels":[{"name":"a","spend":3,"percentage":50,"requestCount":5},{"name":"b","spend":3,"percentage":50,"requestCount":1}],"comparison":{"previousPeriodSpend":4,"changeAmount":2,"changePercentage":50,"trend":"up"}}"#;
    assert_eq!(serde_json::to_string(&summary).unwrap(), expected);
}

#[test]
fn of_nothing_spent_there_is_no_summary() {
    assert_eq!(summarise(&DUE, &[], &[row(None, "a", "4", 1)]), None);
    assert_eq!(summarise(&DUE, &[row(None, "a", "0", 7)], &[]), None);
}

#[test]
fn with_nothing_spent_before_there_is_no_comparison() {
    for previous in [vec![], vec![row(None, "a", "0", 1)]] {
        assert_eq!(summarise(&DUE, &[row(None, "a", "1", 1)], &previous).unwrap().comparison, None);
    }
}

#[test]
fn a_change_of_up_to_five_percent_is_stable() {
    let trend = |now: &str| compared(now.parse().unwrap(), "100".parse().unwrap()).unwrap().trend;
    for (now, expected) in [
        ("105", SpendTrend::Stable),
        ("105.0000000001", SpendTrend::Up),
        ("95", SpendTrend::Stable),
        ("94.9999999999", SpendTrend::Down),
    ] {
        assert_eq!(trend(now), expected, "{now}");
    }
}

#[test]
fn ten_names_are_listed_the_dearest_first() {
    let rows: Vec<DaySpend> = (1..=12).map(|cost| row(None, &format!("m{cost}"), &cost.to_string(), 1)).collect();
    let names: Vec<String> = top_models(&rows).into_iter().map(|share| share.name).collect();
    assert_eq!(names, ["m12", "m11", "m10", "m9", "m8", "m7", "m6", "m5", "m4", "m3"]);
}
