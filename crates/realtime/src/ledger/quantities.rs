//! What was used, in the units that are priced.

use crate::model::{MAX_TOKENS, TokenUsage};
use serde_json::Value;

/// Quantities, or the difference of two: so they can be negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quantities {
    /// Tokens of text that were read, the cached ones apart.
    pub input_text_tokens: i64,
    /// Tokens of audio that were read, the cached ones apart.
    pub input_audio_tokens: i64,
    /// Tokens of images that were read, the cached ones apart.
    pub input_image_tokens: i64,
    /// Tokens of text that came from a cache.
    pub cached_text_tokens: i64,
    /// Tokens of audio that came from a cache.
    pub cached_audio_tokens: i64,
    /// Tokens of images that came from a cache.
    pub cached_image_tokens: i64,
    /// Tokens of text that were written.
    pub output_text_tokens: i64,
    /// Tokens of audio that were spoken.
    pub output_audio_tokens: i64,
    /// Tokens read to put the user's speech into words, where that is billed by tokens.
    pub transcription_input_tokens: i64,
    /// Tokens written for it.
    pub transcription_output_tokens: i64,
    /// Speech put into words, in milliseconds, where that is billed by time.
    pub transcription_millis: i64,
    /// Audio sent to the provider, in ticks of 1/48,000 s.
    pub input_audio_ticks: i64,
    /// Audio sent to the client, in ticks of 1/48,000 s.
    pub output_audio_ticks: i64,
    /// Length of the session, in milliseconds.
    pub session_millis: i64,
    /// Calls of functions.
    pub tool_calls: i64,
}

impl Quantities {
    /// What a report says.
    pub fn of_report(usage: &TokenUsage) -> Self {
        let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let fresh = |all: u64, cached: u64| count(all.saturating_sub(cached));
        Self {
            input_text_tokens: fresh(usage.input.text_tokens, usage.cached.text_tokens),
            input_audio_tokens: fresh(usage.input.audio_tokens, usage.cached.audio_tokens),
            input_image_tokens: fresh(usage.input.image_tokens, usage.cached.image_tokens),
            cached_text_tokens: count(usage.cached.text_tokens),
            cached_audio_tokens: count(usage.cached.audio_tokens),
            cached_image_tokens: count(usage.cached.image_tokens),
            output_text_tokens: count(usage.output.text_tokens),
            output_audio_tokens: count(usage.output.audio_tokens),
            ..Self::default()
        }
    }

    /// What a report on the words of the user's speech says: OpenAI's `{type: "tokens", …}` or
    /// `{type: "duration", seconds}`.
    pub fn of_transcription(usage: &Value) -> Self {
        let count = |name: &str| {
            let tokens = usage.get(name).and_then(Value::as_u64).unwrap_or(0).min(MAX_TOKENS);
            i64::try_from(tokens).unwrap_or(0)
        };
        let seconds = usage.get("seconds").and_then(Value::as_f64).unwrap_or(0.0).clamp(0.0, 1e6);
        #[allow(clippy::cast_possible_truncation, reason = "between 0 and 1e9")]
        Self {
            transcription_input_tokens: count("input_tokens"),
            transcription_output_tokens: count("output_tokens"),
            transcription_millis: (seconds * 1_000.0).round() as i64,
            ..Self::default()
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.combine(other, i64::saturating_add)
    }

    /// What the other lacks of this.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.combine(other, i64::saturating_sub)
    }

    /// Whether there is nothing.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    fn combine(self, other: Self, with: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            input_text_tokens: with(self.input_text_tokens, other.input_text_tokens),
            input_audio_tokens: with(self.input_audio_tokens, other.input_audio_tokens),
            input_image_tokens: with(self.input_image_tokens, other.input_image_tokens),
            cached_text_tokens: with(self.cached_text_tokens, other.cached_text_tokens),
            cached_audio_tokens: with(self.cached_audio_tokens, other.cached_audio_tokens),
            cached_image_tokens: with(self.cached_image_tokens, other.cached_image_tokens),
            output_text_tokens: with(self.output_text_tokens, other.output_text_tokens),
            output_audio_tokens: with(self.output_audio_tokens, other.output_audio_tokens),
            transcription_input_tokens: with(self.transcription_input_tokens, other.transcription_input_tokens),
            transcription_output_tokens: with(self.transcription_output_tokens, other.transcription_output_tokens),
            transcription_millis: with(self.transcription_millis, other.transcription_millis),
            input_audio_ticks: with(self.input_audio_ticks, other.input_audio_ticks),
            output_audio_ticks: with(self.output_audio_ticks, other.output_audio_ticks),
            session_millis: with(self.session_millis, other.session_millis),
            tool_calls: with(self.tool_calls, other.tool_calls),
        }
    }
}
