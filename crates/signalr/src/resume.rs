//! Stateful reconnect: a lost socket is replaced, and no message is lost or processed twice.
//!
//! It needs version 2 of the protocol, WebSockets, and a client that asked for it when it negotiated. Each side numbers
//! the [counted](crate::HubMessage::is_counted) messages it sends, from 1 on, without writing the numbers, and keeps
//! each one until the other side has acknowledged it: that is [`Outgoing`]. Each side numbers what it receives alike:
//! that is [`Incoming`].
//!
//! When a socket is lost, the client opens another one for the same connection, without a handshake. A side that has a
//! new socket calls [`Outgoing::resume`] and [`Incoming::resume`], sends a Sequence with the id that the former
//! returned before anything else, and then again whatever [`Outgoing::transmit`] hands out. The other side's Sequence
//! tells it which number the first message of the other side's replay has, and hence which ones it has seen already.
//!
//! The types here hold no socket and no clock. How often an Ack is sent is for the host to decide (ASP.NET Core: once a
//! second at most), and so is how much may be kept while a client is away.
//!
//! Source: ASP.NET Core 8's `MessageBuffer` and the SignalR hub protocol's chapters on Ack and Sequence. Where two
//! losses follow each other closely, the types here are more lenient than `MessageBuffer`, as told at
//! [`Incoming::sequence`], [`Incoming::ack`] and [`Outgoing::transmit`].

mod error;
mod incoming;
mod outgoing;

pub use self::error::ResumeError;
pub use self::incoming::Incoming;
pub use self::outgoing::Outgoing;
