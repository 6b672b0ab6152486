//! `conduit bench`: a load generator that checks what it measures.

mod audience;
mod ledger;
mod note;
mod publisher;
mod report;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use conduit_client::http::Method;
use conduit_client::{Network, Protocol, Url};
use futures_util::future::try_join_all;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use self::audience::Audience;
use self::ledger::Ledger;
use self::publisher::{Publisher, Schedule};
use self::report::Report;
use crate::api::Api;
use crate::environment::{Environment, Secret};
use crate::failure::Failure;
use crate::output::Output;

/// How long what was sent may take to arrive at the end.
const SETTLE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Args)]
#[command(after_long_help = "\
It makes virtual keys (with CONDUIT_MASTER_KEY), opens connections to their task hub, sends events at a steady rate, and deletes \
the keys at the end. The time of a delivery is from when its event was due, so a server that falls behind shows. An \
event that is lost, comes twice or out of order ends it with 8.

With --protocol raw it does the same to any server that sends what is POSTed to --post-url to all WebSockets at --socket-url, \
so that others can be measured alike.

One address has some 28,000 ports to connect from: for more connections say several, such as --source-address \
127.0.0.1,127.0.0.2, and raise the limit of open files (ulimit -n).

Examples:
  conduit bench --connections 500 --rate 100 --duration 30
  conduit bench --connections 5000 --keys 50 --encoding messagepack --json --output figures.json
  conduit bench --protocol raw --socket-url ws://127.0.0.1:9000/x --post-url http://127.0.0.1:9000/x")]
