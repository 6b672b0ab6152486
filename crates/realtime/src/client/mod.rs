//! Clients: what they may say, and how they are answered.
//!
//! | part | what it does |
//! |---|---|
//! | [`negotiation`] | from headers and subprotocols: which protocol, which key |
//! | [`ClientEvent`] | what a client can say, in OpenAI's terms |
//! | [`ServerEvent`] | what is said to it, in OpenAI's terms |
//! | [`ClientProtocol`] | how both are written: OpenAI's GA protocol, its beta, or Conduit's simple one |

mod beta;
mod event;
mod fields;
pub mod negotiation;
mod openai;
mod protocol;
mod server_event;
mod session_fields;
mod simple;

pub use event::{ClientEvent, ClientMessage};
pub use protocol::ClientProtocol;
pub use server_event::{Place, ServerEvent};
