//! x
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
