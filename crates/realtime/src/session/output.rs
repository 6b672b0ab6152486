//! What a response says and does, as items and their parts.

use super::action::Recorded;
use super::dialogue::Dialogue;
use super::response::{Open, Part, PartKind};
use super::words::Text;
use crate::audio::{AudioFormat, Converter};
use crate::client::{Place, ServerEvent};
use crate::model::{Item, Object, Outcome, Words};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// How many items a response may have.
const MAX_OUTPUT_ITEMS: usize = 128;

impl Dialogue {
    pub(super) fn audio(&mut self, index: usize, item_id: Option<String>, bytes: &[u8], format: AudioFormat) {
        let client_format = self.settings.output_format();
        if self.output.as_ref().is_none_or(|output| (output.from(), output.to()) != (format, client_format)) {
            // There is a filter between any two formats.
            self.output = Converter::new(format, client_format).ok();
        }
        let place = self.part_for(index, item_id, PartKind::Speech, |part| part.audio_is_done);
        if self.current_part(index).is_none() {
            return;
        }
        let audio = self.output.as_mut().map(|output| output.push(bytes)).unwrap_or_default();
        self.say_audio(index, place, &audio);
    }

    pub(super) fn say_audio(&mut self, index: usize, place: Place, audio: &[u8]) {
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
        let format = self.settings.output_format();
        self.record(|| Recorded::Agent(audio.to_vec(), format));
        self.emit(ServerEvent::AudioDelta { place, delta: STANDARD.encode(audio) });
    }

    pub(super) fn words(&mut self, index: usize, item_id: Option<String>, kind: PartKind, words: &Words) {
        // The end of words that never began, or a repetition of all of them, changes nothing.
        let text = self.open_part(index, item_id.as_deref(), kind).map(|part| &part.text);
        let changes_nothing = match words {
            Words::Whole(whole) => text.is_some_and(|text| text.is_complete() && whole == text.as_str()),
            Words::End => text.is_none_or(Text::is_complete),
            Words::Piece(_) | Words::SoFar(_) => false,
        };
        if changes_nothing {
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

    pub(super) fn tool_call(
        &mut self,
        index: usize,
        item_id: Option<String>,
        call_id: String,
        name: &str,
        arguments: &str,
    ) {
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

    pub(super) fn other_item(&mut self, index: usize, item_id: Option<String>, item: Object, is_done: bool) {
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
    pub(super) fn open_part(&self, index: usize, item_id: Option<&str>, kind: PartKind) -> Option<&Part> {
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
    pub(super) fn part_for(
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

    pub(super) fn open_message(&mut self, index: usize, provider_item_id: Option<String>) {
        self.finish_item(index, "completed");
        let Some((_, output_index)) = self.next_output(index) else { return };
        let item_id = self.fresh_item_id(provider_item_id.clone());
        self.add_output(index, output_index, &Item::message(&item_id, "assistant", "in_progress", &[]));
        if let Some(response) = self.responses.active.get_mut(index) {
            response.open = Some(Open::Message { item_id, provider_item_id, content: Vec::new(), part: None });
        }
    }

    pub(super) fn open_new_part(&mut self, index: usize, kind: PartKind) {
        let Some(response) = self.responses.active.get_mut(index) else { return };
        let Some(Open::Message { content, part, .. }) = response.open.as_mut() else { return };
        let new = Part { kind, index: content.len() as u64, text: Text::default(), audio_is_done: false };
        let json = part_json(&new);
        *part = Some(new);
        let place = self.place(index);
        self.emit(ServerEvent::ContentPartAdded { place, part: json });
    }

    pub(super) fn current_part(&mut self, index: usize) -> Option<&mut Part> {
        match self.responses.active.get_mut(index)?.open.as_mut()? {
            Open::Message { part, .. } => part.as_mut(),
            Open::Other { .. } => None,
        }
    }

    /// Where the open part is.
    pub(super) fn place(&self, index: usize) -> Place {
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
    pub(super) fn next_output(&self, index: usize) -> Option<(String, u64)> {
        let response = self.responses.active.get(index)?;
        (response.output.len() < MAX_OUTPUT_ITEMS).then(|| (response.id.clone(), response.output.len() as u64))
    }

    pub(super) fn add_output(&mut self, index: usize, output_index: u64, item: &Item) {
        let Some(response) = self.responses.active.get_mut(index) else { return };
        response.has_output = true;
        let (response_id, is_out_of_band) = (response.id.clone(), response.is_out_of_band);
        self.emit(ServerEvent::OutputItemAdded { response_id, output_index, item: item.clone() });
        if !is_out_of_band {
            let previous_item_id = self.conversation.insert(item.clone(), None);
            self.emit(ServerEvent::ItemAdded { previous_item_id, item: item.clone() });
        }
    }

    pub(super) fn complete_output(&mut self, index: usize, item: Item) {
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
    pub(super) fn finish_audio(&mut self, index: usize) {
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

    pub(super) fn finish_part(&mut self, index: usize, is_complete: bool) {
        let is_speech = self.current_part(index).is_some_and(|part| part.kind == PartKind::Speech);
        if is_speech
            && !is_complete
            && let Some(output) = &mut self.output
        {
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

    pub(super) fn finish_item(&mut self, index: usize, status: &str) {
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

    pub(super) fn finish_items(&mut self, index: usize, outcome: &Outcome) {
        let is_complete = matches!(outcome, Outcome::Completed);
        self.finish_item(index, if is_complete { "completed" } else { "incomplete" });
    }

    /// The first thing that the client hears or reads of an answer.
    pub(super) fn first_output(&mut self) {
        if let Some(asked_at) = self.asked_at_millis.take() {
            let delay_millis = self.now_millis.saturating_sub(asked_at);
            self.counts.answers += 1;
            self.counts.answer_delay_millis += delay_millis;
            self.counts.longest_answer_delay_millis = self.counts.longest_answer_delay_millis.max(delay_millis);
        }
    }
}

/// A part as `content_part.added` and `.done` write it.
fn part_json(part: &Part) -> Value {
    match part.kind {
        PartKind::Speech => json!({"type": "audio", "transcript": part.text.as_str()}),
        PartKind::Text => json!({"type": "text", "text": part.text.as_str()}),
    }
}
