//! A batch on its way: sent again as long as the server says that it makes sense.

use std::time::Duration;

use conduit_client::http::Method;
use conduit_client::{Answer, ReconnectPolicy, Url};
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use super::batch::Batch;
use super::summary::{Outcome, Summary};
use crate::api::{Api, read};
use crate::environment::{Environment, Secret};
use crate::failure::Failure;
use crate::output::Output;

/// The longest that is waited because a server says so.
const MAX_WAIT: Duration = Duration::from_mins(2);

pub(super) struct Delivery<'a> {
    api: Api<'a>,
    url: Url,
    retries: u32,
}

/// What became of an event.
#[derive(Debug, Deserialize)]
struct EventResult {
    status: String,
    recipients: Option<u64>,
    reason: Option<String>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Results {
    results: Vec<EventResult>,
}

impl<'a> Delivery<'a> {
    pub(super) fn new(environment: &'a Environment, through_queue: bool, retries: u32) -> Result<Self, Failure> {
        let query: &[_] = if through_queue { &[("delivery", "queue")] } else { &[] };
        let url = environment.at(&["v1", "events"], query);
        Ok(Self { api: Api::new(environment, &[Secret::Service, Secret::Master])?, url, retries })
    }

    /// Sends a batch until every event in it is taken, rejected or given up, and empties it.
    pub(super) async fn deliver(
        &self,
        batch: &mut Batch,
        summary: &mut Summary,
        output: Output,
        progress: &ProgressBar,
    ) -> Result<(), Failure> {
        let mut attempt = 0;
        loop {
            let wait = match self.attempt(batch).await {
                Ok((results, wait)) => {
                    let mut left = Vec::new();
                    for (event, result) in batch.take().into_iter().zip(results) {
                        if result.status == "unavailable" && attempt < self.retries {
                            left.push(event);
                            continue;
                        }
                        let EventResult { status, recipients, reason, error } = result;
                        let outcome = Outcome { event: &event, status: &status, recipients, reason, error };
                        progress.suspend(|| summary.note(&outcome, output))?;
                    }
                    progress.set_message(summary.to_string());
                    if left.is_empty() {
                        return Ok(());
                    }
                    batch.put_back(left);
                    wait
                }
                Err(Attempt::Failed(failure)) => return Err(failure),
                Err(Attempt::TryAgain(failure, _)) if attempt >= self.retries => return Err(failure),
                Err(Attempt::TryAgain(failure, wait)) => {
                    progress.set_message(format!("{failure}; trying again"));
                    wait
                }
            };
            attempt += 1;
            sleep(wait.unwrap_or_else(|| backoff(attempt))).await;
        }
    }

    async fn attempt(&self, batch: &Batch) -> Result<(Vec<EventResult>, Option<Duration>), Attempt> {
        let media_type = "application/cloudevents-batch+json";
        let answer = self.api.post(Method::POST, &self.url, media_type, batch.body()).await;
        let answer = answer.map_err(|failure| match failure {
            failure @ (Failure::Unreachable(_) | Failure::Unavailable(_)) => Attempt::TryAgain(failure, None),
            failure => Attempt::Failed(failure),
        })?;
        let wait = retry_after(&answer);
        if let Ok(Results { results }) = serde_json::from_slice(&answer.body)
            && matches!(answer.status, 200 | 202 | 400 | 503)
        {
            return Ok((results, wait));
        }
        match read(&answer, &self.url) {
            Ok(_) => Err(Attempt::Failed(Failure::Other("the server's answer cannot be read".to_owned()))),
            Err(failure) if answer.status == 429 || answer.status >= 500 => Err(Attempt::TryAgain(failure, wait)),
            Err(failure) => Err(Attempt::Failed(failure)),
        }
    }
}

/// Why a request was not answered with results.
enum Attempt {
    /// It may be, next time; perhaps after as long as the server says.
    TryAgain(Failure, Option<Duration>),
    /// It never will.
    Failed(Failure),
}

fn retry_after(answer: &Answer) -> Option<Duration> {
    let seconds: u64 = answer.header("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_WAIT))
}

fn backoff(attempt: u32) -> Duration {
    let policy = ReconnectPolicy { max_attempts: None, ..ReconnectPolicy::default() };
    policy.delay(attempt, 1.0).unwrap_or(policy.max_delay)
}
