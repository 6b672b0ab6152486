//! What a unit costs.

use super::Quantities;
use crate::audio::TICKS_PER_SECOND;
use rust_decimal::Decimal;

/// How many output text tokens a call of a function is billed as where it has no price: Conduit's own rule.
pub const TOOL_CALL_OUTPUT_TOKENS: u32 = 100;
/// How many decimals a cost has at the most.
const MAX_DECIMALS: u32 = 10;
/// The largest cost, where sums stop growing.
pub const MAX_COST: i64 = 1_000_000_000_000;
/// No price may be larger: so no product overflows before it is above [`MAX_COST`].
const MAX_PRICE: i64 = 1_000_000_000;

/// The prices of a model, in whichever currency the gateway bills; exact. What has no price is free.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prices {
    /// A million tokens of text read.
    pub input_text_per_million: Decimal,
    /// A million tokens of audio read.
    pub input_audio_per_million: Decimal,
    /// A million tokens of images read.
    pub input_image_per_million: Decimal,
    /// A million tokens of text from the cache.
    pub cached_text_per_million: Decimal,
    /// A million tokens of audio from the cache.
    pub cached_audio_per_million: Decimal,
    /// A million tokens of images from the cache.
    pub cached_image_per_million: Decimal,
    /// A million tokens of text written.
    pub output_text_per_million: Decimal,
    /// A million tokens of audio spoken.
    pub output_audio_per_million: Decimal,
    /// A million tokens read to put the user's speech into words.
    pub transcription_input_per_million: Decimal,
    /// A million tokens written for it.
    pub transcription_output_per_million: Decimal,
    /// A minute of speech put into words.
    pub transcription_per_minute: Decimal,
    /// A minute of audio sent to the provider.
    pub input_audio_per_minute: Decimal,
    /// A minute of audio sent to the client.
    pub output_audio_per_minute: Decimal,
    /// A minute of the session.
    pub session_per_minute: Decimal,
    /// A call of a function; nothing means the price of [`TOOL_CALL_OUTPUT_TOKENS`] tokens of output text.
    pub per_tool_call: Option<Decimal>,
}

impl Prices {
    /// What quantities cost: rounded once, to ten decimals, between 0 and [`MAX_COST`].
    pub fn cost(&self, quantities: &Quantities) -> Decimal {
        const MILLION: u64 = 1_000_000;
        const MINUTE_TICKS: u64 = TICKS_PER_SECOND * 60;
        const MINUTE_MILLIS: u64 = 60_000;
        let tool_call = self
            .per_tool_call
            .map_or((self.output_text_per_million, MILLION / u64::from(TOOL_CALL_OUTPUT_TOKENS)), |price| (price, 1));
        let terms = [
            (self.input_text_per_million, MILLION, quantities.input_text_tokens),
            (self.input_audio_per_million, MILLION, quantities.input_audio_tokens),
            (self.input_image_per_million, MILLION, quantities.input_image_tokens),
            (self.cached_text_per_million, MILLION, quantities.cached_text_tokens),
            (self.cached_audio_per_million, MILLION, quantities.cached_audio_tokens),
            (self.cached_image_per_million, MILLION, quantities.cached_image_tokens),
            (self.output_text_per_million, MILLION, quantities.output_text_tokens),
            (self.output_audio_per_million, MILLION, quantities.output_audio_tokens),
            (self.transcription_input_per_million, MILLION, quantities.transcription_input_tokens),
            (self.transcription_output_per_million, MILLION, quantities.transcription_output_tokens),
            (self.transcription_per_minute, MINUTE_MILLIS, quantities.transcription_millis),
            (self.input_audio_per_minute, MINUTE_TICKS, quantities.input_audio_ticks),
            (self.output_audio_per_minute, MINUTE_TICKS, quantities.output_audio_ticks),
            (self.session_per_minute, MINUTE_MILLIS, quantities.session_millis),
            (tool_call.0, tool_call.1, quantities.tool_calls),
        ];
        let most = Decimal::from(MAX_COST);
        let sum = terms.into_iter().try_fold(Decimal::ZERO, |sum, (price, unit, count)| {
            let price = price.clamp(Decimal::ZERO, Decimal::from(MAX_PRICE));
            let product = price.checked_mul(Decimal::from(count))?;
            sum.checked_add(product.checked_div(Decimal::from(unit))?)
        });
        sum.map_or(most, |sum| sum.clamp(Decimal::ZERO, most).round_dp(MAX_DECIMALS).normalize())
    }
}
