//! What the Worker asks of the object that holds, or will hold, a connection. A header of the request carries it.

use serde::{Deserialize, Serialize};
use signalr::Transport;

use crate::relay::Via;

/// The header that carries a [`ConnectionCall`]: only the application's own Worker reaches an object.
pub(crate) const HEADER: &str = "x-signalr-call";

/// What a request means for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Opens a WebSocket, new or again.
    WebSocket,
    /// Opens the events of a Server-Sent Events connection.
    Events,
    /// Polls a long-polling connection.
    Poll,
    /// Brings records of the client, in the request's body.
    Send,
    /// Ends a long-polling connection.
    Delete,
    /// Brings a new authentication.
    Refresh,
}

impl Action {
    /// The transport that the action belongs to, if it is one's alone.
    pub(crate) fn transport(self) -> Option<Transport> {
        match self {
            Self::WebSocket => Some(Transport::WebSockets),
            Self::Events => Some(Transport::ServerSentEvents),
            Self::Poll => Some(Transport::LongPolling),
            Self::Send | Self::Delete | Self::Refresh => None,
        }
    }
}

/// What the Worker has found out about a request, and asks the object to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConnectionCall {
    /// What to do.
    pub action: Action,
    /// The name under which the hub was registered.
    pub hub: String,
    /// The connection's public id, unique in the object: at most 200 bytes.
    pub connection_id: String,
    /// Whether the connection may begin with this request: its token is fresh, or negotiation was skipped.
    pub may_begin: bool,
    /// Whether stateful reconnect was agreed in negotiation.
    pub is_stateful: bool,
    /// Whom the connection belongs to.
    pub user_id: Option<String>,
    /// Anything else about the connection that hubs need to know; it counts towards the attachment's
    /// 16,384 bytes.
    pub claims: String,
    /// The shape in which the connection reads events.
    pub variant: u8,
    /// When the authentication expires, in milliseconds since the epoch.
    pub expires_at_millis: Option<f64>,
    /// The client's address, as the platform says (`CF-Connecting-IP`).
    #[serde(default)]
    pub remote_address: Option<String>,
    /// Where the client is, as a location hint of Durable Objects, if the platform said so.
    #[serde(default)]
    pub region: Option<String>,
    /// The relay's socket by which the connection comes; none for one of the object's own.
    #[serde(default)]
    pub via: Option<Via>,
}
