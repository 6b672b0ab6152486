//! Who sends: events at a steady rate, in order, one request at a time for each place.

use std::time::Duration;

use conduit_client::http::Method;
use conduit_client::{Network, Url};
use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::ledger::{histogram, micros};
use super::{BenchTask, Key, Place, Sent, note, parse};
use crate::api::Api;
use crate::environment::{Environment, Secret};
use crate::failure::Failure;

/// Events of a request, where some are due at once.
const MOST_AT_ONCE: u64 = 500;

/// When events are due.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    places: u64,
    /// Between two events of a place.
    interval: Duration,
    warmup_events: u64,
    events: u64,
}

impl Schedule {
    pub(super) fn new(task: &BenchTask) -> Self {
        let places = u64::from(task.keys);
        let interval = Duration::from_secs_f64(f64::from(task.keys) / f64::from(task.rate));
        let within = |seconds: u32| (u64::from(seconds) * u64::from(task.rate)).div_ceil(places);
        let warmup_events = within(task.warmup);
        Self { places, interval, warmup_events, events: warmup_events + within(task.duration) }
    }

    pub(super) fn events_of_each(&self) -> u64 {
        self.events
    }

    pub(super) fn warmup_events(&self) -> u64 {
        self.warmup_events
    }

    pub(super) fn total_events(&self) -> u64 {
        self.events * self.places
    }

    /// How long after the beginning an event is due. Places take turns within the interval.
    pub(super) fn due(&self, place: usize, number: u64) -> Duration {
        let place = u64::try_from(place).unwrap_or_default();
        let nanos =
            self.interval.as_nanos() * u128::from(number * self.places + place) / u128::from(self.places.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// What was sent to a place.
pub(super) struct Published {
    pub(super) events: u64,
    /// How long the requests took, in microseconds.
    pub(super) accepted: Histogram<u64>,
    /// The longest that an event was sent after it was due.
    pub(super) behind: Duration,
}

pub(super) struct Publisher<'a> {
    task: &'a BenchTask,
    environment: &'a Environment,
    index: usize,
    to: To<'a>,
}

enum To<'a> {
    Hub { api: Api<'a>, key: &'a Key, url: Url },
    Raw { network: Network, url: Url },
}

impl<'a> Publisher<'a> {
    pub(super) fn new(
        task: &'a BenchTask,
        environment: &'a Environment,
        place: &'a Place,
        index: usize,
    ) -> Result<Self, Failure> {
        let to = if let Some(key) = &place.key {
            let url = environment.at(&["v1", "events"], &[]);
            To::Hub { api: Api::new(environment, &[Secret::Master])?, key, url }
        } else {
            let url = parse("--post-url", task.post_url.as_deref().unwrap_or_default())?;
            To::Raw { network: Network::new(None)?, url }
        };
        Ok(Self { task, environment, index, to })
    }

    /// Sends all events, each when it is due or as soon after that as it can.
    pub(super) async fn run(
        self,
        schedule: &Schedule,
        start: Instant,
        bar: &ProgressBar,
    ) -> Result<Published, Failure> {
        let mut published = Published { events: 0, accepted: histogram(), behind: Duration::ZERO };
        while published.events < schedule.events_of_each() {
            let first = published.events;
            sleep_until(start + schedule.due(self.index, first)).await;
            let now = start.elapsed();
            published.behind = published.behind.max(now.saturating_sub(schedule.due(self.index, first)));
            let most = if matches!(self.to, To::Raw { .. }) { 1 } else { MOST_AT_ONCE };
            let end = schedule.events_of_each().min(first + most);
            let due = (first + 1..end).take_while(|number| schedule.due(self.index, *number) <= now).count();
            let last = first + 1 + u64::try_from(due).unwrap_or_default();
            let sent = Instant::now();
            self.send(first..last).await?;
            published.accepted.saturating_record(micros(sent.elapsed()));
            published.events = last;
            bar.inc(last - first);
        }
        Ok(published)
    }

    async fn send(&self, numbers: std::ops::Range<u64>) -> Result<(), Failure> {
        match &self.to {
            To::Hub { api, key, url } => {
                let events: Vec<_> = numbers.map(|number| self.event(key, number)).collect();
                let count = events.len();
                let body = Value::Array(events).to_string();
                let answer = api.post(Method::POST, url, "application/cloudevents-batch+json", body).await?;
                let results: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                let results = results.get("results").and_then(Value::as_array).cloned().unwrap_or_default();
                let is_taken = |result: &&Value| {
                    matches!(result.get("status").and_then(Value::as_str), Some("delivered" | "queued"))
                };
                if results.iter().filter(is_taken).count() == count {
                    return Ok(());
                }
                let wrong = results.iter().find(|result| !is_taken(result)).map(Value::to_string);
                let wrong = wrong.unwrap_or_else(|| String::from_utf8_lossy(&answer.body).into_owned());
                Err(Failure::of_status(answer.status, format!("an event was not taken ({}): {wrong}", answer.status)))
            }
            To::Raw { network, url } => {
                for number in numbers {
                    let body = note::write(number, self.length());
                    let headers = [("content-type", "text/plain")];
                    let answer = network.request(Method::POST, url, &headers, body, self.environment.timeout).await?;
                    if answer.status >= 300 {
                        let message = format!("{url} answered {}", answer.status);
                        return Err(Failure::of_status(answer.status, message));
                    }
                }
                Ok(())
            }
        }
    }

    /// Each is of a task of its own: then none comes too late for another.
    fn event(&self, key: &Key, number: u64) -> Value {
        let note = note::write(number, self.length());
        let task_id = format!("bench-{number}");
        let (name, data) = match self.task.event {
            Sent::Progress => ("TaskProgress", json!({ "taskId": task_id, "percentComplete": 50, "message": note })),
            Sent::Started => {
                ("TaskStarted", json!({ "taskId": task_id, "taskType": "benchmark", "metadata": { "note": note } }))
            }
        };
        json!({ "specversion": "1.0", "id": number.to_string(), "source": format!("/conduit-bench/{}", key.id), "type": name,
            "virtualkeyid": key.id, "data": data })
    }

    fn length(&self) -> usize {
        usize::try_from(self.task.payload).unwrap_or_default()
    }
}
