//! A message through a hub and back, for the health check.

use std::time::Duration;

use contract::hub::METRICS_HUB;
use durable_objects::{ADMINISTRATION_NAME, PROBE_CLAIMS, in_time, now_millis, random_bytes, ulid};
use signalr_durable::edge;
use worker::{Env, Result};

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) async fn through_a_hub(env: &Env) -> Result<()> {
    let object = env.durable_object("ADMINISTRATION")?.get_by_name(ADMINISTRATION_NAME)?;
    let connection_id = ulid(now_millis(), random_bytes().unwrap_or_default()).to_string();
    let probing = edge::probe(&object, METRICS_HUB.name, &connection_id, PROBE_CLAIMS);
    in_time(PATIENCE, probing).await
}
