//! What sessions cost the key: what each is lent of the budget, what it has billed, and what its provider says at last.

use contract::{DomainEvent, KeyRecord, Money, SpendRecorded};
use serde_json::json;
use wasm_bindgen_futures::spawn_local;
use worker::{Env, Result};

use super::{
    VirtualKey,
    admission::refusal_by,
    calls::{FinishInquiry, FinishSession, Inquire},
    draft::Draft,
    key_state::KeyState,
    session_store::StoredSession,
    spend::{self, with_account},
};
use crate::{
    identifiers::now_millis,
    lease::{Credit, LeaseEnd, LeaseWord},
    log,
    queue::{self, Queue},
};

/// The source of the events that bill a session.
pub const SESSION_SOURCE: &str = "/v1/realtime";

/// How long after the end of a session its last bills are waited for: they try three times, and then go to the queue.
const LAST_BILLS_MILLIS: i64 = 60_000;

/// A bill of a session goes to its account; true if it is the first, which counts as a request. So does what is no bill.
pub(super) fn note_bill(
    draft: &mut Draft<'_>,
    record: &KeyRecord,
    event: &DomainEvent,
    recorded: &SpendRecorded,
) -> Result<bool> {
    let id = recorded.request_id.as_ref().filter(|_| event.source == SESSION_SOURCE);
    let Some(id) = id else { return Ok(true) };
    let Some(mut session) = draft.session(id.as_str())? else { return Ok(true) };
    let account = &mut session.account;
    account.billed = account.billed.saturating_add(recorded.amount.get());
    account.bills += 1;
    session.heard_at_millis = draft.now_millis;
    let is_first = session.account.bills == 1;
    settle(draft, record, session)?;
    Ok(is_first)
}

/// Keeps a session whose account has changed. Of one that is over, what was billed too much is paid back.
fn settle(draft: &mut Draft<'_>, record: &KeyRecord, mut session: StoredSession) -> Result<()> {
    let account = &mut session.account;
    if session.record.figures.is_none() {
        // Nobody has said yet what it costs in all.
        session.record.cost = account.billed;
    } else {
        account.credit = session.record.cost;
        let excess = account.billed.saturating_sub(session.record.cost);
        if excess > Money::ZERO {
            account.billed = session.record.cost;
            spend::pay_back(draft, record, &session.record.provider, &session.record.model, excess)?;
        }
    }
    draft.put_session(session);
    Ok(())
}

impl VirtualKey {
    /// What may still be lent of the budget, and how much that is in all; none where there is no budget.
    pub(super) fn credit_left(&self, record: &KeyRecord) -> Result<Option<(Money, Money)>> {
        let now_millis = now_millis();
        with_account(record, |account| {
            let Some(limit) = account.limit() else { return Ok(None) };
            let held = self.services.sessions.held(now_millis - LAST_BILLS_MILLIS)?;
            let spent = self.services.spend.current(account, now_millis)?;
            Ok(Some((limit.get().saturating_sub(spent).saturating_sub(held), limit.get())))
        })
    }

    /// Ends the sessions that the key may not have any more, and lends the others what they may cost now.
    pub(super) fn attend_sessions(&self) -> Result<()> {
        let open = self.leases.open();
        if open.is_empty() {
            return Ok(());
        }
        let record = match self.services.key.stored()? {
            Some(KeyState::Known(record)) if record.realtime && refusal_by(&record).is_none() => record,
            _ => return self.end_sessions(open, LeaseEnd::KeyShut),
        };
        let Some((mut rest, limit)) = self.credit_left(&record)? else {
            for (leased, socket) in open {
                self.tell_credit(&leased.lease, &socket, None)?;
            }
            return Ok(());
        };
        if self.is_budget_spent(&record)? {
            return self.end_sessions(open, LeaseEnd::BudgetSpent);
        }
        let mut lent = Vec::with_capacity(open.len());
        for (leased, socket) in open {
            let Some(mut session) = self.services.sessions.read(&leased.lease)? else { continue };
            rest = session.account.lend(limit, rest);
            lent.push((session, socket));
        }
        for (session, socket) in lent {
            let credit = Credit { total: session.account.credit, is_last: rest <= Money::ZERO };
            self.keep_credit(session, &socket, Some(credit))?;
        }
        Ok(())
    }

    fn tell_credit(&self, id: &str, socket: &worker::WebSocket, credit: Option<Credit>) -> Result<()> {
        match self.services.sessions.read(id)? {
            Some(session) => self.keep_credit(session, socket, credit),
            None => Ok(()),
        }
    }

