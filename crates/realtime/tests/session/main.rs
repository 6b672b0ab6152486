//! Whole sessions, through the public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod client_input;
mod conversations;
mod hang_up;
mod limits;
mod order;
mod robustness;
mod support;
mod taking_over;
