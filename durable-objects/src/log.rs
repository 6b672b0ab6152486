//! The log: one JSON object a line, which Workers Logs indexes by field.

use serde_json::{Value, json};

/// Writes a line at level `info`.
pub fn info(message: &str, fields: Value) {
    worker::console_log!("{}", line("info", message, fields));
}

/// Writes a line at level `warn`.
pub fn warn(message: &str, fields: Value) {
    worker::console_warn!("{}", line("warn", message, fields));
}

/// Writes a line at level `error`.
pub fn error(message: &str, fields: Value) {
    worker::console_error!("{}", line("error", message, fields));
}

fn line(level: &str, message: &str, fields: Value) -> Value {
    let mut line = json!({ "level": level, "message": message });
    if let (Value::Object(line), Value::Object(fields)) = (&mut line, fields) {
        line.extend(fields);
    }
    line
}
