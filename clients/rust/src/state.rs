//! Where a connection stands.

use std::fmt;
use std::time::Duration;

use crate::Error;

/// The states of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ConnectionState {
    /// Nothing is connected, and nothing tries to be.
    #[default]
    Disconnected,
    /// The first start is under way.
    Connecting,
    /// It is there.
    Connected,
    /// It was lost and is being made anew.
    Reconnecting,
    /// It was given up: it takes another start.
    Failed,
}

impl ConnectionState {
    /// Its name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Reconnecting => "reconnecting",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for ConnectionState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where a connection stands, and how it came to that.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ConnectionStatus {
    /// The state.
    pub state: ConnectionState,
    /// How often it was established since the start; a new number is a new connection, with another id.
    pub generation: u64,
    /// How often its socket was replaced without anything else changing (stateful reconnect).
    pub resumed: u64,
    /// The id by which others address it, while it is connected. None where negotiation was skipped.
    pub connection_id: Option<String>,
    /// Of an attempt to come: which it is, the first being 1.
    pub attempt: u32,
    /// Of an attempt to come: how long it is away.
    pub retry_in: Option<Duration>,
    /// Why it was lost or is not there.
    pub error: Option<Error>,
}
