//! The figures, for people and for programs.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde_json::{Value, json};

use super::audience::Audience;
use super::ledger::{Deliveries, Ledger, histogram};
use super::publisher::Published;
use super::{BenchTask, Sent, Spoken};
use crate::failure::Failure;
use crate::output::{BAD, GOOD, HEAD, Output};

pub(super) struct Report {
    task: Value,
    deliveries: Deliveries,
    expected: u64,
    events: u64,
    lost_connections: u64,
    latencies: Histogram<u64>,
    accepted: Histogram<u64>,
    connecting: Histogram<u64>,
    connected_in: Duration,
    took: Duration,
    behind: Duration,
}

impl Report {
    pub(super) fn new(
        task: &BenchTask,
        ledger: &Ledger,
        audience: &Audience,
        published: &[Published],
        expected: u64,
        connected_in: Duration,
        took: Duration,
    ) -> Self {
        let mut accepted = histogram();
        for place in published {
            // They have one shape.
            let _ = accepted.add(&place.accepted);
        }
        let task = json!({
            "protocol": match task.protocol { Spoken::Signalr => "signalr", Spoken::Raw => "raw" },
            "encoding": task.encoding,
            "event": match task.event { Sent::Progress => "TaskProgress", Sent::Started => "TaskStarted" },
            "connections": task.connections,
            "keys": task.keys,
            "eventsPerSecond": task.rate,
            "durationSeconds": task.duration,
            "warmupSeconds": task.warmup,
            "payloadBytes": task.payload,
        });
        Self {
            task,
            deliveries: ledger.deliveries(),
            expected,
            events: published.iter().map(|place| place.events).sum(),
            lost_connections: audience.lost(),
            latencies: ledger.latencies(),
            accepted,
            connecting: audience.connecting.clone(),
            connected_in,
            took,
            behind: published.iter().map(|place| place.behind).max().unwrap_or_default(),
        }
    }

    fn missing(&self) -> u64 {
        self.expected.saturating_sub(self.deliveries.received)
    }

    fn is_right(&self) -> bool {
        let Deliveries { duplicates, out_of_order, unknown, .. } = self.deliveries;
        self.missing() + duplicates + out_of_order + unknown + self.lost_connections == 0
    }

    /// All figures; with the histograms, each a list of `[up to how many microseconds, how many]`.
    pub(super) fn json(&self, with_histograms: bool) -> Value {
        let seconds = self.took.as_secs_f64();
        let deliveries_per_second = if seconds > 0.0 { in_float(self.deliveries.received) / seconds } else { 0.0 };
        let mut report = json!({
            "ok": self.is_right(),
            "plan": self.task,
            "events": self.events,
            "deliveries": {
                "expected": self.expected,
                "received": self.deliveries.received,
                "missing": self.missing(),
                "duplicates": self.deliveries.duplicates,
                "outOfOrder": self.deliveries.out_of_order,
                "unknown": self.deliveries.unknown,
                "perSecond": (deliveries_per_second * 10.0).round() / 10.0,
            },
            "lostConnections": self.lost_connections,
            "connectedInSeconds": self.connected_in.as_secs_f64(),
            "mostBehindMillis": self.behind.as_secs_f64() * 1_000.0,
            "latencyMillis": quantiles(&self.latencies),
            "acceptedMillis": quantiles(&self.accepted),
            "connectMillis": quantiles(&self.connecting),
        });
        if with_histograms && let Some(report) = report.as_object_mut() {
            let histograms = json!({ "latency": counts(&self.latencies), "accepted": counts(&self.accepted),
                "connect": counts(&self.connecting) });
            report.insert("histogramsMicros".to_owned(), histograms);
        }
        report
    }

    pub(super) fn print(&self, output: Output) -> Result<(), Failure> {
        if output.json {
            return output.value(&self.json(false));
        }
        let Deliveries { received, duplicates, out_of_order, .. } = self.deliveries;
        let style = if self.is_right() { GOOD } else { BAD };
        let head = ["p50", "p90", "p99", "p99.9", "max"].map(|name| format!("{name:>10}")).concat();
        let mut lines = vec![
            format!(
                "{} connections in {:.1} s, {} events in {:.1} s",
                self.connecting.len(),
                self.connected_in.as_secs_f64(),
                self.events,
                self.took.as_secs_f64()
            ),
            format!(
                "{style}{received} of {} deliveries, {} missing, {duplicates} twice, {out_of_order} out of order, {} lost connections{style:#}",
                self.expected,
                self.missing(),
                self.lost_connections
            ),
            String::new(),
            format!("{HEAD}{:<22}{head}{HEAD:#}", "milliseconds"),
        ];
        let rows = [
            ("delivery, from due", &self.latencies),
            ("request, to its answer", &self.accepted),
            ("connecting", &self.connecting),
        ];
        for (name, histogram) in rows {
            let cells = [0.5, 0.9, 0.99, 0.999, 1.0]
                .map(|quantile| format!("{:>10.2}", millis(histogram.value_at_quantile(quantile))));
            lines.push(format!("{name:<22}{}", cells.concat()));
        }
        if self.behind > Duration::from_millis(100) {
            lines.push(format!(
                "\nThe rate was not kept: events were sent up to {:.1} s after they were due.",
                self.behind.as_secs_f64()
            ));
        }
        output.text(&lines.join("\n"))
    }

    pub(super) fn verdict(&self) -> Result<(), Failure> {
        if self.is_right() {
            return Ok(());
        }
        Err(Failure::Found("not every event arrived once and in order at every connection".to_owned()))
    }
}

fn quantiles(histogram: &Histogram<u64>) -> Value {
    let at = |quantile| millis(histogram.value_at_quantile(quantile));
    json!({ "count": histogram.len(), "min": millis(histogram.min()), "mean": (histogram.mean()).round() / 1_000.0, "p50": at(0.5),
        "p90": at(0.9), "p99": at(0.99), "p999": at(0.999), "max": millis(histogram.max()) })
}

fn counts(histogram: &Histogram<u64>) -> Value {
    let recorded = histogram.iter_recorded();
    recorded.map(|step| json!([step.value_iterated_to(), step.count_since_last_iteration()])).collect()
}

fn millis(micros: u64) -> f64 {
    in_float(micros) / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "figures below 2^52 lose nothing")]
fn in_float(number: u64) -> f64 {
    number as f64
}
