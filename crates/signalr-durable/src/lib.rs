//! A SignalR server on Cloudflare Durable Objects.
//!
//! Every official SignalR client connects to it as it would to ASP.NET Core. An object holds the
//! connections, their groups and their order; it sleeps while nothing happens, and its sockets stay open.
//!
//! | room | what it is for |
//! |---|---|
//! | `hub`, `methods` | what an application writes: a [`Hub`] and its methods |
//! | `caller`, `clients` | what a method works with: who called, and whom to send something |
//! | `server` | the [`Server`] of one object, and sending |
//! | `accept`, `receive`, `work`, `close` | the life of a connection, in that order |
//! | `wake`, `attachment`, `spill` | what outlives the object's memory, and where it is kept |
//! | `table`, `outbox`, `event` | who is in which group; what leaves together; encoding once |
//! | `socket`, `clock`, `rate`, `options`, `error` | the platform's socket and clock, limits, errors |

mod accept;
mod attachment;
mod caller;
mod clients;
mod clock;
mod close;
mod error;
mod event;
mod hub;
mod live;
mod methods;
mod options;
mod outbox;
mod rate;
mod receive;
mod served;
mod server;
mod socket;
mod spill;
mod table;
mod wake;
mod work;

pub use accept::Acceptance;
pub use caller::Caller;
pub use clients::{Clients, Recipients};
pub use error::{HubError, ServerError};
pub use event::{Event, Variant};
pub use hub::Hub;
pub use methods::{Handler, Methods};
pub use options::ServerOptions;
pub use rate::InvocationRate;
pub use server::{Server, ServerBuilder};
