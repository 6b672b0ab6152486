//! Voices by the names that clients know, and a conversation as a text, for providers that take it as one.

use crate::model::{Item, ItemKind};

/// OpenAI's voices, which no other provider has: a client that asks for one gets the provider's own default.
const OPENAI: [&str; 13] =
    ["alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse"];

/// ElevenLabs' well-known voices by name, as Conduit knows them.
const ELEVENLABS: [(&str, &str); 7] = [
    ("rachel", "21m00Tcm4TlvDq8ikWAM"),
    ("sam", "yoZ06aMxZJJ28mfd3POQ"),
    ("charlie", "IKne3meq5aSn9XLyUdCD"),
    ("emily", "LcfcDJNUP1GQjkzn1xUU"),
    ("adam", "pNInz6obpgDQGcFmaJgB"),
    ("elli", "MF3mGyEYCl7XYWbV9V6O"),
    ("josh", "TxGEqnHWrfWFTfGW9XjX"),
];

/// The voice, unless it is one that only OpenAI has.
pub(super) fn foreign(voice: &str) -> Option<&str> {
    (!OPENAI.contains(&voice)).then_some(voice)
}

/// The id of an ElevenLabs voice, from its id or a well-known name.
pub(super) fn elevenlabs(voice: &str) -> Option<&str> {
    let known = ELEVENLABS.iter().find(|(name, _)| name.eq_ignore_ascii_case(voice)).map(|(_, id)| *id);
    known.or_else(|| foreign(voice))
}

/// What was said, a line each: `user: …`.
pub(super) fn told(history: &[Item]) -> String {
    let lines: Vec<String> = history
        .iter()
        .filter_map(|item| match item.kind() {
            ItemKind::Message { role, text, .. } if !text.is_empty() => Some(format!("{role}: {text}")),
            _ => None,
        })
        .collect();
    lines.join("\n")
}
