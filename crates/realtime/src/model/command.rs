//! What a client wants of a provider.

use super::{Item, Object};

/// A command to the provider. `event_id` is the client event's, so that a provider that names the culprit names it.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The settings changed, in these fields; the settings themselves have been changed already.
    Configure {
        /// The fields of the session, as the client sent them.
        changed: Object,
        /// The client event.
        event_id: Option<String>,
    },
    /// Audio of the user.
    AppendAudio {
        /// In the provider's input format.
        audio: Vec<u8>,
    },
    /// What the user said ends here.
    CommitAudio {
        /// The client event.
        event_id: Option<String>,
    },
    /// What was appended and not committed is to be forgotten.
    ClearAudio {
        /// The client event.
        event_id: Option<String>,
    },
    /// An item for the conversation, other than a function's output.
    AddItem {
        /// The item, with its id.
        item: Item,
        /// After which item it comes: `root` is the start, nothing the end.
        previous_item_id: Option<String>,
        /// The client event.
        event_id: Option<String>,
    },
    /// What a function returned.
    AddToolResult {
        /// The item, a `function_call_output`.
        item: Item,
        /// The function's name.
        name: String,
        /// The client event.
        event_id: Option<String>,
    },
    /// The model is to respond.
    Respond {
        /// The `response` of `response.create`; empty if there was none.
        parameters: Object,
        /// The client event.
        event_id: Option<String>,
    },
    /// The model is to stop.
    Cancel {
        /// Which response; nothing means the one there is.
        response_id: Option<String>,
        /// The client event.
        event_id: Option<String>,
    },
    /// The user heard the item to this point only.
    Truncate {
        /// An item of the assistant.
        item_id: String,
        /// Which part of its content.
        content_index: u64,
        /// How much was heard, in milliseconds.
        audio_end_ms: u64,
        /// The client event.
        event_id: Option<String>,
    },
    /// An item is to be forgotten.
    DeleteItem {
        /// The item.
        item_id: String,
        /// The client event.
        event_id: Option<String>,
    },
    /// The client wants to see an item.
    RetrieveItem {
        /// The item.
        item_id: String,
        /// The client event.
        event_id: Option<String>,
    },
    /// The client left.
    Leave,
}

impl Command {
    /// Bytes it takes, roughly.
    pub(crate) fn size_bytes(&self) -> usize {
        match self {
            Self::AppendAudio { audio } => audio.len(),
            Self::AddItem { item, .. } | Self::AddToolResult { item, .. } => item.size_bytes(),
            _ => 64,
        }
    }
}
