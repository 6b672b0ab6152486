//! Texts that a producer wrote and clients read: without stack traces.

use serde::{Deserialize, Deserializer};

use crate::stack_trace;

/// What stands for a required text that was nothing but a stack trace.
const NOTHING_LEFT: &str = "no details";

/// Reads a required text: `#[serde(deserialize_with = "clear_text::required")]`.
pub(crate) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(stack_trace::removed(&text).unwrap_or_else(|| NOTHING_LEFT.to_owned()))
}

/// Reads a text that may be absent: `#[serde(default, deserialize_with = "clear_text::optional")]`.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.as_deref().and_then(stack_trace::removed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Texts {
        #[serde(deserialize_with = "required")]
        reason: String,
        #[serde(default, deserialize_with = "optional")]
        message: Option<String>,
    }

    fn read(json: &str) -> Texts {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_stack_trace_is_taken_out_of_a_text() {
        let texts = read(r#"{"reason":"it broke\n   at A.B() in /src/a.cs:line 3","message":"   at A.B()"}"#);
        assert_eq!(texts, Texts { reason: "it broke".to_owned(), message: None });
        assert_eq!(read(r#"{"reason":"   at A.B()"}"#).reason, NOTHING_LEFT);
    }

    #[test]
    fn a_text_without_one_stays() {
        let texts = read(r#"{"reason":"","message":"at noon"}"#);
        assert_eq!(texts, Texts { reason: String::new(), message: Some("at noon".to_owned()) });
    }
}
