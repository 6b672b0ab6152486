//! The client against the real Worker: `node scripts/test.mjs --only=rust-client` builds it and runs these.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod connection;
mod reconnects;
mod world;