    /// Keeps what a session was lent, and tells its Worker where that has changed.
    fn keep_credit(
        &self,
        mut session: StoredSession,
        socket: &worker::WebSocket,
        credit: Option<Credit>,
    ) -> Result<()> {
        if session.told == credit {
            return Ok(());
        }
        session.told = credit;
        self.services.sessions.write(&session)?;
        // On a socket that is closed meanwhile it is lost, and its close tells the rest.
        let _closed_meanwhile = socket.send_with_str(serde_json::to_string(&LeaseWord::Credit(credit))?);
        Ok(())
    }

    /// Takes what a session was, from whoever held it: its bills are paid or under way.
    pub(super) async fn finish_session(&self, finish: FinishSession) -> Result<()> {
        let Some(KeyState::Known(record)) = self.services.key.stored()? else { return Ok(()) };
        let mut draft = Draft::new(&self.services, now_millis());
        let Some(mut session) = draft.session(&finish.connection_id)?.filter(|one| one.record.figures.is_none()) else {
            return Ok(());
        };
        session.record.provider = finish.provider;
        session.record.cost = finish.cost;
        session.record.figures = Some(finish.figures);
        session.inquiry = finish.inquiry;
        settle(&mut draft, &record, session)?;
        self.commit_and_follow_up(draft).await?;
        self.wind_inquiries().await
    }

    /// Takes what a provider says of a session: how long it bills, if it says so.
    pub(super) async fn finish_inquiry(&self, finish: FinishInquiry) -> Result<()> {
        let Some(KeyState::Known(record)) = self.services.key.stored()? else { return Ok(()) };
        let mut draft = Draft::new(&self.services, now_millis());
        let Some(mut session) = draft.session(&finish.connection_id)? else { return Ok(()) };
        let Some(inquiry) = session.inquiry.take() else { return Ok(()) };
        if let (Some(millis), Some(figures)) = (finish.billed_millis, session.record.figures.as_mut()) {
            let cost_of = |millis: u64| inquiry.per_minute.saturating_mul(millis).checked_div(60_000);
            let (billed, metered) = (cost_of(millis), cost_of(figures.duration_millis));
            let difference = billed.unwrap_or(Money::ZERO).saturating_sub(metered.unwrap_or(Money::ZERO));
            figures.duration_millis = millis;
            session.record.cost = session.record.cost.saturating_add(difference).max(Money::ZERO);
            if difference > Money::ZERO {
                session.account.billed = session.account.billed.saturating_add(difference);
                let bill = spend::record_of(&session.record.provider, &session.record.model, difference)?;
                let counts = session.account.bills == 0;
                session.account.bills += 1;
                spend::take(&mut draft, &record, &bill, counts, None)?;
            }
        }
        settle(&mut draft, &record, session)?;
        self.commit_and_follow_up(draft).await
    }

    async fn commit_and_follow_up(&self, draft: Draft<'_>) -> Result<()> {
        draft.commit()?;
        draft.send();
        self.server.flush();
        self.attend_sessions()?;
        self.follow_up(&draft).await
    }

    /// Has the Worker ask providers what they bill, by the queue: the key's object holds no provider's key.
    pub(super) async fn inquire(&self) -> Result<()> {
        let Some(virtual_key_id) = self.services.key.id()? else { return Ok(()) };
        let mut pokes = Vec::new();
        for mut session in self.services.sessions.to_inquire(now_millis())? {
            let Some(inquiry) = session.inquiry.as_mut() else { continue };
            let poke = Inquire {
                virtual_key_id: virtual_key_id.clone(),
                connection_id: session.record.connection_id.clone(),
                provider: session.record.provider.clone(),
                url: inquiry.url.clone(),
            };
            pokes.push(serde_json::to_string(&poke)?);
            inquiry.at_millis.remove(0);
            self.services.sessions.write(&session)?;
        }
        if !pokes.is_empty() {
            spawn_local(send(self.services.env.clone(), pokes));
        }
        self.wind_inquiries().await
    }

    async fn wind_inquiries(&self) -> Result<()> {
        match self.services.sessions.next_inquiry_millis()? {
            Some(at_millis) => self.services.alarm_clock.ring_by(at_millis).await,
            None => Ok(()),
        }
    }
}

async fn send(env: Env, pokes: Vec<String>) {
    if let Err(error) = queue::send(&env, Queue::Webhooks, &pokes).await {
        log::warn("providers could not be asked what they bill", json!({ "error": error.to_string() }));
    }
}
