//! What a voice session is about, in no provider's words: settings, items, commands to a provider, events from it.
//!
//! Objects that a client hands over whole (the session, an item, the parameters of a response) are kept as the JSON of
//! OpenAI's GA protocol, so that nothing is lost on the way to a provider that speaks it; what others need of them is read
//! by accessors.

mod command;
mod event;
mod item;
mod problem;
mod settings;
mod usage;

pub use command::Command;
pub use event::{Outcome, Output, ProviderEvent, Words};
pub use item::{Item, ItemKind};
pub use problem::{Problem, ProblemKind};
pub use settings::{FunctionTool, SessionSettings, TurnDetection};
pub(crate) use settings::{format_json, read_format};
pub(crate) use usage::MAX_TOKENS;
pub use usage::{ByModality, TokenUsage};

/// A JSON object.
pub type Object = serde_json::Map<String, serde_json::Value>;
