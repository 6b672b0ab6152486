//! A SignalR client: connections to Conduit's hubs, or to those of any SignalR server.
//!
//! | part | what it does |
//! |---|---|
//! | [`HubConnection`] | one connection: calls, events, streams both ways, reconnects, stateful reconnect |
//! | [`SignalRConnectionManager`] | one connection for each of Conduit's hubs: subscriptions and missed events come back |
//! | [`ConnectionOptions`], [`ReconnectPolicy`], [`AccessToken`] | how a connection behaves |
//! | [`Network`] | the lines below: for HTTP requests to the same server, and to leave from a certain address |
//!
//! It speaks JSON and MessagePack over WebSockets, on [tokio](https://tokio.rs), with TLS by rustls and the certificates of
//! the system. The protocol itself is in the crate `signalr`, without I/O.
#![forbid(unsafe_code)]

mod backoff;
mod calls;
mod commands;
mod connection;
mod error;
mod event;
mod link;
mod manager;
mod negotiation;
mod network;
mod state;
mod stream;
mod task;
mod token;

pub use backoff::ReconnectPolicy;
pub use connection::{ConnectionOptions, HubConnection};
pub use error::Error;
pub use event::{ClientResult, Event, HandlerId};
pub use http;
pub use hyper::body::Bytes;
pub use manager::{
    ConnectionStateChanged, HubConnectionInfo, HubKey, HubMetrics, HubName, ManagerOptions, SignalRConnectionManager,
    Timing,
};
pub use network::{Answer, Network, Socket};
pub use signalr::{Arguments, Payload, Protocol};
pub use state::{ConnectionState, ConnectionStatus};
pub use stream::HubStream;
pub use token::AccessToken;
pub use url::Url;

/// The example of the README, which is thus compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
