//! The model's side: responses, and the complete envelope of events around what they say and do.
//!
//! `response.created` → for each item `output_item.added`, `conversation.item.added` → for each part `content_part.added`,
//! deltas, the part's `done` events, `content_part.done` → `output_item.done`, `conversation.item.done` →
//! `response.done`. Items of a response come one after another. What arrives for a response that is over is dropped.

use super::dialogue::Dialogue;
use super::words::Text;
use crate::audio::{AudioFormat, Converter, TICKS_PER_SECOND};
use crate::client::{Place, ServerEvent};
use crate::model::{Item, Object, Outcome, Output, TokenUsage, Words, format_json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// How many responses may go on at once: one in the conversation, others outside it.
const MAX_ACTIVE: usize = 8;
/// How many names of responses that are over are remembered.
const MAX_FINISHED: usize = 64;
/// How many items a response may have.
const MAX_OUTPUT_ITEMS: usize = 128;
/// How long the end of a response waits for its usage, in milliseconds.
const USAGE_WAIT_MILLIS: u64 = 150;

/// What a part of a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PartKind {
    Speech,
    Text,
}

/// A part that is being said.
#[derive(Debug, Clone)]
struct Part {
    kind: PartKind,
    index: u64,
    text: Text,
    audio_is_done: bool,
}

/// An item that is not complete.
#[derive(Debug, Clone)]
enum Open {
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
    fn item_id(&self) -> &str {
        match self {
            Self::Message { item_id, .. } | Self::Other { item_id } => item_id,
        }
    }
}

/// The end of a response that waits for its usage.
#[derive(Debug, Clone)]
struct Held {
    outcome: Outcome,
    until_millis: u64,
}

/// A response that is not over.
#[derive(Debug, Clone)]
struct Response {
    id: String,
    provider_id: Option<String>,
    metadata: Option<Object>,
    is_out_of_band: bool,
    output: Vec<Item>,
    open: Option<Open>,
    has_output: bool,
    heard_ticks: u64,
    spoken_ticks: u64,
    usage: Option<TokenUsage>,
    held: Option<Held>,
}

/// All responses.
#[derive(Debug, Clone, Default)]
pub(super) struct Responses {
    active: Vec<Response>,
    /// Responses that are over: the provider's name, if it has one, and the client's.
    finished: VecDeque<(Option<String>, String)>,
    /// The client cancelled, and the provider goes on: what it says is for nobody.
    is_suppressed: bool,
    /// The last message that was cut off, of which a correction may come.
    last_message: Option<String>,
    /// Audio that was appended when the last response began.
    answered_ticks: u64,
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

    fn is_over(&self, provider_id: Option<&str>) -> bool {
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

    /// Another provider takes over: a response that has said nothing yet may be the next one's.
    pub(super) fn forget_names(&mut self) {
        for response in &mut self.active {
            response.provider_id = None;
        }
        self.is_suppressed = false;
    }
}

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
    fn find(&self, provider_id: Option<&str>) -> Option<usize> {
        self.responses.active.iter().rposition(|response| match provider_id {
            Some(_) => response.provider_id.as_deref() == provider_id && response.held.is_none(),
            None => response.held.is_none() && !response.is_out_of_band,
        })
    }

