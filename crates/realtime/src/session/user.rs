//! The user's side: speech, the input buffer, and what was said in words.
//!
//! `speech_started` → `speech_stopped` → `committed` → the item; words that come before the item wait for it.

use super::dialogue::Dialogue;
use super::words::Text;
use crate::audio::TICKS_PER_MILLISECOND;
use crate::client::ServerEvent;
use crate::model::{Item, Problem, Words};
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Of how many utterances the words may still arrive.
const MAX_UTTERANCES: usize = 16;
/// How much audio must be in the buffer for a commit: OpenAI's limit.
pub(super) const MIN_COMMIT_MILLIS: u64 = 100;

/// What the user is saying.
#[derive(Debug, Clone)]
struct Speech {
    item_id: String,
    start_ms: u64,
    end_ms: Option<u64>,
    /// Words that came before the item.
    early: Vec<(Words, Option<Value>)>,
}

/// What the user said.
#[derive(Debug, Clone)]
struct Utterance {
    item_id: String,
    millis: u64,
    text: Text,
}

/// What is known of the user.
#[derive(Debug, Clone, Default)]
pub(super) struct UserSide {
    speech: Option<Speech>,
    utterances: VecDeque<Utterance>,
    /// All audio that was appended.
    pub(super) appended_ticks: u64,
    /// What of it was not committed.
    pub(super) uncommitted_ticks: u64,
    /// Where the last speech ended, in milliseconds: no other begins before.
    last_end_ms: u64,
    /// The client committed what the provider will commit too.
    committed_by_client: bool,
}

impl UserSide {
    pub(super) fn is_speaking(&self) -> bool {
        self.speech.as_ref().is_some_and(|speech| speech.end_ms.is_none())
    }

    fn now_ms(&self) -> u64 {
        self.appended_ticks / TICKS_PER_MILLISECOND
    }
}

impl Dialogue {
    /// The user began to speak; without a time, now.
    pub(super) fn speech_started(&mut self, item_id: Option<String>, start_ms: Option<u64>) {
        // What the client committed is announced no more, however late the provider notices it.
        let is_committed = self.user.committed_by_client && self.user.uncommitted_ticks == 0;
        if self.is_manual() || self.user.is_speaking() || is_committed {
            return;
        }
        self.user.committed_by_client = false;
        let item_id = self.fresh_item_id(item_id);
        let start_ms = start_ms.unwrap_or(self.user.now_ms()).max(self.user.last_end_ms);
        self.user.speech = Some(Speech { item_id: item_id.clone(), start_ms, end_ms: None, early: Vec::new() });
        self.emit(ServerEvent::SpeechStarted { audio_start_ms: start_ms, item_id });
    }

    /// The user stopped speaking; without a time, now.
    pub(super) fn speech_stopped(&mut self, end_ms: Option<u64>) {
        let now_ms = self.user.now_ms();
        let Some(speech) = self.user.speech.as_mut().filter(|speech| speech.end_ms.is_none()) else { return };
        let audio_end_ms = end_ms.unwrap_or(now_ms).max(speech.start_ms);
        speech.end_ms = Some(audio_end_ms);
        self.user.last_end_ms = audio_end_ms;
        let item_id = speech.item_id.clone();
        self.asked_at_millis = Some(self.now_millis);
        self.emit(ServerEvent::SpeechStopped { audio_end_ms, item_id });
    }

    /// The provider took what the user said for an item. Whether that is new, and not what the client has committed.
    pub(super) fn committed_by_provider(&mut self, item_id: Option<String>) -> bool {
        let is_of_client = !self.keeps_conversation && self.is_manual();
        if is_of_client || std::mem::take(&mut self.user.committed_by_client) {
            return false;
        }
        self.commit(item_id);
        true
    }

    /// The client committed, and the provider does not say so itself.
    pub(super) fn committed_by_client(&mut self) {
        self.user.committed_by_client = !self.is_manual();
        self.commit(None);
    }

