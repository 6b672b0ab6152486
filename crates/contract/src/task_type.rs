//! The type of a task, such as `video`.

use crate::bounded_text::{self, BoundedTextError};
use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use std::fmt;
use thiserror::Error;

/// The longest task type, in bytes of UTF-8.
pub const MAX_TASK_TYPE_BYTES: usize = 100;

/// The type that a task has until an event names one.
const UNKNOWN: &str = "unknown";

/// Says what a task does, such as `video`: 1 to [`MAX_TASK_TYPE_BYTES`] bytes, not blank, no control characters, and not
/// `*`, which stands for every type where types are subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskType(String);

/// Says why a text is no [`TaskType`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(transparent)]
pub struct TaskTypeError(#[from] Reason);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
enum Reason {
    #[error(transparent)]
    Text(#[from] BoundedTextError),
    #[error("must not be *, which stands for every type")]
    Star,
}

impl TaskType {
    /// Makes a type of a text.
    ///
    /// # Errors
    ///
    /// The text is blank, longer than [`MAX_TASK_TYPE_BYTES`], has control characters, or is `*`.
    pub fn new(text: impl Into<String>) -> Result<Self, TaskTypeError> {
        let text = text.into();
        bounded_text::check(&text, MAX_TASK_TYPE_BYTES).map_err(Reason::from)?;
        if text == "*" {
            return Err(Reason::Star.into());
        }
        Ok(Self(text))
    }

    /// The type `unknown`: that of a task which became known by an event that names no type, until one does.
    pub fn unknown() -> Self {
        Self(UNKNOWN.to_owned())
    }

    /// The type `video`: that of every task of `VideoGenerationHub`.
    pub fn video() -> Self {
        Self("video".to_owned())
    }

    /// The type `image`: that of every task of `ImageGenerationHub`.
    pub fn image() -> Self {
        Self("image".to_owned())
    }

    /// Whether this is the type `unknown`.
    pub fn is_unknown(&self) -> bool {
        self.0 == UNKNOWN
    }

    /// The type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for TaskType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TaskType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_may_not_stand_for_every_type() {
        assert_eq!(TaskType::new("*").unwrap_err().to_string(), "must not be *, which stands for every type");
        assert!(TaskType::new("video-*").is_ok());
    }

    #[test]
    fn a_type_has_1_to_100_printable_bytes() {
        assert!(TaskType::new("x".repeat(100)).is_ok());
        for text in [String::new(), " ".to_owned(), "a\tb".to_owned(), "x".repeat(101)] {
            assert!(TaskType::new(text.clone()).is_err(), "{text:?}");
        }
    }
}
