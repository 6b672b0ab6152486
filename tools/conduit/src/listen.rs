//! `conduit listen`: what a hub tells, live.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use clap::Args;
use conduit_client::http::Method;
use conduit_client::{
    AccessToken, ConnectionOptions, ConnectionState, ConnectionStateChanged, Event, HubKey, HubName, ManagerOptions,
    Network, Payload, Protocol, ReconnectPolicy, SignalRConnectionManager,
};
use serde_json::{Map, Value, json};
use tokio::sync::{broadcast, mpsc};
use tokio::time::sleep;

use crate::api::read;
use crate::environment::{Environment, Secret};
use crate::failure::Failure;
use crate::output::{BAD, GOOD, HEAD, NAME, Output, QUIET, WARNING, clean};

#[derive(Debug, Args)]
#[command(after_long_help = "\
The key is CONDUIT_KEY; for admin-notifications, metrics and debug it is CONDUIT_MASTER_KEY.

Without --subscribe, listening to tasks is to all tasks of the key, and to webhooks is to all of its webhooks; video-generation \
and image-generation need --task. A lost connection comes back with what was missed. Ctrl-C ends it, with exit code 0.

Examples:
  conduit listen --hub tasks
  conduit listen --hub tasks --task t1 --event TaskCompleted --event TaskFailed --count 1
  conduit listen --hub spend --json | jq .arguments
  conduit listen --hub admin-notifications --subscribe 'SubscribeToVirtualKey=[\"7\"]'")]
pub(crate) struct ListenTask {
    /// Which hub: tasks, video-generation, image-generation, notifications, spend, webhooks, navigation-state,
    /// admin-notifications, metrics or debug
    #[arg(long, default_value = "tasks", value_name = "HUB")]
    hub: String,
    /// Only this task, video or image; may be said several times
    #[arg(long, value_name = "ID")]
    task: Vec<String>,
    /// Only tasks of this type; may be said several times
    #[arg(long, value_name = "TYPE")]
    task_type: Vec<String>,
    /// A method to invoke once connected, with its arguments as a JSON array; may be said several times
    #[arg(long, value_name = "METHOD=JSON")]
    subscribe: Vec<String>,
    /// Show only this event; may be said several times
    #[arg(long, value_name = "NAME")]
    event: Vec<String>,
    /// Show only events in which this text appears
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
    /// End after so many events
    #[arg(long, value_name = "NUMBER")]
    count: Option<u64>,
    /// End after so many seconds; with --count, it is a failure (7) if there were fewer events by then
    #[arg(long, value_name = "SECONDS")]
    duration: Option<u64>,
    /// What messages are written in
    #[arg(long, default_value = "json", value_name = "ENCODING", value_parser = ["json", "messagepack"])]
    encoding: String,
    /// Names of events: as in the documentation, or those of the original system
    #[arg(long, value_name = "DIALECT", value_parser = ["conduit", "guide"])]
    dialect: Option<String>,
    /// Every how many seconds the metrics hub tells its figures
    #[arg(long, default_value = "5", value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=60))]
    interval: u32,
    /// Say nothing of the connection
    #[arg(long, short)]
    quiet: bool,
}

/// Has the hub stream its figures, on this connection and on those that take its place, and shows them as events.
fn stream_metrics(
    conduit: &Arc<SignalRConnectionManager>,
    hub: &HubName,
    interval: u32,
    show: Arc<impl Fn(&Event) + Send + Sync + 'static>,
) {
    let (conduit, hub) = (Arc::clone(conduit), hub.clone());
    tokio::spawn(async move {
        loop {
            // A stream ends with its connection; where none comes any more, listening ends.
            let Ok(mut figures) = conduit.stream::<Value>(hub.route(), "StreamMetrics", (interval,)).await else {
                sleep(Duration::from_secs(1)).await;
                continue;
            };
            while let Some(Ok(figures)) = figures.next().await {
                if let Ok(figures) = Payload::encode(Protocol::Json, &figures) {
                    show(&Event { name: "Metrics".to_owned(), arguments: vec![figures] });
                }
            }
        }
    });
}

/// Why listening ends.
enum End {
    Enough,
    Unprintable(Failure),
}

