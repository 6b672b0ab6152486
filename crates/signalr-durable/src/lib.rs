//! A SignalR server on Cloudflare Durable Objects.
//!
//! Every official SignalR client connects to it as it would to ASP.NET Core. An object holds the
//! connections, their groups and their order; it sleeps while nothing happens, and its sockets stay open.
//!
//! An application writes a [`Hub`], has its object build a [`Server`] and hand it requests and WebSocket events, and
//! gives its Worker an [`edge::Endpoint`]. The README has all three in one file, which compiles; it also says what
//! outlives sleep and deploys, what is limited, and where this differs from ASP.NET Core.
//!
//! | room | what it is for |
//! |---|---|
//! | [`edge`] | the Worker's side: negotiation, tokens, and the HTTP end of each transport |
//! | [`azure`] | what a backend asks for by Azure's REST API, and doing it |
//! | `hub`, `methods`, `upload` | what an application writes: a [`Hub`] and its methods |
//! | `caller`, `clients`, `audience`, `sockets` | what a method works with: who called, and whom to send something |
//! | `server`, `turn`, `outbox`, `waiting`, `window`, `event` | the [`Server`] of one object; what leaves together; encoding once |
//! | `connect`, `take_in`, `receive`, `message`, `work`, `stream`, `ask`, `close` | the life of a connection, in that order |
//! | `poll`, `resume`, `session`, `session_store` | connections that outlive their sockets |
//! | `wake`, `attachment`, `spill` | what outlives the object's memory, and where it is kept |
//! | `relay` | sockets that other objects hold for this one |
//! | `check`, `reading` | clients that fall silent, and those that read slowly |
//! | `table`, `line`, `live`, `identity` | who is connected and by what, who is in which group |

mod ask;
mod attachment;
mod audience;
pub mod azure;
mod call;
mod caller;
mod cancellation;
mod check;
mod clients;
mod clock;
mod close;
mod connect;
pub mod edge;
mod error;
mod event;
mod hub;
mod identity;
mod line;
mod live;
mod log;
mod message;
mod methods;
mod options;
mod outbox;
mod poll;
mod questions;
mod rate;
mod reading;
mod receive;
mod relay;
mod resume;
mod served;
mod server;
mod session;
mod session_store;
mod socket;
mod sockets;
mod spill;
mod stream;
mod table;
mod take_in;
mod traffic;
mod turn;
mod upload;
mod waiting;
mod wake;
mod window;
mod work;

pub use audience::{Audience, Names};
pub use call::{Action, ConnectionCall};
pub use caller::Caller;
pub use clients::{Clients, Recipients};
pub use error::{HubError, ServerError};
pub use event::{Event, Variant};
pub use hub::Hub;
pub use methods::{Argument, Given, Handler, Methods, Optional, StreamHandler};
pub use options::{ServerOptions, SlowReaders};
pub use rate::InvocationRate;
pub use relay::{RELAY_PATH, RELAYED_PATH, Relay};
pub use server::{Ended, Server, ServerBuilder};
pub use sockets::{Answer, EncodeQuestion, HubIndex, Sockets};
pub use traffic::Traffic;
pub use upload::Upload;

/// A configured time as the clock counts.
// Times that somebody configures are far below 2^52.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn millis(millis: u64) -> f64 {
    millis as f64
}

/// The Worker of the README, which is thus compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
