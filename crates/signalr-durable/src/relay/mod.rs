//! Connections whose sockets other objects hold, so that one server can have more of them than one object can.
//!
//! A relay is a transport: it holds sockets and knows nothing of SignalR. Everything else (groups, hubs, limits, sessions,
//! order) stays in the object of the [`Server`](crate::Server), which says frame by frame which sockets get it.
//! `docs/relays.md` says who owns what, and why nothing is lost or doubled whoever fails.
//!
//! | room | what it is for |
//! |---|---|
//! | `wire` | what both sides say to each other |
//! | `links`, `link_store` | the server's side: what waits for each relay, in memory and in storage |
//! | `relayed` | what comes from relays to the server |
//! | `object` | the [`Relay`] itself |

pub(crate) mod link_store;
pub(crate) mod links;
mod object;
mod relayed;
pub(crate) mod wire;

use serde::{Deserialize, Serialize};

pub use self::object::Relay;
use self::wire::Channel;

/// The path of the requests that relays make to the object of their server.
pub const RELAYED_PATH: &str = "/signalr/relayed";

/// The path of the requests that a server makes to its relays.
pub const RELAY_PATH: &str = "/signalr/relay";

/// The header with the head of such a request.
pub(crate) const HEAD: &str = "x-signalr-relay";

/// In an answer: the connection begins on the relay's socket.
pub(crate) const OPENED: &str = "x-signalr-opened";

/// In an answer: the connection is to begin at this relay instead.
pub(crate) const ELSEWHERE: &str = "x-signalr-elsewhere";

/// The status of such an answer: misdirected request.
pub(crate) const MISDIRECTED: u16 = 421;

/// The end of a socket whose connection is no more, which its client may open again (service restart).
pub(crate) const RESTARTED: u16 = 1_012;

/// Bytes that a request carries, about.
pub(crate) const REQUEST_BYTES: usize = 1_048_576;

/// How often one side tries to reach the other before it gives the connections up, and how long it waits in between.
pub(crate) const MOST_TRIES: u32 = 30;

pub(crate) fn wait_millis(tries: u32) -> u64 {
    (50_u64 << tries.min(5)).min(1_000)
}

/// By which socket of which relay a connection comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Via {
    /// The relay's number.
    pub(crate) relay: u32,
    /// The socket.
    pub(crate) channel: Channel,
    /// The oldest socket that the relay has: those before it are gone.
    pub(crate) oldest: Channel,
}

/// The head of what happened at a relay.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UpHead {
    pub(crate) relay: u32,
    /// The memory that the relay counts in.
    pub(crate) life: String,
    /// Counts the requests of a life.
    pub(crate) number: u64,
    /// Which memory of the server took the last one.
    pub(crate) taken_by: Option<String>,
    /// Whether the request may have come before.
    pub(crate) is_retry: bool,
}

/// What the server says to that.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UpAnswer {
    /// The memory that answers.
    pub(crate) taken_by: String,
    /// False: nobody knows whether a memory that is gone has taken it.
    pub(crate) is_taken: bool,
}

/// The head of what a server asks a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum DownHead {
    /// Do this. Answered with the channels that are not there.
    Operations,
    /// Look for silent clients, and say which channels there are.
    Check,
}
