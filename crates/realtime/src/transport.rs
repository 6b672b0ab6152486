//! What goes over the wire, as data: frames, HTTP requests, and the request that opens a socket.

use serde_json::Value;
use std::fmt;

/// One whole WebSocket message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

impl Frame {
    /// Its payload in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether it has no payload.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes JSON as a text message.
    pub(crate) fn json(value: &Value) -> Self {
        Self::Text(value.to_string())
    }
}

/// A text that must not be logged: a key, or a URL that is one. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the wire.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Header names and values, in order. Values may be keys, so none is shown.
pub type Headers = Vec<(&'static str, Secret)>;

/// What an HTTP request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes.
    Post,
}

/// An HTTP request to a provider, for the edge to send.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRequest {
    /// `GET` or `POST`.
    pub method: Method,
    /// `https://…`.
    pub url: String,
    /// The headers, `Content-Type` excepted.
    pub headers: Headers,
    /// A body to be sent as `application/json`.
    pub body: Option<Value>,
}

/// What the provider answered, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// The body as text; the edge reads 1 MiB of it at the most.
    pub body: String,
}

/// The request that opens a provider's WebSocket, for the edge to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketRequest {
    /// `wss://…`; a URL can be a credential.
    pub url: Secret,
    /// Headers of the upgrade.
    pub headers: Headers,
    /// What to offer in `Sec-WebSocket-Protocol`.
    pub subprotocols: Vec<String>,
}
