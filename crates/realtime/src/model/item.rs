//! An item of the conversation: a message, a function call, or its output.

use super::Object;
use serde::Serialize;
use serde_json::{Value, json};

/// An item, as JSON of OpenAI's GA protocol. It always has an `id` and a `type`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Item(Object);

/// What an item is, as far as a provider other than OpenAI can take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind<'a> {
    /// Something said or written: who by (`user`, `assistant`, `system`), and its texts and transcripts, joined by line
    /// breaks.
    Message {
        /// `user`, `assistant` or `system`.
        role: &'a str,
        /// All its text; empty if it has none.
        text: String,
        /// Whether it has an image or audio besides.
        has_media: bool,
    },
    /// The model asked for a function.
    FunctionCall {
        /// What the output must name.
        call_id: &'a str,
        /// The function.
        name: &'a str,
        /// JSON, as a string.
        arguments: &'a str,
    },
    /// What the function returned.
    FunctionCallOutput {
        /// The call that it answers.
        call_id: &'a str,
        /// A string, usually JSON.
        output: &'a str,
    },
    /// Anything else, such as what belongs to MCP.
    Other,
}

impl Item {
    /// Takes an item's JSON, giving it this id and `object`.
    pub(crate) fn new(id: &str, mut body: Object) -> Self {
        body.insert("id".to_owned(), id.into());
        body.insert("object".to_owned(), "realtime.item".into());
        Self(body)
    }

    /// Takes an item's JSON if it has an id.
    pub fn from_object(body: Object) -> Option<Self> {
        let id = body.get("id")?.as_str()?.to_owned();
        Some(Self::new(&id, body))
    }

    /// A message of the model or of the user's voice.
    pub(crate) fn message(id: &str, role: &str, status: &str, content: &[Value]) -> Self {
        let body = json!({"type": "message", "status": status, "role": role, "content": content});
        Self::from_json(id, body)
    }

    /// A function call.
    pub(crate) fn function_call(id: &str, status: &str, call_id: &str, name: &str, arguments: &str) -> Self {
        let body = json!({
            "type": "function_call", "status": status, "call_id": call_id, "name": name, "arguments": arguments,
        });
        Self::from_json(id, body)
    }

    fn from_json(id: &str, body: Value) -> Self {
        match body {
            Value::Object(body) => Self::new(id, body),
            _ => Self::new(id, Object::new()),
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.text("id")
    }

    /// Its JSON.
    pub fn json(&self) -> &Object {
        &self.0
    }

    pub(crate) fn json_mut(&mut self) -> &mut Object {
        &mut self.0
    }

    /// What it is.
    pub fn kind(&self) -> ItemKind<'_> {
        match self.text("type") {
            "message" => {
                let parts = self.0.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                let texts: Vec<&str> = parts
                    .iter()
                    .filter_map(|part| part.get("text").or_else(|| part.get("transcript")).and_then(Value::as_str))
                    .collect();
                let is_media = |part: &Value| part.get("image_url").is_some() || part.get("audio").is_some();
                ItemKind::Message {
                    role: self.text("role"),
                    text: texts.join("\n"),
                    has_media: parts.iter().any(is_media),
                }
            }
            "function_call" => ItemKind::FunctionCall {
                call_id: self.text("call_id"),
                name: self.text("name"),
                arguments: self.text("arguments"),
            },
            "function_call_output" => {
                ItemKind::FunctionCallOutput { call_id: self.text("call_id"), output: self.text("output") }
            }
            _ => ItemKind::Other,
        }
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// Bytes it takes, roughly: its strings.
    pub(crate) fn size_bytes(&self) -> usize {
        fn size(value: &Value) -> usize {
            match value {
                Value::String(text) => text.len(),
                Value::Array(values) => values.iter().map(size).sum(),
                Value::Object(members) => members.iter().map(|(name, value)| name.len() + size(value)).sum(),
                _ => 8,
            }
        }
        self.0.iter().map(|(name, value)| name.len() + size(value)).sum()
    }
}
