//! Providers that have no conversation items: what is added is told to them as text, and what cannot be changed during a
//! session is refused.

use super::Encoded;
use crate::model::{Item, ItemKind, Object, Problem};
use crate::transport::Frame;

/// How a provider is told of something.
pub(super) struct Telling {
    /// Something to know, which wants no answer.
    pub(super) context: fn(&str) -> Frame,
    /// What a tool returned.
    pub(super) tool_result: fn(&Item) -> Encoded,
}

impl Telling {
    /// Tells of an item. What the user says waits for the next response, which it begins.
    pub(super) fn add(&self, item: &Item, pending_texts: &mut Vec<String>) -> Encoded {
        let context = |text: &str| Encoded::frames(vec![(self.context)(text)]);
        match item.kind() {
            ItemKind::Message { has_media: true, .. } | ItemKind::Other => {
                let message = "this provider takes text, audio from the input buffer, and function outputs";
                Encoded::problem(Problem::invalid("item_unsupported", message).at("item"))
            }
            ItemKind::Message { role: "user", text, .. } => {
                pending_texts.push(text);
                Encoded::default()
            }
            ItemKind::Message { role: "assistant", text, .. } => context(&format!("You said earlier: {text}")),
            ItemKind::Message { text, .. } => context(&text),
            // What was called and returned before this session: history, which changes nothing any more.
            ItemKind::FunctionCall { name, arguments, .. } => {
                context(&format!("You called {name} earlier, with {arguments}"))
            }
            ItemKind::FunctionCallOutput { .. } => (self.tool_result)(item),
        }
    }
}

/// Says that the tools were changed.
pub(super) fn tools_are_frozen() -> Problem {
    let message = "the tools of this provider cannot be changed during a session";
    Problem::invalid("tools_frozen", message).at("session.tools")
}

/// Says that the voice was changed, if it was.
pub(super) fn voice_is_frozen(changed: &Object) -> Option<Problem> {
    let voice = changed.get("audio")?.get("output")?.get("voice")?;
    let message = "the voice of this provider cannot be changed during a session";
    let problem = Problem::invalid("session_update_unsupported", message);
    (!voice.is_null()).then(|| problem.at("session.audio.output.voice"))
}
