//! Who receives: all connections, and what they are told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use conduit_client::{ConnectionOptions, ConnectionState, Error, Event, HubConnection, Network, ReconnectPolicy, Url};
use futures_util::StreamExt;
use hdrhistogram::Histogram;
use indicatif::ProgressBar;
use serde::Deserialize;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::ledger::{Ledger, histogram, micros};
use super::publisher::{Published, Schedule};
use super::{BenchTask, Place, note};
use crate::environment::Environment;
use crate::failure::Failure;

pub(super) struct Audience {
    connections: Vec<Listening>,
    /// How many connections each place has.
    of_each: Vec<u64>,
    /// How long each took to be there, in microseconds.
    pub(super) connecting: Histogram<u64>,
    lost: Arc<AtomicU64>,
}

/// A connection that listens; it ends when this is dropped.
enum Listening {
    Hub(HubConnection),
    Raw { _end: oneshot::Sender<()> },
}

/// What every connection is opened with.
struct Opening {
    task: Arc<BenchTask>,
    timeout: Duration,
    schedule: Arc<Schedule>,
    ledger: Arc<Ledger>,
    lost: Arc<AtomicU64>,
}

impl Audience {
    pub(super) async fn open(
        task: &Arc<BenchTask>,
        environment: &Environment,
        places: &[Place],
        networks: &[Network],
        ledger: &Arc<Ledger>,
        bar: &ProgressBar,
    ) -> Result<Self, Failure> {
        let lost = Arc::new(AtomicU64::new(0));
        let opening = Arc::new(Opening {
            task: Arc::clone(task),
            timeout: environment.timeout,
            schedule: Arc::new(Schedule::new(task)),
            ledger: Arc::clone(ledger),
            lost: Arc::clone(&lost),
        });
        let at_once = Arc::new(Semaphore::new(usize::try_from(task.opening).unwrap_or(1)));
        let mut of_each = vec![0; places.len()];
        let mut all = JoinSet::new();
        let numbers = 0..usize::try_from(task.connections).unwrap_or_default();
        for ((number, (index, place)), network) in
            numbers.zip(places.iter().enumerate().cycle()).zip(networks.iter().cycle())
        {
            if let Some(count) = of_each.get_mut(index) {
                *count += 1;
            }
            let (opening, at_once, bar) = (Arc::clone(&opening), Arc::clone(&at_once), bar.clone());
            let (url, network) = (place.socket_url.clone(), network.clone());
            let secret = place.key.as_ref().map(|key| key.secret.clone());
            all.spawn(async move {
                let _turn = at_once.acquire().await;
                let started = Instant::now();
                let listening = match secret {
                    Some(secret) => opening.hub(number, index, &url, secret, network).await,
                    None => opening.raw(number, &url, &network).await,
                };
                bar.inc(1);
                listening.map(|listening| (listening, started.elapsed()))
            });
        }
        let mut connecting = histogram();
        let mut connections = Vec::new();
        while let Some(opened) = all.join_next().await {
            let opened = opened.map_err(|error| Failure::Other(error.to_string()))?;
            let (listening, took) = opened.map_err(|error| explained(&error, connections.len()))?;
            connecting.saturating_record(micros(took));
            connections.push(listening);
        }
        Ok(Self { connections, of_each, connecting, lost })
    }

    /// How many deliveries there must be of what was sent.
    pub(super) fn expected(&self, published: &[Published]) -> u64 {
        self.of_each.iter().zip(published).map(|(connections, published)| connections * published.events).sum()
    }

    /// Connections that ended before they should.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) async fn close(self) {
        let mut all = JoinSet::new();
        for listening in self.connections {
            if let Listening::Hub(connection) = listening {
                all.spawn(async move { connection.stop().await });
            }
        }
        while all.join_next().await.is_some() {}
    }
}

impl Opening {
    async fn hub(
        &self,
        number: usize,
        place: usize,
        url: &Url,
        secret: String,
        network: Network,
    ) -> Result<Listening, Error> {
        let options = ConnectionOptions {
            access_token: secret.into(),
            protocol: self.task.encoding(),
            reconnect: ReconnectPolicy::NEVER,
            skip_negotiation: true,
            connect_timeout: self.timeout,
            network: Some(network),
            ..ConnectionOptions::default()
        };
        let connection = HubConnection::new(url.as_str(), options)?;
        let (ledger, schedule) = (Arc::clone(&self.ledger), Arc::clone(&self.schedule));
        connection.on_any(move |event| {
            ledger.note(number, number_of(event), |number| schedule.due(place, number));
        });
        connection.start().await?;
        connection.invoke::<()>("SubscribeToTaskType", ("*",)).await?;
        let (mut statuses, lost) = (connection.statuses(), Arc::clone(&self.lost));
        tokio::spawn(async move {
            let ended = statuses.wait_for(|status| status.state != ConnectionState::Connected).await;
            // One that the program has stopped has no error.
            if ended.is_ok_and(|status| status.error.is_some()) {
                lost.fetch_add(1, Ordering::Relaxed);
            }
        });
        Ok(Listening::Hub(connection))
    }

    async fn raw(&self, number: usize, url: &Url, network: &Network) -> Result<Listening, Error> {
        let mut socket = network.web_socket(url, &[], self.timeout).await?;
        let (ledger, schedule, lost) = (Arc::clone(&self.ledger), Arc::clone(&self.schedule), Arc::clone(&self.lost));
        let (end, mut ended) = oneshot::channel();
        tokio::spawn(async move {
            loop {
                let message = tokio::select! {
                    message = socket.next() => message,
                    _ = &mut ended => return,
                };
                match message {
                    Some(Ok(Message::Text(text))) => {
                        ledger.note(number, note::read(&text), |number| schedule.due(0, number));
                    }
                    Some(Ok(Message::Binary(bytes))) => {
                        let text = String::from_utf8_lossy(&bytes);
                        ledger.note(number, note::read(&text), |number| schedule.due(0, number));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => {
                        lost.fetch_add(1, Ordering::Relaxed);
                        return;
                    }
                }
            }
        });
        Ok(Listening::Raw { _end: end })
    }
}

/// The number of the event, from its note.
fn number_of(event: &Event) -> Option<u64> {
    #[derive(Deserialize)]
    struct Metadata {
        note: String,
    }
    match event.name.as_str() {
        "TaskProgress" => note::read(&event.argument::<String>(2).ok()?),
        "TaskStarted" => note::read(&event.argument::<Metadata>(2).ok()?.note),
        _ => None,
    }
}

fn explained(error: &Error, so_far: usize) -> Failure {
    let advice = if error.to_string().contains("open files") {
        ": raise the limit with ulimit -n"
    } else if matches!(error, Error::Refused { status: 429, .. }) {
        ": MAX_CONNECTIONS_TOTAL bounds all connections"
    } else {
        ""
    };
    match Failure::from(error.clone()) {
        Failure::Unreachable(message) => Failure::Unreachable(format!("after {so_far} connections: {message}{advice}")),
        Failure::Refused(message) => Failure::Refused(format!("after {so_far} connections: {message}{advice}")),
        other => Failure::Unavailable(format!("after {so_far} connections: {other}{advice}")),
    }
}
