//! Connections to providers: made, lost, taken over by another.

use super::link::Link;
use super::{Action, EndReason, LinkId, LinkState, Message, RollOver, Session, State};
use crate::Error;
use crate::close::{Close, CloseMeaning};
use crate::model::{Command, Object, Outcome, Problem};
use crate::provider::Provider;
use crate::transport::HttpResponse;

/// How often in a row a session may fail to go on over another connection.
const MAX_FAILED_ROLL_OVERS: u32 = 3;
/// How long before the provider goes away a turn is waited for no longer, in milliseconds.
const ROLL_OVER_MARGIN_MILLIS: u64 = 10_000;

impl Session {
    /// The provider's socket is open.
    pub fn on_provider_open(&mut self, link: LinkId, now_millis: u64) -> Vec<Action> {
        self.begin_step(now_millis);
        if let Some(link) = self.link_mut(link).filter(|link| link.state == LinkState::Connecting) {
            link.state = LinkState::Opened;
            link.heard_at_millis = now_millis;
            let (id, frames) = (link.id, link.provider.on_open());
            self.actions.extend(frames.into_iter().map(|frame| Action::SendToProvider { link: id, frame }));
        }
        self.finish_step()
    }

    /// The provider answered an [`Action::CallProvider`].
    pub fn on_provider_response(&mut self, link: LinkId, response: &HttpResponse, now_millis: u64) -> Vec<Action> {
        self.begin_step(now_millis);
        let result = self
            .link_mut(link)
            .filter(|link| link.state == LinkState::Connecting)
            .map(|link| link.on_response(response));
        match result {
            Some(Ok(action)) => self.actions.push(action),
            Some(Err(error)) => self.connection_failed(link, meaning_of(&error)),
            None => {}
        }
        self.finish_step()
    }

    /// The provider answered with this instead of opening a socket; status 0 means that it could not be reached.
    pub fn on_provider_refused(&mut self, link: LinkId, response: &HttpResponse, now_millis: u64) -> Vec<Action> {
        self.begin_step(now_millis);
        let message = crate::provider::refusal_message(&response.body);
        self.connection_failed(link, CloseMeaning::of_refusal(response.status, &message));
        self.finish_step()
    }

    /// The provider's socket is closed; code 1006 means that it was lost.
    pub fn on_provider_closed(&mut self, link: LinkId, code: u16, reason: &str, now_millis: u64) -> Vec<Action> {
        self.begin_step(now_millis);
        let meaning = self.link_mut(link).map(|link| link.provider.on_close(code, reason));
        if let Some(meaning) = meaning {
            self.connection_failed(link, meaning);
        }
        self.finish_step()
    }

    /// Answers [`Action::TryNextProvider`]: with the next provider, or with none if there is none.
    pub fn replace_provider(&mut self, provider: Option<Box<dyn Provider>>, now_millis: u64) -> Vec<Action> {
        let is_open = self.begin_step(now_millis);
        match (self.waits_for_next_provider.take().filter(|_| is_open), provider) {
            (Some(_), Some(provider)) => {
                let id = self.next_link_id();
                self.link = Link::new(id, provider);
                self.adopt_provider();
                self.provider_settings = None;
                self.resumption_handle = None;
                self.roll_over = None;
                self.outbox.start_again();
                self.dialogue.hand_over_responses();
                self.connect();
            }
            (Some((problem, close)), None) => self.fail_session(problem, close),
            (None, _) => {}
        }
        self.finish_step()
    }

    /// Takes note of what the provider is like.
    pub(super) fn adopt_provider(&mut self) {
        let traits = self.link.provider.traits();
        self.dialogue.usage_trails = traits.usage_trails;
        self.dialogue.keeps_conversation = traits.keeps_conversation;
        self.dialogue.rates = traits.estimate;
        self.dialogue.ledger.set_rates(traits.estimate);
        self.input = None;
    }

    /// Begins to connect with the settings as they are. What was said before goes along, or is told afterwards.
    pub(super) fn connect(&mut self) {
        let deadline_millis = self.now_millis() + self.connect_timeout_millis;
        let history = self.dialogue.conversation.history();
        if self.link.provider.traits().waits_for_settings {
            for item in &history {
                self.outbox.remove_item(item.id());
            }
        } else {
            for item in
                history.iter().rev().filter(|item| !self.outbox.has_item(item.id())).cloned().collect::<Vec<_>>()
            {
                let command = Command::AddItem { item, previous_item_id: None, event_id: None };
                self.outbox.push_front(Message::Command(command));
            }
        }
        match self.link.connect(&self.dialogue.settings, &history, None, deadline_millis) {
            Ok(action) => self.actions.push(action),
            Err(error) => self.connection_failed(self.link.id, meaning_of(&error)),
        }
    }