pub(crate) async fn run(task: ListenTask, environment: &Environment, output: &Output) -> Result<(), Failure> {
    let hub = HubName::parse(&task.hub)?;
    let calls = calls(&task, &hub)?;
    let secret = if hub.key() == HubKey::Master { Secret::Master } else { Secret::Virtual };
    let (_, key) = environment.first_of(&[secret])?;
    let access_token = AccessToken::from(key);
    let reconnect = ReconnectPolicy { max_attempts: None, ..ReconnectPolicy::default() };
    let protocol = if task.encoding == "json" { Protocol::Json } else { Protocol::MessagePack };
    let conduit = Arc::new(SignalRConnectionManager::new(ManagerOptions {
        api_base_url: environment.base().to_owned(),
        virtual_key: Some(access_token.clone()),
        master_key: Some(access_token),
        // Once it was there, it comes back, however long that takes.
        connection: ConnectionOptions {
            protocol,
            reconnect,
            connect_timeout: environment.timeout,
            ..ConnectionOptions::default()
        },
        query: task.dialect.as_ref().map(|dialect| format!("dialect={dialect}")).unwrap_or_default(),
        ..ManagerOptions::default()
    })?);

    let (end, mut ended) = mpsc::channel(1);
    let shown = Arc::new(AtomicU64::new(0));
    let filter = Filter { events: task.event, text: task.grep };
    let show = Arc::new(printer(filter, task.count, Arc::clone(&shown), end, *output));
    let handler = Arc::clone(&show);
    conduit.on_any(hub.route(), move |event| handler(event))?;
    let changes = conduit.changes();
    must_answer(environment).await?;
    conduit.connect_to_hub(hub.route()).await?;
    if !task.quiet {
        output.aside(&format!("{QUIET}listening to {} at {}{QUIET:#}", hub.route(), environment.base()));
    }
    for (method, arguments) in calls {
        conduit.invoke::<Value>(hub.route(), &method, arguments).await?;
    }
    if hub.route() == "metrics" && task.subscribe.is_empty() {
        stream_metrics(&conduit, &hub, task.interval, show);
    }
    let watching = watch(changes, task.quiet, *output);
    let over = async {
        match task.duration {
            Some(seconds) => sleep(Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
    };
    let result = tokio::select! {
        end = ended.recv() => match end {
            Some(End::Unprintable(failure)) => Err(failure),
            _ => Ok(()),
        },
        failure = watching => Err(failure),
        () = over => too_few(task.count, shown.load(Ordering::SeqCst)),
        _ = tokio::signal::ctrl_c() => Ok(()),
    };
    conduit.disconnect_all().await;
    result
}

/// Somebody must be there at first: a wrong address would be tried for ever.
async fn must_answer(environment: &Environment) -> Result<(), Failure> {
    let url = environment.at(&["health", "live"], &[]);
    let answer = Network::new(None)?.request(Method::GET, &url, &[], "", environment.timeout).await?;
    read(&answer, &url).map(drop)
}

/// What is said to the hub first.
fn calls(task: &ListenTask, hub: &HubName) -> Result<Vec<(String, Vec<Value>)>, Failure> {
    let mut calls = Vec::new();
    for subscribe in &task.subscribe {
        let (method, arguments) = subscribe.split_once('=').unwrap_or((subscribe, "[]"));
        let arguments = serde_json::from_str(arguments)
            .map_err(|_| Failure::Usage(format!("--subscribe {method}: its arguments must be a JSON array")))?;
        calls.push((method.to_owned(), arguments));
    }
    let by_id = match hub.route() {
        "tasks" | "image-generation" => Some("SubscribeToTask"),
        "video-generation" => Some("SubscribeToRequest"),
        _ => None,
    };
    match by_id {
        Some(method) => calls.extend(task.task.iter().map(|id| (method.to_owned(), vec![json!(id)]))),
        None if task.task.is_empty() => {}
        None => return Err(Failure::Usage(format!("--task makes no sense with {}", hub.route()))),
    }
    if !task.task_type.is_empty() && hub.route() != "tasks" {
        return Err(Failure::Usage("--task-type makes sense with --hub tasks only".to_owned()));
    }
    calls.extend(task.task_type.iter().map(|name| ("SubscribeToTaskType".to_owned(), vec![json!(name)])));
    if calls.is_empty() {
        match hub.route() {
            "tasks" => calls.push(("SubscribeToTaskType".to_owned(), vec![json!("*")])),
            "webhooks" => calls.push(("SubscribeToWebhooks".to_owned(), vec![json!(["*"])])),
            "video-generation" | "image-generation" => {
                return Err(Failure::Usage(format!("{} tells of what one names: say --task ID", hub.route())));
            }
            _ => {}
        }
    }
    Ok(calls)
}

/// Which events are shown.
struct Filter {
    events: Vec<String>,
    text: Option<String>,
}

impl Filter {
    fn passes(&self, event: &str, line: &str) -> bool {
        let is_named = self.events.is_empty() || self.events.iter().any(|name| name.eq_ignore_ascii_case(event));
        is_named && self.text.as_ref().is_none_or(|text| line.contains(text.as_str()))
    }
}

/// A handler that prints, which holds the connection back where nobody reads what is printed.
fn printer(
    filter: Filter,
    most: Option<u64>,
    shown: Arc<AtomicU64>,
    end: mpsc::Sender<End>,
    output: Output,
) -> impl Fn(&Event) + Send + Sync + 'static {
    let over = Mutex::new(false);
    move |event| {
        let mut over = over.lock().unwrap_or_else(PoisonError::into_inner);
        let told = Told::of(event);
        let json = told.json().to_string();
        if *over || !filter.passes(&event.name, &json) {
            return;
        }
        let printed = if output.json { output.text(&json) } else { output.text(&told.line()) };
        let count = shown.fetch_add(1, Ordering::SeqCst) + 1;
        let why = match printed {
            Err(failure) => Some(End::Unprintable(failure)),
            Ok(()) => most.filter(|most| count >= *most).map(|_| End::Enough),
        };
        if let Some(why) = why {
            *over = true;
            // There is one end.
            drop(end.try_send(why));
        }
    }
}

/// An event with what is known of it.
struct Told<'a> {
    name: &'a str,
    arguments: Vec<Value>,
    /// `timestamp`, `eventId` and `correlationId`, where they are an argument of their own.
    meta: Map<String, Value>,
}

