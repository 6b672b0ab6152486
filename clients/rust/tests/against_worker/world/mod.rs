//! What the tests stand in: the real Worker as a process that can be killed, and a line that can be cut.

mod proxy;
mod worker;

use std::time::Duration;

use conduit_client::http::Method;
use conduit_client::{ConnectionOptions, Event, HubConnection, Network, ReconnectPolicy, Url};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;

pub(crate) use self::proxy::Proxy;
pub(crate) use self::worker::Worker;

/// As `miniflare.config.js` has it.
pub(crate) const MASTER_KEY: &str = "condt_master_known-to-all";

const DEADLINE: Duration = Duration::from_secs(30);

/// A virtual key.
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) key: String,
}

/// Asks the Worker something with the master key.
pub(crate) async fn ask(base: &str, method: Method, path: &str, body: Value) -> Value {
    let url = Url::parse(&format!("{base}{path}")).unwrap();
    let headers = [("x-master-key", MASTER_KEY), ("content-type", content_type(path))];
    let network = Network::new(None).unwrap();
    let answer = network.request(method, &url, &headers, body.to_string(), DEADLINE).await.unwrap();
    assert!(answer.status < 300, "{} {}", answer.status, String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap()
}

fn content_type(path: &str) -> &'static str {
    if path == "/v1/events" { "application/cloudevents-batch+json" } else { "application/json" }
}

pub(crate) async fn create_key(base: &str) -> Key {
    let made = ask(base, Method::POST, "/v1/admin/keys", json!({ "name": "rust" })).await;
    Key { id: made["id"].as_str().unwrap().to_owned(), key: made["key"].as_str().unwrap().to_owned() }
}

/// Tells of the start of tasks, by these numbers.
pub(crate) async fn start_tasks(base: &str, key: &Key, numbers: std::ops::Range<u32>) {
    let events: Vec<Value> = numbers
        .map(|number| {
            json!({ "specversion": "1.0", "id": format!("{number}"), "source": "/rust", "type": "TaskStarted",
                "virtualkeyid": key.id, "data": { "taskId": format!("t{number}"), "taskType": "test" } })
        })
        .collect();
    let answer = ask(base, Method::POST, "/v1/events", Value::Array(events)).await;
    let is_taken = |result: &Value| matches!(result["status"].as_str(), Some("delivered" | "queued"));
    assert!(answer["results"].as_array().unwrap().iter().all(is_taken), "{answer}");
}

/// Reconnects often, and for longer than a restart takes.
pub(crate) fn patient() -> ConnectionOptions {
    let reconnect = ReconnectPolicy {
        base_delay: Duration::from_millis(50),
        max_delay: Duration::from_millis(200),
        max_attempts: Some(1_000),
    };
    ConnectionOptions { reconnect, ..ConnectionOptions::default() }
}

/// The first arguments of events, as they come.
pub(crate) struct Inbox(mpsc::UnboundedReceiver<String>);

impl Inbox {
    pub(crate) fn of(connection: &HubConnection, event: &str) -> Self {
        let (take, inbox) = Self::pair();
        connection.on(event, take);
        inbox
    }

    pub(crate) fn pair() -> (impl Fn(&Event) + Send + Sync + 'static, Self) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let take = move |event: &Event| {
            let first: Value = event.argument(0).unwrap();
            sender.send(first.as_str().map_or_else(|| first.to_string(), str::to_owned)).unwrap();
        };
        (take, Self(receiver))
    }

    pub(crate) async fn next(&mut self) -> String {
        within("an event", self.0.recv()).await.unwrap()
    }

    /// Exactly these tasks must come next.
    pub(crate) async fn expect_tasks(&mut self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            assert_eq!(self.next().await, format!("t{number}"));
        }
    }

    pub(crate) fn is_empty(&mut self) -> bool {
        self.0.try_recv().is_err()
    }
}

/// Waits for something that must happen.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.unwrap_or_else(|_| panic!("waited {} s for {what}", DEADLINE.as_secs()))
}
