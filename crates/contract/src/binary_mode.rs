//! The request of `POST /v1/events`: the `CloudEvents` HTTP binding
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md>).
//!
//! In structured and batched mode the body is read as it is. In binary mode (3.1) the attributes of one event are headers,
//! `ce-id` and so on, the body is its data, and `Content-Type` says what that is; such an event is written as JSON here,
//! and goes on as one that was sent so.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde_json::{Value, value::RawValue};

use crate::{
    domain_event::Arrival,
    ingest::{self, IngestError, MAX_BODY_BYTES},
    media_type,
    rejection::{RejectedEvent, Rejection},
};

/// What the names of an event's attributes begin with where they are headers.
pub const HEADER_PREFIX: &str = "ce-";
/// Any of these makes a request one in binary mode: they are the attributes that every event has.
const REQUIRED: [&str; 4] = ["ce-id", "ce-source", "ce-type", "ce-specversion"];

/// Reads the events of a request, in their order; see [`ingest()`](crate::ingest()). Of `headers`, names in small letters and
/// values, those that begin with [`HEADER_PREFIX`] count.
///
/// # Errors
///
/// See [`IngestError`]; no event is taken then.
pub fn read_request(
    content_type: &str,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Vec<Arrival>, IngestError> {
    let is_binary = headers.iter().any(|(name, _)| REQUIRED.contains(&name.as_str()));
    // A format of events in `Content-Type` comes first (3, content mode).
    if !is_binary || media_type::is_cloud_events(content_type) {
        return ingest::ingest(content_type, body);
    }
    if body.len() > MAX_BODY_BYTES {
        return Err(IngestError::TooLarge { bytes: body.len() });
    }
    Ok(vec![binary(content_type, headers, body)])
}

fn binary(content_type: &str, headers: &[(String, String)], body: &[u8]) -> Arrival {
    let mut id = None;
    let written = written(content_type, headers, body, &mut id);
    written.map_err(|rejection| RejectedEvent { id, rejection }).and_then(|json| ingest::event(&json))
}

/// The event as JSON. Its id is told, if it can be, even where the rest is wrong.
fn written(
    content_type: &str,
    headers: &[(String, String)],
    body: &[u8],
    id: &mut Option<String>,
) -> Result<String, Rejection> {
    let mut members = Vec::new();
    for (header, value) in headers {
        let Some(name) = header.strip_prefix(HEADER_PREFIX) else { continue };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            // CloudEvents 1.0.2, naming conventions.
            return Err(Rejection::of_field(header.as_str(), "must be ce- and a name of small letters and digits"));
        }
        let value = decoded(value).ok_or_else(|| Rejection::of_field(name, "must be percent-encoded UTF-8"))?;
        if name == "id" {
            *id = Some(value.clone());
        }
        members.push(format!("{}:{}", Value::from(name), Value::from(value)));
    }
    if !content_type.is_empty() {
        members.push(format!("\"datacontenttype\":{}", Value::from(content_type)));
        if !media_type::is_json(content_type) {
            let message = "must be application/json: in binary mode Content-Type says what the data is";
            return Err(Rejection::of_field("datacontenttype", message));
        }
    }
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if !body.trim_ascii().is_empty() {
        let data: &RawValue = serde_json::from_slice(body)
            .map_err(|error| Rejection::of_field("data", format!("in binary mode the body is the data: {error}")))?;
        members.push(format!("\"data\":{}", data.get()));
    }
    Ok(format!("{{{}}}", members.join(",")))
}

/// The value of an attribute (3.1.3.2): what is quoted is unquoted, and then what is percent-encoded is decoded. What is
/// neither is left as it is.
fn decoded(value: &str) -> Option<String> {
    let quoted = value.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let text = quoted.map_or(Cow::Borrowed(value), |text| {
        let mut characters = text.chars();
        let mut plain = String::new();
        while let Some(character) = characters.next() {
            // RFC 9110, 5.6.4: a backslash stands before the character that is meant.
            plain.extend(if character == '\\' { characters.next() } else { Some(character) });
        }
        Cow::Owned(plain)
    });
    percent_decode_str(&text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
#[path = "binary_mode_tests.rs"]
mod tests;
