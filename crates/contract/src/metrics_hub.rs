//! `MetricsHub`: the figures of `/metrics`, as they change.

use crate::{
    hub::{GroupDeclaration, Hub, KeyKind},
    method::{MethodDeclaration, answer, parameter},
};

/// The group that every connection joins.
pub const GROUP: &str = "metrics";

/// The shortest and the longest time between two answers, in seconds.
const INTERVAL_SECONDS: std::ops::RangeInclusive<i64> = 1..=60;

/// What is counted.
pub static METRICS_HUB: Hub = Hub {
    name: "MetricsHub",
    route: "metrics",
    aliases: &[],
    key: KeyKind::Master,
    summary: "The figures of `/metrics` as a stream.",
    methods: METHODS,
    events: &[],
    groups: GROUPS,
};

/// Answers the figures again and again.
pub const STREAM_METRICS: MethodDeclaration = MethodDeclaration {
    name: "StreamMetrics",
    summary: "Streams the figures of `/metrics`, at once and then every so many seconds: 1 to 60, and the nearest of \
              these for any other.",
    parameters: &[parameter!("intervalSeconds": u8, "5")],
    answer: Some(answer!(
        crate::MetricsSnapshot,
        r#"{
            "timestamp":"2026-01-31T12:00:00.000Z","connections":[{"hub":"TaskHub","active":2}],
            "messages":[{"hub":"TaskHub","direction":"in","total":9},{"hub":"TaskHub","direction":"out","total":30}],
            "reconnections":1,"authenticationFailures":[{"hub":"TaskHub","total":1}],
            "messageLatency":{"count":3,"sumSeconds":0.021,"buckets":[
                {"le":0.005,"count":1},{"le":0.01,"count":3},{"le":0.025,"count":3},{"le":0.05,"count":3},
                {"le":0.1,"count":3},{"le":0.25,"count":3},{"le":0.5,"count":3},{"le":1.0,"count":3},
                {"le":2.5,"count":3},{"le":5.0,"count":3},{"le":10.0,"count":3}
            ]},
            "onlineKeys":1,"deduplicationEvictions":0,"limitedMessages":0,"queueDepth":0,"deadLetters":0,"realtimeSessions":0
        }"#
    )),
    refusals: &[],
    streams: true,
};

const METHODS: &[MethodDeclaration] = &[STREAM_METRICS];

/// Who is told together.
const GROUPS: &[GroupDeclaration] =
    &[GroupDeclaration { pattern: "metrics", summary: "Every connection, from the start." }];

/// The time between two answers that is meant by what a client asked for, in seconds.
pub fn interval_seconds(asked: i64) -> i64 {
    asked.clamp(*INTERVAL_SECONDS.start(), *INTERVAL_SECONDS.end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MetricsSnapshot;

    #[test]
    fn an_interval_is_from_one_second_to_a_minute() {
        for (asked, meant) in [(i64::MIN, 1), (0, 1), (1, 1), (5, 5), (60, 60), (61, 60), (i64::MAX, 60)] {
            assert_eq!(interval_seconds(asked), meant);
        }
    }

    #[test]
    fn the_example_of_an_answer_is_one() {
        let example = STREAM_METRICS.answer.unwrap().example;
        let snapshot: MetricsSnapshot = serde_json::from_str(example).unwrap();
        let written = serde_json::to_value(&snapshot).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(example).unwrap());
    }
}
