use proptest::prelude::*;

use super::*;
use crate::{latency_histogram::BOUNDS_MILLIS, prometheus::prometheus};

const HUBS: [&str; 4] = ["TaskHub", "MetricsHub", "DebugHub", "odd \"hub\"\\\n"];

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![0..1_000_u64, Just(u64::MAX), any::<u64>()]
}

fn hub() -> impl Strategy<Value = String> {
    prop::sample::select(HUBS.to_vec()).prop_map(str::to_owned)
}

fn histogram() -> impl Strategy<Value = LatencyHistogram> {
    prop::collection::vec(0..20_000_u64, 0..40).prop_map(|durations| {
        let mut histogram = LatencyHistogram::default();
        for millis in durations {
            histogram.record(millis);
        }
        histogram
    })
}

prop_compose! {
    fn snapshot()(
        timestamp in 0..4_000_000_000_000_i64,
        connections in prop::collection::vec((hub(), count()), 0..4),
        messages in prop::collection::vec((hub(), prop::bool::ANY, count()), 0..6),
        failures in prop::collection::vec((hub(), count()), 0..4),
        message_latency in histogram(),
        figures in prop::array::uniform6(count()),
    ) -> MetricsSnapshot {
        let [reconnections, online_keys, deduplication_evictions, queue_depth, dead_letters, realtime_sessions] = figures;
        let direction = |is_in| if is_in { Direction::In } else { Direction::Out };
        MetricsSnapshot {
            timestamp: Timestamp(timestamp),
            connections: connections.into_iter().map(|(hub, active)| ConnectionFigure { hub, active }).collect(),
            messages: messages
                .into_iter()
                .map(|(hub, is_in, total)| MessageFigure { hub, direction: direction(is_in), total })
                .collect(),
            reconnections,
            authentication_failures: failures
                .into_iter()
                .map(|(hub, total)| AuthenticationFigure { hub, total })
                .collect(),
            message_latency,
            online_keys,
            deduplication_evictions,
            limited_messages: queue_depth,
            queue_depth,
            dead_letters,
            realtime_sessions,
        }
    }
}

fn sum<'a>(parts: impl IntoIterator<Item = &'a MetricsSnapshot>) -> MetricsSnapshot {
    let mut sum = MetricsSnapshot::new(0);
    parts.into_iter().for_each(|part| sum.add(part));
    sum
}

/// Whether a line is a sample: `name{label="value",…} number`.
fn is_sample(line: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with("conduit_") && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let Some((series, number)) = line.rsplit_once(' ') else {
        return false;
    };
    let is_number = number.parse::<f64>().is_ok_and(|value| value.is_finite() && value >= 0.0);
    match series.split_once('{') {
        None => is_name(series) && is_number,
        Some((name, labels)) => is_name(name) && is_number && labels.strip_suffix('}').is_some_and(are_labels),
    }
}

fn are_labels(text: &str) -> bool {
    let Some((name, rest)) = text.split_once("=\"") else {
        return false;
    };
    let mut characters = rest.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' if !matches!(characters.next(), Some((_, '\\' | '"' | 'n'))) => return false,
            '"' => {
                let after = &rest[index + 1..];
                let is_end = after.is_empty() || after.strip_prefix(',').is_some_and(are_labels);
                return name.bytes().all(|byte| byte.is_ascii_lowercase()) && is_end;
            }
            _ => {}
        }
    }
    false
}

#[test]
fn figures_of_one_hub_are_added_and_all_are_in_order() {
    let figure = |hub: &str, direction, total| MessageFigure { hub: hub.to_owned(), direction, total };
    let mut one = MetricsSnapshot::new(1);
    one.messages = vec![figure("TaskHub", Direction::Out, 3), figure("DebugHub", Direction::In, 1)];
    let mut other = MetricsSnapshot::new(2);
    other.messages = vec![figure("TaskHub", Direction::Out, 4), figure("TaskHub", Direction::In, 2)];
    one.add(&other);
    let expected = [
        figure("DebugHub", Direction::In, 1),
        figure("TaskHub", Direction::In, 2),
        figure("TaskHub", Direction::Out, 7),
    ];
    assert_eq!(one.messages, expected);
    assert_eq!(one.timestamp, Timestamp(2));
}

#[test]
fn each_figure_is_added_to_its_own() {
    let of = |factor: u64| MetricsSnapshot {
        reconnections: factor,
        online_keys: 2 * factor,
        deduplication_evictions: 3 * factor,
        limited_messages: 7 * factor,
        queue_depth: 4 * factor,
        dead_letters: 5 * factor,
        realtime_sessions: 6 * factor,
        ..MetricsSnapshot::new(0)
    };
    assert_eq!(sum([&of(1), &of(10)]), of(11));
}

