//! Identifiers of virtual keys, tasks, requests and deliveries.

use crate::bounded_text::{self, BoundedTextError};
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The longest identifier, in bytes of UTF-8.
pub const MAX_IDENTIFIER_BYTES: usize = 200;

/// Names a virtual key, a task, a request or a delivery.
///
/// In JSON and `MessagePack` it is read from a string or an integer and written as a string. It has 1 to
/// [`MAX_IDENTIFIER_BYTES`] bytes, is not blank and has no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier(String);

/// Says why a text is no [`Identifier`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(transparent)]
pub struct IdentifierError(BoundedTextError);

impl Identifier {
    /// Makes an identifier of a text.
    ///
    /// # Errors
    ///
    /// The text is blank, longer than [`MAX_IDENTIFIER_BYTES`] or has control characters.
    pub fn new(text: impl Into<String>) -> Result<Self, IdentifierError> {
        let text = text.into();
        bounded_text::check(&text, MAX_IDENTIFIER_BYTES).map_err(IdentifierError)?;
        Ok(Self(text))
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl AsRef<str> for Identifier {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<u64> for Identifier {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl FromStr for Identifier {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl TryFrom<String> for Identifier {
    type Error = IdentifierError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Identifier> for String {
    fn from(identifier: Identifier) -> Self {
        identifier.0
    }
}

impl Serialize for Identifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdentifierVisitor)
    }
}

struct IdentifierVisitor;

impl Visitor<'_> for IdentifierVisitor {
    type Value = Identifier;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or an integer")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Identifier, E> {
        Identifier::new(text).map_err(E::custom)
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Identifier, E> {
        Identifier::new(text).map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Identifier, E> {
        Ok(Identifier(number.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Identifier, E> {
        Ok(Identifier(number.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Identifier, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_string_and_an_integer_name_the_same_key() {
        assert_eq!(read("\"456\"").unwrap(), read("456").unwrap());
        assert_eq!(read("-7").unwrap().as_str(), "-7");
        assert_eq!(read("18446744073709551615").unwrap().as_str(), "18446744073709551615");
    }

    #[test]
    fn an_identifier_is_written_as_a_string() {
        assert_eq!(serde_json::to_string(&Identifier::from(456)).unwrap(), "\"456\"");
    }

    #[test]
    fn fractions_booleans_and_null_are_refused_with_what_was_expected() {
        for json in ["1.5", "true", "null", "[]", "{}"] {
            assert!(read(json).unwrap_err().contains("expected a string or an integer"), "{json}");
        }
    }

    #[test]
    fn blank_long_and_unprintable_identifiers_are_refused_with_the_rule() {
        assert!(read("\" \"").unwrap_err().starts_with("must not be blank"));
        assert!(read("\"a\\n\"").unwrap_err().starts_with("must not contain control characters"));
        assert!(Identifier::new("x".repeat(MAX_IDENTIFIER_BYTES)).is_ok());
        let error = Identifier::new("x".repeat(MAX_IDENTIFIER_BYTES + 1)).unwrap_err();
        assert_eq!(error.to_string(), "must be at most 200 bytes of UTF-8, not 201");
    }

    #[test]
    fn an_identifier_is_read_from_messagepack_numbers_too() {
        let bytes = rmp_serde::to_vec(&456_u32).unwrap();
        assert_eq!(rmp_serde::from_slice::<Identifier>(&bytes).unwrap().as_str(), "456");
    }
}
