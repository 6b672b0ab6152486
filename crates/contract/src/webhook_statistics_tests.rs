use super::*;
use crate::{
    domain_event::{DomainEvent, EventBody},
    webhook_hub,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn event(event_type: &str, delivery: &str, attempt: u32, data: &str) -> WebhookEvent {
    let json = format!(
        r#"{{"specversion":"1.0","id":"1","source":"s","type":"WebhookDelivery{event_type}","virtualkeyid":"k","data":{{"deliveryId":"{delivery}","url":"https://example.com/hook","eventType":"t","attempt":{attempt}{data}}}}}"#
    );
    let EventBody::Webhook(event) = DomainEvent::parse(&json).unwrap().body else { panic!("another event") };
    event
}

fn attempted(delivery: &str, attempt: u32) -> WebhookEvent {
    event("Attempted", delivery, attempt, "")
}

fn succeeded(delivery: &str, attempt: u32, millis: f64) -> WebhookEvent {
    event("Succeeded", delivery, attempt, &format!(r#","statusCode":200,"responseTimeMs":{millis}"#))
}

fn failed(delivery: &str, attempt: u32, is_final: bool) -> WebhookEvent {
    event("Failed", delivery, attempt, &format!(r#","error":"HTTP 503","isFinal":{is_final}"#))
}

fn scheduled(delivery: &str, attempt: u32) -> WebhookEvent {
    event("RetryScheduled", delivery, attempt, r#","delaySeconds":2,"scheduledAt":"2026-01-31T12:00:02Z""#)
}

/// What the caller keeps of one URL.
#[derive(Default)]
struct Kept {
    deliveries: BTreeMap<String, DeliveryState>,
    tally: DeliveryTally,
}

impl Kept {
    /// Takes an event, and says whether it was news.
    fn take(&mut self, event: &WebhookEvent) -> bool {
        let delivery = event.delivery_id().to_string();
        let Some((state, change)) = DeliveryState::after(self.deliveries.get(&delivery).copied(), event) else {
            return false;
        };
        // Both are stored in between.
        let state = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        self.tally = serde_json::from_str(&serde_json::to_string(&self.tally).unwrap()).unwrap();
        self.deliveries.insert(delivery, state);
        self.tally.apply(change);
        true
    }

    fn of(events: &[WebhookEvent]) -> Self {
        let mut kept = Self::default();
        for event in events {
            kept.take(event);
        }
        kept
    }

    fn statistics(&self) -> WebhookStatistics {
        self.tally.statistics("https://example.com/hook".parse().unwrap(), CircuitBreakerState::Closed)
    }

    /// Total, successful, failed and pending deliveries.
    fn counts(&self) -> [u64; 4] {
        let figures = self.statistics();
        [figures.total_deliveries, figures.successful_deliveries, figures.failed_deliveries, figures.pending_deliveries]
    }

    fn recounted(&self) -> [u64; 4] {
        let count = |is_counted: fn(&DeliveryState) -> bool| {
            self.deliveries.values().filter(|state| is_counted(state)).count() as u64
        };
        [
            self.deliveries.len() as u64,
            count(|state| *state == DeliveryState::Succeeded),
            count(|state| *state == DeliveryState::Failed),
            count(|state| matches!(state, DeliveryState::Pending(_))),
        ]
    }
}

#[test]
fn a_url_that_was_never_delivered_to_has_zeros() {
    let statistics = serde_json::to_string(&Kept::default().statistics()).unwrap();
    assert_eq!(
        statistics,
        r#"{"url":"https://example.com/hook","totalDeliveries":0,"successfulDeliveries":0,"failedDeliveries":0,"pendingDeliveries":0,"successRate":0,"averageResponseTimeMs":0,"circuitBreakerState":"Closed"}"#
    );
}

#[test]
fn three_of_four_are_75_percent_whatever_is_pending() {
    let kept = Kept::of(&[
        succeeded("a", 1, 30.0),
        succeeded("b", 1, 31.0),
        succeeded("c", 2, 33.5),
        failed("d", 4, true),
        attempted("e", 1),
    ]);
    let example = webhook_hub::REQUEST_STATISTICS.answer.unwrap().example;
    assert_eq!(serde_json::to_string(&kept.statistics()).unwrap(), example);
}

#[test]
fn a_delivery_with_four_attempts_counts_once() {
    let mut kept = Kept::default();
    for attempt in 1..=3 {
        assert!(kept.take(&attempted("a", attempt)));
        assert!(kept.take(&failed("a", attempt, false)));
        assert!(kept.take(&scheduled("a", attempt + 1)));
        assert_eq!(kept.counts(), [1, 0, 0, 1]);
    }
    assert!(kept.take(&attempted("a", 4)));
    assert!(kept.take(&failed("a", 4, true)));
    assert_eq!(kept.counts(), [1, 0, 1, 0]);
}

#[test]
fn a_retry_may_have_the_number_of_the_attempt_that_failed() {
    let mut kept = Kept::default();
    for event in [attempted("a", 1), failed("a", 1, false), scheduled("a", 1), attempted("a", 2)] {
        assert!(kept.take(&event), "{event:?}");
    }
}

#[test]
fn what_is_late_or_repeated_is_no_news() {
    let mut kept = Kept::of(&[attempted("a", 1), failed("a", 1, false), scheduled("a", 2)]);
    for stale in [attempted("a", 1), failed("a", 1, false), scheduled("a", 1), scheduled("a", 2)] {
        assert!(!kept.take(&stale), "{stale:?}");
    }
    assert!(kept.take(&failed("a", 2, false)));
    assert!(!kept.take(&attempted("a", 2)));
}

#[test]
fn after_its_end_nothing_happens_to_a_delivery() {
    for end in [succeeded("a", 1, 5.0), failed("a", 1, true)] {
        let mut kept = Kept::of(&[end]);
        let counts = kept.counts();
        for late in [attempted("a", 9), succeeded("a", 9, 1.0), failed("a", 9, true), scheduled("a", 9)] {
            assert!(!kept.take(&late), "{late:?}");
        }
        assert_eq!(kept.counts(), counts);
    }
}

#[test]
fn two_deliveries_are_not_one() {
    assert_eq!(Kept::of(&[attempted("a", 1), attempted("b", 1)]).counts(), [2, 0, 0, 2]);
}

#[test]
fn a_delivery_is_pending_from_its_request_to_its_end() {
    let mut kept = Kept::default();
    let (state, change) = DeliveryState::requested();
    kept.deliveries.insert("a".to_owned(), state);
    kept.tally.apply(change);
    assert_eq!(kept.counts(), [1, 0, 0, 1]);
    for event in
        [attempted("a", 1), failed("a", 1, false), scheduled("a", 2), attempted("a", 2), succeeded("a", 2, 5.0)]
    {
        assert!(kept.take(&event), "{event:?}");
    }
    assert_eq!(kept.counts(), [1, 1, 0, 0]);
}

#[test]
fn a_delivery_that_is_asked_for_again_still_counts_once() {
    for (end, expected) in [(failed("a", 4, true), [1, 0, 0, 1]), (succeeded("a", 1, 5.0), [1, 1, 0, 0])] {
        let mut kept = Kept::of(&[end]);
        let (state, change) = DeliveryState::requested_again(kept.deliveries.get("a").copied());
        kept.deliveries.insert("a".to_owned(), state);
        kept.tally.apply(change);
        assert_eq!(kept.counts(), expected);
        assert_eq!(kept.counts(), kept.recounted());
    }
    assert_eq!(DeliveryState::requested_again(None), DeliveryState::requested());
    let pending = Kept::of(&[attempted("a", 3)]).deliveries.get("a").copied();
    assert_eq!(DeliveryState::requested_again(pending), (pending.unwrap(), TallyChange::WentOn));
}

#[test]
fn a_period_counts_what_ended_in_it_and_what_is_pending_now() {
    let mut kept = Kept::of(&[succeeded("a", 1, 500.0), failed("b", 4, true), attempted("c", 1)]);
    let mut period = PeriodTally::default();
    for event in [succeeded("d", 1, 30.0), succeeded("e", 1, 10.0), attempted("f", 1)] {
        let (_, change) = DeliveryState::after(None, &event).unwrap();
        period.apply(change);
        assert!(kept.take(&event));
    }
    let figures = kept.tally.statistics_of(period, "https://example.com/".parse().unwrap(), CircuitBreakerState::Open);
    assert_eq!(
        serde_json::to_string(&figures).unwrap(),
        r#"{"url":"https://example.com/","totalDeliveries":4,"successfulDeliveries":2,"failedDeliveries":0,"pendingDeliveries":2,"successRate":100,"averageResponseTimeMs":20,"circuitBreakerState":"Open"}"#
    );
}

/// An event of a few deliveries, each of which comes to the same end as often as it ends.
fn any_event() -> impl Strategy<Value = WebhookEvent> {
    (0_u32..4, 1_u32..5, 0..4).prop_map(|(number, attempt, kind)| {
        let delivery = format!("d{number}");
        match kind {
            0 => attempted(&delivery, attempt),
            1 => scheduled(&delivery, attempt),
            2 => failed(&delivery, attempt, false),
            _ if number % 2 == 0 => succeeded(&delivery, attempt, f64::from(10 * (number + 1))),
            _ => failed(&delivery, attempt, true),
        }
    })
}

proptest! {
    #[test]
    fn the_tally_is_what_a_recount_of_the_deliveries_gives(events in prop::collection::vec(any_event(), 0..40)) {
        let kept = Kept::of(&events);
        prop_assert_eq!(kept.counts(), kept.recounted());
    }

    #[test]
    fn the_order_and_repetitions_of_events_change_no_figure(
        (events, others) in prop::collection::vec(any_event(), 0..20).prop_flat_map(|events| {
            let twice: Vec<_> = events.iter().chain(&events).cloned().collect();
            (Just(events), Just(twice).prop_shuffle())
        })
    ) {
        prop_assert_eq!(Kept::of(&events).statistics(), Kept::of(&others).statistics());
    }
}
