//! `/health`: whether the Worker answers, and whether what it needs does.

use durable_objects::{ListKeys, Ping, log, now_millis};
use serde_json::json;
use worker::Response;

use crate::{door::Visit, refusal::Refusal};

/// Answers `/health/live` at once, `/health` and `/health/ready` after asking each object class and KV.
pub(crate) async fn serve(visit: Visit) -> Result<Response, Refusal> {
    if visit.url.path() == "/health/live" {
        return Ok(Response::from_json(&json!({ "status": "healthy" }))?);
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

    let is_healthy = checks.iter().all(|check| check["status"] == "healthy");
    let status = if is_healthy { "healthy" } else { "unhealthy" };
    let response = Response::from_json(&json!({ "status": status, "checks": checks }))?;
    Ok(response.with_status(if is_healthy { 200 } else { 503 }))
}

fn check(name: &str, started_at_millis: i64, outcome: Result<(), String>) -> serde_json::Value {
    let check = json!({
        "name": name,
        "status": if outcome.is_ok() { "healthy" } else { "unhealthy" },
        "durationMs": now_millis() - started_at_millis,
    });
    // The cause is for the log: this route asks for no key.
    if let Err(error) = outcome {
        log::error("a health check failed", json!({ "check": name, "error": error }));
    }
    check
}