impl<'a> Told<'a> {
    fn of(event: &'a Event) -> Self {
        let mut arguments = event.json().unwrap_or_default();
        let is_meta = |value: &Value| {
            let known = |name: &String| matches!(name.as_str(), "timestamp" | "eventId" | "correlationId");
            value.as_object().is_some_and(|object| object.contains_key("eventId") && object.keys().all(known))
        };
        let meta = match arguments.last() {
            Some(Value::Object(last)) if is_meta(&Value::Object(last.clone())) => last.clone(),
            _ => Map::new(),
        };
        if !meta.is_empty() {
            arguments.pop();
        }
        Self { name: &event.name, arguments, meta }
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.meta.get(name).or_else(|| self.arguments.first()?.get(name))
    }

    fn json(&self) -> Value {
        let mut line = json!({ "event": self.name, "arguments": self.arguments });
        if let Some(line) = line.as_object_mut() {
            for name in ["timestamp", "eventId", "correlationId"] {
                line.extend(self.member(name).map(|value| (name.to_owned(), value.clone())));
            }
        }
        line
    }

    fn line(&self) -> String {
        let at = self.member("timestamp").and_then(Value::as_str).and_then(|time| time.get(11..23));
        let at = at.map_or_else(now, str::to_owned);
        let style = style(self.name);
        let arguments = self.arguments.iter().filter(|argument| !is_empty(argument));
        let arguments: Vec<_> = arguments.map(|argument| clean(&shown(argument))).collect();
        format!("{QUIET}{}{QUIET:#}  {style}{:<20}{style:#} {}", clean(&at), clean(self.name), arguments.join("  "))
    }
}

/// What tells people nothing.
fn is_empty(argument: &Value) -> bool {
    argument.is_null() || argument.as_object().is_some_and(Map::is_empty)
}