#[test]
fn the_text_has_the_names_of_the_contract() {
    let mut snapshot = MetricsSnapshot::new(0);
    snapshot.connections.push(ConnectionFigure { hub: "TaskHub".to_owned(), active: 2 });
    snapshot.messages.push(MessageFigure { hub: "TaskHub".to_owned(), direction: Direction::In, total: 9 });
    snapshot.authentication_failures.push(AuthenticationFigure { hub: "TaskHub".to_owned(), total: 1 });
    snapshot.reconnections = 4;
    for millis in [3, 5, 6, 99_999] {
        snapshot.message_latency.record(millis);
    }
    let text = prometheus(&snapshot);
    for line in [
        "# HELP conduit_signalr_connections_active Open connections.",
        "# TYPE conduit_signalr_connections_active gauge",
        r#"conduit_signalr_connections_active{hub="TaskHub"} 2"#,
        r#"conduit_signalr_messages_total{hub="TaskHub",direction="in"} 9"#,
        "# TYPE conduit_signalr_reconnections_total counter",
        "conduit_signalr_reconnections_total 4",
        r#"conduit_signalr_authentication_failures_total{hub="TaskHub"} 1"#,
        "# TYPE conduit_signalr_message_latency_seconds histogram",
        r#"conduit_signalr_message_latency_seconds_bucket{le="0.005"} 2"#,
        r#"conduit_signalr_message_latency_seconds_bucket{le="0.01"} 3"#,
        r#"conduit_signalr_message_latency_seconds_bucket{le="10"} 3"#,
        r#"conduit_signalr_message_latency_seconds_bucket{le="+Inf"} 4"#,
        "conduit_signalr_message_latency_seconds_sum 100.013",
        "conduit_signalr_message_latency_seconds_count 4",
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
    }
}

#[test]
fn figures_of_other_buckets_are_refused() {
    let other = r#"{"count":1,"sumSeconds":1.0,"buckets":[{"le":1.0,"count":1}]}"#;
    let error = serde_json::from_str::<LatencyHistogram>(other).unwrap_err().to_string();
    assert!(error.starts_with("must have the buckets of this version"), "{error}");
    let own = serde_json::to_string(&LatencyHistogram::default()).unwrap();
    let falling = own.replacen("\"count\":0},", "\"count\":1},", 1);
    assert!(serde_json::from_str::<LatencyHistogram>(&falling).is_err());
    assert!(
        serde_json::from_str::<LatencyHistogram>(&own.replace("\"sumSeconds\":0.0", "\"sumSeconds\":-1.0")).is_err()
    );
}

proptest! {
    #[test]
    fn parts_add_up_to_the_same_in_every_order(one in snapshot(), two in snapshot(), three in snapshot()) {
        let whole = sum([&one, &two, &three]);
        for order in [[&one, &three, &two], [&two, &one, &three], [&three, &two, &one]] {
            prop_assert_eq!(&sum(order), &whole);
        }
        prop_assert_eq!(&sum([&sum([&one, &two]), &three]), &whole);
        prop_assert_eq!(&sum([&one, &sum([&two, &three])]), &whole);
    }

    #[test]
    fn nothing_added_changes_nothing(part in snapshot()) {
        let part = sum([&part]);
        prop_assert_eq!(&sum([&part, &MetricsSnapshot::new(0)]), &part);
    }

    #[test]
    fn a_snapshot_survives_its_way_to_another_object(part in snapshot()) {
        let written = serde_json::to_string(&part).unwrap();
        prop_assert_eq!(serde_json::from_str::<MetricsSnapshot>(&written).unwrap(), part);
    }

    #[test]
    fn a_histogram_counts_every_duration_once(durations in prop::collection::vec(0..20_000_u64, 0..50)) {
        let mut histogram = LatencyHistogram::default();
        for millis in &durations {
            histogram.record(*millis);
        }
        prop_assert_eq!(histogram.count(), durations.len() as u64);
        for ((_, count), bound) in histogram.cumulative().zip(BOUNDS_MILLIS) {
            prop_assert_eq!(count, durations.iter().filter(|millis| **millis <= bound).count() as u64);
        }
    }

    #[test]
    fn every_line_of_the_text_is_well_formed(part in snapshot()) {
        let text = prometheus(&sum([&part]));
        prop_assert!(text.ends_with('\n'));
        let mut family = "";
        let mut seen = std::collections::HashSet::new();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                family = help.split(' ').next().unwrap();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').unwrap();
                prop_assert_eq!(name, family);
                prop_assert!(["gauge", "counter", "histogram"].contains(&kind));
            } else {
                prop_assert!(is_sample(line), "{}", line);
                prop_assert!(line.starts_with(family), "{} is not of {}", line, family);
                let (series, _) = line.rsplit_once(' ').unwrap();
                prop_assert!(seen.insert(series), "{} is there twice", series);
            }
        }
    }
}
