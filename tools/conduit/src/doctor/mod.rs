//! `conduit doctor`: checks a deployment end to end, and explains what is wrong and what to do.

mod address;
mod event;
mod findings;
mod keys;
mod operation;
mod transports;

use clap::Args;
use conduit_client::http::Method;
use conduit_client::{Answer, Error, Network};
use serde_json::{Value, json};

use self::findings::Findings;
use crate::environment::{Environment, Secret};
use crate::failure::Failure;
use crate::output::Output;

#[derive(Debug, Args)]
#[command(after_long_help = "\
With CONDUIT_MASTER_KEY it makes a key for the time of the check, sends an event for it and waits until it arrives; the key is \
deleted at the end. With CONDUIT_KEY alone it checks all but that, and without any key what can be seen without one. What it \
could not check it says, with what it needs.

It ends with 0 if nothing is wrong (warnings do not count), else with 8.

Examples:
  conduit doctor
  conduit doctor --url https://conduit.example.com --origin https://app.example.com")]
pub(crate) struct DoctorTask {
    /// A page's origin that must be allowed to connect, such as https://app.example.com
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// Send no event, and make no key for that
    #[arg(long)]
    no_event: bool,
}

/// What the checks ask with, and what they have found.
struct Examination<'a> {
    environment: &'a Environment,
    network: Network,
    findings: Findings,
}

pub(crate) async fn run(task: &DoctorTask, environment: &Environment, output: &Output) -> Result<(), Failure> {
    let network = Network::new(None)?;
    let mut examination = Examination { environment, network, findings: Findings::new(*output) };
    if examination.address().await? {
        examination.everything_else(task).await?;
    }
    examination.findings.conclude()
}

impl Examination<'_> {
    async fn everything_else(&mut self, task: &DoctorTask) -> Result<(), Failure> {
        self.health().await?;
        let has_virtual = self.virtual_key().await?;
        let has_master = self.master_key().await?;
        let guest = if has_master && !task.no_event { self.guest_key().await? } else { None };
        let own = self.environment.secret(Secret::Virtual).filter(|_| has_virtual).map(str::to_owned);
        let key = own.or_else(|| guest.as_ref().map(|guest| guest.key.clone()));
        self.transports(key.as_deref()).await?;
        let event = self.event(guest.as_ref(), task.no_event).await;
        if let Some(guest) = &guest {
            self.delete_guest(guest).await?;
        }
        event?;
        if has_master {
            self.queues().await?;
        }
        self.origin(task.origin.as_deref()).await
    }

    /// Asks without a key, or with one.
    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Answer, Error> {
        let url = self.environment.at(path, query);
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.network.request(method, &url, headers, body, self.environment.timeout).await
    }

    async fn ask_as_master(&self, method: Method, path: &[&str], body: Option<Value>) -> Result<Answer, Error> {
        let key = self.environment.secret(Secret::Master).unwrap_or_default();
        let headers = [("x-master-key", key), ("content-type", "application/json")];
        self.ask(method, path, &[], &headers, body).await
    }
}

fn body(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_else(|_| json!({}))
}
