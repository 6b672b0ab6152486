//! Why a session ends, what is told of it, and how it ends.

use super::{Action, Counts, LinkState, Session, State};
use crate::close::{Close, GOING_AWAY, INTERNAL_ERROR, MESSAGE_TOO_BIG, NORMAL, POLICY_VIOLATION, SERVICE_RESTART};
use crate::ledger::Quantities;
use crate::model::{Command, Outcome, Problem, ProblemKind};
use rust_decimal::Decimal;

/// Why a session ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndReason {
    /// The client closed its socket, or lost it.
    ClientLeft,
    /// The client sent a message that is too large.
    MessageTooBig,
    /// The client sent too many messages in a second.
    TooManyMessages,
    /// Nobody has said anything for too long.
    Idle,
    /// The owner of the key ended it.
    EndedByOwner,
    /// The operator ended it.
    EndedByOperator,
    /// The key was disabled or deleted.
    KeyDisabled,
    /// The key's budget is spent.
    BudgetSpent,
    /// The gateway restarts.
    Restart,
    /// The provider's agent ended the conversation.
    ProviderEnded,
    /// It lasted as long as the provider allows.
    ProviderLimit,
    /// The provider failed, and no other could take over.
    ProviderFailed,
}

impl EndReason {
    /// A name for statistics and records.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ClientLeft => "client_left",
            Self::MessageTooBig => "message_too_big",
            Self::TooManyMessages => "too_many_messages",
            Self::Idle => "idle",
            Self::EndedByOwner => "ended_by_owner",
            Self::EndedByOperator => "ended_by_operator",
            Self::KeyDisabled => "key_disabled",
            Self::BudgetSpent => "budget_spent",
            Self::Restart => "restart",
            Self::ProviderEnded => "provider_ended",
            Self::ProviderLimit => "provider_limit",
            Self::ProviderFailed => "provider_failed",
        }
    }

    /// What the client reads before its socket is closed, and how that is closed.
    pub(super) fn told(&self) -> (Option<Problem>, Close) {
        let refused = |code, message: &'static str| {
            (Some(Problem::invalid(code, message)), Close::new(POLICY_VIOLATION, message))
        };
        match self {
            Self::ClientLeft => (None, Close::new(NORMAL, "")),
            Self::MessageTooBig => {
                let problem = Problem::invalid("message_too_big", "The message is larger than 1 MiB.");
                (Some(problem), Close::new(MESSAGE_TOO_BIG, "message too big"))
            }
            Self::TooManyMessages => {
                let message = "More than 100 messages in a second.";
                let problem = Problem::new(ProblemKind::RateLimit, "rate_limit_exceeded", message);
                (Some(problem), Close::new(POLICY_VIOLATION, "too many messages"))
            }
            Self::Idle => (None, Close::new(GOING_AWAY, "idle for too long")),
            Self::EndedByOwner => (None, Close::new(NORMAL, "Connection terminated by user")),
            Self::EndedByOperator => refused("session_ended", "the session was ended by the operator"),
            Self::KeyDisabled => refused("key_disabled", "the key was disabled"),
            Self::BudgetSpent => {
                let message = "The budget of this key is spent.";
                let problem = Problem::new(ProblemKind::InsufficientQuota, "budget_exceeded", message);
                (Some(problem), Close::new(POLICY_VIOLATION, "budget exceeded"))
            }
            Self::Restart => (None, Close::new(SERVICE_RESTART, "service restart")),
            Self::ProviderEnded => (None, Close::new(NORMAL, "agent_ended")),
            Self::ProviderLimit => {
                let message = "The session has lasted as long as the provider allows.";
                (Some(Problem::invalid("session_expired", message)), Close::new(NORMAL, "session_expired"))
            }
            Self::ProviderFailed => (None, Close::new(INTERNAL_ERROR, "the provider failed")),
        }
    }
}

/// What a session was.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The model, by the client's name of it.
    pub model: String,
    /// The provider, the last one if there was more than one.
    pub provider: &'static str,
    /// When it began, in Unix milliseconds.
    pub started_at_millis: u64,
    /// When it ended, in Unix milliseconds; nothing while it goes on.
    pub ended_at_millis: Option<u64>,
    /// Why it ended.
    pub end_reason: Option<EndReason>,
    /// Turns, interruptions, calls and delays.
    pub counts: Counts,
    /// What was used, estimates included.
    pub quantities: Quantities,
    /// What that costs.
    pub cost: Decimal,
}

impl Session {
    /// Ends the session: at once, or, where a response would otherwise be billed by guess, when its usage is known.
    pub(super) fn finish_session(&mut self, reason: EndReason) {
        let (problem, close) = reason.told();
        self.finish_with(reason, problem, close);
    }

    pub(super) fn finish_with(&mut self, reason: EndReason, problem: Option<Problem>, close: Close) {
        if self.state != State::Open {
            return;
        }
        let traits = self.link.provider.traits();
        let will_report = self.link.state == LinkState::Ready
            && (traits.reports_when_left || traits.usage_trails)
            && !self.dialogue.responses.is_empty();
        self.dialogue.finish_all(&Outcome::Cancelled { reason: "client_cancelled".to_owned() });
        if let Some(problem) = problem {
            self.dialogue.error(problem);
        }
        if reason == EndReason::ClientLeft {
            self.dialogue.take_events();
        } else {
            self.say();
            self.actions.push(Action::CloseClient(close));
        }
        if will_report {
            self.state = State::Draining { until_millis: self.now_millis() + self.drain_millis, reason };
            self.send_command(Command::Leave);
        } else {
            self.finish_now(reason);
        }
    }

    /// The end of it all.
    pub(super) fn finish_now(&mut self, reason: EndReason) {
        // One that reports was told, if there was something to report.
        if self.link.state == LinkState::Ready && !self.link.provider.traits().reports_when_left {
            self.send_command(Command::Leave);
        }
        self.state = State::Ended { at_millis: self.now_millis(), reason };
        self.dialogue.take_events();
        self.bill();
        let links = [Some(&mut self.link), self.next_link.as_mut()];
        for link in links.into_iter().flatten().filter(|link| link.is_pending() || link.state == LinkState::Ready) {
            link.state = LinkState::Closed;
            self.actions.push(Action::CloseProvider { link: link.id, close: Close::new(1000, "session ended") });
        }
        self.pass_recorded();
        let request = self.link.provider.usage_inquiry();
        self.actions.extend(request.map(|request| Action::AskForUsage { request }));
        self.actions.push(Action::Ended(Box::new(self.summary())));
    }
}
