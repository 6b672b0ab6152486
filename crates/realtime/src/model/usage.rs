//! Tokens, as providers report them.

use super::Object;
use serde::Serialize;
use serde_json::Value;

/// Tokens by what they stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ByModality {
    /// Tokens of text.
    pub text_tokens: u64,
    /// Tokens of audio.
    pub audio_tokens: u64,
    /// Tokens of images and video.
    pub image_tokens: u64,
}

impl ByModality {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.text_tokens.saturating_add(self.audio_tokens).saturating_add(self.image_tokens)
    }

    /// Reads `{text_tokens, audio_tokens, image_tokens}`.
    fn read(details: Option<&Value>) -> Self {
        let count = |name: &str| {
            details.and_then(|details| details.get(name)).and_then(Value::as_u64).unwrap_or(0).min(MAX_TOKENS)
        };
        Self {
            text_tokens: count("text_tokens"),
            audio_tokens: count("audio_tokens"),
            image_tokens: count("image_tokens"),
        }
    }

    /// Adds to the text what the details leave out of the total.
    fn completed(mut self, total: u64) -> Self {
        self.text_tokens = self.text_tokens.saturating_add(total.saturating_sub(self.total()));
        self
    }

    /// Never more than those of the other.
    fn within(self, other: Self) -> Self {
        Self {
            text_tokens: self.text_tokens.min(other.text_tokens),
            audio_tokens: self.audio_tokens.min(other.audio_tokens),
            image_tokens: self.image_tokens.min(other.image_tokens),
        }
    }
}

/// More than any response can have: a billion of each. It keeps sums far from where they end.
pub(crate) const MAX_TOKENS: u64 = 1_000_000_000;

/// What one response used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenUsage {
    /// Tokens read, the cached ones among them.
    pub input: ByModality,
    /// Those of [`input`](Self::input) that came from a cache.
    pub cached: ByModality,
    /// Tokens written.
    pub output: ByModality,
}

impl TokenUsage {
    /// Reads the `usage` of OpenAI's `response.done`; nothing where there is none, or an empty one.
    pub fn from_openai(usage: &Value) -> Option<Self> {
        let count = |name: &str| usage.get(name).and_then(Value::as_u64).map(|tokens| tokens.min(MAX_TOKENS));
        let input_details = usage.get("input_token_details");
        let input = ByModality::read(input_details);
        let output = ByModality::read(usage.get("output_token_details"));
        if count("input_tokens").is_none() && count("output_tokens").is_none() && input.total() + output.total() == 0 {
            return None;
        }
        let input = input.completed(count("input_tokens").unwrap_or(0));
        let cached = input_details.and_then(|details| details.get("cached_tokens_details"));
        let cached_total = input_details.and_then(|details| details.get("cached_tokens")).and_then(Value::as_u64);
        let cached = ByModality::read(cached).completed(cached_total.unwrap_or(0).min(MAX_TOKENS));
        let output = output.completed(count("output_tokens").unwrap_or(0));
        Some(Self { input, cached: cached.within(input), output })
    }

    /// Writes the `usage` of OpenAI's `response.done`.
    pub fn to_openai(self) -> Object {
        let mut input_details = object(&self.input);
        input_details.insert("cached_tokens".to_owned(), self.cached.total().into());
        input_details.insert("cached_tokens_details".to_owned(), object(&self.cached).into());
        let mut output_details = object(&self.output);
        output_details.remove("image_tokens");
        let (input, output) = (self.input.total(), self.output.total());
        [
            ("total_tokens", Value::from(input.saturating_add(output))),
            ("input_tokens", input.into()),
            ("output_tokens", output.into()),
            ("input_token_details", input_details.into()),
            ("output_token_details", output_details.into()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

fn object(counts: &ByModality) -> Object {
    let ByModality { text_tokens, audio_tokens, image_tokens } = *counts;
    [("text_tokens", text_tokens), ("audio_tokens", audio_tokens), ("image_tokens", image_tokens)]
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count.into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_is_read_whole_and_written_as_it_was() {
        let report = json!({
            "total_tokens": 253, "input_tokens": 132, "output_tokens": 121,
            "input_token_details": {
                "text_tokens": 119, "audio_tokens": 13, "image_tokens": 0, "cached_tokens": 64,
                "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0},
            },
            "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
        });
        let usage = TokenUsage::from_openai(&report).expect("usage");
        assert_eq!(Value::from(usage.to_openai()), report);
    }

    #[test]
    fn what_the_details_leave_out_is_text_and_an_empty_report_is_none() {
        let usage = TokenUsage::from_openai(&json!({"input_tokens": 10, "output_tokens": 5})).expect("usage");
        assert_eq!((usage.input.text_tokens, usage.output.text_tokens), (10, 5));
        assert_eq!(TokenUsage::from_openai(&json!({})), None);
        assert_eq!(TokenUsage::from_openai(&Value::Null), None);
    }

    #[test]
    fn more_cached_than_read_is_not_believed() {
        let details = json!({"input_tokens": 10, "input_token_details": {"text_tokens": 10, "cached_tokens": 99}});
        assert_eq!(TokenUsage::from_openai(&details).map(|usage| usage.cached.text_tokens), Some(10));
    }
}
