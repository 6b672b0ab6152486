//! When an attempt is due, the Worker is told by a queue. That is all the queue is for: what it loses or doubles changes
//! nothing, since the object knows what is due and whether it was begun.

use serde_json::json;
use wasm_bindgen_futures::spawn_local;
use worker::{Env, Result};

use super::{
    super::{VirtualKey, calls::Poke},
    entry::Entry,
};
use crate::{
    identifiers::now_millis,
    log,
    queue::{self, Queue},
    transaction::transaction,
};

/// How long the Worker may take to begin: then it is told again.
const POKE_MILLIS: i64 = 10_000;

impl VirtualKey {
    /// Tells the Worker of what is due, without waiting for the queue, and winds the alarm for what comes next.
    pub(in super::super) async fn attend_deliveries(&self) -> Result<()> {
        self.services.webhooks.schedule.is_attended.set(true);
        if self.services.webhooks.schedule.is_empty()? {
            return Ok(());
        }
        if let Some(virtual_key_id) = self.services.key.id()? {
            let schedule = &self.services.webhooks.schedule;
            let lost_at_millis = now_millis() + POKE_MILLIS;
            let taken = transaction(&self.services.storage, || schedule.take_due(lost_at_millis))?;
            let poke_of = |entry: &Entry| {
                let (virtual_key_id, delivery_id) = (virtual_key_id.clone(), entry.id.clone());
                serde_json::to_string(&Poke { virtual_key_id, delivery_id, attempt: entry.attempt })
            };
            let pokes = taken.iter().map(poke_of).collect::<serde_json::Result<Vec<String>>>()?;
            if !pokes.is_empty() {
                spawn_local(poke(self.services.env.clone(), pokes));
            }
        }
        self.wind_deliveries().await
    }

    /// Makes sure that the alarm rings when something is to be done next.
    pub(in super::super) async fn wind_deliveries(&self) -> Result<()> {
        if self.services.webhooks.schedule.is_empty()? {
            return Ok(());
        }
        match self.services.webhooks.schedule.next_millis()? {
            Some(next_millis) => self.services.alarm_clock.ring_by(next_millis).await,
            None => Ok(()),
        }
    }
}

async fn poke(env: Env, pokes: Vec<String>) {
    if let Err(error) = queue::send(&env, Queue::Webhooks, &pokes).await {
        log::warn("the queue of webhooks did not take what is due", json!({ "error": error.to_string() }));
    }
}
