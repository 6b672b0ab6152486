//! A provider as the operator sets it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use thiserror::Error;

use crate::{fields, identifier::Identifier, provider_health::ProviderHealthRecord, rejection::Rejection, target_url};

/// The longest name, in characters.
pub const MAX_PROVIDER_NAME_LENGTH: usize = 100;

/// Names a provider: 1 to [`MAX_PROVIDER_NAME_LENGTH`] of the letters a to z and A to Z, digits, `-`, `_` and `.`, and not
/// only dots. It is part of a path and of the name of a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ProviderName(String);

/// Says why a text is no [`ProviderName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be 1 to 100 letters, digits, '-', '_' and '.', and not only dots")]
pub struct ProviderNameError;

impl ProviderName {
    /// Makes a name of a text.
    ///
    /// # Errors
    ///
    /// The text is none.
    pub fn new(text: impl Into<String>) -> Result<Self, ProviderNameError> {
        let text = text.into();
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_name = (1..=MAX_PROVIDER_NAME_LENGTH).contains(&text.len())
            && text.bytes().all(is_allowed)
            && text.bytes().any(|byte| byte != b'.');
        if is_name { Ok(Self(text)) } else { Err(ProviderNameError) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ProviderName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The name as events have it: what is a name here is an identifier everywhere.
impl TryFrom<&ProviderName> for Identifier {
    type Error = crate::identifier::IdentifierError;

    fn try_from(name: &ProviderName) -> Result<Self, Self::Error> {
        Self::new(name.as_str())
    }
}

/// A provider. Its JSON is what the operator reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProviderSettings {
    /// Its name.
    pub name: ProviderName,
    /// What is asked to learn whether it works; where there is none, only backends tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_url: Option<String>,
}

/// What an operator says of a provider: `{healthUrl?}`. What is absent is taken away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderInput {
    /// What is asked to learn whether it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_url: Option<String>,
}

/// A provider with its health, as the operator reads it. One that nobody set is known by its health alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProviderView {
    /// Its name.
    pub name: String,
    /// What is asked to learn whether it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_url: Option<String>,
    /// How it was last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<ProviderHealthRecord>,
}

impl ProviderInput {
    /// Reads a request's body.
    ///
    /// # Errors
    ///
    /// Names the field that is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, Rejection> {
        let text = std::str::from_utf8(json).map_err(|error| Rejection::of_whole(error.to_string()))?;
        fields::parse(text)
    }

    /// The provider that this makes. `allow_private` is the configuration's `ALLOW_PRIVATE_TARGETS`.
    ///
    /// # Errors
    ///
    /// The health URL is none that Conduit calls.
    pub fn into_settings(self, name: ProviderName, allow_private: bool) -> Result<ProviderSettings, Rejection> {
        if let Some(url) = &self.health_url {
            target_url::check_target(url, allow_private)
                .map_err(|error| Rejection::of_field("healthUrl", error.to_string()))?;
        }
        Ok(ProviderSettings { name, health_url: self.health_url })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_letters_digits_and_three_signs() {
        for name in ["openai", "Azure-OpenAI_2", "x.ai", "7", &"x".repeat(100)] {
            assert!(ProviderName::new(name).is_ok(), "{name}");
            assert!(Identifier::try_from(&ProviderName::new(name).unwrap()).is_ok(), "{name}");
        }
        for name in ["", " ", "a b", "a/b", "..", ".", "ä", "a%2f", &"x".repeat(101)] {
            assert_eq!(ProviderName::new(name), Err(ProviderNameError), "{name}");
        }
    }

    #[test]
    fn settings_are_read_by_the_operator_as_they_were_given() {
        let input = ProviderInput::from_json(br#"{"healthUrl":"https://status.example.com/health"}"#).unwrap();
        let settings = input.into_settings(ProviderName::new("openai").unwrap(), false).unwrap();
        let json = r#"{"name":"openai","healthUrl":"https://status.example.com/health"}"#;
        assert_eq!(serde_json::to_string(&settings).unwrap(), json);
        assert_eq!(serde_json::from_str::<ProviderSettings>(json).unwrap(), settings);
    }

    #[test]
    fn a_wrong_field_is_named() {
        assert_eq!(ProviderInput::from_json(br#"{"url":"x"}"#).unwrap_err().to_string(), "url: unknown field");
        let input = ProviderInput { health_url: Some("http://10.0.0.1/".to_owned()) };
        let name = || ProviderName::new("openai").unwrap();
        let rejection = input.clone().into_settings(name(), false).unwrap_err();
        assert_eq!(rejection.field.as_deref(), Some("healthUrl"));
        assert!(input.into_settings(name(), true).is_ok());
    }
}
