//! The Worker's side of a SignalR endpoint: negotiation, connection tokens, and the HTTP end of each transport.
//!
//! A Worker is stateless and runs everywhere; the connections are in an object. [`Endpoint`] answers what needs no
//! object, finds out which one a request is for, and asks it with a [`ConnectionCall`](crate::ConnectionCall). The
//! response to Server-Sent Events and to a poll stays with the Worker, which has a WebSocket to the object instead: a
//! response served by an object would keep it awake, and its WebSockets may sleep.

pub mod azure;
mod body;
pub(crate) mod bridge;
mod endpoint;
mod events;
mod forward;
mod host;
mod polling;
mod probe;
mod region;
mod token;

/// The path of the requests that an [`Endpoint`] makes to an object.
pub const CONNECTIONS_PATH: &str = "/signalr";

pub(crate) use self::forward::ascii;
pub use self::{
    endpoint::{Endpoint, EndpointOptions, Route, refresh_refused},
    host::{Host, Refused, Reserved, Visitor},
    probe::probe,
    region::region_of,
    token::{ConnectionToken, TokenError, TokenKey},
};
