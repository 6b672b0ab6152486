//! Gemini's `usageMetadata` as tokens.

use super::json;
use crate::model::{ByModality, MAX_TOKENS, Object, TokenUsage};
use serde_json::Value;

/// Reads the usage of a turn. What a model thinks is text that it writes; what tools bring is text that it reads.
pub(super) fn read(metadata: &Object) -> TokenUsage {
    let count = |name: &str| metadata.get(name).and_then(Value::as_u64).unwrap_or(0).min(MAX_TOKENS);
    let mut input = by_modality(metadata, "promptTokensDetails", count("promptTokenCount"));
    input.text_tokens += count("toolUsePromptTokenCount");
    let cached = by_modality(metadata, "cacheTokensDetails", count("cachedContentTokenCount"));
    let mut output = by_modality(metadata, "responseTokensDetails", count("responseTokenCount"));
    output.text_tokens += count("thoughtsTokenCount");
    let cached = ByModality {
        text_tokens: cached.text_tokens.min(input.text_tokens),
        audio_tokens: cached.audio_tokens.min(input.audio_tokens),
        image_tokens: cached.image_tokens.min(input.image_tokens),
    };
    TokenUsage { input, cached, output }
}

/// `[{modality, tokenCount}]`; what it leaves out of the total is text.
fn by_modality(metadata: &Object, name: &str, total: u64) -> ByModality {
    let mut counts = ByModality::default();
    let details = metadata.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for detail in details.iter().filter_map(Value::as_object) {
        let tokens = detail.get("tokenCount").and_then(Value::as_u64).unwrap_or(0).min(MAX_TOKENS);
        let counter = match json::text(detail, "modality") {
            Some("AUDIO") => &mut counts.audio_tokens,
            Some("IMAGE" | "VIDEO") => &mut counts.image_tokens,
            _ => &mut counts.text_tokens,
        };
        *counter = counter.saturating_add(tokens);
    }
    counts.text_tokens = counts.text_tokens.saturating_add(total.saturating_sub(counts.total()));
    counts
}
