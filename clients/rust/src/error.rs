//! What can go wrong between a program and a hub.

use std::time::Duration;

/// Why a connection, or something asked of it, failed. No text in it holds a key or a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is no `http`, `https`, `ws` or `wss` URL.
    #[error("{address} is no address of a server: {reason}")]
    InvalidAddress {
        /// The address as it was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The name has no address, nobody listens there, or the line broke before an answer came.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// The server's host and port.
        host: String,
        /// What the network said.
        reason: String,
    },
    /// The server's certificate is not good, or it does not speak TLS.
    #[error("no secure connection to {host}: {reason}")]
    Tls {
        /// The server's host and port.
        host: String,
        /// What TLS said.
        reason: String,
    },
    /// The server answered a request with a status that says no.
    #[error("{request} was answered {status}{}", colon(.detail))]
    Refused {
        /// What was asked, such as `negotiation`.
        request: &'static str,
        /// The HTTP status.
        status: u16,
        /// What the answer says, shortened.
        detail: String,
    },
    /// What answered does not speak SignalR.
    #[error("the server does not answer as a SignalR server does: {0}")]
    NotSignalR(String),
    /// The server declined to negotiate, in these words.
    #[error("the server declined the connection: {0}")]
    Declined(String),
    /// The server declined the handshake, in these words.
    #[error("the server declined the handshake: {0}")]
    Handshake(String),
    /// Something did not happen in time.
    #[error("{what} took longer than {} ms", .after.as_millis())]
    TimedOut {
        /// What was waited for.
        what: &'static str,
        /// How long.
        after: Duration,
    },
    /// The connection was lost while a call was under way: nobody knows whether the call took effect.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The server ended the connection for good.
    #[error("the server closed the connection{}", colon(.0))]
    Closed(String),
    /// There is no connection: it was not started, was stopped, or is being made anew.
    #[error("there is no connection")]
    NotConnected,
    /// The hub answered a call with an error, in these words.
    #[error("{method} failed: {message}")]
    Invocation {
        /// The method.
        method: String,
        /// What the hub said.
        message: String,
    },
    /// A value cannot be written as an argument.
    #[error("a value cannot be sent: {0}")]
    Encode(String),
    /// A value that came is not of the type that was asked for.
    #[error("a value that came is of another type: {0}")]
    Decode(String),
    /// What came does not follow the protocol.
    #[error("the server broke the protocol: {0}")]
    Protocol(String),
    /// A stream brought items faster than they were read, and was cancelled.
    #[error("a stream brought more items than its reader took")]
    StreamOverrun,
    /// The token provider had none.
    #[error("no access token: {0}")]
    Token(String),
    /// No hub can have this name.
    #[error("\"{0}\" is no name of a hub")]
    InvalidHub(String),
    /// The hub is not connected to: [`connect_to_hub`](crate::SignalRConnectionManager::connect_to_hub) comes first.
    #[error("hub {0} was not connected to")]
    UnknownHub(String),
    /// The hub needs a key that was not given.
    #[error("hub {hub} needs the {key} key")]
    NoKey {
        /// The hub's route.
        hub: String,
        /// `virtual` or `master`.
        key: &'static str,
    },
}

impl Error {
    /// Whether the server said that the key is none, or not one for this.
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Refused { status: 401 | 403, .. } | Self::NoKey { .. })
    }

    /// Whether trying again as it is makes no sense. A 401 counts: a token provider that may give another token next time
    /// is tried again all the same.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Refused { status, .. } => (400..500).contains(status) && !matches!(status, 408 | 409 | 425 | 429),
            Self::InvalidAddress { .. }
            | Self::NotSignalR(_)
            | Self::Declined(_)
            | Self::Handshake(_)
            | Self::InvalidHub(_)
            | Self::NoKey { .. } => true,
            _ => false,
        }
    }
}

fn colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> Error {
        Error::Refused { request: "negotiation", status, detail: String::new() }
    }

    #[test]
    fn what_will_not_change_is_permanent_and_what_passes_is_not() {
        for status in [400, 401, 403, 404] {
            assert!(refused(status).is_permanent(), "{status}");
        }
        for status in [408, 429, 500, 503] {
            assert!(!refused(status).is_permanent(), "{status}");
        }
        assert!(!Error::Lost(String::new()).is_permanent());
    }

    #[test]
    fn an_empty_detail_leaves_no_colon_behind() {
        assert_eq!(refused(401).to_string(), "negotiation was answered 401");
        assert_eq!(Error::Closed("bye".to_owned()).to_string(), "the server closed the connection: bye");
    }
}
