//! Reading what providers send: anything may be missing or of another type.

use crate::Error;
use crate::model::Object;
use crate::transport::Frame;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Reads a frame as a JSON object; some providers send JSON in binary frames.
pub(super) fn object(provider: &'static str, frame: &Frame) -> Result<Object, Error> {
    let parsed = match frame {
        Frame::Text(text) => serde_json::from_str(text),
        Frame::Binary(bytes) => serde_json::from_slice(bytes),
    };
    match parsed {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Error::Malformed { provider, reason: "JSON that is no object" }),
        Err(_) => Err(Error::Malformed { provider, reason: "no JSON" }),
    }
}

/// A member that is a string, or nothing.
pub(super) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

/// A member that is a string that is not empty.
pub(super) fn name(object: &Object, name: &str) -> Option<String> {
    text(object, name).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A member that is an object, or an empty one.
pub(super) fn member<'a>(object: &'a Object, name: &str) -> &'a Object {
    static EMPTY: std::sync::LazyLock<Object> = std::sync::LazyLock::new(Object::new);
    object.get(name).and_then(Value::as_object).unwrap_or(&EMPTY)
}

/// A member that is audio in base64.
pub(super) fn audio(provider: &'static str, object: &Object, name: &str) -> Result<Vec<u8>, Error> {
    let encoded = text(object, name).ok_or(Error::Malformed { provider, reason: "audio that is no string" })?;
    STANDARD.decode(encoded).map_err(|_| Error::Malformed { provider, reason: "audio that is no base64" })
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The message of an error's JSON, wherever the provider has it; or nothing, since the rest may say too much.
pub(super) fn error_message(body: &str) -> String {
    let Ok(Value::Object(body)) = serde_json::from_str(body) else { return String::new() };
    let place = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => text(object, "message").map(str::to_owned),
        _ => None,
    };
    ["error", "detail", "message"].iter().find_map(|name| body.get(*name).and_then(place)).unwrap_or_default()
}

/// Sets a member of what was made as an object.
pub(super) fn set(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(members) = object {
        members.insert(name.to_owned(), value.into());
    }
}
