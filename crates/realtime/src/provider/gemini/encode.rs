//! Commands as Gemini's client messages, each of which has exactly one member.

use super::{Encoded, Gemini, UserTurn, json, setup};
use crate::model::{Command, Item, ItemKind, Object, Problem, SessionSettings};
use crate::transport::Frame;
use serde_json::{Value, json};

impl Gemini {
    pub(super) fn command(&mut self, command: Command, settings: &SessionSettings) -> Encoded {
        match command {
            Command::Configure { .. } => self.configure(settings),
            Command::AppendAudio { audio } => self.append(&audio),
            Command::CommitAudio { .. } => self.commit(),
            Command::AddItem { item, .. } => match turn(&item) {
                Ok(turn) => {
                    self.was_asked = true;
                    Encoded::frames(vec![client_content(&[turn], false)])
                }
                Err(problem) => Encoded::problem(problem),
            },
            Command::AddToolResult { item, name, .. } => self.tool_result(&item, &name),
            Command::Respond { parameters, .. } => {
                self.was_asked = true;
                let instructions = json::name(&parameters, "instructions");
                let turns: Vec<Value> =
                    instructions.map(|text| json!({"role": "user", "parts": [{"text": text}]})).into_iter().collect();
                Encoded::frames(vec![client_content(&turns, true)])
            }
            // There is no verb for these: the session answers for the provider.
            Command::ClearAudio { .. }
            | Command::Cancel { .. }
            | Command::Truncate { .. }
            | Command::DeleteItem { .. }
            | Command::RetrieveItem { .. }
            | Command::Leave => Encoded::default(),
        }
    }

    fn configure(&mut self, settings: &SessionSettings) -> Encoded {
        let wanted = setup::setup(&self.config, settings);
        if wanted == self.setup {
            return Encoded::default();
        }
        if self.config.takes_context_updates && without_context(&wanted) == without_context(&self.setup) {
            let mut update = json!({});
            if let Some(instruction) = setup::system_instruction(settings) {
                json::set(&mut update, "systemInstruction", instruction);
            }
            if let Some(tools) = setup::tools(settings) {
                json::set(&mut update, "tools", json!({"tools": tools}));
            }
            self.setup = wanted;
            return Encoded::frames(vec![Frame::json(&json!({"contextUpdate": update}))]);
        }
        Encoded { needs_reconnection: true, ..Encoded::default() }
    }

    fn append(&mut self, audio: &[u8]) -> Encoded {
        let mut frames = Vec::new();
        if self.is_manual && !std::mem::replace(&mut self.activity_is_open, true) {
            frames.push(realtime_input("activityStart", json!({})));
        }
        self.was_heard = true;
        let blob = json!({"mimeType": "audio/pcm;rate=16000", "data": json::base64(audio)});
        frames.push(realtime_input("audio", blob));
        Encoded::frames(frames)
    }

    fn commit(&mut self) -> Encoded {
        self.user = UserTurn::Done;
        self.was_heard = false;
        let frame = if self.is_manual {
            self.activity_is_open = false;
            realtime_input("activityEnd", json!({}))
        } else {
            realtime_input("audioStreamEnd", true.into())
        };
        Encoded::frames(vec![frame])
    }

    fn tool_result(&mut self, item: &Item, name: &str) -> Encoded {
        let ItemKind::FunctionCallOutput { call_id, output } = item.kind() else { return Encoded::default() };
        self.was_asked = true;
        let response = match serde_json::from_str(output) {
            Ok(Value::Object(response)) => response,
            Ok(other) => [("result".to_owned(), other)].into_iter().collect(),
            Err(_) => [("result".to_owned(), output.into())].into_iter().collect::<Object>(),
        };
        let mut answer = json!({"name": name, "response": response});
        if !self.nameless_calls.remove(call_id) {
            json::set(&mut answer, "id", call_id);
        }
        Encoded::frames(vec![Frame::json(&json!({"toolResponse": {"functionResponses": [answer]}}))])
    }
}

/// An item as a turn of the conversation.
pub(super) fn turn(item: &Item) -> Result<Value, Problem> {
    let turn = |role: &str, text: &str| json!({"role": role, "parts": [{"text": text}]});
    match item.kind() {
        ItemKind::Message { role: "user", .. } => Ok(json!({"role": "user", "parts": parts(item)?})),
        ItemKind::Message { role: "assistant", text, .. } => Ok(turn("model", &text)),
        // A turn has no role for the system.
        ItemKind::Message { text, .. } => Ok(turn("user", &format!("System message: {text}"))),
        ItemKind::FunctionCall { name, arguments, .. } => {
            let arguments: Value = serde_json::from_str(arguments).unwrap_or_else(|_| json!({}));
            Ok(json!({"role": "model", "parts": [{"functionCall": {"name": name, "args": arguments}}]}))
        }
        ItemKind::FunctionCallOutput { output, .. } => Ok(turn("user", &format!("Function output: {output}"))),
        ItemKind::Other => Err(Problem::invalid("item_unsupported", "this provider has no such item").at("item.type")),
    }
}

fn parts(item: &Item) -> Result<Vec<Value>, Problem> {
    let content = item.json().get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    content
        .iter()
        .enumerate()
        .map(|(index, part)| {
            let image = part.get("image_url").and_then(Value::as_str);
            let text = part.get("text").or_else(|| part.get("transcript")).and_then(Value::as_str);
            match (image.map(data_url), text) {
                (Some(Some((mime_type, data))), _) => Ok(json!({"inlineData": {"mimeType": mime_type, "data": data}})),
                (None, Some(text)) => Ok(json!({"text": text})),
                _ => {
                    let message = "this provider takes text, images as data URLs, and audio from the input buffer";
                    Err(Problem::invalid("item_unsupported", message).at(format!("item.content[{index}]")))
                }
            }
        })
        .collect()
}

/// MIME type and base64 of `data:image/png;base64,…`.
fn data_url(url: &str) -> Option<(&str, &str)> {
    url.strip_prefix("data:")?.split_once(";base64,")
}

pub(super) fn client_content(turns: &[Value], turn_complete: bool) -> Frame {
    let mut content = json!({"turnComplete": turn_complete});
    if !turns.is_empty() {
        json::set(&mut content, "turns", turns);
    }
    Frame::json(&json!({"clientContent": content}))
}

fn realtime_input(member: &str, value: Value) -> Frame {
    let input: Object = [(member.to_owned(), value)].into_iter().collect();
    Frame::json(&json!({"realtimeInput": input}))
}

fn without_context(setup: &Value) -> Value {
    let mut setup = setup.clone();
    if let Some(setup) = setup.as_object_mut() {
        setup.remove("systemInstruction");
        setup.remove("tools");
    }
    setup
}
