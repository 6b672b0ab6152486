//! What a client says, and what comes of it.

use super::action::Recorded;
use super::user::MIN_COMMIT_MILLIS;
use super::{LinkState, Message, Session};
use crate::audio::TICKS_PER_MILLISECOND;
use crate::client::{ClientEvent, ClientMessage, ServerEvent};
use crate::model::{Command, ItemKind, Object, Outcome, Problem};
use serde_json::Value;

/// How much audio may wait for its commit, in bytes: some three minutes of PCM16 at 24 kHz.
const MAX_UNCOMMITTED_BYTES: usize = 8 * 1024 * 1024;
/// In pieces of how many bytes it is sent then.
const AUDIO_PIECE_BYTES: usize = 32 * 1024;

impl Session {
    pub(super) fn client_event(&mut self, message: ClientMessage) {
        let ClientMessage { event_id, event } = message;
        let result = match event {
            ClientEvent::UpdateSession { session } => self.update_session(session, event_id.clone()),
            ClientEvent::AppendAudio { audio } => self.append_audio(audio),
            ClientEvent::CommitAudio => self.commit_audio(event_id.clone()),
            ClientEvent::ClearAudio => self.clear_audio(event_id.clone()),
            ClientEvent::CreateItem { item, previous_item_id } => {
                self.create_item(item, previous_item_id.as_deref(), event_id.clone())
            }
            ClientEvent::RetrieveItem { item_id } => self.retrieve_item(item_id, event_id.clone()),
            ClientEvent::DeleteItem { item_id } => self.delete_item(item_id, event_id.clone()),
            ClientEvent::TruncateItem { item_id, content_index, audio_end_ms } => {
                self.truncate_item(item_id, content_index, audio_end_ms, event_id.clone())
            }
            ClientEvent::CreateResponse { parameters } => self.create_response(parameters, event_id.clone()),
            ClientEvent::CancelResponse { response_id } => self.cancel_response(response_id, event_id.clone()),
        };
        if let Err(problem) = result {
            self.dialogue.error(problem.caused_by(event_id.as_deref()));
        }
    }

    fn update_session(&mut self, session: Object, event_id: Option<String>) -> Result<(), Problem> {
        let voice = session.get("audio").and_then(|audio| audio.get("output")?.get("voice"));
        let new_voice = voice.and_then(|voice| voice.as_str().or_else(|| voice.get("id")?.as_str()));
        if self.has_spoken() && new_voice.is_some() && new_voice != self.dialogue.settings.voice() {
            let message = "The voice cannot be changed once the model has spoken.";
            return Err(Problem::invalid("cannot_update_voice", message).at("session.audio.output.voice"));
        }
        let was_manual = self.dialogue.is_manual();
        let input_format = self.dialogue.settings.input_format();
        self.dialogue.settings.change(&session);
        if was_manual != self.dialogue.is_manual() || input_format != self.dialogue.settings.input_format() {
            self.uncommitted_audio.clear();
            self.dialogue.user.uncommitted_ticks = 0;
        }
        if self.link.state == LinkState::Resting {
            self.waiting_updates += 1;
            self.connect();
            return Ok(());
        }
        // A voice that stays the same is no change.
        let mut changed = session;
        if self.has_spoken()
            && let Some(output) = changed.get_mut("audio").and_then(|audio| audio.get_mut("output")?.as_object_mut())
        {
            output.remove("voice");
        }
        self.tell(Message::Command(Command::Configure { changed, event_id }))
    }

    fn append_audio(&mut self, audio: Vec<u8>) -> Result<(), Problem> {
        let ticks = self.dialogue.settings.input_format().ticks(audio.len());
        if self.holds_audio() && self.uncommitted_audio.len() + audio.len() > MAX_UNCOMMITTED_BYTES {
            let message = "The input audio buffer is full: commit or clear it.";
            return Err(Problem::invalid("input_audio_buffer_full", message).at("audio"));
        }
        self.connect_if_resting();
        let format = self.dialogue.settings.input_format();
        self.dialogue.record(|| Recorded::User(audio.clone(), format));
        if self.holds_audio() {
            self.uncommitted_audio.extend(audio);
        } else {
            self.tell(Message::Audio(audio))?;
        }
        self.dialogue.user.appended_ticks += ticks;
        self.dialogue.user.uncommitted_ticks += ticks;
        Ok(())
    }

