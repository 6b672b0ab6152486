//! Errors as clients read them.

use serde::{Deserialize, Deserializer, Serialize};

use crate::stack_trace;

/// What is said of an error that was nothing but a stack trace.
const NOTHING_SAID: &str = "failed without a message";

/// What went wrong, for a person. Stack traces are taken out however it is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ErrorText(String);

impl ErrorText {
    /// Makes an error of a text.
    pub fn new(text: &str) -> Self {
        Self(stack_trace::removed(text).unwrap_or_else(|| NOTHING_SAID.to_owned()))
    }

    /// The error as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ErrorText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::new(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_loses_its_stack_trace_when_it_is_read() {
        let error: ErrorText = serde_json::from_str(r#""boom\n   at A.B() in /src/A.cs:line 1""#).unwrap();
        assert_eq!(serde_json::to_string(&error).unwrap(), r#""boom""#);
        assert_eq!(ErrorText::new("   at A.B()\n").as_str(), "failed without a message");
    }
}
