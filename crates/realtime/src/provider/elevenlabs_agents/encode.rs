//! Commands as messages to an agent.

use super::{ElevenLabsAgents, Encoded, json};
use crate::model::{Command, Item, ItemKind, Object, Problem, SessionSettings};
use crate::provider::told::{Telling, tools_are_frozen, voice_is_frozen};
use crate::provider::voices;
use crate::transport::Frame;
use serde_json::{Value, json};

/// Silence that makes the agent think that the user is done, in milliseconds.
const COMMIT_SILENCE_MILLIS: u32 = 500;

const TELLING: Telling = Telling { context, tool_result };

impl ElevenLabsAgents {
    pub(super) fn command(&mut self, command: Command, settings: &SessionSettings) -> Encoded {
        match command {
            Command::Configure { changed, .. } => self.configure(&changed, settings),
            Command::AppendAudio { audio } => audio_chunk(&audio),
            Command::CommitAudio { .. } => audio_chunk(&self.input_format.silence(COMMIT_SILENCE_MILLIS)),
            Command::AddItem { item, .. } => TELLING.add(&item, &mut self.pending_texts),
            Command::AddToolResult { item, .. } => tool_result(&item),
            Command::Respond { parameters, .. } => self.respond(&parameters),
            // The agent has no verb for these: the session answers for it.
            Command::ClearAudio { .. }
            | Command::Cancel { .. }
            | Command::Truncate { .. }
            | Command::DeleteItem { .. }
            | Command::RetrieveItem { .. }
            | Command::Leave => Encoded::default(),
        }
    }

    fn configure(&mut self, changed: &Object, settings: &SessionSettings) -> Encoded {
        let mut encoded = Encoded::default();
        if changed.contains_key("instructions") {
            encoded.frames.push(context(settings.instructions().unwrap_or_default()));
        }
        if settings.tools() != self.tools {
            encoded.problems.push(tools_are_frozen());
        }
        if settings.wants_text_only() != self.wants_text_only {
            let message = "the output modality of this provider cannot be changed during a session";
            let problem = Problem::invalid("session_update_unsupported", message);
            encoded.problems.push(problem.at("session.output_modalities"));
        }
        encoded.problems.extend(voice_is_frozen(changed));
        encoded
    }

    fn respond(&mut self, parameters: &Object) -> Encoded {
        if self.pending_texts.is_empty() {
            let message = "there is nothing new to respond to: add a user message, or commit audio, first";
            return Encoded::problem(Problem::invalid("nothing_to_respond", message));
        }
        let mut frames = Vec::new();
        if let Some(instructions) = json::name(parameters, "instructions") {
            frames.push(context(&instructions));
        }
        let text = std::mem::take(&mut self.pending_texts).join("\n");
        frames.push(Frame::json(&json!({"type": "user_message", "text": text})));
        Encoded::frames(frames)
    }
}

/// The first message: what this session has otherwise than the agent.
pub(super) fn initiation(settings: &SessionSettings, history: &[Item], default_voice_id: Option<&str>) -> Value {
    let mut overrides = Object::new();
    let mut agent = Object::new();
    let mut prompt = settings.instructions().unwrap_or_default().to_owned();
    let told = voices::told(history);
    if !told.is_empty() {
        prompt = format!("{prompt}\n\nThe conversation so far:\n{told}");
    }
    if !prompt.is_empty() {
        agent.insert("prompt".to_owned(), json!({"prompt": prompt.trim_start()}));
    }
    if let Some(language) = settings.language() {
        agent.insert("language".to_owned(), language.into());
    }
    if !agent.is_empty() {
        overrides.insert("agent".to_owned(), agent.into());
    }
    if let Some(voice_id) = settings.voice().and_then(voices::elevenlabs).or(default_voice_id) {
        overrides.insert("tts".to_owned(), json!({"voice_id": voice_id}));
    }
    if settings.wants_text_only() {
        overrides.insert("conversation".to_owned(), json!({"text_only": true}));
    }
    let mut initiation = json!({"type": "conversation_initiation_client_data"});
    if !overrides.is_empty() {
        json::set(&mut initiation, "conversation_config_override", overrides);
    }
    initiation
}

fn audio_chunk(audio: &[u8]) -> Encoded {
    Encoded::frames(vec![Frame::json(&json!({"user_audio_chunk": json::base64(audio)}))])
}

/// Something for the agent to know, which it does not answer.
fn context(text: &str) -> Frame {
    Frame::json(&json!({"type": "contextual_update", "text": text}))
}

fn tool_result(item: &Item) -> Encoded {
    let ItemKind::FunctionCallOutput { call_id, output } = item.kind() else { return Encoded::default() };
    let result = json!({"type": "client_tool_result", "tool_call_id": call_id, "result": output, "is_error": false});
    Encoded::frames(vec![Frame::json(&result)])
}
