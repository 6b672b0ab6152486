//! Responses as they begin and end.
//!
//! What arrives for a response that is over is dropped, and what arrives for none begins one.

use super::action::Recorded;
use super::dialogue::Dialogue;
use super::response::{Held, PartKind, Response};
use crate::client::ServerEvent;
use crate::model::{Object, Outcome, Output, TokenUsage};
use serde_json::Value;

/// How many responses may go on at once: one in the conversation, others outside it.
const MAX_ACTIVE: usize = 8;
/// How many names of responses that are over are remembered.
const MAX_FINISHED: usize = 64;
/// How long the end of a response waits for its usage, in milliseconds.
const USAGE_WAIT_MILLIS: u64 = 150;

impl Dialogue {
    /// A response begins.
    pub(super) fn response_started(
        &mut self,
        provider_id: Option<String>,
        metadata: Option<Object>,
        is_out_of_band: bool,
    ) {
        if self.responses.is_suppressed {
            return;
        }
        if self.responses.is_over(provider_id.as_deref()) || self.claim(provider_id.as_deref()).is_some() {
            return;
        }
        self.begin(provider_id, metadata, is_out_of_band);
    }

    /// The model says or does something, with which a response begins if there is none.
    pub(super) fn output(&mut self, provider_id: Option<String>, item_id: Option<String>, output: Output) {
        if self.responses.is_suppressed {
            return;
        }
        if self.responses.is_over(provider_id.as_deref()) {
            return;
        }
        let known = if provider_id.is_some() { self.claim(provider_id.as_deref()) } else { self.find(None) };
        let index = match known {
            Some(index) => index,
            None => self.begin(provider_id, None, false),
        };
        // An item that is complete already stays as it is.
        let is_complete = |id: &String| {
            let Some(response) = self.responses.active.get(index) else { return true };
            response.output.iter().any(|item| item.id() == id.as_str())
        };
        if item_id.as_ref().is_some_and(is_complete) {
            return;
        }
        match output {
            Output::Audio { bytes, format } => self.audio(index, item_id, &bytes, format),
            Output::Transcript(words) => self.words(index, item_id, PartKind::Speech, &words),
            Output::Text(words) => self.words(index, item_id, PartKind::Text, &words),
            Output::ToolCall { call_id, name, arguments } => {
                self.tool_call(index, item_id, call_id, &name, &arguments);
            }
            Output::Other { item, is_done } => self.other_item(index, item_id, item, is_done),
        }
    }

    /// All audio of the response is there.
    pub(super) fn audio_complete(&mut self) {
        let Some(index) = self.find(None) else { return };
        self.finish_audio(index);
    }

    /// A response ended; without a name, the one there is. Nothing ends where nothing is.
    ///
    /// Returns whether one ended.
    pub(super) fn response_done(
        &mut self,
        provider_id: Option<&str>,
        outcome: Outcome,
        usage: Option<TokenUsage>,
    ) -> bool {
        if provider_id.is_none() {
            self.responses.stop_suppressing();
        }
        let Some(index) = self.find(provider_id) else {
            if let Some(usage) = usage {
                let known = self.responses.finished.iter().find(|(finished, _)| finished.as_deref() == provider_id);
                let id = known.filter(|_| provider_id.is_some()).map(|(_, id)| id.clone());
                self.ledger.reported(id.as_deref().or(provider_id), usage);
            }
            return false;
        };
        if let Some(usage) = usage {
            self.usage_of(index, usage);
        }
        let waits = self.usage_trails && matches!(outcome, Outcome::Completed);
        self.finish_items(index, &outcome);
        self.ledger.response_ended();
        let until_millis = self.now_millis + USAGE_WAIT_MILLIS;
        match self.responses.active.get_mut(index) {
            Some(response) if waits && response.usage.is_none() => {
                response.held = Some(Held { outcome, until_millis });
            }
            _ => self.say_done(index, &outcome),
        }
        true
    }

    /// A provider reports usage by itself: of the response that is going on, or of the last.
    pub(super) fn usage(&mut self, usage: TokenUsage) {
        let held = self.responses.active.iter().position(|response| response.held.is_some());
        match held.or_else(|| self.find(None)) {
            Some(index) => {
                self.usage_of(index, usage);
                self.release(index);
            }
            None => self.ledger.reported(None, usage),
        }
    }

    /// The user's voice cut the response off.
    pub(super) fn interrupted(&mut self) {
        let index = self.find(None);
        if index.is_some() || !self.responses.is_suppressed {
            self.speech_started(None, None);
        }
        self.responses.stop_suppressing();
        if let Some(index) = index {
            self.finish(index, &Outcome::Cancelled { reason: "turn_detected".to_owned() });
        }
    }

    /// Every response that is going on ends like that.
    pub(super) fn finish_all(&mut self, outcome: &Outcome) {
        while !self.responses.active.is_empty() {
            if !self.release(0) {
                self.finish(0, outcome);
            }
        }
    }

    /// The response in the conversation ends like that, if there is one.
    pub(super) fn finish_active(&mut self, outcome: &Outcome) {
        if let Some(index) = self.find(None) {
            self.finish(index, outcome);
        }
    }

    /// Another provider takes over: a response that has said nothing yet is the next one's.
    pub(super) fn hand_over_responses(&mut self) {
        self.responses.is_suppressed = false;
        for response in &mut self.responses.active {
            response.provider_id = None;
            self.ledger.response_started(&response.id);
        }
    }

