//! Who may connect: the key's own object has the final say.

use contract::KeyRecord;
use signalr_durable::{ConnectionCall, InvocationRate};
use worker::{Request, Response, Result};

use super::{
    VirtualKey,
    calls::{Admission, ApplyKey, Disconnect, Refusal, Reserve},
    key_state::KeyState,
    services::Services,
};
use crate::{connection_id::new_connection_id, identifiers::now_millis, server_options};

/// What the end of connections is put down to whose key opens nothing any more.
pub(super) const KEY_SHUT: &str = "The key is disabled, deleted or past its time.";

/// What clients read whom the operator disconnects.
const DISCONNECTED: &str = "Connection closed by the operator.";

impl VirtualKey {
    /// Answers whether the key may connect now. Nothing is held: the upgrade asks again.
    pub(super) async fn reserve(&self, reserve: &Reserve) -> Result<Admission> {
        Ok(match self.refusal(&reserve.virtual_key_id).await? {
            Some(refusal) => Admission::Refused(refusal),
            None => Admission::Admitted {
                connection_id: new_connection_id(Some(&reserve.virtual_key_id))?,
                relay: self.server.relay_for(reserve.region.as_deref())?,
            },
        })
    }

    /// Serves a client's request for one of its connections. A key that is disabled or gone ends with the next one,
    /// whatever it is for; how many connections a key may have is asked where one begins.
    pub(super) async fn serve_client(&self, request: Request) -> Result<Response> {
        let call = ConnectionCall::of(&request)?;
        let virtual_key_id = call.user_id.as_deref().unwrap_or_default();
        let is_known = self.server.has_connection(&call.connection_id);
        let refusal =
            if is_known { self.refusal_of_key(virtual_key_id).await? } else { self.refusal(virtual_key_id).await? };
        if let Some(refusal) = refusal {
            return Ok(Response::from_json(&refusal)?.with_status(422));
        }
        if let Some(elsewhere) = self.server.elsewhere(&call)? {
            return Ok(elsewhere);
        }
        if !is_known {
            self.services.desk.note_opened(&call)?;
        }
        let answer = self.server.serve(&call, request).await?;
        self.wind_check().await?;
        self.note_activity().await?;
        Ok(answer)
    }

    /// Takes what a relay of the key tells.
    pub(super) async fn serve_relay(&self, request: Request) -> Result<Response> {
        let answer = self.server.serve_relay(request).await?;
        self.note_activity().await?;
        Ok(answer)
    }

    async fn refusal(&self, virtual_key_id: &str) -> Result<Option<Refusal>> {
        let record = match self.services.key.read(virtual_key_id).await? {
            Some(KeyState::Known(record)) => record,
            None | Some(KeyState::Deleted { .. }) => return Ok(Some(Refusal::Unknown)),
        };
        if let Some(refusal) = refusal_by(&record) {
            return Ok(Some(refusal));
        }
        let own_limit = record.limits.connections.map(|limit| u64::from(limit.get()));
        let limit = match own_limit {
            Some(limit) => limit,
            None => self.services.configuration()?.max_connections_per_key,
        };
        let is_full = || u64::try_from(self.server.connection_count()).is_ok_and(|count| count >= limit);
        if is_full() {
            // Some of them may be dead.
            self.server.check();
            self.server.check_relays().await;
        }
        if is_full() {
            return Ok(Some(Refusal::TooManyConnections { limit }));
        }
        let refusal = self.borrow_place(virtual_key_id).await?;
        // Asked again after the wait: others may have come meanwhile. From here to the connection nothing waits.
        Ok(refusal.or_else(|| is_full().then_some(Refusal::TooManyConnections { limit })))
    }

    /// Why the key opens nothing at all, if it does not.
    pub(super) async fn refusal_of_key(&self, virtual_key_id: &str) -> Result<Option<Refusal>> {
        Ok(match self.services.key.read(virtual_key_id).await? {
            Some(KeyState::Known(record)) => refusal_by(&record),
            None | Some(KeyState::Deleted { .. }) => Some(Refusal::Unknown),
        })
    }

    /// Takes what the registry says of the key, and acts on it at once.
    pub(super) async fn apply(&self, apply: ApplyKey) -> Result<()> {
        if self.services.key.knows(apply.revision)? {
            return Ok(());
        }
        let is_new = matches!(self.services.key.stored()?, Some(KeyState::Deleted { .. })) && apply.record.is_some();
        if is_new {
            // Another key of the same id: nothing of the old one is its.
            self.erase().await?;
        }
        let may_connect = apply.record.as_ref().is_some_and(|record| refusal_by(record).is_none());
        let is_deleted = apply.record.is_none();
        let deleted = KeyState::Deleted { id: apply.virtual_key_id, since_millis: now_millis() };
        let state = apply.record.map_or(deleted, KeyState::Known);
        if !self.services.key.apply(state, apply.revision)? {
            return Ok(());
        }
        self.server.forget_invocation_rate();
        if !may_connect {
            self.server.close_all(KEY_SHUT, None, false);
        }
        self.attend_sessions()?;
        if is_deleted {
            self.keep_until_erased().await?;
        } else {
            self.wind_expiry().await?;
            self.settle_after_change().await?;
        }
        self.note_activity().await
    }

    /// Closes all connections, whose clients may come back, and says how many they were.
    pub(super) async fn disconnect(&self, _disconnect: &Disconnect) -> Result<usize> {
        let count = self.server.connection_count();
        self.server.close_all(DISCONNECTED, Some(DISCONNECTED), true);
        self.note_activity().await?;
        Ok(count)
    }
}

impl Services {
    /// How often connections may invoke, if the key has a limit of its own.
    pub(super) fn own_invocation_rate(&self) -> Option<InvocationRate> {
        let Ok(Some(KeyState::Known(record))) = self.key.stored() else { return None };
        Some(server_options::invocation_rate(record.limits.invocations_per_minute?.get()))
    }
}

/// Why a key opens nothing, if it does not.
pub(super) fn refusal_by(record: &KeyRecord) -> Option<Refusal> {
    if !record.enabled {
        return Some(Refusal::Disabled);
    }
    record.expires_at.is_some_and(|at| at.0 <= now_millis()).then_some(Refusal::Expired)
}
