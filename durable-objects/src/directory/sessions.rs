//! Counts the realtime sessions of all keys, in the first shard alone: each holds a socket here while it goes on.

use contract::{Identifier, RealtimeSession};
use worker::{Request, Response, Result};

use super::{Directory, calls::ListAllSessions};
use crate::lease::{self, Granted, LeaseRefusal, Leased, TakeLease};

impl Directory {
    /// Takes a session, if there may be one more. Nothing waits between counting and taking.
    pub(super) async fn lease(&self, request: Request) -> Result<Response> {
        let take: TakeLease = lease::asked(&request)?;
        let limit = self.configuration()?.realtime_max_total;
        if self.leases.count() >= limit {
            return lease::refuse(&LeaseRefusal::SystemFull { limit });
        }
        self.leases.accept(&Leased::new(take), Granted::default())
    }

    /// A page of the sessions that go on.
    pub(super) fn sessions(&self, call: &ListAllSessions) -> Result<Vec<RealtimeSession>> {
        let mut open: Vec<Leased> = self.leases.open().into_iter().map(|(leased, _)| leased).collect();
        open.retain(|leased| call.after.as_ref().is_none_or(|after| leased.lease > *after));
        open.sort_unstable_by(|one, other| one.lease.cmp(&other.lease));
        open.truncate(call.limit as usize);
        let view = |leased: Leased| {
            let virtual_key_id = Identifier::new(leased.virtual_key_id.clone());
            let virtual_key_id = virtual_key_id.map_err(|error| worker::Error::RustError(error.to_string()))?;
            Ok(RealtimeSession { virtual_key_id, connection: leased.view() })
        };
        open.into_iter().map(view).collect()
    }
}