    /// Ends that have waited long enough are told.
    pub(super) fn release_held(&mut self) {
        let now_millis = self.now_millis;
        while let Some(index) = self
            .responses
            .active
            .iter()
            .position(|response| response.held.as_ref().is_some_and(|held| now_millis >= held.until_millis))
        {
            self.release(index);
        }
    }

    /// What was really said of the last message.
    pub(super) fn transcript_corrected(&mut self, text: &str) {
        let Some(item_id) = self.responses.last_message.clone() else { return };
        let mut is_changed = false;
        self.conversation.update(&item_id, |entry| {
            let parts = entry.item.json_mut().get_mut("content").and_then(Value::as_array_mut);
            let part = parts.and_then(|parts| parts.iter_mut().find(|part| part.get("transcript").is_some()));
            if let Some(part) = part.and_then(Value::as_object_mut) {
                is_changed = part.insert("transcript".to_owned(), text.into()) != Some(text.into());
            }
        });
        if let Some(entry) = self.conversation.get(&item_id).filter(|_| is_changed) {
            let item = entry.item.clone();
            let previous_item_id = self.conversation.previous_id(&item_id);
            self.emit(ServerEvent::ItemDone { previous_item_id, item });
        }
    }

    /// The response of that name; without a name, the one in the conversation.
    pub(super) fn find(&self, provider_id: Option<&str>) -> Option<usize> {
        self.responses.active.iter().rposition(|response| match provider_id {
            Some(_) => response.provider_id.as_deref() == provider_id && response.held.is_none(),
            None => response.held.is_none() && !response.is_out_of_band,
        })
    }

    /// The response that a beginning means: one of that name, or one that has said nothing and has no name yet.
    pub(super) fn claim(&mut self, provider_id: Option<&str>) -> Option<usize> {
        let known = provider_id.and_then(|_| self.find(provider_id));
        let is_fresh = |response: &Response| !response.has_output && response.held.is_none();
        let fresh = || {
            let is_unnamed = |response: &Response| response.provider_id.is_none() && is_fresh(response);
            self.responses.active.iter().position(is_unnamed)
        };
        let index = known.or_else(fresh)?;
        if let Some(response) = self.responses.active.get_mut(index) {
            response.provider_id = response.provider_id.take().or_else(|| provider_id.map(str::to_owned));
        }
        Some(index)
    }

    pub(super) fn begin(
        &mut self,
        provider_id: Option<String>,
        metadata: Option<Object>,
        is_out_of_band: bool,
    ) -> usize {
        while let Some(index) = self.responses.active.iter().position(|response| response.held.is_some()) {
            self.release(index);
        }
        if !is_out_of_band && let Some(index) = self.find(None) {
            self.finish(index, &Outcome::Completed);
        }
        if self.responses.active.len() == MAX_ACTIVE {
            self.finish(0, &Outcome::Completed);
        }
        let is_free = |id: &String| {
            let is_finished = self.responses.finished.iter().any(|(_, finished)| finished == id);
            !is_finished && !self.responses.active.iter().any(|response| response.id == *id)
        };
        let id = match provider_id.clone().filter(is_free) {
            Some(id) => id,
            None => self.identifiers.next("resp"),
        };
        self.ledger.response_started(&id);
        let appended_ticks = self.user.appended_ticks;
        let answered_ticks = std::mem::replace(&mut self.responses.answered_ticks, appended_ticks);
        let response = Response {
            id,
            provider_id,
            metadata,
            is_out_of_band,
            output: Vec::new(),
            open: None,
            has_output: false,
            heard_ticks: appended_ticks.saturating_sub(answered_ticks),
            spoken_ticks: 0,
            usage: None,
            held: None,
        };
        let created = self.response_json(&response, None);
        self.responses.active.push(response);
        self.emit(ServerEvent::ResponseCreated { response: created });
        self.responses.active.len() - 1
    }

    pub(super) fn finish(&mut self, index: usize, outcome: &Outcome) {
        self.finish_items(index, outcome);
        self.ledger.response_ended();
        self.say_done(index, outcome);
    }

    /// Tells the end of a response that waited to be told.
    pub(super) fn release(&mut self, index: usize) -> bool {
        let held = self.responses.active.get_mut(index).and_then(|response| response.held.take());
        match held {
            Some(held) => {
                self.say_done(index, &held.outcome);
                true
            }
            None => false,
        }
    }

    pub(super) fn say_done(&mut self, index: usize, outcome: &Outcome) {
        if index >= self.responses.active.len() {
            return;
        }
        let response = self.responses.active.remove(index);
        self.counts.turns += 1;
        if matches!(outcome, Outcome::Cancelled { reason } if reason == "turn_detected") {
            self.counts.interruptions += 1;
        }
        if matches!(outcome, Outcome::Cancelled { .. }) {
            self.record(|| Recorded::AgentCutOff);
        }
        let done = self.response_json(&response, Some(outcome));
        if self.responses.finished.len() == MAX_FINISHED {
            self.responses.finished.pop_front();
        }
        self.responses.finished.push_back((response.provider_id, response.id));
        self.emit(ServerEvent::ResponseDone { response: done });
    }

    pub(super) fn usage_of(&mut self, index: usize, usage: TokenUsage) {
        if let Some(response) = self.responses.active.get_mut(index) {
            response.usage = Some(usage);
            self.ledger.reported(Some(&response.id), usage);
        }
    }
}
