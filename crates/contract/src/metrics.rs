//! The figures of `/metrics`, as an object and as text.

use serde::{Deserialize, Serialize};

use crate::{latency_histogram::LatencyHistogram, time::Timestamp};

/// What is counted.
///
/// Each object that serves connections makes its own; together they are [added](Self::add).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricsSnapshot {
    /// When the figures were taken: of several, when the last was.
    pub timestamp: Timestamp,
    /// Open connections, by hub.
    pub connections: Vec<ConnectionFigure>,
    /// Messages so far, by hub and direction.
    pub messages: Vec<MessageFigure>,
    /// Connections so far that took the place of an earlier one.
    pub reconnections: u64,
    /// Failed authentications so far, by hub.
    pub authentication_failures: Vec<AuthenticationFigure>,
    /// How long events took from being accepted to being sent.
    pub message_latency: LatencyHistogram,
    /// Virtual keys with a connection.
    pub online_keys: u64,
    /// Ids so far that were forgotten before their time, because there were too many.
    pub deduplication_evictions: u64,
    /// Events so far that were more than `HUB_LIMITS` allows.
    pub limited_messages: u64,
    /// Events that wait in the queue.
    pub queue_depth: u64,
    /// Events that could not be delivered and wait for an operator.
    pub dead_letters: u64,
    /// Realtime sessions that go on.
    pub realtime_sessions: u64,
}

/// The connections of a hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionFigure {
    /// The hub's name.
    pub hub: String,
    /// Open ones.
    pub active: u64,
}

/// The messages of a hub in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageFigure {
    /// The hub's name.
    pub hub: String,
    /// From clients, or to them.
    pub direction: Direction,
    /// How many so far.
    pub total: u64,
}

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From a client.
    In,
    /// To a client.
    Out,
}

impl Direction {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

/// The failed authentications of a hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthenticationFigure {
    /// The hub's name.
    pub hub: String,
    /// How many so far.
    pub total: u64,
}

impl MetricsSnapshot {
    /// Nothing counted yet.
    pub fn new(now_millis: i64) -> Self {
        Self {
            timestamp: Timestamp(now_millis),
            connections: Vec::new(),
            messages: Vec::new(),
            reconnections: 0,
            authentication_failures: Vec::new(),
            message_latency: LatencyHistogram::default(),
            online_keys: 0,
            deduplication_evictions: 0,
            limited_messages: 0,
            queue_depth: 0,
            dead_letters: 0,
            realtime_sessions: 0,
        }
    }

    /// Adds what another counted. Lists are in the order of their names afterwards.
    pub fn add(&mut self, other: &Self) {
        self.timestamp = self.timestamp.max(other.timestamp);
        add_all(&mut self.connections, &other.connections);
        add_all(&mut self.messages, &other.messages);
        add_all(&mut self.authentication_failures, &other.authentication_failures);
        self.message_latency.add(&other.message_latency);
        for (figure, more) in [
            (&mut self.reconnections, other.reconnections),
            (&mut self.online_keys, other.online_keys),
            (&mut self.deduplication_evictions, other.deduplication_evictions),
            (&mut self.limited_messages, other.limited_messages),
            (&mut self.queue_depth, other.queue_depth),
            (&mut self.dead_letters, other.dead_letters),
            (&mut self.realtime_sessions, other.realtime_sessions),
        ] {
            *figure = figure.saturating_add(more);
        }
    }
}

/// A figure that there is once for each of its labels.
trait Labelled: Clone {
    fn labels(&self) -> (&str, Option<Direction>);

    fn figure(&mut self) -> &mut u64;
}

impl Labelled for ConnectionFigure {
    fn labels(&self) -> (&str, Option<Direction>) {
        (&self.hub, None)
    }

    fn figure(&mut self) -> &mut u64 {
        &mut self.active
    }
}

impl Labelled for MessageFigure {
    fn labels(&self) -> (&str, Option<Direction>) {
        (&self.hub, Some(self.direction))
    }

    fn figure(&mut self) -> &mut u64 {
        &mut self.total
    }
}

impl Labelled for AuthenticationFigure {
    fn labels(&self) -> (&str, Option<Direction>) {
        (&self.hub, None)
    }

    fn figure(&mut self) -> &mut u64 {
        &mut self.total
    }
}

fn add_all<T: Labelled>(figures: &mut Vec<T>, more: &[T]) {
    figures.extend_from_slice(more);
    figures.sort_by(|one, other| one.labels().cmp(&other.labels()));
    figures.dedup_by(|next, kept| {
        let is_same = next.labels() == kept.labels();
        if is_same {
            *kept.figure() = kept.figure().saturating_add(*next.figure());
        }
        is_same
    });
}

#[cfg(test)]
#[path = "metrics_tests.rs"]
mod tests;