/// An argument for people; what stands elsewhere in the line is left out.
fn shown(argument: &Value) -> String {
    match argument {
        Value::String(text) => text.clone(),
        Value::Object(members) => {
            let members = members.iter().filter(|(name, _)| !matches!(name.as_str(), "timestamp" | "eventId"));
            members
                .map(|(name, value)| {
                    format!("{name}={}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                })
                .collect::<Vec<_>>()
                .join(" ")
        }
        other => other.to_string(),
    }
}

fn style(event: &str) -> anstyle::Style {
    let ends = |endings: &[&str]| endings.iter().any(|ending| event.ends_with(ending));
    if ends(&["Failed", "TimedOut", "Error", "Degraded"]) {
        BAD
    } else if ends(&["Completed", "Succeeded", "Restored"]) {
        GOOD
    } else if ends(&["Cancelled", "Alert", "Warning", "Detected", "Scheduled"]) {
        WARNING
    } else if ends(&["Started", "Created"]) {
        HEAD
    } else {
        NAME
    }
}

/// The time of day, UTC.
fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3_600, seconds / 60 % 60, seconds % 60, since.subsec_millis())
}

/// Says how the connection goes, until it is given up.
async fn watch(mut changes: broadcast::Receiver<ConnectionStateChanged>, quiet: bool, output: Output) -> Failure {
    loop {
        let change = match changes.recv().await {
            Ok(change) => change,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return Failure::Other("the connection is gone".to_owned()),
        };
        let error = || change.status.error.clone();
        let text = match change.status.state {
            ConnectionState::Failed | ConnectionState::Disconnected => {
                return error()
                    .map_or_else(|| Failure::Unavailable("the connection is gone".to_owned()), Failure::from);
            }
            ConnectionState::Reconnecting => {
                let why = error().map(|error| error.to_string()).unwrap_or_default();
                let wait = change.status.retry_in.unwrap_or_default().as_secs_f64();
                format!("{WARNING}{}; trying again in {wait:.1} s{WARNING:#}", clean(&why))
            }
            ConnectionState::Connected => match change.recovered {
                Some(true) => format!("{GOOD}connected again; nothing was missed{GOOD:#}"),
                Some(false) => format!("{WARNING}connected again; something may have been missed{WARNING:#}"),
                None => continue,
            },
            ConnectionState::Connecting => continue,
        };
        if !quiet {
            output.aside(&text);
        }
    }
}

fn too_few(wanted: Option<u64>, shown: u64) -> Result<(), Failure> {
    match wanted {
        Some(wanted) if shown < wanted => Err(Failure::Unavailable(format!("{shown} of {wanted} events came in time"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, arguments: &[Value]) -> Event {
        let arguments = arguments.iter().map(|value| Payload::encode(Protocol::Json, value).unwrap()).collect();
        Event { name: name.to_owned(), arguments }
    }

    #[test]
    fn metadata_stands_beside_the_arguments_whichever_way_it_came() {
        let meta = json!({ "timestamp": "2026-01-31T12:00:00.000Z", "eventId": "01" });
        let positional = event("TaskProgress", &[json!("t1"), json!(5), Value::Null, meta]);
        let expected = json!({ "event": "TaskProgress", "arguments": ["t1", 5, null], "eventId": "01",
            "timestamp": "2026-01-31T12:00:00.000Z" });
        assert_eq!(Told::of(&positional).json(), expected);
        let object =
            event("SpendUpdate", &[json!({ "delta": 1, "timestamp": "2026-01-31T12:00:00.000Z", "eventId": "02" })]);
        assert_eq!(Told::of(&object).json()["eventId"], "02");
        let line = anstream::adapter::strip_str(&Told::of(&object).line()).to_string();
        assert_eq!(line, "12:00:00.000  SpendUpdate          delta=1");
    }

    #[test]
    fn a_filter_looks_at_names_in_any_case_and_at_text() {
        let filter = Filter { events: vec!["taskfailed".to_owned()], text: Some("t1".to_owned()) };
        assert!(filter.passes("TaskFailed", "…t1…"));
        assert!(!filter.passes("TaskFailed", "…t2…") && !filter.passes("TaskStarted", "…t1…"));
    }
}
