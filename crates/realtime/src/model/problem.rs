//! An error that a client reads.

use serde::Serialize;
use std::borrow::Cow;

/// The kind of an error, OpenAI's `error.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ProblemKind {
    /// The client asked for something that cannot be.
    #[serde(rename = "invalid_request_error")]
    InvalidRequest,
    /// The provider or the gateway failed.
    #[serde(rename = "server_error")]
    Server,
    /// Too much, too fast.
    #[serde(rename = "rate_limit_error")]
    RateLimit,
    /// Nothing left to spend.
    #[serde(rename = "insufficient_quota")]
    InsufficientQuota,
}

impl ProblemKind {
    /// Reads a provider's `error.type`; an unknown one is the server's.
    pub fn from_name(name: &str) -> Self {
        match name {
            "invalid_request_error" => Self::InvalidRequest,
            "rate_limit_error" => Self::RateLimit,
            "insufficient_quota" => Self::InsufficientQuota,
            _ => Self::Server,
        }
    }
}

/// An error for the client: the `error` object of OpenAI's `error` event. Most end nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `error.type`.
    #[serde(rename = "type")]
    pub kind: ProblemKind,
    /// What a program can tell it by.
    pub code: Option<Cow<'static, str>>,
    /// What a person can.
    pub message: String,
    /// The path of what is wrong: `session.audio.input.format`.
    pub param: Option<String>,
    /// The `event_id` of the client event that caused it.
    pub event_id: Option<String>,
}

impl Problem {
    /// Makes an error of that kind.
    pub fn new(kind: ProblemKind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { kind, code: Some(code.into()), message: message.into(), param: None, event_id: None }
    }

    /// The client asked for something that cannot be.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ProblemKind::InvalidRequest, code, message)
    }

    /// The provider or the gateway failed.
    pub fn server(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(ProblemKind::Server, code, message)
    }

    /// Names what is wrong.
    #[must_use]
    pub fn at(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// Names the event that caused it, unless one is named.
    #[must_use]
    pub fn caused_by(mut self, event_id: Option<&str>) -> Self {
        self.event_id = self.event_id.or_else(|| event_id.map(str::to_owned));
        self
    }
}
