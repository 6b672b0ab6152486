//! What a client can say, in the terms of OpenAI's GA protocol.

use crate::model::{Item, Object};

/// A client's message.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientMessage {
    /// The client's own name of it, which errors repeat.
    pub event_id: Option<String>,
    /// What it says.
    pub event: ClientEvent,
}

/// What a client says.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientEvent {
    /// `session.update`: the fields that are to change.
    UpdateSession {
        /// Fields of the session object, checked as far as they are known.
        session: Object,
    },
    /// `input_audio_buffer.append`.
    AppendAudio {
        /// In the session's input format.
        audio: Vec<u8>,
    },
    /// `input_audio_buffer.commit`.
    CommitAudio,
    /// `input_audio_buffer.clear`.
    ClearAudio,
    /// `conversation.item.create`.
    CreateItem {
        /// The item as it was sent; it has an id only if the client gave it one.
        item: Object,
        /// After which item; `root` is the start, nothing the end.
        previous_item_id: Option<String>,
    },
    /// `conversation.item.retrieve`.
    RetrieveItem {
        /// Which item.
        item_id: String,
    },
    /// `conversation.item.delete`.
    DeleteItem {
        /// Which item.
        item_id: String,
    },
    /// `conversation.item.truncate`.
    TruncateItem {
        /// Which item.
        item_id: String,
        /// Which part of its content.
        content_index: u64,
        /// How much of it was heard, in milliseconds.
        audio_end_ms: u64,
    },
    /// `response.create`.
    CreateResponse {
        /// What is to be different for this response.
        parameters: Object,
    },
    /// `response.cancel`.
    CancelResponse {
        /// Which response; nothing means the one there is.
        response_id: Option<String>,
    },
}

impl ClientEvent {
    /// The id that the client gave the item it creates.
    pub(crate) fn chosen_item_id(item: &Object) -> Option<&str> {
        item.get("id").and_then(serde_json::Value::as_str).filter(|id| !id.is_empty())
    }

    /// The item under that id.
    pub(crate) fn item(id: &str, mut body: Object) -> Item {
        body.entry("status").or_insert_with(|| "completed".into());
        Item::new(id, body)
    }
}
