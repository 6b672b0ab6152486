//! The key's realtime sessions: who may begin one, and what ends them.

use contract::{
    Identifier, KeyRecord, Notification, RealtimeConnection, RealtimeSessionChanged, RealtimeSessionState,
    admin_hub::virtual_key_group, hub::ADMIN_HUB,
};
use worker::{Request, Response, Result, WebSocket};

use super::{
    VirtualKey,
    admission::refusal_by,
    calls::{ListSessions, Refusal},
    draft::Draft,
    key_state::KeyState,
    spend::with_account,
};
use crate::{
    identifiers::now_millis,
    lease::{self, LeaseEnd, LeaseRefusal, Leased, TakeLease},
};

impl VirtualKey {
    /// Takes a session, if the key may have one more. Between counting and taking nothing waits.
    pub(super) async fn lease(&self, request: Request) -> Result<Response> {
        let take: TakeLease = lease::asked(&request)?;
        let record = match self.services.key.read(&take.virtual_key_id).await? {
            Some(KeyState::Known(record)) => record,
            None | Some(KeyState::Deleted { .. }) => return lease::refuse(&LeaseRefusal::Unknown),
        };
        if let Some(refusal) = self.refusal_of_session(&record, &take.model)? {
            return lease::refuse(&refusal);
        }
        let leased = Leased::new(take);
        let answer = self.leases.accept(&leased)?;
        self.tell_of_session(&record.id, &leased.lease, RealtimeSessionState::Active).await?;
        Ok(answer)
    }

    fn refusal_of_session(&self, record: &KeyRecord, model: &str) -> Result<Option<LeaseRefusal>> {
        if let Some(refusal) = refusal_by(record) {
            return Ok(Some(match refusal {
                Refusal::Expired => LeaseRefusal::Expired,
                _ => LeaseRefusal::Disabled,
            }));
        }
        if !record.realtime {
            return Ok(Some(LeaseRefusal::NoRealtime));
        }
        if record.allowed_models.as_ref().is_some_and(|allowed| !allowed.allow(model)) {
            return Ok(Some(LeaseRefusal::OtherModel));
        }
        if self.is_budget_spent(record)? {
            return Ok(Some(LeaseRefusal::BudgetSpent));
        }
        let limit = match record.limits.realtime_sessions {
            Some(own) => u64::from(own.get()),
            None => self.services.configuration()?.realtime_max_per_key,
        };
        Ok((self.leases.count() >= limit).then_some(LeaseRefusal::TooManySessions { limit }))
    }

    /// Whether the budget is spent, if there is one.
    fn is_budget_spent(&self, record: &KeyRecord) -> Result<bool> {
        with_account(record, |account| {
            let Some(limit) = account.limit() else { return Ok(false) };
            Ok(self.services.spend.current(account, now_millis())? >= limit.get())
        })
    }

    /// Ends the sessions that the key may not have any more.
    pub(super) fn end_sessions_that_may_not_be(&self) -> Result<()> {
        let open = self.leases.open();
        if open.is_empty() {
            return Ok(());
        }
        let why = match self.services.key.stored()? {
            Some(KeyState::Known(record)) if record.realtime && refusal_by(&record).is_none() => {
                self.is_budget_spent(&record)?.then_some(LeaseEnd::BudgetSpent)
            }
            _ => Some(LeaseEnd::KeyShut),
        };
        if let Some(why) = why {
            for (_, socket) in &open {
                lease::end(socket, why);
            }
        }
        Ok(())
    }

    /// The sessions that go on, the oldest first. None where the key opens nothing.
    pub(super) async fn sessions(&self, call: &ListSessions) -> Result<Option<Vec<RealtimeConnection>>> {
        if self.refusal_of_key(&call.virtual_key_id).await?.is_some() {
            return Ok(None);
        }
        let mut open: Vec<_> = self.leases.open().into_iter().map(|(leased, _)| leased.view()).collect();
        open.sort_by(|one, other| {
            (one.connected_at, &one.connection_id).cmp(&(other.connected_at, &other.connection_id))
        });
        Ok(Some(open))
    }

    /// A lease's socket is closed, by whichever side: its session is over. False where it is another's socket.
    pub(super) async fn lease_closed(&self, socket: &WebSocket, code: usize) -> Result<bool> {
        let Some(leased) = self.leases.of(socket) else { return Ok(false) };
        lease::answer_close(socket, code);
        if let Some(id) = self.services.key.id()? {
            self.tell_of_session(&id, &leased.lease, RealtimeSessionState::Closed).await?;
        }
        Ok(true)
    }

    /// Has operators told of a session: by the alarm, so that no session waits for the registry.
    async fn tell_of_session(&self, key: &str, connection: &str, state: RealtimeSessionState) -> Result<()> {
        let identifier =
            |text: &str| Identifier::new(text).map_err(|error| worker::Error::RustError(error.to_string()));
        let changed =
            RealtimeSessionChanged { virtual_key_id: identifier(key)?, connection_id: identifier(connection)?, state };
        let mut draft = Draft::new(&self.services, now_millis());
        draft.raise(None, |meta| Notification::new(&ADMIN_HUB, vec![virtual_key_group(key)], &changed, meta));
        draft.commit()?;
        self.services.alarm_clock.ring_by(now_millis()).await
    }
}