    /// The provider listens.
    pub(super) fn ready(&mut self, session: Option<Object>, lasts_millis: Option<u64>) {
        if self.link.state == LinkState::Ready {
            return;
        }
        self.link.state = LinkState::Ready;
        self.link.ends_at_millis = lasts_millis.map(|millis| self.now_millis().saturating_add(millis));
        self.failed_roll_overs = 0;
        self.provider_settings = session;
        for _ in 0..std::mem::take(&mut self.waiting_updates) {
            self.say_updated();
        }
        self.flush();
    }

    /// A connection could not be made, or was lost.
    fn connection_failed(&mut self, id: LinkId, meaning: CloseMeaning) {
        if matches!(self.state, State::Ended { .. }) {
            return;
        }
        if self.next_link.as_ref().is_some_and(|next| next.id == id) {
            return self.roll_over_failed();
        }
        if self.link.id != id || self.link.state == LinkState::Closed {
            return;
        }
        let was_ready = self.link.state == LinkState::Ready;
        self.link.state = LinkState::Closed;
        if let State::Draining { reason, .. } = &self.state {
            let reason = reason.clone();
            return self.finish_now(reason);
        }
        // Nothing ends well that has not begun.
        let meaning = match meaning {
            CloseMeaning::Ended | CloseMeaning::SessionLimit if !was_ready => {
                CloseMeaning::failed("provider_error", "the provider ended the session before it began")
            }
            meaning => meaning,
        };
        let can_go_on = self.resumption_handle.is_some() && self.failed_roll_overs < MAX_FAILED_ROLL_OVERS;
        match meaning {
            CloseMeaning::Ended => {
                self.dialogue.finish_all(&Outcome::Completed);
                self.finish_session(EndReason::ProviderEnded);
            }
            // The connection that takes over is on its way.
            CloseMeaning::SessionLimit | CloseMeaning::Failed { .. } if self.next_link.is_some() => {}
            CloseMeaning::SessionLimit | CloseMeaning::Failed { .. } if can_go_on => {
                self.cut_off();
                self.plan_roll_over(self.now_millis(), false);
                self.roll_over_if_due();
            }
            CloseMeaning::SessionLimit => {
                let outcome = Outcome::Incomplete { reason: "session_expired".to_owned() };
                self.dialogue.finish_all(&outcome);
                self.finish_session(EndReason::ProviderLimit);
            }
            CloseMeaning::Failed { problem, close } if self.has_answered => self.fail_session(problem, close),
            CloseMeaning::Failed { problem, close } => {
                self.actions.push(Action::TryNextProvider { problem: problem.clone() });
                self.waits_for_next_provider = Some((problem, close));
            }
        }
    }

    /// The provider that there is has failed, though its socket may be open.
    pub(super) fn link_failed(&mut self, code: &'static str, message: &str) {
        if self.link.state == LinkState::Closed {
            return;
        }
        let close = Close::new(1000, "");
        self.actions.push(Action::CloseProvider { link: self.link.id, close });
        self.connection_failed(self.link.id, CloseMeaning::failed(code, message));
    }

    /// The provider will close the connection: the session goes on over another, or the client is told.
    pub(super) fn going_away(&mut self, left_millis: u64) {
        let ends_at_millis = self.now_millis().saturating_add(left_millis);
        if self.resumption_handle.is_some() {
            self.plan_roll_over(ends_at_millis.saturating_sub(ROLL_OVER_MARGIN_MILLIS), false);
        } else {
            self.link.ends_at_millis = Some(ends_at_millis);
            self.announce_expiry();
        }
    }

    /// A new connection is to take this one's place at the end of the turn, or at that time.
    pub(super) fn plan_roll_over(&mut self, latest_millis: u64, applies_settings: bool) {
        let planned = self.roll_over.take();
        let earlier = planned.as_ref().map_or(u64::MAX, |planned| planned.latest_millis);
        let applies_settings = applies_settings || planned.is_some_and(|planned| planned.applies_settings);
        self.roll_over = Some(RollOver { latest_millis: latest_millis.min(earlier), applies_settings });
    }

