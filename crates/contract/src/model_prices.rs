//! What a model's realtime sessions cost: the configuration's `MODEL_PRICES`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{fields, money::Amount, rejection::Rejection};

/// The name of the setting, in which an error lies.
const SETTING: &str = "MODEL_PRICES";

/// Prices by model. A model that has none is free.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelPrices(BTreeMap<String, RealtimePrices>);

/// What the units of a model cost, in the gateway's currency. What has no price is free.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RealtimePrices {
    /// A million tokens of text read.
    pub input_text_per_million: Amount,
    /// A million tokens of audio read.
    pub input_audio_per_million: Amount,
    /// A million tokens of images read.
    pub input_image_per_million: Amount,
    /// A million tokens of text from the provider's cache.
    pub cached_text_per_million: Amount,
    /// A million tokens of audio from the cache.
    pub cached_audio_per_million: Amount,
    /// A million tokens of images from the cache.
    pub cached_image_per_million: Amount,
    /// A million tokens of text written.
    pub output_text_per_million: Amount,
    /// A million tokens of audio spoken.
    pub output_audio_per_million: Amount,
    /// A million tokens read to put the user's speech into words.
    pub transcription_input_per_million: Amount,
    /// A million tokens written for it.
    pub transcription_output_per_million: Amount,
    /// A minute of speech put into words.
    pub transcription_per_minute: Amount,
    /// A minute of audio sent to the provider.
    pub input_audio_per_minute: Amount,
    /// A minute of audio sent to the client.
    pub output_audio_per_minute: Amount,
    /// A minute of the session.
    pub session_per_minute: Amount,
    /// A call of a function; none means as much as 100 tokens of output text, as in Conduit.
    pub per_tool_call: Option<Amount>,
}

impl ModelPrices {
    /// Reads `{ "gpt-realtime": { "inputAudioPerMillion": 32 } }`.
    ///
    /// # Errors
    ///
    /// The place that is wrong, such as `MODEL_PRICES.gpt-realtime.inputAudioPerMillion`.
    pub fn parse(json: &str) -> Result<Self, Rejection> {
        fields::parse(json).map(Self).map_err(|rejection| rejection.inside(SETTING))
    }

    /// What a model costs.
    pub fn of(&self, model: &str) -> Option<&RealtimePrices> {
        self.0.get(model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact_and_what_has_none_is_free() {
        let prices = ModelPrices::parse(r#"{"m":{"inputTextPerMillion":0.1,"perToolCall":"0.003"}}"#).unwrap();
        let price = prices.of("m").unwrap();
        assert_eq!(price.input_text_per_million, "0.1".parse().unwrap());
        assert_eq!(price.per_tool_call, Some("0.003".parse().unwrap()));
        assert_eq!(price.output_text_per_million, Amount::default());
        assert_eq!(prices.of("other"), None);
    }

    #[test]
    fn the_place_that_is_wrong_is_named() {
        for (json, expected) in [
            (r#"{"m":{"inputTextPerMillion":-1}}"#, "MODEL_PRICES.m.inputTextPerMillion: must not be negative"),
            (r#"{"m":{"perMile":1}}"#, "MODEL_PRICES.m.perMile: unknown field"),
        ] {
            assert_eq!(ModelPrices::parse(json).unwrap_err().to_string(), expected);
        }
    }
}
