//! One voice session: a client on one side, a provider on the other, and every decision between them.
//!
//! A [`Session`] has no sockets and no clock. The edge tells it what happened and when, and does what the returned
//! [`Action`]s say, in order:
//!
//! 1. [`Session::new`], then [`start`](Session::start).
//! 2. [`Action::OpenProvider`]: open the socket, then [`on_provider_open`](Session::on_provider_open); or, if it was
//!    refused, [`on_provider_refused`](Session::on_provider_refused). [`Action::CallProvider`]: send the request, then
//!    [`on_provider_response`](Session::on_provider_response).
//! 3. Messages: [`on_client`](Session::on_client), [`on_provider`](Session::on_provider). Closed sockets:
//!    [`on_client_closed`](Session::on_client_closed), [`on_provider_closed`](Session::on_provider_closed).
//! 4. [`Action::TryNextProvider`]: [`replace_provider`](Session::replace_provider) with the next one that is configured,
//!    or with none.
//! 5. [`on_tick`](Session::on_tick) when it is [`next_tick_millis`](Session::next_tick_millis).
//! 6. [`Action::Bill`]: take the cost from the key. Where the key lends it in parts, compare [`cost`](Session::cost) with
//!    what was lent after each step, and [`bill_now`](Session::bill_now) in time. When the key says that the session must
//!    end: [`end`](Session::end).
//! 7. Until [`Action::Ended`]. After it, [`Action::AskForUsage`] may still bring [`Session::on_usage`].

mod action;
mod client_side;
mod connection;
mod conversation;
mod dialogue;
mod end;
mod link;
mod options;
mod outbox;
mod output;
mod pace;
mod provider_side;
mod response;
mod response_json;
mod response_lifecycle;
mod sending;
mod tick;
mod user;
mod words;

pub use action::{Action, Recorded, Side};
pub use dialogue::Counts;
pub use end::{EndReason, Summary};
pub use link::LinkId;
pub use options::SessionOptions;

use crate::audio::Converter;
use crate::client::{ClientProtocol, ServerEvent};
use crate::close::Close;
use crate::identifiers::Identifiers;
use crate::ledger::{EstimateRates, Ledger, Row};
use crate::model::{Object, Problem, SessionSettings};
use crate::provider::UsageAnswer;
use crate::transport::{Frame, HttpResponse};
use dialogue::Dialogue;
use link::{Link, LinkState};
use outbox::{Message, Outbox};
use pace::Pace;
use rust_decimal::Decimal;

/// The largest message that a client may send, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;
/// How many messages a client may send in a second.
pub const MAX_MESSAGES_PER_SECOND: usize = 100;
/// More than this waiting for a side, in bytes, and the other is not read any more…
pub const PAUSE_BYTES: usize = 512 * 1024;
/// …until it is less than this.
pub const RESUME_BYTES: usize = 128 * 1024;
/// When to ask what a provider bills, after the end of a session, in milliseconds: until it knows.
pub const USAGE_INQUIRY_MILLIS: [u64; 4] = [10_000, 30_000, 120_000, 600_000];
/// How far the session has come.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Open,
    /// The client is gone, the provider is still listened to.
    Draining {
        until_millis: u64,
        reason: EndReason,
    },
    Ended {
        at_millis: u64,
        reason: EndReason,
    },
}

/// Why a new connection is made while there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct RollOver {
    /// When it can wait no longer for the end of a turn.
    latest_millis: u64,
    /// Settings changed, and the client waits to hear that they have.
    applies_settings: bool,
}