pub(crate) struct BenchTask {
    /// What the server speaks
    #[arg(long, default_value = "signalr", value_name = "PROTOCOL")]
    protocol: Spoken,
    /// How many connections
    #[arg(long, default_value = "100", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    connections: u32,
    /// Over how many virtual keys they and the events are spread
    #[arg(long, default_value = "1", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    keys: u32,
    /// Events a second, all keys together; each goes to all connections of its key
    #[arg(long, default_value = "20", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// For how many seconds events are measured
    #[arg(long, default_value = "10", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    duration: u32,
    /// For how many seconds before that they are sent and checked, but not measured
    #[arg(long, default_value = "2", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(0..=3_600))]
    warmup: u32,
    /// What is sent: progress is forgotten once it is told, a start is stored first
    #[arg(long, default_value = "progress", value_name = "EVENT")]
    event: Sent,
    /// How long the text in each event is, in bytes
    #[arg(long, default_value = "100", value_name = "BYTES", value_parser = clap::value_parser!(u32).range(40..=50_000))]
    payload: u32,
    /// What messages are written in
    #[arg(long, default_value = "json", value_name = "ENCODING", value_parser = ["json", "messagepack"])]
    encoding: String,
    /// How many connections are opened at a time
    #[arg(long, default_value = "50", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    opening: u32,
    /// Addresses of this machine to connect from, in turn, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "ADDRESSES")]
    source_address: Vec<IpAddr>,
    /// Where WebSockets are opened, with --protocol raw
    #[arg(long, value_name = "URL", required_if_eq("protocol", "raw"))]
    socket_url: Option<String>,
    /// Where what is to be sent to all of them is POSTed, with --protocol raw
    #[arg(long, value_name = "URL", required_if_eq("protocol", "raw"))]
    post_url: Option<String>,
    /// Write all figures to this file as JSON, with the histograms
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Spoken {
    /// Conduit Edge's task hub
    Signalr,
    /// WebSockets without anything in them
    Raw,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sent {
    /// `TaskProgress`
    Progress,
    /// `TaskStarted`
    Started,
}

/// Somewhere that events go in and come out: a virtual key, or a raw server.
struct Place {
    /// Where connections are opened.
    socket_url: Url,
    key: Option<Key>,
}

struct Key {
    id: String,
    secret: String,
}

pub(crate) async fn run(task: BenchTask, environment: &Environment, output: &Output) -> Result<(), Failure> {
    let task = Arc::new(task);
    let networks = networks(&task.source_address)?;
    let places = match task.protocol {
        Spoken::Signalr => make_keys(&task, environment).await?,
        Spoken::Raw => {
            let socket_url = parse("--socket-url", task.socket_url.as_deref().unwrap_or_default())?;
            vec![Place { socket_url, key: None }]
        }
    };
    let measured = tokio::select! {
        measured = measure(&task, environment, &places, &networks, *output) => measured,
        _ = tokio::signal::ctrl_c() => Err(Failure::Other("interrupted".to_owned())),
    };
    // Whatever came of it, the keys go.
    delete_keys(environment, &places).await?;
    let report = measured?;
    if let Some(path) = &task.output {
        let unwritable =
            |error: std::io::Error| Failure::Other(format!("{} cannot be written: {error}", path.display()));
        std::fs::write(path, format!("{:#}\n", report.json(true))).map_err(unwritable)?;
    }
    report.print(*output)?;
    report.verdict()
}

async fn measure(
    task: &Arc<BenchTask>,
    environment: &Environment,
    places: &[Place],
    networks: &[Network],
    output: Output,
) -> Result<Report, Failure> {
    let schedule = Schedule::new(task);
    let ledger = Arc::new(Ledger::new(task.connections, schedule.events_of_each(), schedule.warmup_events()));
    let bar = progress(output, u64::from(task.connections), "connecting");
    let began = Instant::now();
    let audience = Audience::open(task, environment, places, networks, &ledger, &bar).await?;
    let connected_in = began.elapsed();
    bar.finish_and_clear();

    let bar = progress(output, schedule.total_events(), "sending");
    let start = Instant::now();
    ledger.begin(start);
    let publishing = places.iter().enumerate().map(|(index, place)| {
        let publisher = Publisher::new(task, environment, place, index);
        let (schedule, bar) = (schedule.clone(), bar.clone());
        async move { publisher?.run(&schedule, start, &bar).await }
    });
    let published = try_join_all(publishing).await?;
    let took = start.elapsed();
    bar.finish_and_clear();
    let expected = audience.expected(&published);
    let until = Instant::now() + SETTLE;
    while ledger.received() < expected && Instant::now() < until {
        sleep(Duration::from_millis(10)).await;
    }
    // What comes twice has come by then.
    sleep(Duration::from_millis(200)).await;
    let report = Report::new(task, &ledger, &audience, &published, expected, connected_in, took);
    audience.close().await;
    Ok(report)
}

fn networks(addresses: &[IpAddr]) -> Result<Vec<Network>, Failure> {
    if addresses.is_empty() {
        return Ok(vec![Network::new(None)?]);
    }
    Ok(addresses.iter().map(|address| Network::new(Some(*address))).collect::<Result<_, _>>()?)
}

fn parse(option: &str, text: &str) -> Result<Url, Failure> {
    Url::parse(text).map_err(|error| Failure::Usage(format!("{option} \"{text}\" is no address: {error}")))
}

async fn make_keys(task: &BenchTask, environment: &Environment) -> Result<Vec<Place>, Failure> {
    let api = Api::new(environment, &[Secret::Master])?;
    let each = task.connections.div_ceil(task.keys).max(1);
    let body = json!({ "name": "conduit bench", "limits": { "connections": each } });
    let mut places = Vec::new();
    for _ in 0..task.keys {
        let made = api.call(Method::POST, &["v1", "admin", "keys"], &[], Some(&body)).await;
        let key = made.and_then(|made| {
            let member = |name: &str| made.get(name).and_then(Value::as_str).map(str::to_owned);
            let key = member("id").zip(member("key")).map(|(id, secret)| Key { id, secret });
            key.ok_or_else(|| Failure::Other("a key was made without an id".to_owned()))
        });
        match key {
            Ok(key) => places.push(Place { socket_url: environment.at(&["hubs", "tasks"], &[]), key: Some(key) }),
            Err(failure) => {
                delete_keys(environment, &places).await?;
                return Err(failure);
            }
        }
    }
    Ok(places)
}

async fn delete_keys(environment: &Environment, places: &[Place]) -> Result<(), Failure> {
    for key in places.iter().filter_map(|place| place.key.as_ref()) {
        let api = Api::new(environment, &[Secret::Master])?;
        api.call(Method::DELETE, &["v1", "admin", "keys", &key.id], &[], None).await?;
    }
    Ok(())
}

fn progress(output: Output, length: u64, what: &'static str) -> ProgressBar {
    if output.json {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(length).with_message(what);
    // A template that is wrong would show the default one.
    if let Ok(style) = ProgressStyle::with_template("{msg:<10} {bar:30} {pos} of {len}  {elapsed}") {
        bar.set_style(style);
    }
    bar
}

impl BenchTask {
    fn encoding(&self) -> Protocol {
        if self.encoding == "json" { Protocol::Json } else { Protocol::MessagePack }
    }
}
