//! Whether the keys in the environment are good, and one for the time of the check.

use conduit_client::http::Method;
use conduit_client::{Answer, Error};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::findings::Finding;
use super::{Examination, body};
use crate::environment::Secret;
use crate::failure::Failure;

/// A key that was made for the check, and is deleted after it.
pub(super) struct GuestKey {
    pub(super) id: String,
    pub(super) key: String,
}

impl Examination<'_> {
    pub(super) async fn virtual_key(&mut self) -> Result<bool, Failure> {
        let Some(key) = self.environment.secret(Secret::Virtual) else {
            self.findings.note("virtual key", Finding::skipped("set CONDUIT_KEY to check a virtual key"))?;
            return Ok(false);
        };
        let authorization = format!("Bearer {key}");
        let started = Instant::now();
        let answer = self.ask(Method::GET, &["v1", "spend"], &[], &[("authorization", &authorization)], None).await;
        let finding = judged(answer, "CONDUIT_KEY is good", |status| match status {
            401 => {
                "CONDUIT_KEY is no key here, or disabled, or past its time: `conduit keys list` shows which there are."
            }
            403 => "CONDUIT_KEY is somebody's key, but no virtual one: is it the master key or a service token?",
            _ => "Look at the server's log for the reason.",
        });
        self.findings.note("virtual key", finding.took(started.elapsed()))
    }

    pub(super) async fn master_key(&mut self) -> Result<bool, Failure> {
        if self.environment.secret(Secret::Master).is_none() {
            let needs = "set CONDUIT_MASTER_KEY to check the master key, queues, and an event from end to end";
            self.findings.note("master key", Finding::skipped(needs))?;
            return Ok(false);
        }
        let started = Instant::now();
        let answer = self.ask_as_master(Method::GET, &["v1", "admin", "queues"], None).await;
        let finding = judged(answer, "CONDUIT_MASTER_KEY is good", |status| match status {
            401 | 403 => {
                "CONDUIT_MASTER_KEY is not the MASTER_KEY of this deployment: `npm start` prints it, and has it in .dev.vars."
            }
            429 => "Too many wrong keys came from this address: wait a minute.",
            _ => "Look at the server's log for the reason.",
        });
        self.findings.note("master key", finding.took(started.elapsed()))
    }

    /// Makes a key for the time of the check.
    pub(super) async fn guest_key(&mut self) -> Result<Option<GuestKey>, Failure> {
        let name = json!({ "name": "conduit doctor" });
        let answer = self.ask_as_master(Method::POST, &["v1", "admin", "keys"], Some(name)).await;
        let made = answer.as_ref().map(body).unwrap_or_default();
        let member = |name: &str| made.get(name).and_then(Value::as_str).map(str::to_owned);
        if let (Some(id), Some(key)) = (member("id"), member("key")) {
            return Ok(Some(GuestKey { id, key }));
        }
        let finding = judged(answer, "", |_| "Keys cannot be made: look at the health above and at the server's log.");
        self.findings.note("a new key", finding)?;
        Ok(None)
    }

    pub(super) async fn delete_guest(&mut self, guest: &GuestKey) -> Result<(), Failure> {
        let path = ["v1", "admin", "keys", &guest.id];
        let deleted = self.ask_as_master(Method::DELETE, &path, None).await;
        if !matches!(deleted, Ok(Answer { status: 204, .. })) {
            let finding = Finding::warning(
                format!("the key made for this check, {}, could not be deleted", guest.id),
                format!("Delete it: conduit keys delete {}", guest.id),
            );
            self.findings.note("clean-up", finding)?;
        }
        Ok(())
    }
}

fn judged(answer: Result<Answer, Error>, good: &str, advice: impl Fn(u16) -> &'static str) -> Finding {
    match answer {
        Ok(answer) if answer.status < 300 => Finding::good(good),
        Ok(answer) => {
            let detail = body(&answer).get("detail").and_then(Value::as_str).unwrap_or_default().to_owned();
            let detail = if detail.is_empty() { detail } else { format!(": {detail}") };
            Finding::bad(format!("it is answered {}{detail}", answer.status), advice(answer.status))
        }
        Err(error) => Finding::bad(error.to_string(), "It does not answer any more: try again."),
    }
}