    fn commit(&mut self, item_id: Option<String>) {
        self.speech_stopped(None);
        let speech = self.user.speech.take();
        let (item_id, millis, early) = if let Some(speech) = speech {
            let millis = speech.end_ms.unwrap_or(speech.start_ms) - speech.start_ms;
            (speech.item_id, millis, speech.early)
        } else {
            if item_id.as_deref().is_some_and(|id| self.conversation.contains(id)) {
                return;
            }
            let millis = self.user.uncommitted_ticks / TICKS_PER_MILLISECOND;
            (self.fresh_item_id(item_id), millis, Vec::new())
        };
        self.counts.talk_millis = self.counts.talk_millis.saturating_add(millis);
        self.user.uncommitted_ticks = 0;
        self.asked_at_millis = Some(self.now_millis);
        self.responses.stop_suppressing();
        let content = [json!({"type": "input_audio", "transcript": null})];
        let item = Item::message(&item_id, "user", "completed", &content);
        let previous_item_id = self.conversation.last_id();
        self.emit(ServerEvent::Committed { previous_item_id, item_id: item_id.clone() });
        self.add_item(item, None);
        if self.user.utterances.len() == MAX_UTTERANCES {
            self.user.utterances.pop_front();
        }
        self.user.utterances.push_back(Utterance { item_id: item_id.clone(), millis, text: Text::default() });
        for (words, usage) in early {
            self.user_words(Some(&item_id), words, usage);
        }
    }

    /// An item that is complete comes into the conversation.
    pub(super) fn add_item(&mut self, item: Item, after: Option<&str>) {
        if self.is_taken(item.id()) {
            return;
        }
        let previous_item_id = self.conversation.insert(item.clone(), after);
        self.emit(ServerEvent::ItemAdded { previous_item_id: previous_item_id.clone(), item: item.clone() });
        self.emit(ServerEvent::ItemDone { previous_item_id, item });
    }

    /// What the user says or said, in words; without an item, of the latest.
    pub(super) fn user_words(&mut self, item_id: Option<&str>, words: Words, usage: Option<Value>) {
        /// More bits than that of one utterance are no speech.
        const MAX_EARLY: usize = 4_096;
        let is_of = |id: &str| item_id.is_none_or(|item_id| item_id == id);
        if let Some(speech) = self.user.speech.as_mut().filter(|speech| is_of(&speech.item_id)) {
            if speech.early.len() < MAX_EARLY {
                speech.early.push((words, usage));
            }
            return;
        }
        let Some(utterance) = self.user.utterances.iter_mut().rev().find(|utterance| is_of(&utterance.item_id)) else {
            return;
        };
        let change = utterance.text.apply(&words);
        let (item_id, transcript, millis) =
            (utterance.item_id.clone(), utterance.text.as_str().to_owned(), utterance.millis);
        if change.is_nothing() {
            return;
        }
        if let Some(usage) = usage.as_ref().filter(|_| change.is_complete) {
            self.ledger.transcribed(usage);
        }
        self.conversation.update(&item_id, |entry| set_transcript(&mut entry.item, &transcript));
        if !self.settings.wants_transcription() {
            return;
        }
        if let Some(delta) = change.delta {
            self.emit(ServerEvent::UserTranscriptDelta { item_id: item_id.clone(), content_index: 0, delta });
        }
        if change.is_complete {
            #[allow(clippy::cast_precision_loss, reason = "milliseconds of an utterance")]
            let usage = usage.unwrap_or_else(|| json!({"type": "duration", "seconds": millis as f64 / 1_000.0}));
            self.emit(ServerEvent::UserTranscriptCompleted { item_id, content_index: 0, transcript, usage });
        }
    }

    /// What the user said could not be put into words.
    pub(super) fn user_words_failed(&mut self, item_id: Option<&str>, problem: Problem) {
        let is_of = |utterance: &&mut Utterance| item_id.is_none_or(|item_id| item_id == utterance.item_id);
        let Some(utterance) = self.user.utterances.iter_mut().rev().find(is_of) else { return };
        if !utterance.text.close() {
            return;
        }
        let item_id = utterance.item_id.clone();
        if self.settings.wants_transcription() {
            self.emit(ServerEvent::UserTranscriptFailed { item_id, content_index: 0, error: problem });
        }
    }

    /// Whether that is, or will be, the id of an item.
    pub(super) fn is_taken(&self, id: &str) -> bool {
        let is_being_said = self.user.speech.as_ref().is_some_and(|speech| speech.item_id == id);
        is_being_said || self.conversation.contains(id) || self.responses.has_item(id)
    }

    /// That id, unless there is none or it is taken; else a new one.
    pub(super) fn fresh_item_id(&mut self, item_id: Option<String>) -> String {
        match item_id.filter(|id| !self.is_taken(id)) {
            Some(id) => id,
            None => self.identifiers.next("item"),
        }
    }
}

fn set_transcript(item: &mut Item, transcript: &str) {
    let part = item.json_mut().get_mut("content").and_then(|content| content.get_mut(0)?.as_object_mut());
    if let Some(part) = part {
        part.insert("transcript".to_owned(), transcript.into());
    }
}
