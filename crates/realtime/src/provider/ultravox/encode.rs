//! Commands as Ultravox's data messages.

use super::{Encoded, Ultravox, call, json};
use crate::model::{Command, Item, ItemKind, Object, Problem, SessionSettings};
use crate::provider::told::{Telling, tools_are_frozen, voice_is_frozen};
use crate::transport::Frame;
use serde_json::{Value, json};

/// Silence that makes Ultravox think that the user is done, in milliseconds.
const COMMIT_SILENCE_MILLIS: u32 = 500;

const TELLING: Telling = Telling { context, tool_result };

impl Ultravox {
    pub(super) fn command(&mut self, command: Command, settings: &SessionSettings) -> Encoded {
        match command {
            Command::Configure { changed, .. } => self.configure(&changed, settings),
            Command::AppendAudio { audio } => Encoded::frames(vec![Frame::Binary(audio)]),
            Command::CommitAudio { .. } => {
                Encoded::frames(vec![Frame::Binary(self.input_format.silence(COMMIT_SILENCE_MILLIS))])
            }
            Command::AddItem { item, .. } => TELLING.add(&item, &mut self.pending_texts),
            Command::AddToolResult { item, .. } => tool_result(&item),
            Command::Respond { parameters, .. } => self.respond(&parameters),
            // Says nothing, but at once, and wants no answer: what is being said stops.
            Command::Cancel { .. } => Encoded::frames(vec![text_message("", "immediate", true)]),
            Command::Leave => Encoded::frames(vec![Frame::json(&json!({"type": "hang_up"}))]),
            // There is no verb for these: the session answers for the provider.
            Command::ClearAudio { .. }
            | Command::Truncate { .. }
            | Command::DeleteItem { .. }
            | Command::RetrieveItem { .. } => Encoded::default(),
        }
    }

    fn configure(&mut self, changed: &Object, settings: &SessionSettings) -> Encoded {
        let mut encoded = Encoded::default();
        if changed.contains_key("instructions") {
            encoded.frames.push(context(settings.instructions().unwrap_or_default()));
        }
        if settings.wants_text_only() != self.wants_text_only {
            self.wants_text_only = settings.wants_text_only();
            let medium = call::medium(self.wants_text_only, "text", "voice");
            encoded.frames.push(Frame::json(&json!({"type": "set_output_medium", "medium": medium})));
        }
        if self.settings_at_start.as_ref().is_some_and(|start| start.tools() != settings.tools()) {
            encoded.problems.push(tools_are_frozen());
        }
        encoded.problems.extend(voice_is_frozen(changed));
        encoded
    }

    fn respond(&mut self, parameters: &Object) -> Encoded {
        let instructions = json::name(parameters, "instructions");
        let text: Vec<String> = std::mem::take(&mut self.pending_texts).into_iter().chain(instructions).collect();
        if text.is_empty() {
            let message = "there is nothing new to respond to: add a user message, or commit audio, first";
            return Encoded::problem(Problem::invalid("nothing_to_respond", message));
        }
        Encoded::frames(vec![text_message(&text.join("\n"), "immediate", false)])
    }
}

/// Something for the agent to know, which it does not answer.
fn context(text: &str) -> Frame {
    text_message(text, "later", true)
}

fn text_message(text: &str, urgency: &str, defer_response: bool) -> Frame {
    let mut message = json!({"type": "user_text_message", "text": text, "urgency": urgency});
    if defer_response {
        json::set(&mut message, "deferResponse", Value::Bool(true));
    }
    Frame::json(&message)
}

fn tool_result(item: &Item) -> Encoded {
    let ItemKind::FunctionCallOutput { call_id, output } = item.kind() else { return Encoded::default() };
    Encoded::frames(vec![Frame::json(&json!({
        "type": "client_tool_result",
        "invocationId": call_id,
        "result": output,
        "agentReaction": "speaks",
        "responseType": "tool-response",
    }))])
}
