//! x
#![forbid(unsafe_code)]
pub mod audio;
pub mod close;
mod error;
pub mod identifiers;
pub mod ledger;
pub mod model;
pub mod provider;
pub mod transport;
pub use error::Error;
