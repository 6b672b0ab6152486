//! `/health`: whether the Worker answers, and whether what it needs does.

use durable_objects::{ListKeys, Ping, log, now_millis};
use serde::Serialize;
use serde_json::json;
use worker::Response;

use crate::{door::Visit, refusal::Refusal};

/// Answers `/health/live` at once, `/health` and `/health/ready` after asking each object class and KV.
pub(crate) async fn serve(visit: Visit) -> Result<Response, Refusal> {
    if visit.url.path() == "/health/live" {
        return Ok(Response::from_json(&Health { status: HEALTHY, checks: Vec::new() })?);
    }
    let mut checks = Vec::new();
    let started = now_millis();
    let registry = durable_objects::ask(&visit.env, &ListKeys { after: None, limit: 1 }).await;
    checks.push(check("administration", started, registry.map_err(|error| error.to_string()).map(drop)));

    let started = now_millis();
    // An object of no key: it answers without storing anything.
    let object = durable_objects::ask(&visit.env, &Ping { virtual_key_id: "health".to_owned() }).await;
    checks.push(check("virtual-key", started, object.map_err(|error| error.to_string())));

    let started = now_millis();
    let lookup = async { visit.env.kv("KEYS")?.get("health").text().await.map_err(worker::Error::from) };
    checks.push(check("key-lookup", started, lookup.await.map_err(|error| error.to_string()).map(drop)));

    let is_healthy = checks.iter().all(|check| check.status == HEALTHY);
    let health = Health { status: status(is_healthy), checks };
    Ok(Response::from_json(&health)?.with_status(if is_healthy { 200 } else { 503 }))
}

const HEALTHY: &str = "healthy";

fn status(is_healthy: bool) -> &'static str {
    if is_healthy { HEALTHY } else { "unhealthy" }
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checks: Vec<Check>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    name: &'static str,
    status: &'static str,
    duration_ms: i64,
}

fn check(name: &'static str, started_at_millis: i64, outcome: Result<(), String>) -> Check {
    let status = status(outcome.is_ok());
    // The cause is for the log: this route asks for no key.
    if let Err(error) = outcome {
        log::error("a health check failed", json!({ "check": name, "error": error }));
    }
    Check { name, status, duration_ms: now_millis() - started_at_millis }
}
