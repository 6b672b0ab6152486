//! The key's realtime sessions: who may begin one, what ends them, and what is kept of them.

use contract::{
    AuditEntry, Identifier, KeyRecord, Notification, RealtimeConnection, RealtimeSessionChanged, RealtimeSessionRecord,
    RealtimeSessionState, SessionAccount, admin_hub::virtual_key_group, hub::ADMIN_HUB, time::Timestamp,
};
use serde_json::json;
use worker::{Request, Response, Result, WebSocket};

use super::{
    VirtualKey,
    admission::refusal_by,
    calls::{ListPastSessions, ListSessions, Refusal, UseRecording},
    draft::Draft,
    key_state::KeyState,
    session_store::StoredSession,
    spend::with_account,
};
use crate::{
    identifiers::{HOUR_MILLIS, now_millis},
    lease::{self, Credit, Granted, LeaseEnd, LeaseRefusal, Leased, TakeLease},
    log,
};

/// Why a session is over of which nobody says why: whoever held it was lost.
const LOST: &str = "lost";

/// Of what is said why a session ended, what the longest name has, and more.
const MAX_REASON_BYTES: usize = 40;

impl VirtualKey {
    /// Takes a session, if the key may have one more. Between counting and taking nothing waits.
    pub(super) async fn lease(&self, request: Request) -> Result<Response> {
        let take: TakeLease = lease::asked(&request)?;
        let record = match self.services.key.read(&take.virtual_key_id).await? {
            Some(KeyState::Known(record)) => record,
            None | Some(KeyState::Deleted { .. }) => return lease::refuse(&LeaseRefusal::Unknown),
        };
        self.end_lost_sessions()?;
        if let Some(refusal) = self.refusal_of_session(&record, &take.model)? {
            return lease::refuse(&refusal);
        }
        let leased = Leased::new(take);
        let granted = self.grant(&record, &leased)?;
        let answer = self.leases.accept(&leased, granted)?;
        // It has its place, whoever can be told of it or not.
        let entry = AuditEntry::new(leased.lease.as_str(), "realtime.begun").to(leased.model.as_str());
        self.note(entry.because(granted.is_recorded.then_some("recorded")));
        self.tell_of_session(&record.id, &leased.lease, RealtimeSessionState::Active).await;
        Ok(answer)
    }

    /// Begins to keep a session, and says what it may cost.
    fn grant(&self, record: &KeyRecord, leased: &Leased) -> Result<Granted> {
        let mut account = SessionAccount::default();
        let credit = self.credit_left(record)?.map(|(rest, limit)| {
            let rest = account.lend(limit, rest);
            Credit { total: account.credit, is_last: rest.is_zero() }
        });
        let granted = Granted { credit, is_recorded: record.recording && self.services.recordings.are_kept() };
        self.services.sessions.write(&StoredSession {
            record: RealtimeSessionRecord {
                connection_id: leased.lease.clone(),
                model: leased.model.clone(),
                provider: leased.provider.clone(),
                started_at: Timestamp(leased.since_millis),
                ended_at: None,
                end_reason: None,
                cost: account.billed,
                figures: None,
                recorded: granted.is_recorded,
            },
            account,
            told: credit,
            heard_at_millis: leased.since_millis,
            inquiry: None,
        })?;
        Ok(granted)
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
        let limit = match record.limits.realtime_sessions {
            Some(own) => u64::from(own.get()),
            None => self.services.configuration()?.realtime_max_per_key,
        };
        if self.leases.count() >= limit {
            return Ok(Some(LeaseRefusal::TooManySessions { limit }));
        }
        // What other sessions were lent is gone, for as long as they may cost it.
        let is_lent = self.credit_left(record)?.is_some_and(|(rest, _)| rest <= contract::Money::ZERO);
        Ok(is_lent.then_some(LeaseRefusal::BudgetSpent))
    }

    /// Whether the budget is spent, if there is one.
    pub(super) fn is_budget_spent(&self, record: &KeyRecord) -> Result<bool> {
        with_account(record, |account| {
            let Some(limit) = account.limit() else { return Ok(false) };
            Ok(self.services.spend.current(account, now_millis())? >= limit.get())
        })
    }

    /// Ends a session of the key. False where there is none of that id.
    pub(super) fn end_session(&self, connection_id: &str, why: LeaseEnd) -> Result<bool> {
        let mut open = self.leases.open();
        open.retain(|(leased, _)| leased.lease == connection_id);
        let is_there = !open.is_empty();
        self.end_sessions(open, why)?;
        Ok(is_there)
    }