    /// The response that a beginning means: one of that name, or one that has said nothing and has no name yet.
    fn claim(&mut self, provider_id: Option<&str>) -> Option<usize> {
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

    fn begin(&mut self, provider_id: Option<String>, metadata: Option<Object>, is_out_of_band: bool) -> usize {
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

    fn audio(&mut self, index: usize, item_id: Option<String>, bytes: &[u8], format: AudioFormat) {
        let client_format = self.settings.output_format();
        if self.output.as_ref().is_none_or(|output| (output.from(), output.to()) != (format, client_format)) {
            // There is a filter between any two formats.
            self.output = Converter::new(format, client_format).ok();
        }
        let place = self.part_for(index, item_id, PartKind::Speech, |part| part.audio_is_done);
        let audio = self.output.as_mut().map(|output| output.push(bytes)).unwrap_or_default();
        self.say_audio(index, place, &audio);
    }

    fn say_audio(&mut self, index: usize, place: Place, audio: &[u8]) {
        if audio.is_empty() {
            return;
        }
        let ticks = self.settings.output_format().ticks(audio.len());
        self.ledger.spoken(ticks);
        if let Some(response) = self.responses.active.get_mut(index) {
            response.spoken_ticks = response.spoken_ticks.saturating_add(ticks);
        }
        self.conversation.update(&place.item_id, |entry| entry.spoken_ticks = entry.spoken_ticks.saturating_add(ticks));
        self.first_output();
        self.emit(ServerEvent::AudioDelta { place, delta: STANDARD.encode(audio) });
    }

    fn words(&mut self, index: usize, item_id: Option<String>, kind: PartKind, words: &Words) {
        // The end of words that never began, or a repetition of all of them, changes nothing.
        let (text, is_open) = match self.open_part(index, item_id.as_deref(), kind) {
            Some(part) => (part.text.clone(), true),
            None => (Text::default(), false),
        };
        let is_repetition = matches!(words, Words::Whole(whole) if text.is_complete() && whole == text.as_str());
        if is_repetition || (*words == Words::End && (!is_open || text.is_complete())) {
            return;
        }
        let place = self.part_for(index, item_id, kind, |part| part.text.is_complete());
        let Some(part) = self.current_part(index) else { return };
        let Some(delta) = part.text.apply(words).delta else { return };
        self.ledger.written(delta.chars().count());
        self.first_output();
        self.emit(match kind {
            PartKind::Speech => ServerEvent::TranscriptDelta { place, delta },
            PartKind::Text => ServerEvent::TextDelta { place, delta },
        });
    }

    fn tool_call(&mut self, index: usize, item_id: Option<String>, call_id: String, name: &str, arguments: &str) {
        if !call_id.is_empty() && self.calls.iter().any(|call| call.id == call_id) {
            return;
        }
        self.finish_item(index, "completed");
        let Some((response_id, output_index)) = self.next_output(index) else { return };
        let call_id = if call_id.is_empty() { self.identifiers.next("call") } else { call_id };
        let item_id = self.fresh_item_id(item_id);
        let item = Item::function_call(&item_id, "in_progress", &call_id, name, "");
        self.add_output(index, output_index, &item);
        self.remember_call(&call_id, name);
        self.counts.tool_calls += 1;
        self.ledger.tool_called();
        let place = Place { response_id, item_id: item_id.clone(), output_index, content_index: None };
        if !arguments.is_empty() {
            let (place, call_id, delta) = (place.clone(), call_id.clone(), arguments.to_owned());
            self.emit(ServerEvent::ArgumentsDelta { place, call_id, delta });
        }
        let done = ServerEvent::ArgumentsDone {
            place,
            call_id: call_id.clone(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        self.emit(done);
        self.first_output();
        self.complete_output(index, Item::function_call(&item_id, "completed", &call_id, name, arguments));
    }

    fn other_item(&mut self, index: usize, item_id: Option<String>, item: Object, is_done: bool) {
        let provider_id = item_id.unwrap_or_default();
        let open = self.responses.active.get(index).and_then(|response| response.open.as_ref());
        let is_open = matches!(open, Some(Open::Other { item_id }) if *item_id == provider_id);
        if !is_open {
            self.finish_item(index, "completed");
            let Some((_, output_index)) = self.next_output(index) else { return };
            let item_id = self.fresh_item_id(Some(provider_id).filter(|id| !id.is_empty()));
            self.add_output(index, output_index, &Item::new(&item_id, item.clone()));
            if let Some(response) = self.responses.active.get_mut(index) {
                response.open = Some(Open::Other { item_id });
            }
        }
        if is_done && let Some(response) = self.responses.active.get_mut(index) {
            let open = response.open.take();
            if let Some(Open::Other { item_id }) = open {
                self.complete_output(index, Item::new(&item_id, item));
            }
        }
    }

    /// The part to go on with, if it is of this item and kind.
    fn open_part(&self, index: usize, item_id: Option<&str>, kind: PartKind) -> Option<&Part> {
        match self.responses.active.get(index)?.open.as_ref()? {
            Open::Message { provider_item_id, part: Some(part), .. }
                if part.kind == kind && (item_id.is_none() || provider_item_id.as_deref() == item_id) =>
            {
                Some(part)
            }
            _ => None,
        }
    }

    /// Where to go on: in the open part, in a new part of the open message, or in a new message.
    fn part_for(
        &mut self,
        index: usize,
        item_id: Option<String>,
        kind: PartKind,
        is_over: impl Fn(&Part) -> bool,
    ) -> Place {
        let is_same_item = match self.responses.active.get(index).and_then(|response| response.open.as_ref()) {
            Some(Open::Message { provider_item_id, .. }) => item_id.is_none() || *provider_item_id == item_id,
            _ => false,
        };
        let usable = self.open_part(index, item_id.as_deref(), kind).map(&is_over);
        match usable {
            Some(false) => {}
            None if is_same_item => self.finish_part(index, true),
            // A message whose words are complete is a message; more words are another.
            Some(true) | None => self.open_message(index, item_id),
        }
        if usable != Some(false) {
            self.open_new_part(index, kind);
        }
        self.place(index)
    }

    fn open_message(&mut self, index: usize, provider_item_id: Option<String>) {
        self.finish_item(index, "completed");
        let Some((_, output_index)) = self.next_output(index) else { return };
        let item_id = self.fresh_item_id(provider_item_id.clone());
        self.add_output(index, output_index, &Item::message(&item_id, "assistant", "in_progress", &[]));
        if let Some(response) = self.responses.active.get_mut(index) {
            response.open = Some(Open::Message { item_id, provider_item_id, content: Vec::new(), part: None });
        }
    }

    fn open_new_part(&mut self, index: usize, kind: PartKind) {
        let Some(response) = self.responses.active.get_mut(index) else { return };
        let Some(Open::Message { content, part, .. }) = response.open.as_mut() else { return };
        let new = Part { kind, index: content.len() as u64, text: Text::default(), audio_is_done: false };
        let json = part_json(&new);
        *part = Some(new);
        let place = self.place(index);
        self.emit(ServerEvent::ContentPartAdded { place, part: json });
    }

    fn current_part(&mut self, index: usize) -> Option<&mut Part> {
        match self.responses.active.get_mut(index)?.open.as_mut()? {
            Open::Message { part, .. } => part.as_mut(),
            Open::Other { .. } => None,
        }
    }

    /// Where the open part is.
    fn place(&self, index: usize) -> Place {
        let response = self.responses.active.get(index);
        let open = response.and_then(|response| response.open.as_ref());
        let content_index = match open {
            Some(Open::Message { part, content, .. }) => part.as_ref().map_or(content.len() as u64, |part| part.index),
            _ => 0,
        };
        Place {
            response_id: response.map(|response| response.id.clone()).unwrap_or_default(),
            item_id: open.map(|open| open.item_id().to_owned()).unwrap_or_default(),
            output_index: response.map_or(0, |response| response.output.len() as u64),
            content_index: Some(content_index),
        }
    }

    /// The response's name and the place of its next item. A response that has too many items gets no more.
    fn next_output(&self, index: usize) -> Option<(String, u64)> {
        let response = self.responses.active.get(index)?;
        (response.output.len() < MAX_OUTPUT_ITEMS).then(|| (response.id.clone(), response.output.len() as u64))
    }

    fn add_output(&mut self, index: usize, output_index: u64, item: &Item) {
        let Some(response) = self.responses.active.get_mut(index) else { return };
        response.has_output = true;
        let (response_id, is_out_of_band) = (response.id.clone(), response.is_out_of_band);
        self.emit(ServerEvent::OutputItemAdded { response_id, output_index, item: item.clone() });
        if !is_out_of_band {
            let previous_item_id = self.conversation.insert(item.clone(), None);
            self.emit(ServerEvent::ItemAdded { previous_item_id, item: item.clone() });
        }
    }

    fn complete_output(&mut self, index: usize, item: Item) {
        let Some(response) = self.responses.active.get_mut(index) else { return };
        let (response_id, output_index) = (response.id.clone(), response.output.len() as u64);
        let is_out_of_band = response.is_out_of_band;
        response.output.push(item.clone());
        self.emit(ServerEvent::OutputItemDone { response_id, output_index, item: item.clone() });
        if !is_out_of_band {
            self.conversation.update(item.id(), |entry| entry.item = item.clone());
            let previous_item_id = self.conversation.previous_id(item.id());
            self.emit(ServerEvent::ItemDone { previous_item_id, item });
        }
    }

    /// Lets out what the resampler still holds, and says that this was all.
    fn finish_audio(&mut self, index: usize) {
        let is_speech = |part: &mut Part| part.kind == PartKind::Speech && !part.audio_is_done;
        if !self.current_part(index).is_some_and(is_speech) {
            return;
        }
        let place = self.place(index);
        let rest = self.output.as_mut().map(Converter::finish).unwrap_or_default();
        self.say_audio(index, place.clone(), &rest);
        if let Some(part) = self.current_part(index) {
            part.audio_is_done = true;
        }
        self.emit(ServerEvent::AudioDone { place });
    }

    fn finish_part(&mut self, index: usize, is_complete: bool) {
        if !is_complete && let Some(output) = &mut self.output {
            output.reset();
        }
        self.finish_audio(index);
        let place = self.place(index);
        let Some(response) = self.responses.active.get_mut(index) else { return };
        let Some(Open::Message { content, part: open_part, .. }) = response.open.as_mut() else { return };
        let Some(part) = open_part.take() else { return };
        let text = part.text.as_str().to_owned();
        content.push(match part.kind {
            PartKind::Speech => json!({"type": "output_audio", "transcript": text}),
            PartKind::Text => json!({"type": "output_text", "text": text}),
        });
        let done = place.clone();
        self.emit(match part.kind {
            PartKind::Speech => ServerEvent::TranscriptDone { place: done, transcript: text },
            PartKind::Text => ServerEvent::TextDone { place: done, text },
        });
        self.emit(ServerEvent::ContentPartDone { place, part: part_json(&part) });
    }

    fn finish_item(&mut self, index: usize, status: &str) {
        self.finish_part(index, status == "completed");
        let Some(response) = self.responses.active.get_mut(index) else { return };
        match response.open.take() {
            Some(Open::Message { item_id, content, .. }) => {
                self.responses.last_message = Some(item_id.clone());
                self.complete_output(index, Item::message(&item_id, "assistant", status, &content));
            }
            Some(Open::Other { item_id }) => {
                let known = self.conversation.get(&item_id).map(|entry| entry.item.clone());
                self.complete_output(index, known.unwrap_or_else(|| Item::new(&item_id, Object::new())));
            }
            None => {}
        }
    }

    fn finish_items(&mut self, index: usize, outcome: &Outcome) {
        let is_complete = matches!(outcome, Outcome::Completed);
        self.finish_item(index, if is_complete { "completed" } else { "incomplete" });
    }

    fn finish(&mut self, index: usize, outcome: &Outcome) {
        self.finish_items(index, outcome);
        self.ledger.response_ended();
        self.say_done(index, outcome);
    }

    /// Tells the end of a response that waited to be told.
    fn release(&mut self, index: usize) -> bool {
        let held = self.responses.active.get_mut(index).and_then(|response| response.held.take());
        match held {
            Some(held) => {
                self.say_done(index, &held.outcome);
                true
            }
            None => false,
        }
    }

    fn say_done(&mut self, index: usize, outcome: &Outcome) {
        if index >= self.responses.active.len() {
            return;
        }
        let response = self.responses.active.remove(index);
        self.counts.turns += 1;
        if matches!(outcome, Outcome::Cancelled { reason } if reason == "turn_detected") {
            self.counts.interruptions += 1;
        }
        let done = self.response_json(&response, Some(outcome));
        if self.responses.finished.len() == MAX_FINISHED {
            self.responses.finished.pop_front();
        }
        self.responses.finished.push_back((response.provider_id, response.id));
        self.emit(ServerEvent::ResponseDone { response: done });
    }

    fn usage_of(&mut self, index: usize, usage: TokenUsage) {
        if let Some(response) = self.responses.active.get_mut(index) {
            response.usage = Some(usage);
            self.ledger.reported(Some(&response.id), usage);
        }
    }

    /// The first thing that the client hears or reads of an answer.
    fn first_output(&mut self) {
        if let Some(asked_at) = self.asked_at_millis.take() {
            self.counts.answers += 1;
            self.counts.answer_delay_millis += self.now_millis.saturating_sub(asked_at);
        }
    }

    fn response_json(&self, response: &Response, outcome: Option<&Outcome>) -> Object {
        let (status, details) = match outcome {
            None => ("in_progress", Value::Null),
            Some(Outcome::Completed) => ("completed", Value::Null),
            Some(Outcome::Incomplete { reason }) => ("incomplete", json!({"type": "incomplete", "reason": reason})),
            Some(Outcome::Cancelled { reason }) => ("cancelled", json!({"type": "cancelled", "reason": reason})),
            Some(Outcome::Failed { code, message }) => {
                let error = json!({"type": "server_error", "code": code, "message": message});
                ("failed", json!({"type": "failed", "error": error}))
            }
        };
        let usage = match response.usage {
            Some(usage) => Value::Object(usage.to_openai()),
            None if outcome.is_some() && self.bills_by_time() => Value::Object(TokenUsage::default().to_openai()),
            None => Value::Null,
        };
        let mut metadata = response.metadata.clone();
        if outcome.is_some() && self.bills_by_time() {
            let heard = seconds(response.heard_ticks);
            let seconds = json!({"audio_in_s": heard, "audio_out_s": seconds(response.spoken_ticks)});
            let metadata = metadata.get_or_insert_default();
            metadata.insert("gateway_usage".to_owned(), seconds.to_string().into());
        }
        let is_text = self.settings.wants_text_only();
        let conversation_id = if response.is_out_of_band { None } else { Some(self.identifiers.conversation()) };
        let output = json!({"format": format_json(self.settings.output_format()), "voice": self.settings.voice()});
        let response = json!({
            "object": "realtime.response",
            "id": response.id,
            "status": status,
            "status_details": details,
            "output": response.output,
            "conversation_id": conversation_id,
            "output_modalities": [if is_text { "text" } else { "audio" }],
            "max_output_tokens": self.settings.max_output_tokens().map_or_else(|| "inf".into(), Value::from),
            "audio": {"output": output},
            "usage": usage,
            "metadata": metadata,
        });
        match response {
            Value::Object(response) => response,
            _ => Object::new(),
        }
    }
}

/// Seconds to the millisecond.
#[allow(clippy::cast_precision_loss, reason = "milliseconds of a session")]
fn seconds(ticks: u64) -> f64 {
    (ticks * 1_000 / TICKS_PER_SECOND) as f64 / 1_000.0
}

/// A part as `content_part.added` and `.done` write it.
fn part_json(part: &Part) -> Value {
    match part.kind {
        PartKind::Speech => json!({"type": "audio", "transcript": part.text.as_str()}),
        PartKind::Text => json!({"type": "text", "text": part.text.as_str()}),
    }
}
