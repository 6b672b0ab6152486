//! Reading what clients send, strictly: whatever is wrong is answered as OpenAI answers it, naming where it is.

use crate::model::{Object, Problem};
use serde_json::Value;

/// An object's member that must be there and be a string.
pub(super) fn required_text<'a>(object: &'a Object, name: &str, path: &str) -> Result<&'a str, Problem> {
    optional_text(object, name, path)?.ok_or_else(|| missing(&join(path, name)))
}

/// An object's member that must be a string if it is there and not null.
pub(super) fn optional_text<'a>(object: &'a Object, name: &str, path: &str) -> Result<Option<&'a str>, Problem> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong_type(&join(path, name), "a string", other)),
    }
}

/// An object's member that must be there and be an object.
pub(super) fn required_object<'a>(object: &'a Object, name: &str, path: &str) -> Result<&'a Object, Problem> {
    optional_object(object, name, path)?.ok_or_else(|| missing(&join(path, name)))
}

/// An object's member that must be an object if it is there and not null.
pub(super) fn optional_object<'a>(object: &'a Object, name: &str, path: &str) -> Result<Option<&'a Object>, Problem> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(member)) => Ok(Some(member)),
        Some(other) => Err(wrong_type(&join(path, name), "an object", other)),
    }
}

/// An object's member that must be an array if it is there and not null.
pub(super) fn optional_array<'a>(object: &'a Object, name: &str, path: &str) -> Result<Option<&'a [Value]>, Problem> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(values)) => Ok(Some(values)),
        Some(other) => Err(wrong_type(&join(path, name), "an array", other)),
    }
}

/// An object's member that must be there and be a whole number from 0.
pub(super) fn required_count(object: &Object, name: &str, path: &str) -> Result<u64, Problem> {
    match object.get(name) {
        None | Some(Value::Null) => Err(missing(&join(path, name))),
        Some(value) => value.as_u64().ok_or_else(|| wrong_type(&join(path, name), "a non-negative integer", value)),
    }
}

/// One of a few strings.
pub(super) fn one_of(value: &str, allowed: &[&str], path: &str) -> Result<(), Problem> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let allowed: Vec<String> = allowed.iter().map(|allowed| format!("'{allowed}'")).collect();
    let shown: String = value.chars().take(100).collect();
    let message = format!("Invalid value: '{shown}'. Supported values are: {}.", allowed.join(", "));
    Err(Problem::invalid("invalid_value", message).at(path))
}

/// Something that must be there is not.
pub(super) fn missing(path: &str) -> Problem {
    Problem::invalid("missing_required_parameter", format!("Missing required parameter: '{path}'.")).at(path)
}

/// Something is there that nobody knows.
pub(super) fn unknown(path: &str) -> Problem {
    Problem::invalid("unknown_parameter", format!("Unknown parameter: '{path}'.")).at(path)
}

/// Something is there with a value that it cannot have.
pub(super) fn invalid(path: &str, why: &str) -> Problem {
    Problem::invalid("invalid_value", format!("Invalid '{path}': {why}.")).at(path)
}

/// Something is of another type than it must be.
pub(super) fn wrong_type(path: &str, expected: &str, found: &Value) -> Problem {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal number",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    let message = format!("Invalid type for '{path}': expected {expected}, but got {found} instead.");
    Problem::invalid("invalid_type", message).at(path)
}

/// The path of a member; paths begin below the event.
pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
