//! An edge without sockets, a validator of OpenAI's order, and a provider that says what it is told to say.

mod edge;
mod scripted;
mod validator;

pub(crate) use edge::Edge;
pub(crate) use scripted::{Scripted, ScriptedTraits};
pub(crate) use validator::Validator;

use serde_json::Value;

/// Silence in PCM16 at 24 kHz.
pub(crate) fn pcm(millis: usize) -> Vec<u8> {
    vec![0; millis * 48]
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The types of events, in order; deltas that follow one another count once.
pub(crate) fn types(events: &[Value]) -> Vec<String> {
    let mut types: Vec<String> =
        events.iter().map(|event| event["type"].as_str().unwrap_or_default().to_owned()).collect();
    types.dedup();
    types
}

/// So many cases, unless `PROPTEST_CASES` says otherwise.
pub(crate) fn cases(usual: u32) -> proptest::prelude::ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual);
    proptest::prelude::ProptestConfig { cases, failure_persistence: None, ..Default::default() }
}