    /// Ends sessions. Why, they would forget: what is closed from here, the other side closes for no reason of its own.
    pub(super) fn end_sessions(&self, open: Vec<(Leased, WebSocket)>, why: LeaseEnd) -> Result<()> {
        for (leased, socket) in open {
            lease::end(&socket, why);
            if let Some(mut session) = self.services.sessions.read(&leased.lease)? {
                session.record.end_reason = Some(why.reason().to_owned());
                self.services.sessions.write(&session)?;
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

    /// The sessions that are over, the last one first. None where the key opens nothing.
    pub(super) async fn past_sessions(&self, call: &ListPastSessions) -> Result<Option<Vec<RealtimeSessionRecord>>> {
        if !call.for_operator && self.refusal_of_key(&call.virtual_key_id).await?.is_some() {
            return Ok(None);
        }
        self.end_lost_sessions()?;
        self.services.sessions.past(call.after.as_deref(), call.limit).map(Some)
    }

    /// A lease's socket is closed, by whichever side: its session is over. False where it is another's socket.
    pub(super) async fn lease_closed(&self, socket: &WebSocket, code: usize, reason: &str) -> Result<bool> {
        let Some(leased) = self.leases.of(socket) else { return Ok(false) };
        lease::answer_close(socket, code);
        if reason == lease::NOT_BEGUN {
            self.services.sessions.remove(&leased.lease)?;
        }
        let reason = Some(reason).filter(|reason| !reason.is_empty() && reason.len() <= MAX_REASON_BYTES);
        if let Some(session) = self.services.sessions.read(&leased.lease)? {
            self.over(session, reason, now_millis())?;
        }
        if let Some(id) = self.services.key.id()? {
            self.tell_of_session(&id, &leased.lease, RealtimeSessionState::Closed).await;
        }
        // What it held and did not use, others may have.
        self.attend_sessions()?;
        Ok(true)
    }

    /// Ends the sessions that are kept as going on and hold no lease: an object that is killed hears of no close.
    pub(super) fn end_lost_sessions(&self) -> Result<()> {
        let going_on = self.services.sessions.going_on()?;
        if going_on.is_empty() {
            return Ok(());
        }
        let open: Vec<String> = self.leases.held().map(|leased| leased.lease).collect();
        for session in going_on.into_iter().filter(|session| !open.contains(&session.record.connection_id)) {
            let heard_at_millis = session.heard_at_millis;
            self.over(session, None, heard_at_millis)?;
        }
        Ok(())
    }

    /// Keeps that a session is over, if that is not known.
    fn over(&self, mut session: StoredSession, reason: Option<&str>, at_millis: i64) -> Result<()> {
        let record = &mut session.record;
        if record.ended_at.is_some() {
            let Some(reason) = reason.filter(|_| record.end_reason.as_deref() == Some(LOST)) else { return Ok(()) };
            // It was looked for before it could say so.
            record.end_reason = Some(reason.to_owned());
            return self.services.sessions.write(&session);
        }
        record.ended_at = Some(Timestamp(at_millis));
        let reason = record.end_reason.get_or_insert_with(|| reason.unwrap_or(LOST).to_owned());
        let entry = AuditEntry::new(record.connection_id.as_str(), "realtime.ended").to(record.model.as_str());
        self.note(entry.because(Some(reason)));
        self.services.sessions.write(&session)
    }

    /// Drops sessions that ended too long ago, and their recordings. True if any are left.
    pub(super) async fn drop_old_sessions(&self, now_millis: i64) -> Result<bool> {
        let days = i64::try_from(self.services.configuration()?.realtime_retention_days).unwrap_or(i64::MAX);
        let before_millis = now_millis.saturating_sub(days.saturating_mul(24 * HOUR_MILLIS));
        loop {
            let to_drop = self.services.sessions.to_drop(before_millis)?;
            if to_drop.is_empty() {
                return self.services.sessions.has_any();
            }
            for (id, is_recorded) in to_drop {
                if is_recorded && let Some(key) = self.services.key.id()? {
                    self.services.recordings.remove(&key, Some(&id)).await?;
                }
                self.services.sessions.remove(&id)?;
            }
        }
    }

    /// Lets somebody hear or delete a recording. One of a session that goes on is not complete, and stays.
    pub(super) async fn use_recording(&self, call: UseRecording) -> Result<Option<bool>> {
        if !call.is_operator && self.refusal_of_key(&call.virtual_key_id).await?.is_some() {
            return Ok(None);
        }
        let complete = |session: &StoredSession| session.record.recorded && session.is_complete(now_millis());
        if !self.services.sessions.read(&call.connection_id)?.is_some_and(|session| complete(&session)) {
            return Ok(Some(false));
        }
        let actor = if call.is_operator { "operator" } else { "owner" };
        let action = if call.deletes { "recording.deleted" } else { "recording.read" };
        self.services
            .desk
            .audit
            .record(AuditEntry::new(actor, action).to(call.connection_id.as_str()).from(call.from))?;
        if call.deletes {
            self.services.recordings.remove(&call.virtual_key_id, Some(&call.connection_id)).await?;
            // Read after the await: its provider may have said meanwhile what it bills.
            if let Some(mut session) = self.services.sessions.read(&call.connection_id)? {
                session.record.recorded = false;
                self.services.sessions.write(&session)?;
            }
        }
        Ok(Some(true))
    }

    fn note(&self, entry: AuditEntry) {
        if let Err(error) = self.services.desk.audit.record(entry) {
            log::error("a realtime session was not audited", json!({ "error": error.to_string() }));
        }
    }

    /// Has operators told of a session: by the alarm, so that no session waits for the registry.
    async fn tell_of_session(&self, key: &str, connection: &str, state: RealtimeSessionState) {
        let told = async {
            let identifier =
                |text: &str| Identifier::new(text).map_err(|error| worker::Error::RustError(error.to_string()));
            let (virtual_key_id, connection_id) = (identifier(key)?, identifier(connection)?);
            let changed = RealtimeSessionChanged { virtual_key_id, connection_id, state };
            let mut draft = Draft::new(&self.services, now_millis());
            draft.raise(None, |meta| Notification::new(&ADMIN_HUB, vec![virtual_key_group(key)], &changed, meta));
            draft.commit()?;
            self.services.alarm_clock.ring_by(now_millis()).await
        };
        if let Err(error) = told.await {
            log::error("operators were not told of a realtime session", json!({ "error": error.to_string() }));
        }
    }
}