/// A voice session.
#[derive(Debug)]
pub struct Session {
    protocol: ClientProtocol,
    dialogue: Dialogue,
    link: Link,
    /// The connection that is to take the other's place.
    next_link: Option<Link>,
    links_made: u32,
    outbox: Outbox,
    pace: Pace,
    /// From the client's format to the provider's.
    input: Option<Converter>,
    /// Audio that waits for its commit, where the client decides on turns: in the client's format.
    uncommitted_audio: Vec<u8>,
    /// Answers to `session.update` that wait for the provider to get ready.
    waiting_updates: u32,
    /// The provider answers by itself, so a `response.create` that follows asks for nothing new.
    answers_unasked: bool,
    /// The provider's session object, if it has OpenAI's.
    provider_settings: Option<Object>,
    resumption_handle: Option<String>,
    roll_over: Option<RollOver>,
    failed_roll_overs: u32,
    unreadable_frames: u32,
    has_answered: bool,
    was_told_of_expiry: bool,
    waits_for_next_provider: Option<(Problem, Close)>,
    state: State,
    started_at_millis: u64,
    active_at_millis: u64,
    billed_at_millis: u64,
    paused: [bool; 2],
    backlog_bytes: usize,
    connect_timeout_millis: u64,
    answer_timeout_millis: u64,
    idle_timeout_millis: u64,
    drain_millis: u64,
    billing_interval_millis: u64,
    actions: Vec<Action>,
}

impl Session {
    /// Makes a session, not yet started.
    pub fn new(options: SessionOptions) -> Self {
        let mut settings = SessionSettings::new(options.model, options.protocol.default_settings());
        settings.change(&options.settings);
        let ledger = Ledger::new(options.prices, EstimateRates::SECONDS_ONLY);
        let mut dialogue = Dialogue::new(Identifiers::new(&options.name), settings, ledger);
        dialogue.is_recorded = options.is_recorded;
        Self {
            protocol: options.protocol,
            dialogue,
            link: Link::new(LinkId(1), options.provider),
            next_link: None,
            links_made: 1,
            outbox: Outbox::new(),
            pace: Pace::new(MAX_MESSAGES_PER_SECOND),
            input: None,
            uncommitted_audio: Vec::new(),
            waiting_updates: 0,
            answers_unasked: false,
            provider_settings: None,
            resumption_handle: None,
            roll_over: None,
            failed_roll_overs: 0,
            unreadable_frames: 0,
            has_answered: false,
            was_told_of_expiry: false,
            waits_for_next_provider: None,
            state: State::Open,
            started_at_millis: 0,
            active_at_millis: 0,
            billed_at_millis: 0,
            paused: [false; 2],
            backlog_bytes: 0,
            connect_timeout_millis: options.connect_timeout_millis,
            answer_timeout_millis: options.answer_timeout_millis,
            idle_timeout_millis: options.idle_timeout_millis,
            drain_millis: options.drain_millis,
            billing_interval_millis: options.billing_interval_millis,
            actions: Vec::new(),
        }
    }

    /// The client is connected.
    pub fn start(&mut self, now_millis: u64) -> Vec<Action> {
        (self.started_at_millis, self.active_at_millis) = (now_millis, now_millis);
        self.billed_at_millis = now_millis;
        self.dialogue.now_millis = now_millis;
        let session = self.session_json();
        self.dialogue.emit(ServerEvent::SessionCreated { session });
        self.adopt_provider();
        if !self.link.provider.traits().waits_for_settings {
            self.connect();
        }
        self.finish_step()
    }

    /// The client sent a message, whole.
    pub fn on_client(&mut self, frame: Frame, now_millis: u64) -> Vec<Action> {
        if !self.begin_step(now_millis) {
            return Vec::new();
        }
        self.active_at_millis = now_millis;
        if frame.len() > MAX_MESSAGE_BYTES {
            self.finish_session(EndReason::MessageTooBig);
        } else if !self.pace.allows(now_millis) {
            self.finish_session(EndReason::TooManyMessages);
        } else {
            match self.protocol.read(frame) {
                Ok(message) => self.client_event(message),
                Err(problem) => self.dialogue.error(problem),
            }
            self.roll_over_if_due();
        }
        self.finish_step()
    }

    /// The client's socket is closed.
    pub fn on_client_closed(&mut self, now_millis: u64) -> Vec<Action> {
        if self.begin_step(now_millis) {
            self.finish_session(EndReason::ClientLeft);
        }
        self.finish_step()
    }

    /// Something outside ends the session: the key, its owner, the operator, a restart.
    pub fn end(&mut self, reason: EndReason, now_millis: u64) -> Vec<Action> {
        if self.begin_step(now_millis) {
            self.finish_session(reason);
        }
        self.finish_step()
    }

