//! Lines for the Worker's log: one JSON object each.

use std::fmt::Display;

/// Something failed on this side.
pub(crate) fn error(message: &str, cause: &dyn Display) {
    worker::console_error!("{}", serde_json::json!({"level": "error", "message": message, "error": cause.to_string()}));
}
