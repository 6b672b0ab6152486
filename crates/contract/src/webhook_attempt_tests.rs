use super::*;
use proptest::prelude::*;

fn rule() -> DeliveryRule {
    DeliveryRule {
        max_attempts: 4,
        retry_millis: vec![2_000, 4_000, 8_000],
        timeout_millis: 10_000,
        breaker: BreakerRule { failures: 5, open_millis: 300_000 },
        max_pending: 10_000,
    }
}

fn answered(status: u16, retry_after: Option<&str>) -> AttemptOutcome {
    AttemptOutcome::Answered { status, response_time_millis: 12, retry_after: retry_after.map(str::to_owned) }
}

fn delays_of(outcome: &AttemptOutcome) -> Vec<i64> {
    let delays = (1..=20).map_while(|attempt| match rule().verdict(outcome, attempt, 0, 0) {
        Verdict::Retry { delay_millis } => Some(delay_millis),
        Verdict::Delivered | Verdict::GivenUp => None,
    });
    delays.collect()
}

#[test]
fn every_status_is_taken_retried_or_final() {
    for status in [200, 201, 202, 204, 206, 299] {
        assert_eq!(rule().verdict(&answered(status, None), 1, 0, 0), Verdict::Delivered, "{status}");
    }
    for status in [408, 425, 429, 500, 501, 502, 503, 504, 520, 599, 600, 999, 0, 199] {
        assert_eq!(delays_of(&answered(status, None)), [2_000, 4_000, 8_000], "{status}");
        assert_eq!(answered(status, None).sign(), Sign::Fails, "{status}");
    }
    for status in [300, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 409, 410, 413, 422, 451, 499] {
        assert_eq!(rule().verdict(&answered(status, None), 1, 0, 0), Verdict::GivenUp, "{status}");
        assert_eq!(answered(status, None).sign(), Sign::Works, "{status}");
    }
    assert_eq!(delays_of(&AttemptOutcome::TimedOut), [2_000, 4_000, 8_000]);
    assert_eq!(delays_of(&AttemptOutcome::Unreachable), [2_000, 4_000, 8_000]);
    assert_eq!(rule().verdict(&AttemptOutcome::NotAllowed, 1, 0, 0), Verdict::GivenUp);
}

#[test]
fn the_last_delay_stands_for_all_that_follow() {
    let patient = DeliveryRule { max_attempts: 6, ..rule() };
    let delays = (1..=6).map(|attempt| patient.verdict(&AttemptOutcome::TimedOut, attempt, 0, 0));
    let expected = [2_000, 4_000, 8_000, 8_000, 8_000].map(|delay_millis| Verdict::Retry { delay_millis });
    assert_eq!(delays.collect::<Vec<_>>(), [&expected[..], &[Verdict::GivenUp]].concat());
}

#[test]
fn a_receiver_can_put_a_retry_off_but_neither_hurry_it_nor_put_it_off_for_ever() {
    assert_eq!(delays_of(&answered(429, Some("60"))), [60_000; 3]);
    assert_eq!(delays_of(&answered(503, Some("3"))), [3_000, 4_000, 8_000]);
    assert_eq!(delays_of(&answered(429, Some("Thu, 01 Jan 1970 00:00:05 GMT"))), [5_000, 5_000, 8_000]);
    assert_eq!(delays_of(&answered(429, Some("1000000000"))), [3_600_000; 3]);
    assert_eq!(delays_of(&answered(429, Some("soon"))), [2_000, 4_000, 8_000]);
}

#[test]
fn attempts_that_were_lost_are_made_again_but_not_for_ever() {
    let verdicts: Vec<_> =
        (1..=8).map(|attempt| rule().verdict(&AttemptOutcome::Lost, attempt, attempt - 1, 0)).collect();
    assert_eq!(verdicts[..6], [Verdict::Retry { delay_millis: 0 }; 6]);
    assert_eq!(verdicts[6], Verdict::GivenUp);
    // One that was lost leaves all four.
    assert_eq!(rule().verdict(&AttemptOutcome::TimedOut, 4, 1, 0), Verdict::Retry { delay_millis: 8_000 });
    assert_eq!(rule().verdict(&AttemptOutcome::TimedOut, 5, 1, 0), Verdict::GivenUp);
}

#[test]
fn what_went_wrong_is_said_in_words_that_stay() {
    let error = |outcome: AttemptOutcome| outcome.error(&rule()).as_str().to_owned();
    assert_eq!(error(answered(503, None)), "HTTP 503");
    assert_eq!(error(answered(301, None)), "HTTP 301: redirects are not followed");
    assert_eq!(error(AttemptOutcome::TimedOut), "no answer within 10 s");
    assert_eq!(error(AttemptOutcome::Unreachable), "no answer: the connection failed");
}

fn any_outcome() -> impl Strategy<Value = AttemptOutcome> {
    prop_oneof![
        (any::<u16>(), prop::option::of("[0-9]{1,12}|[a-zA-Z0-9, :]{0,30}")).prop_map(|(status, retry_after)| {
            AttemptOutcome::Answered { status, response_time_millis: 1, retry_after }
        }),
        Just(AttemptOutcome::TimedOut),
        Just(AttemptOutcome::Unreachable),
        Just(AttemptOutcome::NotAllowed),
        Just(AttemptOutcome::Stuck),
        Just(AttemptOutcome::Lost),
    ]
}

proptest! {
    /// Whatever a receiver does, a delivery ends, after no more attempts than are allowed and few that were lost.
    #[test]
    fn a_delivery_ends(outcomes in prop::collection::vec(any_outcome(), 30), max_attempts in 1..20_u32) {
        let rule = DeliveryRule { max_attempts, ..rule() };
        let (mut attempts, mut lost, mut has_ended) = (0, 0, false);
        for outcome in outcomes {
            attempts += 1;
            match rule.verdict(&outcome, attempts, lost, 0) {
                Verdict::Retry { delay_millis } => {
                    prop_assert!((0..=LONGEST_RETRY_AFTER_MILLIS).contains(&delay_millis));
                }
                Verdict::Delivered | Verdict::GivenUp => {
                    has_ended = true;
                    break;
                }
            }
            lost += u32::from(outcome == AttemptOutcome::Lost);
        }
        prop_assert!(has_ended && attempts <= max_attempts + MOST_LOST);
    }
}
