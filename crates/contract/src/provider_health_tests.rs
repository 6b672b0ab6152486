use proptest::prelude::*;

use super::*;

fn provider() -> Identifier {
    Identifier::new("openai").unwrap()
}

fn answered(status: u16, millis: u64) -> ProbeOutcome {
    ProbeOutcome::Answered { status, millis }
}

fn record(probe: ProbeOutcome) -> ProviderHealthRecord {
    observe(&provider(), None, probe, 0).record
}

#[test]
fn a_check_says_how_a_provider_works() {
    for (probe, status, message) in [
        (answered(200, 87), HealthStatus::Healthy, None),
        (answered(204, SLOW_MILLIS), HealthStatus::Healthy, None),
        (answered(302, 1), HealthStatus::Healthy, None),
        (answered(401, 1), HealthStatus::Healthy, None),
        (answered(403, 1), HealthStatus::Healthy, None),
        (answered(200, SLOW_MILLIS + 1), HealthStatus::Degraded, Some("took 5001 ms to answer")),
        (answered(404, 1), HealthStatus::Degraded, Some("answered with 404")),
        (answered(429, 1), HealthStatus::Degraded, Some("turns requests away (429)")),
        (answered(503, 9_000), HealthStatus::Degraded, Some("answered with 503")),
        (ProbeOutcome::TimedOut { millis: 10_000 }, HealthStatus::Unhealthy, Some("did not answer within 10000 ms")),
        (ProbeOutcome::NetworkError, HealthStatus::Unhealthy, Some("could not be reached")),
    ] {
        let record = record(probe);
        assert_eq!((record.status, record.message.as_deref()), (status, message), "{probe:?}");
    }
}

#[test]
fn a_record_is_read_as_the_contract_says() {
    let observed = observe(&provider(), None, answered(200, 87), 1_769_860_800_000);
    let expected = concat!(
        r#"{"provider":"openai","status":"Healthy","isHealthy":true,"responseTimeMs":87,"#,
        r#""checkedAt":"2026-01-31T12:00:00.000Z"}"#
    );
    assert_eq!(serde_json::to_string(&observed.record).unwrap(), expected);
}

#[test]
fn the_first_status_is_news_and_the_same_again_is_not() {
    let first = observe(&provider(), None, answered(200, 87), 0);
    assert!(first.has_changed);
    assert!(!observe(&provider(), Some(&first.record), answered(204, 900), 1).has_changed);
    assert!(observe(&provider(), Some(&first.record), answered(500, 900), 1).has_changed);
}

#[test]
fn what_a_backend_reports_counts_as_a_check_does() {
    let report = ProviderHealthChanged {
        provider: provider(),
        status: HealthStatus::Degraded,
        message: Some("every third request fails".to_owned()),
    };
    let first = reported(None, &report, 5);
    assert!(first.has_changed);
    assert_eq!(first.record.checked_at, Timestamp(5));
    assert_eq!((first.record.is_healthy, first.record.response_time_ms), (false, None));
    assert!(!reported(Some(&first.record), &report, 6).has_changed);
    assert!(!observe(&provider(), Some(&first.record), answered(500, 1), 6).has_changed);
    assert_eq!(ProviderHealthChanged::from(&first.record), report);
}

fn probe() -> impl Strategy<Value = ProbeOutcome> {
    prop_oneof![
        (any::<u16>(), 0..20_000_u64).prop_map(|(status, millis)| answered(status, millis)),
        (100..600_u16, 0..20_000_u64).prop_map(|(status, millis)| answered(status, millis)),
        any::<u64>().prop_map(|millis| ProbeOutcome::TimedOut { millis }),
        Just(ProbeOutcome::NetworkError),
    ]
}

proptest! {
    #[test]
    fn news_are_exactly_the_changes_of_status(probes in prop::collection::vec(probe(), 1..30)) {
        let mut previous: Option<ProviderHealthRecord> = None;
        for (now, probe) in probes.into_iter().enumerate() {
            let observed = observe(&provider(), previous.as_ref(), probe, i64::try_from(now).unwrap());
            let before = previous.as_ref().map(|record| record.status);
            prop_assert_eq!(observed.has_changed, before != Some(observed.record.status));
            prop_assert_eq!(observed.record.is_healthy, observed.record.status == HealthStatus::Healthy);
            prop_assert_eq!(observed.record.message.is_none(), observed.record.is_healthy);
            let written = serde_json::to_string(&observed.record).unwrap();
            prop_assert_eq!(&serde_json::from_str::<ProviderHealthRecord>(&written).unwrap(), &observed.record);
            previous = Some(observed.record);
        }
    }
}
