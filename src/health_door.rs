//! `/health`: whether the Worker answers, and whether what it needs does.

use contract::{Health, HealthCheck, Wellbeing};
use durable_objects::{ListKeys, ObjectCall, Ping, PingAdministration, PingDirectory, Queue, log, now_millis};
use serde_json::json;
use worker::{Env, Response};

use crate::{door::Visit, echo, refusal::Refusal};

/// Answers `/health/live` at once, the others after asking each object class, the queue and KV; `/health/signalr` also has a message
/// go through a hub.
pub(crate) async fn serve(visit: Visit) -> Result<Response, Refusal> {
    let path = visit.url.path().to_owned();
    if path == "/health/live" {
        return Ok(Response::from_json(&Health { status: Wellbeing::Healthy, checks: Vec::new() })?);
    }
    let env = &visit.env;
    let mut checks = vec![
        check("administration", asked(env, &PingAdministration {})).await,
        // An object of no key: it answers without storing anything.
        check("virtual-key", asked(env, &Ping { virtual_key_id: NO_KEY.to_owned() })).await,
        check("directory", asked(env, &PingDirectory {})).await,
        check("storage", asked(env, &ListKeys { after: None, limit: 1 })).await,
        check("queue", async { waits(env).await.map_err(|error| error.to_string()) }).await,
        check("key-lookup", async { find(env).await.map_err(|error| error.to_string()) }).await,
    ];
    if path == "/health/signalr" {
        checks.push(
            check("hub-message", async { echo::through_a_hub(env).await.map_err(|error| error.to_string()) }).await,
        );
    }
    let is_healthy = checks.iter().all(|check| check.status == Wellbeing::Healthy);
    let health = Health { status: Wellbeing::of(is_healthy), checks };
    Ok(Response::from_json(&health)?.with_status(if is_healthy { 200 } else { 503 }))
}

/// The id of no key.
const NO_KEY: &str = "health";

async fn asked<C: ObjectCall>(env: &Env, call: &C) -> Result<(), String> {
    durable_objects::ask(env, call).await.map(drop).map_err(|error| error.to_string())
}

async fn find(env: &Env) -> worker::Result<()> {
    env.kv("KEYS")?.get("health").text().await?;
    Ok(())
}

/// Whether the queue of events answers.
async fn waits(env: &Env) -> worker::Result<()> {
    durable_objects::backlog(env, Queue::Events).await.map(drop)
}

async fn check(name: &'static str, outcome: impl Future<Output = Result<(), String>>) -> HealthCheck {
    let started_at_millis = now_millis();
    let outcome = outcome.await;
    let status = Wellbeing::of(outcome.is_ok());
    // The cause is for the log: this route asks for no key.
    if let Err(error) = outcome {
        log::error("a health check failed", json!({ "check": name, "error": error }));
    }
    HealthCheck { name, status, duration_ms: now_millis() - started_at_millis }
}
