//! The figures as Prometheus reads them: the text exposition format 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).

use std::fmt::{self, Display, Write};

use crate::{latency_histogram::LatencyHistogram, metrics::MetricsSnapshot};

/// The `Content-Type` of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes the figures as text. A time is not written: Prometheus has its own.
pub fn prometheus(snapshot: &MetricsSnapshot) -> String {
    let mut text = Exposition(String::new());
    let connections = snapshot.connections.iter().map(|figure| (vec![("hub", figure.hub.as_str())], figure.active));
    text.family("conduit_signalr_connections_active", "gauge", "Open connections.", connections);
    let messages = snapshot
        .messages
        .iter()
        .map(|figure| (vec![("hub", figure.hub.as_str()), ("direction", figure.direction.name())], figure.total));
    text.family("conduit_signalr_messages_total", "counter", "Messages from clients and to them.", messages);
    text.single(
        "conduit_signalr_reconnections_total",
        "counter",
        "Connections that took the place of an earlier one.",
        snapshot.reconnections,
    );
    let failures =
        snapshot.authentication_failures.iter().map(|figure| (vec![("hub", figure.hub.as_str())], figure.total));
    text.family("conduit_signalr_authentication_failures_total", "counter", "Failed authentications.", failures);
    text.histogram(
        "conduit_signalr_message_latency_seconds",
        "Time from accepting an event to sending it.",
        &snapshot.message_latency,
    );
    text.single("conduit_signalr_keys_online", "gauge", "Virtual keys with a connection.", snapshot.online_keys);
    text.single(
        "conduit_deduplication_evictions_total",
        "counter",
        "Event ids forgotten before their time.",
        snapshot.deduplication_evictions,
    );
    text.single(
        "conduit_signalr_limited_messages_total",
        "counter",
        "Events that were more than HUB_LIMITS allows.",
        snapshot.limited_messages,
    );
    text.single("conduit_queue_depth", "gauge", "Events that wait in the queue.", snapshot.queue_depth);
    text.single("conduit_queue_dead_letters", "gauge", "Events that could not be delivered.", snapshot.dead_letters);
    text.single(
        "conduit_realtime_sessions_active",
        "gauge",
        "Realtime sessions that go on.",
        snapshot.realtime_sessions,
    );
    text.0
}

/// The text so far.
struct Exposition(String);

impl Exposition {
    /// Metrics of one name, each with its labels.
    fn family<'a>(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        samples: impl Iterator<Item = (Vec<(&'a str, &'a str)>, u64)>,
    ) {
        self.head(name, kind, help);
        for (labels, value) in samples {
            self.line(format_args!("{name}{} {value}", Labels(&labels)));
        }
    }

    fn single(&mut self, name: &str, kind: &str, help: &str, value: u64) {
        self.family(name, kind, help, std::iter::once((Vec::new(), value)));
    }

    fn histogram(&mut self, name: &str, help: &str, histogram: &LatencyHistogram) {
        self.head(name, "histogram", help);
        for (bound, count) in histogram.cumulative() {
            self.line(format_args!("{name}_bucket{{le=\"{bound}\"}} {count}"));
        }
        self.line(format_args!("{name}_bucket{{le=\"+Inf\"}} {}", histogram.count()));
        self.line(format_args!("{name}_sum {}", histogram.sum_seconds()));
        self.line(format_args!("{name}_count {}", histogram.count()));
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing to a String can't fail.
        let _ = writeln!(self.0, "{line}");
    }
}

/// `{hub="TaskHub",direction="in"}`, or nothing.
struct Labels<'a>(&'a [(&'a str, &'a str)]);

impl Display for Labels<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        let escaped = |value: &str| value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
        let labels: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        write!(formatter, "{{{}}}", labels.join(","))
    }
}
