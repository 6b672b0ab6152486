//! `conduit send`: events to a deployment, each taken once however often it has to be sent.

mod batch;
mod delivery;
mod events;
mod summary;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::time::timeout;

use self::batch::Batch;
use self::delivery::Delivery;
use self::events::{Defaults, EventReader};
use self::summary::Summary;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Output;

/// How long a batch waits for more events that a pipe may bring.
const IDLE: Duration = Duration::from_millis(200);

#[derive(Debug, Args)]
#[command(after_long_help = "\
The key is CONDUIT_MASTER_KEY, or CONDUIT_TOKEN (a service token). What is said of one event on the command line is said of \
all events that have not said it themselves.

An event has the same id however often it is sent, so it counts once. Give ids of your own to events in a file: sending the \
file again then changes nothing.

Examples:
  conduit send --type TaskStarted --key-id 7 --data '{\"taskId\":\"t1\",\"taskType\":\"video\"}'
  conduit send events.ndjson
  tail -f events.ndjson | conduit send --key-id 7 -")]
pub(crate) struct SendTask {
    /// A file of events: CloudEvents one after the other (NDJSON) or as one array; `-` is what is piped in
    #[arg(value_name = "FILE", required_unless_present = "event_type", conflicts_with_all = ["event_type", "data", "id"])]
    file: Option<PathBuf>,
    /// The type of one event, such as TaskStarted; docs/hubs/domain-events.md has all
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
    /// The data of the event, as JSON
    #[arg(long, value_name = "JSON", default_value = "{}")]
    data: String,
    /// The id of the event [default: a new one]
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The id of the virtual key whose clients are told; leave it out for what is for everybody
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
    /// Who says so; an event is known by this and its id
    #[arg(long, value_name = "URI", default_value = "/conduit-cli")]
    source: String,
    /// How many events go in one request
    #[arg(long, value_name = "NUMBER", default_value = "500", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    batch: u16,
    /// How often a request is sent again that the server could not take
    #[arg(long, value_name = "NUMBER", default_value = "8")]
    retries: u32,
    /// Send all events through the queue, which takes them however busy the key is
    #[arg(long)]
    queue: bool,
    /// Show no progress
    #[arg(long)]
    quiet: bool,
}

pub(crate) async fn run(task: SendTask, environment: &Environment, output: &Output) -> Result<(), Failure> {
    let delivery = Delivery::new(environment, task.queue, task.retries)?;
    let defaults = Defaults { source: task.source, virtual_key_id: task.key_id };
    let mut events = match (task.event_type, task.file) {
        (Some(event_type), _) => EventReader::one(&event_type, task.id.as_deref(), &task.data, &defaults)?,
        (None, Some(file)) => EventReader::open(&file, defaults)?,
        (None, None) => return Err(Failure::Usage("say --type, or a file".to_owned())),
    };
    let progress = if task.quiet || output.json { ProgressBar::hidden() } else { progress(events.total_bytes()) };
    let mut summary = Summary::default();
    let mut batch = Batch::new(usize::from(task.batch));
    // What cannot be read ends it, when everything before is sent.
    let end = loop {
        let next = if batch.is_empty() { Ok(events.next().await) } else { timeout(IDLE, events.next()).await };
        let is_full = match next {
            Ok(Some(Ok(event))) => {
                progress.set_position(event.end_offset);
                match batch.push(event) {
                    None => continue,
                    Some(too_many) => Some(too_many),
                }
            }
            Ok(Some(Err(failure))) => break Err(failure),
            Ok(None) => break Ok(()),
            Err(_idle) => None,
        };
        if let Err(failure) = delivery.deliver(&mut batch, &mut summary, *output, &progress).await {
            batch.take();
            break Err(failure);
        }
        if let Some(event) = is_full {
            // An empty batch takes any event.
            drop(batch.push(event));
        }
    };
    let rest =
        if batch.is_empty() { Ok(()) } else { delivery.deliver(&mut batch, &mut summary, *output, &progress).await };
    progress.finish_and_clear();
    summary.print(*output)?;
    rest?;
    end?;
    summary.verdict()
}

/// Beside what is printed, and only on a terminal.
fn progress(total_bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match total_bytes {
        Some(total) => (ProgressBar::new(total), "{bar:30} {percent:>3} %  {msg}  {elapsed} of about {eta} more"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg}  {elapsed}"),
    };
    // A template that is wrong would show the default one.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
