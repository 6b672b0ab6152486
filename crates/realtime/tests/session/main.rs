//! Whole sessions, through the public interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
#![allow(
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    clippy::cast_possible_truncation,
    reason = "messages as literals, lists of names, counts of a handful"
)]

mod client_input;
mod conversations;
mod hang_up;
mod limits;
mod order;
mod recording;
mod robustness;
mod support;
mod taking_over;
