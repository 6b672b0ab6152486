//! Negotiate: the HTTP request by which a client asks for an id and learns of the transports.
//!
//! `POST {hub}/negotiate?negotiateVersion=1` is answered with status 200 and a JSON body in any case that this module
//! decides, errors included. No property of an answer is ever null: some clients fail on that.

mod answer;
mod query;

pub use answer::{Grant, NegotiateError, redirect};
pub use query::NegotiateRequest;

use crate::TransportSet;

/// The highest version of negotiate. From version 1 on the connection's secret token differs from its public id.
pub const MAX_VERSION: i32 = 1;

/// What an endpoint offers to those who negotiate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NegotiateOptions {
    /// The lowest version that a client may ask for; absent counts as 0.
    pub minimum_version: i32,
    /// The transports that the endpoint offers.
    pub transports: TransportSet,
    /// Whether a client that asks for stateful reconnect gets it.
    pub allow_stateful_reconnect: bool,
}

impl Default for NegotiateOptions {
    fn default() -> Self {
        Self { minimum_version: 0, transports: TransportSet::ALL, allow_stateful_reconnect: false }
    }
}
