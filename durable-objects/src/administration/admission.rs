//! Connections to the master key's hubs, and when the object looks after them.

use signalr_durable::ConnectionCall;
use worker::{Request, Response, Result};

use super::{Administration, services::Services};
use crate::{
    connection_id::new_connection_id,
    desk::JournalLimits,
    identifiers::{HOUR_MILLIS, ahead_millis, hours_millis},
    virtual_key::calls::{Admission, Refusal},
};

/// What the connections of health checks claim: they are nobody's, and are not written down.
pub const PROBE_CLAIMS: &str = "probe";

/// Connections to the master key's hubs at the most.
const MOST_CONNECTIONS: usize = 1_000;

/// How often what is past its time is dropped.
const SWEEP_MILLIS: i64 = 6 * HOUR_MILLIS;

impl Administration {
    /// Answers whether there is room for a connection. Nothing is held: the upgrade asks again.
    pub(super) fn reserve(&self) -> Result<Admission> {
        Ok(match self.refusal() {
            Some(refusal) => Admission::Refused(refusal),
            None => Admission::Admitted { relay: None, connection_id: new_connection_id(None)? },
        })
    }

    pub(super) async fn serve_client(&self, request: Request) -> Result<Response> {
        let call = ConnectionCall::of(&request)?;
        if !self.server.has_connection(&call.connection_id) {
            if let Some(refusal) = self.refusal() {
                return Ok(Response::from_json(&refusal)?.with_status(422));
            }
            if call.claims == PROBE_CLAIMS {
                return self.server.serve(&call, request).await.map_err(worker::Error::from);
            }
            self.services.desk.note_opened(&call)?;
        }
        let answer = self.server.serve(&call, request).await?;
        self.wind().await?;
        Ok(answer)
    }

    fn refusal(&self) -> Option<Refusal> {
        if self.server.connection_count() >= MOST_CONNECTIONS {
            // Some of them may be dead.
            self.server.check();
        }
        let is_full = self.server.connection_count() >= MOST_CONNECTIONS;
        is_full.then_some(Refusal::TooManyConnections { limit: MOST_CONNECTIONS as u64 })
    }

    /// Makes sure that the alarm rings for what comes next.
    pub(super) async fn wind(&self) -> Result<()> {
        let services = &self.services;
        // Milliseconds since the epoch are far below 2^53.
        #[allow(clippy::cast_possible_truncation)]
        let check = self.server.next_check_millis().map(|at_millis| at_millis as i64 + ahead_millis());
        let due = [check, services.providers.next_check_millis()?];
        match due.into_iter().flatten().min() {
            Some(at_millis) => services.alarm_clock.ring_by(at_millis).await,
            None => Ok(()),
        }
    }
}

impl Services {
    /// Drops what is past its time.
    pub(super) fn sweep(&self, limits: JournalLimits, now_millis: i64) -> Result<()> {
        if now_millis < self.swept_at_millis.get() + SWEEP_MILLIS {
            return Ok(());
        }
        self.swept_at_millis.set(now_millis);
        let configuration = self.configuration()?;
        let most = i64::try_from(configuration.deduplication_max).unwrap_or(i64::MAX);
        self.deduplication.sweep(now_millis - hours_millis(configuration.deduplication_hours), most)?;
        self.broadcasts.sweep(limits.kept_since_millis(now_millis), limits.most_events)?;
        self.desk.sweep(limits, now_millis)?;
        Ok(())
    }
}
