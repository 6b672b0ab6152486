//! What a hub method can fail with, and what of it the client reads.

use std::{borrow::Cow, fmt::Display};

use signalr::Failure;
use thiserror::Error;

/// Why a hub method, or `connected`, did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HubError {
    /// Tells the client why: ASP.NET Core's `HubException`, whose message reaches the caller.
    #[error("{0}")]
    Refused(Cow<'static, str>),
    /// Failed on this side: the client learns only that it failed, unless detailed errors are on.
    #[error("{name}: {message}")]
    Internal {
        /// What .NET would call the exception, for clients that may read of it.
        name: Cow<'static, str>,
        /// The cause.
        message: String,
    },
    /// A streaming method has no stream to give.
    #[error("no stream")]
    NoStream,
}

impl HubError {
    /// Refuses the call with a message that the client reads.
    pub fn refused(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(message.into())
    }

    /// Fails the call with a cause that only the log reads.
    pub fn internal(cause: impl Display) -> Self {
        Self::exception("Exception", cause)
    }

    /// As [`internal`](Self::internal), under the name of a .NET exception.
    pub fn exception(name: impl Into<Cow<'static, str>>, cause: impl Display) -> Self {
        Self::Internal { name: name.into(), message: cause.to_string() }
    }

    pub(crate) fn failure(&self) -> Failure<'_> {
        match self {
            Self::Refused(message) => Failure::Hub(message),
            Self::Internal { name, message } => Failure::Internal { name, message },
            Self::NoStream => Failure::Internal { name: "InvalidOperationException", message: "no stream" },
        }
    }
}

impl From<&'static str> for HubError {
    fn from(message: &'static str) -> Self {
        Self::Refused(Cow::Borrowed(message))
    }
}

impl From<worker::Error> for HubError {
    fn from(error: worker::Error) -> Self {
        Self::internal(error)
    }
}

/// Why the object could not serve a request.
#[derive(Debug, Error)]
pub enum ServerError {
    /// No hub of that name was registered.
    #[error("no hub named {0}")]
    UnknownHub(String),
    /// What is to be remembered of the connection does not fit the attachment of a hibernating
    /// WebSocket (16,384 bytes).
    #[error("the connection's identity is too large to be remembered: {0} bytes")]
    IdentityTooLarge(usize),
    /// The request does not say what it is for: no [`Endpoint`](crate::edge::Endpoint) made it.
    #[error("the request carries no connection call: {0}")]
    NoCall(String),
    /// The platform refused.
    #[error("the platform refused: {0}")]
    Platform(#[from] worker::Error),
}

impl From<ServerError> for worker::Error {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Platform(error) => error,
            other => Self::RustError(other.to_string()),
        }
    }
}
