//! Whether somebody is there, and whether it is Conduit Edge.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use conduit_client::http::Method;
use conduit_client::{Answer, Error};
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::findings::Finding;
use super::{Examination, body};
use crate::api::origin;
use crate::failure::Failure;

/// Clocks that differ by less do no harm.
const MAX_SKEW: Duration = Duration::from_secs(5);

impl Examination<'_> {
    /// Looks from the name to the program that answers, and says whether anything more can be looked at.
    pub(super) async fn address(&mut self) -> Result<bool, Failure> {
        let url = self.environment.url.clone();
        let started = Instant::now();
        let dialed = timeout(self.environment.timeout, self.network.dial(&url)).await;
        let finding = match dialed {
            Ok(Ok(line)) => match line.peer_addr() {
                Ok(address) => Finding::good(format!("{address} answers")).took(started.elapsed()),
                Err(error) => Finding::bad(error.to_string(), "The line was cut as soon as it was there: try again."),
            },
            Ok(Err(error)) => Finding::bad(error.to_string(), advice(&error)),
            Err(_) => Finding::bad(
                format!("{} does not answer", origin(&url)),
                "Something between swallows the connection: look at firewalls and at the port.",
            ),
        };
        if !self.findings.note("address", finding)? {
            return Ok(false);
        }
        let started = Instant::now();
        let live = self.ask(Method::GET, &["health", "live"], &[], &[], None).await;
        if !self.tls(live.as_ref().err())? {
            return Ok(false);
        }
        let finding = match &live {
            Ok(answer) if is_conduit(answer) => {
                Finding::good(format!("Conduit Edge answers at {}", origin(&url))).took(started.elapsed())
            }
            Ok(answer) if answer.header("x-request-id").is_some() => Finding::bad(
                format!("it answers {} to GET /health/live", answer.status),
                "Its configuration may be wrong: its log says which variable.",
            ),
            Ok(answer) => Finding::bad(
                format!("what answers is not Conduit Edge: {} to GET /health/live", answer.status),
                "Check the port and the path in CONDUIT_URL: it is where the Worker is, without /hubs or /v1.",
            ),
            Err(error) => Finding::bad(
                error.to_string(),
                "Something listens there that does not speak HTTP as Conduit Edge does: check the port and whether the \
                 address should begin with https://.",
            ),
        };
        let is_conduit = self.findings.note("server", finding)?;
        if let Ok(answer) = &live {
            self.clock(answer)?;
        }
        Ok(is_conduit)
    }

    fn tls(&mut self, error: Option<&Error>) -> Result<bool, Failure> {
        let url = &self.environment.url;
        let finding = if let Some(error @ Error::Tls { .. }) = error {
            Finding::bad(
                error.to_string(),
                "The certificate must be good for this name and signed by somebody whom this system trusts; a server \
                 without TLS is at http://.",
            )
        } else if url.scheme() == "https" {
            if error.is_some() {
                return Ok(true);
            }
            Finding::good("the certificate is good")
        } else if is_local(url.host_str().unwrap_or_default()) {
            Finding::good("none, on this machine or in its network")
        } else {
            Finding::warning("none: keys go over the network in clear", "Use https:// for what is not on this machine.")
        };
        self.findings.note("tls", finding)
    }

    fn clock(&mut self, answer: &Answer) -> Result<(), Failure> {
        let Some(theirs) = answer.header("date").and_then(|date| httpdate::parse_http_date(date).ok()) else {
            self.findings.note("clock", Finding::skipped("the server does not tell its time"))?;
            return Ok(());
        };
        let ours = SystemTime::now();
        // Its header has whole seconds.
        let skew = ours.duration_since(theirs).unwrap_or_else(|error| error.duration());
        let seconds = skew.as_secs_f64();
        let finding = if skew <= MAX_SKEW {
            Finding::good("this machine's clock and the server's agree")
        } else {
            Finding::warning(
                format!("this machine's clock and the server's differ by {seconds:.0} s"),
                "Tokens last as long as the server's clock says, and times of events are the server's: set this clock right.",
            )
        };
        self.findings.note("clock", finding)?;
        Ok(())
    }

    /// Whether all that it needs answers, with a message through a hub.
    pub(super) async fn health(&mut self) -> Result<(), Failure> {
        let started = Instant::now();
        let finding = match self.ask(Method::GET, &["health", "signalr"], &[], &[], None).await {
            Err(error) => {
                Finding::bad(error.to_string(), "It takes longer than --timeout, or breaks off: look at its log.")
            }
            Ok(answer) => {
                let health = body(&answer);
                let checks = health.get("checks").and_then(Value::as_array).cloned().unwrap_or_default();
                let name = |check: &Value| check.get("name").and_then(Value::as_str).unwrap_or("?").to_owned();
                let is_ill = |check: &&Value| check.get("status").and_then(Value::as_str) != Some("healthy");
                let ill: Vec<_> = checks.iter().filter(is_ill).map(name).collect();
                if answer.status == 200 && ill.is_empty() {
                    let all: Vec<_> = checks.iter().map(name).collect();
                    Finding::good(all.join(", ")).took(started.elapsed())
                } else {
                    let ill = if ill.is_empty() { format!("it answers {}", answer.status) } else { ill.join(", ") };
                    Finding::bad(
                        format!("ill: {ill}"),
                        "These are what the Worker stands on: look at its log, and at the bindings of its deployment.",
                    )
                }
            }
        };
        self.findings.note("health", finding)?;
        Ok(())
    }
}

fn is_conduit(answer: &Answer) -> bool {
    let is_healthy = body(answer).get("status").and_then(Value::as_str) == Some("healthy");
    answer.status == 200 && is_healthy && answer.header("x-request-id").is_some()
}

fn is_local(host: &str) -> bool {
    let address: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
    match address {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.is_unique_local(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

fn advice(error: &Error) -> &'static str {
    let text = error.to_string();
    if text.contains("refused") {
        "Nothing listens there: is it running (`npm start`), and is the port right?"
    } else if text.contains("lookup") || text.contains("resolve") || text.contains("name") {
        "The name has no address: check its spelling in CONDUIT_URL."
    } else {
        "There is no way to it: check the network and CONDUIT_URL."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near_may_do_without_tls() {
        for host in ["127.0.0.1", "[::1]", "localhost", "192.168.1.2", "10.0.0.1"] {
            assert!(is_local(host), "{host}");
        }
        for host in ["conduit.example.com", "8.8.8.8", "[2001:db8::1]"] {
            assert!(!is_local(host), "{host}");
        }
    }
}
