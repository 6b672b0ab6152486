//! The conversation as the client sees it: whatever a provider says, in whatever order, becomes OpenAI's events in
//! OpenAI's order.

use super::action::Recorded;
use super::conversation::Conversation;
use super::response::Responses;
use super::user::UserSide;
use crate::audio::Converter;
use crate::client::ServerEvent;
use crate::identifiers::Identifiers;
use crate::ledger::{EstimateRates, Ledger};
use crate::model::{Object, Problem, SessionSettings, TurnDetection};
use std::collections::VecDeque;

/// How many calls of functions are remembered.
const MAX_CALLS: usize = 256;

/// A call of a function that the client is to answer.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_cancelled: bool,
}

/// What happened in a session, for its record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Responses that ended.
    pub turns: u64,
    /// Responses that the user cut off.
    pub interruptions: u64,
    /// Functions that were called.
    pub tool_calls: u64,
    /// Responses whose delay was measured.
    pub answers: u64,
    /// The sum of their delays, from the end of the user's turn to the first audio or text, in milliseconds.
    pub answer_delay_millis: u64,
    /// The longest of them.
    pub longest_answer_delay_millis: u64,
    /// How long the user spoke, in milliseconds of audio.
    pub talk_millis: u64,
}

/// The conversation and everything that is kept for it.
#[derive(Debug)]
pub(super) struct Dialogue {
    pub(super) identifiers: Identifiers,
    pub(super) settings: SessionSettings,
    pub(super) conversation: Conversation,
    pub(super) ledger: Ledger,
    pub(super) user: UserSide,
    pub(super) responses: Responses,
    pub(super) calls: VecDeque<Call>,
    pub(super) counts: Counts,
    /// From the provider's format to the client's.
    pub(super) output: Option<Converter>,
    pub(super) rates: EstimateRates,
    pub(super) usage_trails: bool,
    pub(super) keeps_conversation: bool,
    pub(super) now_millis: u64,
    /// When the user's turn ended that has no answer yet.
    pub(super) asked_at_millis: Option<u64>,
    /// Whether both sides are recorded.
    pub(super) is_recorded: bool,
    /// Events for the client, in order, that have not been taken yet.
    out: Vec<ServerEvent>,
    /// What is to be recorded and has not been taken yet.
    recorded: Vec<Recorded>,
}

impl Dialogue {
    pub(super) fn new(identifiers: Identifiers, settings: SessionSettings, ledger: Ledger) -> Self {
        Self {
            identifiers,
            settings,
            conversation: Conversation::default(),
            ledger,
            user: UserSide::default(),
            responses: Responses::default(),
            calls: VecDeque::new(),
            counts: Counts::default(),
            output: None,
            rates: EstimateRates::SECONDS_ONLY,
            usage_trails: false,
            keeps_conversation: false,
            now_millis: 0,
            asked_at_millis: None,
            is_recorded: false,
            out: Vec::new(),
            recorded: Vec::new(),
        }
    }

    pub(super) fn emit(&mut self, event: ServerEvent) {
        self.out.push(event);
    }

    pub(super) fn error(&mut self, problem: Problem) {
        self.emit(ServerEvent::Error { error: problem });
    }

    /// Has something recorded, if the session is.
    pub(super) fn record(&mut self, recorded: impl FnOnce() -> Recorded) {
        if self.is_recorded {
            self.recorded.push(recorded());
        }
    }

    /// Takes what is to be recorded.
    pub(super) fn take_recorded(&mut self) -> impl Iterator<Item = Recorded> + use<> {
        std::mem::take(&mut self.recorded).into_iter()
    }

    /// Takes the events that are to be sent.
    pub(super) fn take_events(&mut self) -> Vec<ServerEvent> {
        std::mem::take(&mut self.out)
    }

    /// Whether the client decides when the user is done.
    pub(super) fn is_manual(&self) -> bool {
        self.settings.turn_detection() == TurnDetection::Client
    }

    /// Whether tokens mean nothing to the provider.
    pub(super) fn bills_by_time(&self) -> bool {
        self.rates == EstimateRates::SECONDS_ONLY
    }

    pub(super) fn remember_call(&mut self, call_id: &str, name: &str) {
        if self.calls.len() == MAX_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(Call { id: call_id.to_owned(), name: name.to_owned(), is_cancelled: false });
    }

    /// Functions need not be called any more: the client is told, and its results will not be passed on.
    pub(super) fn calls_cancelled(&mut self, call_ids: &[String]) {
        for call_id in call_ids {
            let call = self.calls.iter_mut().find(|call| call.id == *call_id && !call.is_cancelled);
            if let Some(call) = call {
                call.is_cancelled = true;
                let message = "The call was cancelled: its result is not needed.";
                self.error(Problem::invalid("tool_call_cancelled", message).at(call_id.as_str()));
            }
        }
    }

    /// Passes on an event of OpenAI's own; what it says of items is taken note of.
    pub(super) fn native(&mut self, mut event: Object) {
        event.remove("event_id");
        if event.get("type").is_some_and(|kind| kind == "conversation.item.deleted")
            && let Some(id) = event.get("item_id").and_then(serde_json::Value::as_str)
        {
            self.conversation.remove(id);
        }
        self.emit(ServerEvent::Native(event));
    }
}
