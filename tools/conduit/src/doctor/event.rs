//! An event from end to end: sent by a backend, received by a client.

use std::time::Duration;

use conduit_client::http::Method;
use conduit_client::{ConnectionOptions, Error, HubConnection, ReconnectPolicy};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::findings::Finding;
use super::keys::GuestKey;
use super::{Examination, body};
use crate::failure::Failure;

const TASK: &str = "conduit-doctor";

/// An event that takes longer is late.
const LATE: Duration = Duration::from_secs(1);

impl Examination<'_> {
    pub(super) async fn event(&mut self, guest: Option<&GuestKey>, is_unwanted: bool) -> Result<(), Failure> {
        let Some(guest) = guest else {
            let why = if is_unwanted { "--no-event" } else { "needs a good CONDUIT_MASTER_KEY" };
            self.findings.note("an event", Finding::skipped(why))?;
            return Ok(());
        };
        let finding = match self.send_and_receive(guest).await {
            Ok(took) if took <= LATE => Finding::good("it was sent, and received by a client").took(took),
            Ok(took) => Finding::warning(
                "it was received late",
                "Look at what waits in the queue, below, and how busy the server is.",
            )
            .took(took),
            Err(Undelivered::Unsent(why)) => {
                Finding::bad(why, "Backends cannot send: look at the health above and at the server's log.")
            }
            Err(Undelivered::Unreceived(why)) => Finding::bad(
                why,
                "What was sent did not reach its client: look at the queues below, and at the server's log.",
            ),
        };
        self.findings.note("an event", finding)?;
        Ok(())
    }

    /// From the request to the receipt.
    async fn send_and_receive(&self, guest: &GuestKey) -> Result<Duration, Undelivered> {
        let options = ConnectionOptions {
            access_token: guest.key.as_str().into(),
            reconnect: ReconnectPolicy::NEVER,
            connect_timeout: self.environment.timeout,
            network: Some(self.network.clone()),
            ..ConnectionOptions::default()
        };
        let connection = HubConnection::new(self.environment.at(&["hubs", "tasks"], &[]).as_str(), options)?;
        let (sender, mut received) = mpsc::channel(1);
        connection.on("TaskStarted", move |event| {
            if event.argument::<String>(0).is_ok_and(|task| task == TASK) {
                // Once is enough.
                let _ = sender.try_send(Instant::now());
            }
        });
        connection.start().await?;
        connection.invoke::<()>("SubscribeToTaskType", ("*",)).await?;
        let started = Instant::now();
        let event = json!([{ "specversion": "1.0", "id": guest.id, "source": "/conduit-doctor", "type": "TaskStarted",
            "virtualkeyid": guest.id, "data": { "taskId": TASK, "taskType": "check" } }]);
        let url = self.environment.at(&["v1", "events"], &[]);
        let key = self.environment.secret(crate::environment::Secret::Master).unwrap_or_default();
        let headers = [("x-master-key", key), ("content-type", "application/cloudevents-batch+json")];
        let after = self.environment.timeout;
        let answer = self.network.request(Method::POST, &url, &headers, event.to_string(), after).await;
        let answer = answer.map_err(|error| Undelivered::Unsent(error.to_string()))?;
        let status = body(&answer).pointer("/results/0/status").and_then(Value::as_str).map(str::to_owned);
        if !matches!(status.as_deref(), Some("delivered" | "queued")) {
            let status = status.unwrap_or_else(|| answer.status.to_string());
            return Err(Undelivered::Unsent(format!("it was answered {status}")));
        }
        let arrived = timeout(after, received.recv()).await.ok().flatten();
        connection.stop().await;
        let arrived = arrived.ok_or_else(|| Undelivered::Unreceived("it was taken, and never arrived".to_owned()))?;
        Ok(arrived - started)
    }
}

enum Undelivered {
    Unsent(String),
    Unreceived(String),
}

/// Of the client that was to receive it.
impl From<Error> for Undelivered {
    fn from(error: Error) -> Self {
        Self::Unreceived(format!("its client could not connect: {error}"))
    }
}
