//! Realtime voice without I/O: a client speaks OpenAI's realtime protocol, whichever provider answers.
//!
//! | part | what it does |
//! |---|---|
//! | [`session`] | one call: the state machine between a client and a provider |
//! | [`client`] | what clients may say and hear: OpenAI's GA protocol, its beta, Conduit's simple one; subprotocols |
//! | [`provider`] | how each provider is reached, what is said to it, what it means: OpenAI, ElevenLabs (both doors), Gemini, Ultravox |
//! | [`model`] | what passes between the two: settings, items, commands, events |
//! | [`audio`] | formats, G.711, sample rates, streaming conversion |
//! | [`ledger`] | what was used and what it costs, in rows that are never changed |
//! | [`close`] | close codes, both ways |
//! | [`identifiers`] | names that a session gives again the same |
//! | [`transport`] | frames, requests and secrets, as data |
//!
//! The edge owns the sockets, the clock and the money. It makes a [`Session`](session::Session), tells it what happened and
//! when, and does what comes back:
//!
//! ```
//! use realtime::client::negotiation::negotiate;
//! use realtime::provider::ultravox::{Ultravox, UltravoxConfig};
//! use realtime::session::{Action, Session, SessionOptions};
//! use realtime::transport::{Frame, Secret};
//!
//! let negotiated = negotiate(Some("realtime, openai-insecure-api-key.condt_1"), None);
//! let provider = Ultravox::new(UltravoxConfig {
//!     api_url: "https://api.ultravox.ai".to_owned(),
//!     api_key: Secret::new("the provider's key"),
//!     model: "ultravox-v0.7".to_owned(),
//!     agent_id: None,
//!     voice: None,
//! });
//! let options = SessionOptions::new("connection-1", negotiated.protocol, "voice", Box::new(provider));
//! let mut session = Session::new(options);
//!
//! let now_millis = 1_800_000_000_000;
//! let mut actions = session.start(now_millis);
//! let update = r#"{"type": "session.update", "session": {"type": "realtime", "instructions": "Be brief."}}"#;
//! actions.extend(session.on_client(Frame::Text(update.to_owned()), now_millis));
//!
//! assert!(matches!(&actions[0], Action::SendToClient(Frame::Text(text)) if text.contains("session.created")));
//! // Ultravox makes a call over HTTP before there is a socket.
//! assert!(matches!(&actions[1], Action::CallProvider { request, .. } if request.url.ends_with("/api/calls")));
//! ```
//!
//! Three things are the edge's to keep in mind: the sockets that a session asks for end with it, whatever happens to the
//! edge; [`Action::Bill`](session::Action::Bill) may come after the client's socket is closed, while a provider still says
//! what a broken-off answer has used; and a message is handed over whole, however many frames it came in.
#![forbid(unsafe_code)]

pub mod audio;
pub mod client;
pub mod close;
mod error;
pub mod identifiers;
pub mod ledger;
pub mod model;
pub mod provider;
pub mod session;
pub mod transport;

pub use error::Error;