    fn commit_audio(&mut self, event_id: Option<String>) -> Result<(), Problem> {
        if self.keeps_conversation() {
            return self.tell(Message::Command(Command::CommitAudio { event_id }));
        }
        let millis = self.dialogue.user.uncommitted_ticks / TICKS_PER_MILLISECOND;
        if millis < MIN_COMMIT_MILLIS {
            let message = format!(
                "Error committing input audio buffer: the buffer is too small. Expected at least {MIN_COMMIT_MILLIS}ms \
                 of audio, but the buffer only has {millis}ms of audio."
            );
            return Err(Problem::invalid("input_audio_buffer_commit_empty", message));
        }
        self.connect_if_resting();
        let audio = std::mem::take(&mut self.uncommitted_audio);
        for piece in audio.chunks(AUDIO_PIECE_BYTES) {
            self.tell(Message::Audio(piece.to_vec()))?;
        }
        self.tell(Message::Command(Command::CommitAudio { event_id }))?;
        self.answers_unasked = true;
        self.dialogue.committed_by_client();
        Ok(())
    }

    fn clear_audio(&mut self, event_id: Option<String>) -> Result<(), Problem> {
        self.uncommitted_audio.clear();
        self.dialogue.user.uncommitted_ticks = 0;
        if let Some(input) = self.input.as_mut() {
            input.reset();
        }
        if self.keeps_conversation() {
            return self.tell(Message::Command(Command::ClearAudio { event_id }));
        }
        self.dialogue.emit(ServerEvent::Cleared);
        Ok(())
    }

    fn create_item(
        &mut self,
        mut body: Object,
        previous_item_id: Option<&str>,
        event_id: Option<String>,
    ) -> Result<(), Problem> {
        let chosen = ClientEvent::chosen_item_id(&body).map(str::to_owned);
        if let Some(id) = chosen.as_deref().filter(|id| self.dialogue.is_taken(id)) {
            let message = format!("There is an item with the id '{id}' already.");
            return Err(Problem::invalid("invalid_value", message).at("item.id"));
        }
        let previous = previous_item_id.filter(|id| *id != "root");
        if let Some(id) = previous.filter(|id| !self.keeps_conversation() && !self.dialogue.conversation.contains(id)) {
            let message = format!("There is no item with the id '{id}'.");
            return Err(Problem::invalid("invalid_value", message).at("previous_item_id"));
        }
        let id = chosen.unwrap_or_else(|| self.dialogue.identifiers.next("item"));
        if body.get("type").is_some_and(|kind| kind == "function_call") && !body.contains_key("call_id") {
            body.insert("call_id".to_owned(), self.dialogue.identifiers.next("call").into());
        }
        let item = ClientEvent::item(&id, body);
        let mut name = String::new();
        let mut is_needed = true;
        match item.kind() {
            ItemKind::FunctionCallOutput { call_id, .. } => {
                match self.dialogue.calls.iter().find(|call| call.id == call_id) {
                    Some(call) => {
                        name.clone_from(&call.name);
                        is_needed = !call.is_cancelled;
                    }
                    None if self.keeps_conversation() => {}
                    None => {
                        let message = format!("There is no function call with the id '{call_id}'.");
                        return Err(Problem::invalid("invalid_value", message).at("item.call_id"));
                    }
                }
            }
            ItemKind::FunctionCall { call_id, name, .. } => {
                let (call_id, name) = (call_id.to_owned(), name.to_owned());
                self.dialogue.remember_call(&call_id, &name);
            }
            _ => {}
        }
        let is_result = matches!(item.kind(), ItemKind::FunctionCallOutput { .. });
        let is_users = item.json().get("role").is_some_and(|role| role == "user");
        let keeps_conversation = self.keeps_conversation();
        if is_needed {
            let command = if is_result {
                Command::AddToolResult { item: item.clone(), name, event_id }
            } else {
                Command::AddItem { item: item.clone(), previous_item_id: previous_item_id.map(str::to_owned), event_id }
            };
            self.tell(Message::Command(command))?;
        }
        if is_result {
            self.answers_unasked |= is_needed;
            self.dialogue.responses.stop_suppressing();
            self.dialogue.asked_at_millis = Some(self.now_millis());
        } else if is_users {
            self.answers_unasked = false;
        }
        if !keeps_conversation {
            self.dialogue.add_item(item, previous_item_id);
        }
        Ok(())
    }

    fn retrieve_item(&mut self, item_id: String, event_id: Option<String>) -> Result<(), Problem> {
        if self.keeps_conversation() {
            return self.tell(Message::Command(Command::RetrieveItem { item_id, event_id }));
        }
        let item = self.dialogue.conversation.get(&item_id).map(|entry| entry.item.clone());
        let item = item.ok_or_else(|| no_item("item_retrieve_invalid_item_id", &item_id))?;
        self.dialogue.emit(ServerEvent::ItemRetrieved { item });
        Ok(())
    }

