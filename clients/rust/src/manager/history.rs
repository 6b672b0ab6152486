//! What a key was told and must not miss: `GET /v1/history`, for when the server can't resume.

use std::collections::HashMap;
use std::time::Duration;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use signalr::{Payload, Protocol};
use url::Url;

use super::subscriptions::Subscriptions;
use crate::negotiation::authorization;
use crate::network::detail;
use crate::{AccessToken, Error, Event, Network};

const ITEMS_A_PAGE: &str = "1000";

/// Where to read, and with whose key.
#[derive(Clone)]
pub(super) struct Api {
    pub(super) network: Network,
    pub(super) base: Url,
    pub(super) token: AccessToken,
    pub(super) after: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Entry>,
    next: Option<String>,
}

/// An event as it was told.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    event: String,
    arguments: Vec<Value>,
    timestamp: String,
    event_id: String,
    correlation_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Task {
    task_type: String,
}

impl Api {
    /// The events of a hub, by its class, that a connection with these subscriptions was told after one of them.
    pub(super) async fn missed(
        &self,
        class: &str,
        since: &str,
        subscriptions: &Subscriptions,
        protocol: Protocol,
    ) -> Result<Vec<Event>, Error> {
        let mut events = Vec::new();
        let mut types = HashMap::new();
        let mut cursor = since.to_owned();
        loop {
            let query = [("hub", class), ("limit", ITEMS_A_PAGE), ("after", cursor.as_str())];
            let page: Page = self.read(&["v1", "history"], &query).await?;
            for entry in page.items {
                if self.concerns(class, &entry, subscriptions, &mut types).await? {
                    events.push(entry.into_event(protocol)?);
                }
            }
            match page.next {
                Some(next) => cursor = next,
                None => return Ok(events),
            }
        }
    }

    /// Whether a connection with these subscriptions was told of an event.
    async fn concerns(
        &self,
        class: &str,
        entry: &Entry,
        subscriptions: &Subscriptions,
        types: &mut HashMap<String, String>,
    ) -> Result<bool, Error> {
        let subject = entry.arguments.first().unwrap_or(&Value::Null);
        Ok(match class {
            "TaskHub" => {
                let task = text(subject);
                if subscriptions.have(&["Task"], &task) || subscriptions.have(&["TaskType"], "*") {
                    return Ok(true);
                }
                if entry.event == "TaskStarted"
                    && let Some(task_type) = entry.arguments.get(1)
                {
                    types.insert(task.clone(), text(task_type));
                }
                if !types.contains_key(&task) {
                    let known: Task = self.read(&["v1", "tasks", &task], &[]).await?;
                    types.insert(task.clone(), known.task_type);
                }
                types.get(&task).is_some_and(|task_type| subscriptions.have(&["TaskType"], task_type))
            }
            "VideoGenerationHub" => {
                subscriptions.have(&["Request", "VideoGeneration", "Task"], &member(subject, "requestId"))
            }
            "ImageGenerationHub" => subscriptions.have(&["Task"], &member(subject, "taskId")),
            "WebhookDeliveryHub" => {
                subscriptions.have(&["Webhooks"], "*") || subscriptions.have(&["Webhooks"], &member(subject, "url"))
            }
            _ => true,
        })
    }

    async fn read<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, &str)]) -> Result<T, Error> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.query_pairs_mut().extend_pairs(query);
        let authorization = authorization(&self.token).await?;
        let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
        let mut answer = self.network.request(Method::GET, &url, &headers, "", self.after).await;
        if matches!(answer, Err(Error::Unreachable { .. })) {
            // A line that was kept from before may have been lost together with the socket.
            answer = self.network.request(Method::GET, &url, &headers, "", self.after).await;
        }
        let answer = answer?;
        if answer.status != 200 {
            return Err(Error::Refused { request: "the history", status: answer.status, detail: detail(&answer.body) });
        }
        serde_json::from_slice(&answer.body).map_err(|error| Error::Decode(error.to_string()))
    }
}

impl Entry {
    /// The event as a connection with `?meta=1` gets it.
    fn into_event(mut self, protocol: Protocol) -> Result<Event, Error> {
        let has_meta = matches!(self.arguments.as_slice(), [Value::Object(only)] if only.contains_key("eventId"));
        if !has_meta {
            let mut meta = json!({ "timestamp": self.timestamp, "eventId": self.event_id });
            if let (Some(meta), Some(id)) = (meta.as_object_mut(), self.correlation_id) {
                meta.insert("correlationId".to_owned(), id.into());
            }
            self.arguments.push(meta);
        }
        let arguments =
            self.arguments.iter().map(|argument| Payload::encode(protocol, argument)).collect::<Result<_, _>>();
        Ok(Event { name: self.event, arguments: arguments.map_err(|error| Error::Encode(error.to_string()))? })
    }
}

/// An id, which may be a number.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn member(value: &Value, name: &str) -> String {
    value.get(name).map(text).unwrap_or_default()
}
