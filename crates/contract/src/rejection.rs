//! What is wrong with one event or one request, and where.

use serde::Serialize;
use thiserror::Error;

/// The longest message, in bytes: a message may quote what was sent, and that may be long.
const MAX_MESSAGE_BYTES: usize = 300;

/// Says which field is wrong and how.
///
/// In JSON `{"field": "data.percentComplete", "message": "must be a number from 0 to 100"}`, without `field` when the
/// whole is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[error("{}{}{message}", field.as_deref().unwrap_or(""), if field.is_some() { ": " } else { "" })]
pub struct Rejection {
    /// The field's path, such as `virtualkeyid`, `data.taskId` or `limits.connections`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong with it, in small letters and without a full stop.
    pub message: String,
}

impl Rejection {
    /// Says what is wrong with a field.
    pub fn of_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: Some(field.into()), message: shortened(message.into()) }
    }

    /// Says what is wrong with the whole.
    pub fn of_whole(message: impl Into<String>) -> Self {
        Self { field: None, message: shortened(message.into()) }
    }

    /// The same seen from outside: a field `taskId` of `data` becomes `data.taskId`, and the whole becomes `data`.
    #[must_use]
    pub(crate) fn inside(self, parent: &str) -> Self {
        let field = self.field.map_or_else(|| parent.to_owned(), |field| format!("{parent}.{field}"));
        Self { field: Some(field), message: self.message }
    }
}

/// An event that is not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{rejection}")]
pub struct RejectedEvent {
    /// The event's id, where it could be read.
    pub id: Option<String>,
    /// What is wrong with it.
    pub rejection: Rejection,
}

fn shortened(mut message: String) -> String {
    if message.len() > MAX_MESSAGE_BYTES {
        let end = (0..=MAX_MESSAGE_BYTES).rev().find(|&end| message.is_char_boundary(end));
        message.truncate(end.unwrap_or(0));
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_reads_as_field_and_message() {
        assert_eq!(Rejection::of_field("data.taskId", "missing").to_string(), "data.taskId: missing");
        assert_eq!(Rejection::of_whole("expected an object").to_string(), "expected an object");
    }

    #[test]
    fn a_long_message_is_cut_between_two_characters() {
        let rejection = Rejection::of_whole("ä".repeat(1_000));
        assert!(rejection.message.len() <= MAX_MESSAGE_BYTES + '…'.len_utf8());
        assert!(rejection.message.ends_with("ä…"));
    }

    #[test]
    fn the_field_is_left_out_of_json_when_the_whole_is_wrong() {
        let json = serde_json::to_string(&Rejection::of_whole("expected an object")).unwrap();
        assert_eq!(json, r#"{"message":"expected an object"}"#);
    }
}