    /// Begins to connect anew between two turns, or when it is time.
    pub(super) fn roll_over_if_due(&mut self) {
        let now_millis = self.now_millis();
        let is_due = self.roll_over.as_ref().is_some_and(|roll_over| {
            now_millis >= roll_over.latest_millis
                || (!self.dialogue.responses.is_active() && !self.dialogue.user.is_speaking())
        });
        let can_reconnect = self.link.state == LinkState::Closed || self.link.provider.can_reconnect();
        if !is_due || !can_reconnect || self.next_link.is_some() || self.state != State::Open {
            return;
        }
        let id = self.next_link_id();
        let mut next = Link::new(id, self.link.provider.another());
        let deadline_millis = now_millis + self.connect_timeout_millis;
        let handle = self.resumption_handle.clone();
        match next.connect(&self.dialogue.settings, &[], handle.as_deref(), deadline_millis) {
            Ok(action) => {
                self.actions.push(action);
                self.next_link = Some(next);
            }
            Err(_) => self.roll_over_failed(),
        }
    }

    /// The next connection is ready: it takes the other's place.
    pub(super) fn change_over(&mut self) {
        let Some(next) = self.next_link.take() else { return };
        let old = std::mem::replace(&mut self.link, next);
        self.cut_off();
        self.roll_over = None;
        self.input = None;
        if old.state != LinkState::Closed {
            let close = Close::new(1000, "session goes on elsewhere");
            self.actions.push(Action::CloseProvider { link: old.id, close });
        }
    }

    /// The next connection could not be made: the session stays where it is, if it is still anywhere.
    pub(super) fn roll_over_failed(&mut self) {
        if let Some(next) = self.next_link.take() {
            self.actions.push(Action::CloseProvider { link: next.id, close: Close::new(1000, "") });
        }
        self.failed_roll_overs += 1;
        let Some(roll_over) = self.roll_over.take() else { return };
        if self.link.state == LinkState::Closed {
            if self.failed_roll_overs < MAX_FAILED_ROLL_OVERS {
                self.roll_over = Some(roll_over);
                return self.roll_over_if_due();
            }
            let message = "the connection to the provider was lost, and the session could not be resumed";
            let close = Close::new(crate::close::INTERNAL_ERROR, message);
            return self.fail_session(Problem::server("provider_error", message), close);
        }
        if roll_over.applies_settings {
            self.waiting_updates = 0;
            let message = "the provider did not take the new settings";
            self.dialogue.error(Problem::server("session_update_unsupported", message).at("session"));
        }
        self.flush();
    }

    /// What was being said is lost with the connection.
    fn cut_off(&mut self) {
        let message = "the connection to the provider was lost in the middle of the answer".to_owned();
        self.dialogue.finish_all(&Outcome::Failed { code: "provider_reconnected".to_owned(), message });
        self.dialogue.responses.stop_suppressing();
    }

    /// The session ends for that reason if it has not.
    pub(super) fn fail_session(&mut self, problem: Problem, close: Close) {
        let (code, message) = (problem.code.clone().unwrap_or_default().into_owned(), problem.message.clone());
        self.dialogue.finish_all(&Outcome::Failed { code, message });
        self.finish_with(EndReason::ProviderFailed, Some(problem), close);
    }

    /// When a provider that owes an answer must have said something.
    pub(super) fn answer_deadline_millis(&self) -> Option<u64> {
        let owes = self.link.state == LinkState::Ready && self.dialogue.responses.is_active();
        owes.then(|| self.link.heard_at_millis.saturating_add(self.answer_timeout_millis))
    }

    fn link_mut(&mut self, id: LinkId) -> Option<&mut Link> {
        if self.link.id == id { Some(&mut self.link) } else { self.next_link.as_mut().filter(|next| next.id == id) }
    }

    fn next_link_id(&mut self) -> LinkId {
        self.links_made += 1;
        LinkId(self.links_made)
    }
}

fn meaning_of(error: &Error) -> CloseMeaning {
    match error {
        Error::Refused { status, message, .. } => CloseMeaning::of_refusal(*status, message),
        other => CloseMeaning::failed("provider_unavailable", other.to_string()),
    }
}
