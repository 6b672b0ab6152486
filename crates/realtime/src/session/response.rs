//! The model's side: responses, and the complete envelope of events around what they say and do.
//!
//! `response.created` → for each item `output_item.added`, `conversation.item.added` → for each part `content_part.added`,
//! deltas, the part's `done` events, `content_part.done` → `output_item.done`, `conversation.item.done` →
//! `response.done`. Items of a response come one after another. What arrives for a response that is over is dropped.

use super::words::Text;
use crate::model::{Item, Object, Outcome, TokenUsage};
use serde_json::Value;
use std::collections::VecDeque;

/// What a part of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartKind {
    Speech,
    Text,
}

/// A part that is being said.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) kind: PartKind,
    pub(super) index: u64,
    pub(super) text: Text,
    pub(super) audio_is_done: bool,
}

/// An item that is not complete.
#[derive(Debug, Clone)]
pub(super) enum Open {
    Message {
        item_id: String,
        /// The provider's name of it.
        provider_item_id: Option<String>,
        content: Vec<Value>,
        part: Option<Part>,
    },
    Other {
        item_id: String,
    },
}

impl Open {
    pub(super) fn item_id(&self) -> &str {
        match self {
            Self::Message { item_id, .. } | Self::Other { item_id } => item_id,
        }
    }
}

/// The end of a response that waits for its usage.
#[derive(Debug, Clone)]
pub(super) struct Held {
    pub(super) outcome: Outcome,
    pub(super) until_millis: u64,
}

/// A response that is not over.
#[derive(Debug, Clone)]
pub(super) struct Response {
    pub(super) id: String,
    pub(super) provider_id: Option<String>,
    pub(super) metadata: Option<Object>,
    pub(super) is_out_of_band: bool,
    pub(super) output: Vec<Item>,
    pub(super) open: Option<Open>,
    pub(super) has_output: bool,
    pub(super) heard_ticks: u64,
    pub(super) spoken_ticks: u64,
    pub(super) usage: Option<TokenUsage>,
    pub(super) held: Option<Held>,
}

/// All responses.
#[derive(Debug, Clone, Default)]
pub(super) struct Responses {
    pub(super) active: Vec<Response>,
    /// Responses that are over: the provider's name, if it has one, and the client's.
    pub(super) finished: VecDeque<(Option<String>, String)>,
    /// The client cancelled, and the provider goes on: what it says is for nobody.
    pub(super) is_suppressed: bool,
    /// The last message that was cut off, of which a correction may come.
    pub(super) last_message: Option<String>,
    /// Audio that was appended when the last response began.
    pub(super) answered_ticks: u64,
}

impl Responses {
    /// Whether a response in the conversation is going on.
    pub(super) fn is_active(&self) -> bool {
        self.active.iter().any(|response| response.held.is_none() && !response.is_out_of_band)
    }

    /// Whether any response has not been told to be over.
    pub(super) fn is_empty(&self) -> bool {
        self.active.is_empty()
    }

    pub(super) fn suppress(&mut self) {
        self.is_suppressed = true;
    }

    pub(super) fn stop_suppressing(&mut self) {
        self.is_suppressed = false;
    }

    /// Whether an item of a response that is going on has that id.
    pub(super) fn has_item(&self, id: &str) -> bool {
        self.active.iter().any(|response| {
            response.open.as_ref().is_some_and(|open| open.item_id() == id)
                || response.output.iter().any(|item| item.id() == id)
        })
    }

    /// When an end that waits for its usage waits no longer.
    pub(super) fn held_until_millis(&self) -> Option<u64> {
        self.active.iter().filter_map(|response| response.held.as_ref().map(|held| held.until_millis)).min()
    }

    pub(super) fn is_over(&self, provider_id: Option<&str>) -> bool {
        let is_finished = || self.finished.iter().any(|(finished, _)| finished.as_deref() == provider_id);
        let is_held = || {
            let mut held = self.active.iter().filter(|response| response.held.is_some());
            held.any(|response| response.provider_id.as_deref() == provider_id)
        };
        provider_id.is_some() && (is_finished() || is_held())
    }

    /// Whether that is the client's name of a response that is going on.
    pub(super) fn is_going_on(&self, id: &str) -> bool {
        self.active.iter().any(|response| response.id == id && response.held.is_none())
    }
}
