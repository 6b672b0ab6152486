//! Errors of the REST routes: RFC 9457 problems with a stable `type`.

use serde::Serialize;

use crate::{ingest::IngestError, rejection::Rejection};

/// The media type of problems.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// What kind of problem. Its type is `urn:conduit:problem:` and a name that never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// A field of the body is wrong.
    InvalidField,
    /// A query parameter is wrong.
    InvalidParameter,
    /// The body cannot be read.
    MalformedBody,
    /// No key, or nobody's.
    Unauthorized,
    /// Somebody's key, but not one for this.
    Forbidden,
    /// Nothing there.
    NotFound,
    /// There is one already.
    Conflict,
    /// The route takes other methods.
    MethodNotAllowed,
    /// The body is too large, or has too many events.
    ContentTooLarge,
    /// The body's media type is none that the route reads.
    UnsupportedMediaType,
    /// More than the caller may ask for in a time.
    TooManyRequests,
    /// What the request needs does not answer now.
    Unavailable,
    /// Our own fault.
    Internal,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::InvalidField,
        Self::InvalidParameter,
        Self::MalformedBody,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::Conflict,
        Self::MethodNotAllowed,
        Self::ContentTooLarge,
        Self::UnsupportedMediaType,
        Self::TooManyRequests,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        self.facts().0
    }

    /// The URI that names it.
    pub const fn problem_type(self) -> &'static str {
        self.facts().1
    }

    /// What it is called.
    pub const fn title(self) -> &'static str {
        self.facts().2
    }

    const fn facts(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::InvalidField => (400, "urn:conduit:problem:invalid-field", "A field is invalid"),
            Self::InvalidParameter => (400, "urn:conduit:problem:invalid-parameter", "A query parameter is invalid"),
            Self::MalformedBody => (400, "urn:conduit:problem:malformed-body", "The body cannot be read"),
            Self::Unauthorized => (401, "urn:conduit:problem:unauthorized", "No valid key"),
            Self::Forbidden => (403, "urn:conduit:problem:forbidden", "Not allowed"),
            Self::NotFound => (404, "urn:conduit:problem:not-found", "Not found"),
            Self::Conflict => (409, "urn:conduit:problem:conflict", "There is one already"),
            Self::MethodNotAllowed => (405, "urn:conduit:problem:method-not-allowed", "Method not allowed"),
            Self::ContentTooLarge => (413, "urn:conduit:problem:content-too-large", "Too much at once"),
            Self::UnsupportedMediaType => (415, "urn:conduit:problem:unsupported-media-type", "Unsupported media type"),
            Self::TooManyRequests => (429, "urn:conduit:problem:too-many-requests", "Too many requests"),
            Self::Unavailable => (503, "urn:conduit:problem:unavailable", "Not available now"),
            Self::Internal => (500, "urn:conduit:problem:internal", "Internal error"),
        }
    }
}

/// An RFC 9457 problem, written as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// What kind, for programs.
    #[serde(rename = "type")]
    pub problem_type: &'static str,
    /// What kind, for people.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// The field that is wrong, by its path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    /// Makes a problem.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        let (status, problem_type, title) = kind.facts();
        Self { problem_type, title, status, detail: detail.into(), field: None }
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection.field {
            Some(field) => {
                let problem = Self::new(ProblemKind::InvalidField, rejection.message);
                Self { field: Some(field), ..problem }
            }
            None => Self::new(ProblemKind::MalformedBody, rejection.message),
        }
    }
}

impl From<IngestError> for Problem {
    fn from(error: IngestError) -> Self {
        let kind = match error {
            IngestError::TooLarge { .. } | IngestError::TooMany { .. } => ProblemKind::ContentTooLarge,
            IngestError::UnsupportedMediaType => ProblemKind::UnsupportedMediaType,
            IngestError::Malformed { .. } | IngestError::NotABatch | IngestError::Empty => ProblemKind::MalformedBody,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_the_field_that_is_wrong() {
        let problem = Problem::from(Rejection::of_field("limits.connections", "must be a number"));
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"urn:conduit:problem:invalid-field","title":"A field is invalid","status":400,"detail":"must be a number","field":"limits.connections"}"#
        );
    }
}
