//! What time alone makes necessary: deadlines, announcements, bills.

use super::link::Link;
use super::{Action, EndReason, LinkState, Session, State};
use crate::model::Problem;

/// How long before the provider's own end the client is told of it, in milliseconds.
const EXPIRY_NOTICE_MILLIS: u64 = 60_000;

impl Session {
    /// Does what time alone makes necessary.
    pub fn on_tick(&mut self, now_millis: u64) -> Vec<Action> {
        let is_open = self.begin_step(now_millis);
        match &self.state {
            State::Draining { until_millis, reason } if now_millis >= *until_millis => {
                let reason = reason.clone();
                self.finish_now(reason);
            }
            _ => {}
        }
        if is_open {
            self.tick();
        }
        self.finish_step()
    }

    /// When [`on_tick`](Self::on_tick) has something to do: always later than the last thing that happened, and never once
    /// the session is over.
    pub fn next_tick_millis(&self) -> Option<u64> {
        match &self.state {
            State::Ended { .. } => return None,
            State::Draining { until_millis, .. } => return Some(*until_millis),
            State::Open => {}
        }
        let roll_over = self.roll_over.as_ref().map(|roll_over| roll_over.latest_millis);
        let pending = |link: &Link| link.is_pending().then_some(link.deadline_millis);
        let expiry = self.link.ends_at_millis.filter(|_| !self.was_told_of_expiry);
        [
            Some(self.billed_at_millis.saturating_add(self.billing_interval_millis)),
            Some(self.active_at_millis.saturating_add(self.idle_timeout_millis)),
            self.dialogue.responses.held_until_millis(),
            self.link.provider.next_tick_millis().filter(|_| self.link.state == LinkState::Ready),
            self.answer_deadline_millis(),
            pending(&self.link),
            self.next_link.as_ref().and_then(pending),
            roll_over.filter(|_| self.next_link.is_none()),
            expiry.map(|at| at.saturating_sub(EXPIRY_NOTICE_MILLIS)),
        ]
        .into_iter()
        .flatten()
        .min()
        .map(|at| at.max(self.now_millis() + 1))
    }

    fn tick(&mut self) {
        let now_millis = self.now_millis();
        self.dialogue.release_held();
        if self.link.state == LinkState::Ready {
            let decoded = self.link.provider.on_tick(now_millis);
            self.take_decoded(decoded);
        }
        if self.link.is_pending() && now_millis >= self.link.deadline_millis {
            self.link_failed("provider_timeout", "the provider did not get ready in time");
        } else if self.answer_deadline_millis().is_some_and(|deadline| now_millis >= deadline) {
            self.link_failed("provider_timeout", "the provider stopped in the middle of an answer");
        }
        if self.next_link.as_ref().is_some_and(|next| next.is_pending() && now_millis >= next.deadline_millis) {
            self.roll_over_failed();
        }
        self.announce_expiry();
        self.roll_over_if_due();
        if now_millis >= self.active_at_millis.saturating_add(self.idle_timeout_millis) {
            self.finish_session(EndReason::Idle);
        }
        if now_millis >= self.billed_at_millis.saturating_add(self.billing_interval_millis) {
            self.bill();
        }
    }

    /// Bills at once what is due: the credit that a key has lent runs out.
    pub fn bill_now(&mut self, now_millis: u64) -> Vec<Action> {
        self.begin_step(now_millis);
        if !matches!(self.state, State::Ended { .. }) {
            self.bill();
        }
        self.finish_step()
    }

    /// Brings the rows up to what is due.
    pub(super) fn bill(&mut self) {
        self.billed_at_millis = self.now_millis();
        let row = self.dialogue.ledger.settle();
        self.actions.extend(row.map(Action::Bill));
    }

    /// Tells the client, once, that the session will end, where it cannot go on over another connection.
    pub(super) fn announce_expiry(&mut self) {
        let Some(ends_at) = self.link.ends_at_millis else { return };
        let is_near = self.now_millis() >= ends_at.saturating_sub(EXPIRY_NOTICE_MILLIS);
        if is_near && !self.was_told_of_expiry {
            self.was_told_of_expiry = true;
            let left_seconds = ends_at.saturating_sub(self.now_millis()) / 1_000;
            let message = format!("The provider will end the session in {left_seconds} s.");
            self.dialogue.error(Problem::server("session_expiring", message));
        }
    }
}
