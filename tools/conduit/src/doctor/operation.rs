//! What waits, and which pages may connect.

use conduit_client::http::Method;
use serde_json::Value;

use super::findings::Finding;
use super::{Examination, body};
use crate::failure::Failure;

/// What waits longer in a queue is stuck.
const MAX_AGE_SECONDS: f64 = 300.0;

impl Examination<'_> {
    pub(super) async fn queues(&mut self) -> Result<(), Failure> {
        let finding = match self.ask_as_master(Method::GET, &["v1", "admin", "queues"], None).await {
            Err(error) => Finding::bad(error.to_string(), "It does not answer any more: try again."),
            Ok(answer) => judged(&body(&answer)),
        };
        self.findings.note("queues", finding)?;
        Ok(())
    }

    pub(super) async fn origin(&mut self, origin: Option<&str>) -> Result<(), Failure> {
        let Some(origin) = origin else {
            self.findings.note("pages (CORS)", Finding::skipped("say --origin to check whether a page may connect"))?;
            return Ok(());
        };
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,x-requested-with,x-signalr-user-agent"),
        ];
        let path = ["hubs", "tasks", "negotiate"];
        let finding = match self.ask(Method::OPTIONS, &path, &[("negotiateVersion", "1")], &headers, None).await {
            Err(error) => Finding::bad(error.to_string(), "It does not answer any more: try again."),
            Ok(answer) => match answer.header("access-control-allow-origin") {
                Some(allowed)
                    if allowed == origin && answer.header("access-control-allow-credentials") == Some("true") =>
                {
                    Finding::good(format!("pages of {origin} may connect"))
                }
                _ => Finding::bad(
                    format!("pages of {origin} may not connect"),
                    format!(
                        "Add {origin} to ALLOWED_ORIGINS in [vars] of wrangler.toml and deploy; it is scheme, name and port, \
                         without a slash. If it is there, a proxy between takes the headers out."
                    ),
                ),
            },
        };
        self.findings.note("pages (CORS)", finding)?;
        Ok(())
    }
}

fn judged(queues: &Value) -> Finding {
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or_default();
    let age = |queue: &&Value| queue.get("oldestAgeSeconds").and_then(Value::as_f64).unwrap_or_default();
    let all: Vec<&Value> = queues.get("items").and_then(Value::as_array).into_iter().flatten().collect();
    let dead = number(queues, "deadLetters");
    if dead > 0 {
        return Finding::warning(
            format!("dead letters: {dead}, which were accepted and could not be delivered"),
            "GET /v1/admin/dead-letters says why; POST /v1/admin/dead-letters/replay sends them on their way again.",
        );
    }
    let oldest = all.iter().map(age).fold(0.0, f64::max);
    let waiting: u64 = all.iter().map(|queue| number(queue, "depth")).sum();
    if oldest > MAX_AGE_SECONDS {
        return Finding::warning(
            format!("{waiting} events wait, the oldest for {oldest:.0} s"),
            "The queue's consumer does not keep up, or fails: look at its log and at its concurrency.",
        );
    }
    Finding::good(if waiting == 0 { "nothing waits".to_owned() } else { format!("{waiting} events are on their way") })
}