    fn delete_item(&mut self, item_id: String, event_id: Option<String>) -> Result<(), Problem> {
        if self.keeps_conversation() {
            return self.tell(Message::Command(Command::DeleteItem { item_id, event_id }));
        }
        if !self.dialogue.conversation.contains(&item_id) {
            return Err(no_item("item_delete_invalid_item_id", &item_id));
        }
        let message = "The provider cannot forget an item: it stays in the conversation.";
        Err(Problem::invalid("unsupported", message).at("item_id"))
    }

    fn truncate_item(
        &mut self,
        item_id: String,
        content_index: u64,
        audio_end_ms: u64,
        event_id: Option<String>,
    ) -> Result<(), Problem> {
        if self.keeps_conversation() {
            let command = Command::Truncate { item_id, content_index, audio_end_ms, event_id };
            return self.tell(Message::Command(command));
        }
        let entry = self.dialogue.conversation.get(&item_id);
        let entry = entry.ok_or_else(|| no_item("item_truncate_invalid_item_id", &item_id))?;
        let part = entry.item.json().get("content").and_then(Value::as_array);
        let part = part.and_then(|parts| parts.get(usize::try_from(content_index).ok()?));
        let is_speech = part.is_some_and(|part| part.get("type").is_some_and(|kind| kind == "output_audio"));
        let is_being_said = self.dialogue.responses.has_item(&item_id);
        if !is_speech && !is_being_said {
            let message = "Only the model's audio messages can be truncated.";
            return Err(Problem::invalid("invalid_value", message).at("content_index"));
        }
        let spoken_millis = entry.spoken_millis();
        if audio_end_ms > spoken_millis {
            let message = format!("Audio content of {spoken_millis}ms is already shorter than {audio_end_ms}ms.");
            return Err(Problem::invalid("invalid_value", message).at("audio_end_ms"));
        }
        // The provider truncates by itself what the user did not hear.
        self.dialogue.emit(ServerEvent::ItemTruncated { item_id, content_index, audio_end_ms });
        Ok(())
    }

    fn create_response(&mut self, parameters: Object, event_id: Option<String>) -> Result<(), Problem> {
        if self.keeps_conversation() {
            self.dialogue.asked_at_millis = Some(self.now_millis());
            return self.tell(Message::Command(Command::Respond { parameters, event_id }));
        }
        // The provider goes on by itself after a function's output and after a commit.
        if std::mem::take(&mut self.answers_unasked) {
            return Ok(());
        }
        if self.dialogue.responses.is_active() {
            let message =
                "Conversation already has an active response in progress: wait until it is done, or cancel it.";
            return Err(Problem::invalid("conversation_already_has_active_response", message));
        }
        let is_out_of_band = parameters.get("conversation").is_some_and(|conversation| conversation == "none");
        let has_input = parameters.get("input").and_then(Value::as_array).is_some_and(|input| !input.is_empty());
        if is_out_of_band || has_input {
            let message = "This provider has no responses outside the conversation.";
            let param = if is_out_of_band { "response.conversation" } else { "response.input" };
            return Err(Problem::invalid("response_unsupported", message).at(param));
        }
        self.connect_if_resting();
        self.dialogue.responses.stop_suppressing();
        self.dialogue.asked_at_millis = Some(self.now_millis());
        self.tell(Message::Command(Command::Respond { parameters, event_id }))
    }

    fn cancel_response(&mut self, response_id: Option<String>, event_id: Option<String>) -> Result<(), Problem> {
        if self.keeps_conversation() {
            return self.tell(Message::Command(Command::Cancel { response_id, event_id }));
        }
        let is_active = match &response_id {
            Some(id) => self.dialogue.responses.is_going_on(id),
            None => self.dialogue.responses.is_active(),
        };
        if !is_active {
            let message = "Cancellation failed: no active response found.";
            return Err(Problem::invalid("response_cancel_not_active", message));
        }
        self.tell(Message::Command(Command::Cancel { response_id, event_id }))?;
        self.dialogue.finish_active(&Outcome::Cancelled { reason: "client_cancelled".to_owned() });
        self.dialogue.responses.suppress();
        Ok(())
    }

    /// Whether audio waits for its commit here: with the client deciding on turns, so that clearing is exact.
    fn holds_audio(&self) -> bool {
        !self.keeps_conversation() && self.dialogue.is_manual()
    }

    pub(super) fn keeps_conversation(&self) -> bool {
        self.dialogue.keeps_conversation
    }

    fn has_spoken(&self) -> bool {
        self.dialogue.ledger.due().output_audio_ticks > 0
    }

    fn connect_if_resting(&mut self) {
        if self.link.state == LinkState::Resting {
            self.connect();
        }
    }
}

fn no_item(code: &'static str, item_id: &str) -> Problem {
    let item_id: String = item_id.chars().take(64).collect();
    Problem::invalid(code, format!("There is no item with the id '{item_id}'.")).at("item_id")
}