    /// How much is waiting in the client's socket, in bytes, where the edge can tell: the provider is paused meanwhile.
    pub fn on_client_backlog(&mut self, bytes: usize) -> Vec<Action> {
        self.backlog_bytes = bytes;
        self.finish_step()
    }

    /// What was made of an [`Action::AskForUsage`]: the row that it brings, and whether to ask again later.
    pub fn on_usage(&mut self, response: &HttpResponse) -> (Option<Row>, bool) {
        match self.link.provider.usage_answer(response) {
            UsageAnswer::Duration { millis } => {
                self.dialogue.ledger.duration_reported(millis);
                (self.dialogue.ledger.settle(), false)
            }
            UsageAnswer::NotYet => (None, true),
            UsageAnswer::Nothing => (None, false),
        }
    }

    /// What the session is so far.
    pub fn summary(&self) -> Summary {
        let ended = match &self.state {
            State::Ended { at_millis, reason } => Some((*at_millis, reason.clone())),
            State::Open | State::Draining { .. } => None,
        };
        Summary {
            model: self.dialogue.settings.model().to_owned(),
            provider: self.link.provider.name(),
            started_at_millis: self.started_at_millis,
            ended_at_millis: ended.as_ref().map(|(at_millis, _)| *at_millis),
            end_reason: ended.map(|(_, reason)| reason),
            counts: self.dialogue.counts,
            quantities: self.dialogue.ledger.due(),
            cost: self.dialogue.ledger.due_cost(),
        }
    }

    /// What came to be due so far, estimates included: what credit must cover.
    pub fn cost(&self) -> Decimal {
        self.dialogue.ledger.due_cost()
    }

    /// Whether it goes on, and is not being ended.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Whether the client may still send something.
    fn begin_step(&mut self, now_millis: u64) -> bool {
        self.dialogue.now_millis = now_millis.max(self.dialogue.now_millis);
        let lasted = self.dialogue.now_millis.saturating_sub(self.started_at_millis);
        if !matches!(self.state, State::Ended { .. }) {
            self.dialogue.ledger.lasted(lasted);
        }
        self.state == State::Open
    }

    fn now_millis(&self) -> u64 {
        self.dialogue.now_millis
    }

    /// Puts what the dialogue has to say into the client's words, and returns what is to be done.
    fn finish_step(&mut self) -> Vec<Action> {
        self.say();
        self.pass_recorded();
        self.regulate();
        std::mem::take(&mut self.actions)
    }

    fn pass_recorded(&mut self) {
        self.actions.extend(self.dialogue.take_recorded().map(Action::Record));
    }

    fn say(&mut self) {
        let events = self.dialogue.take_events();
        // A client that is gone hears nothing.
        if self.state != State::Open {
            return;
        }
        for event in events {
            let frames = self.protocol.write(&event, &mut self.dialogue.identifiers);
            self.actions.extend(frames.into_iter().map(Action::SendToClient));
        }
    }

    /// Stops reading from a side for which too much is waiting on the other.
    fn regulate(&mut self) {
        if self.state != State::Open {
            return;
        }
        let waiting = [(Side::Client, self.outbox.waiting_bytes()), (Side::Provider, self.backlog_bytes)];
        for ((side, bytes), is_paused) in waiting.into_iter().zip(&mut self.paused) {
            if !*is_paused && bytes > PAUSE_BYTES {
                *is_paused = true;
                self.actions.push(Action::Pause(side));
            } else if *is_paused && bytes < RESUME_BYTES {
                *is_paused = false;
                self.actions.push(Action::Resume(side));
            }
        }
    }

    /// The session object that the client sees.
    fn session_json(&self) -> Object {
        let mut session = self.dialogue.settings.effective(self.provider_settings.as_ref());
        session.insert("object".to_owned(), "realtime.session".into());
        session.insert("id".to_owned(), self.dialogue.identifiers.session().into());
        session.remove("expires_at");
        // Whoever speaks is told that it is kept.
        if self.dialogue.is_recorded {
            session.insert("recording".to_owned(), true.into());
        }
        if let Some(ends_at_millis) = self.link.ends_at_millis {
            session.insert("expires_at".to_owned(), (ends_at_millis / 1_000).into());
        }
        session
    }
}
