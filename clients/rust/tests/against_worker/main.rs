//! The client against the real Worker: `node scripts/test.mjs --only=rust-client` builds it and runs these.

mod connection;
mod reconnects;
mod world;
