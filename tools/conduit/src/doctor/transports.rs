//! Whether a client gets through: negotiation, and each of the three transports.

use std::time::Duration;

use conduit_client::http::Method;
use conduit_client::{ConnectionOptions, Error, HubConnection, Protocol, ReconnectPolicy};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::findings::Finding;
use super::{Examination, body};
use crate::failure::Failure;

const HUB: [&str; 2] = ["hubs", "tasks"];

/// The first record of a connection, and its answer.
const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
const ACCEPTED: &[u8] = b"{}\x1e";

impl Examination<'_> {
    pub(super) async fn transports(&mut self, key: Option<&str>) -> Result<(), Failure> {
        let checks = ["negotiation", "WebSockets", "MessagePack", "server events", "long polling"];
        let Some(key) = key else {
            for check in checks {
                self.findings.note(check, Finding::skipped("needs a good CONDUIT_KEY or CONDUIT_MASTER_KEY"))?;
            }
            return Ok(());
        };
        let authorization = format!("Bearer {key}");
        let started = Instant::now();
        let finding = match self.negotiate(&authorization).await {
            Ok((_, offered)) => Finding::good(format!("it offers {}", offered.join(", "))).took(started.elapsed()),
            Err(why) => {
                Finding::bad(why, "Clients cannot begin: a proxy between may not let POST /hubs/…/negotiate through.")
            }
        };
        if !self.findings.note("negotiation", finding)? {
            return Ok(());
        }
        for (check, protocol) in [("WebSockets", Protocol::Json), ("MessagePack", Protocol::MessagePack)] {
            let finding = match self.web_socket(key, protocol).await {
                Ok(took) => Finding::good("a call goes through and is answered").took(took),
                Err(error) => Finding::bad(
                    error.to_string(),
                    "A proxy between may not let WebSockets through (Upgrade: websocket): clients fall back to slower ways.",
                ),
            };
            self.findings.note(check, finding)?;
        }
        let after = self.environment.timeout;
        let waited = |_| Err("no answer to the handshake came in time".to_owned());
        let started = Instant::now();
        let events = timeout(after, self.server_sent_events(&authorization)).await.unwrap_or_else(waited);
        self.note_fallback("server events", events, started.elapsed(), "hold answers back until they end")?;
        let started = Instant::now();
        let polls = timeout(after, self.long_polling(&authorization)).await.unwrap_or_else(waited);
        self.note_fallback("long polling", polls, started.elapsed(), "cut requests that last")
    }

    fn note_fallback(
        &mut self,
        check: &str,
        result: Result<(), String>,
        took: Duration,
        what: &str,
    ) -> Result<(), Failure> {
        let finding = match result {
            Ok(()) => Finding::good("a fallback that works").took(took),
            Err(why) => Finding::warning(
                why,
                format!("A proxy between may {what}. Clients need this way only where WebSockets do not get through."),
            ),
        };
        self.findings.note(check, finding)?;
        Ok(())
    }

    /// The secret id of a new connection, and the transports that are offered.
    async fn negotiate(&self, authorization: &str) -> Result<(String, Vec<String>), String> {
        let [hubs, hub] = HUB;
        let headers = [("authorization", authorization)];
        let query = [("negotiateVersion", "1")];
        let answer = self.ask(Method::POST, &[hubs, hub, "negotiate"], &query, &headers, None).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let said = body(&answer);
        let offered = said.get("availableTransports").and_then(Value::as_array).into_iter().flatten();
        let name = |offer: &Value| offer.get("transport").and_then(Value::as_str).map(str::to_owned);
        let offered: Vec<_> = offered.filter_map(name).collect();
        match said.get("connectionToken").and_then(Value::as_str) {
            Some(token) if answer.status == 200 => Ok((token.to_owned(), offered)),
            _ => Err(format!("the negotiation was answered {}", answer.status)),
        }
    }

    async fn web_socket(&self, key: &str, protocol: Protocol) -> Result<Duration, Error> {
        let options = ConnectionOptions {
            access_token: key.into(),
            protocol,
            reconnect: ReconnectPolicy::NEVER,
            connect_timeout: self.environment.timeout,
            invoke_timeout: self.environment.timeout,
            network: Some(self.network.clone()),
            ..ConnectionOptions::default()
        };
        let connection = HubConnection::new(self.environment.at(&HUB, &[]).as_str(), options)?;
        connection.start().await?;
        let started = Instant::now();
        let answered = connection.invoke::<Value>("GetResumeToken", ()).await;
        let took = started.elapsed();
        connection.stop().await;
        answered.map(|_| took)
    }

    async fn server_sent_events(&self, authorization: &str) -> Result<(), String> {
        let (token, _) = self.negotiate(authorization).await?;
        let query = [("id", token.as_str())];
        let url = self.environment.at(&HUB, &query);
        let headers = [("authorization", authorization), ("accept", "text/event-stream")];
        let answer = self.network.open(Method::GET, &url, &headers, "").await.map_err(|error| error.to_string())?;
        let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if answer.status() != 200 || !kind.starts_with("text/event-stream") {
            return Err(format!("it is answered {} as {kind}", answer.status().as_u16()));
        }
        self.say_hello(&query, authorization).await?;
        let mut stream = answer.into_body();
        let mut received = Vec::new();
        while let Some(frame) = stream.frame().await {
            let frame = frame.map_err(|error| error.to_string())?;
            received.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default());
            if received.windows(ACCEPTED.len()).any(|window| window == ACCEPTED) {
                return Ok(());
            }
        }
        Err("the stream ended before the handshake was answered".to_owned())
    }

    async fn long_polling(&self, authorization: &str) -> Result<(), String> {
        let (token, _) = self.negotiate(authorization).await?;
        let query = [("id", token.as_str())];
        let headers = [("authorization", authorization)];
        let poll = || self.ask(Method::GET, &HUB, &query, &headers, None);
        let first = poll().await.map_err(|error| error.to_string())?;
        if first.status != 200 {
            return Err(format!("the first poll was answered {}", first.status));
        }
        self.say_hello(&query, authorization).await?;
        let second = poll().await.map_err(|error| error.to_string())?;
        // A connection that is left behind ends by itself.
        drop(self.ask(Method::DELETE, &HUB, &query, &headers, None).await);
        if second.body.starts_with(ACCEPTED) { Ok(()) } else { Err("the handshake was not answered".to_owned()) }
    }

    async fn say_hello(&self, query: &[(&str, &str)], authorization: &str) -> Result<(), String> {
        let headers = [("authorization", authorization), ("content-type", "text/plain;charset=UTF-8")];
        let url = self.environment.at(&HUB, query);
        let said = self.network.request(Method::POST, &url, &headers, HANDSHAKE, self.environment.timeout).await;
        let status = said.map_err(|error| error.to_string())?.status;
        if status == 200 { Ok(()) } else { Err(format!("the handshake was answered {status}")) }
    }
}
