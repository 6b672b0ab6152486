//! Properties that hold for any message, any stream of messages however it is cut, any loss of sockets between two
//! sides that resume, and any input at all.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod hostile;
mod resume;
mod round_trip;
mod split;
mod strategy;
