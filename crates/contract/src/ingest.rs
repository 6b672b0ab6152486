//! From the body of `POST /v1/events` to domain events: what is wrong with the whole refuses the whole, what is wrong with
//! one event refuses that event.

use crate::cloud_event::CloudEvent;
use crate::domain_event::{AcceptedEvent, Arrival, DomainEvent};
use crate::media_type::{self, Format};
use crate::rejection::{RejectedEvent, Rejection};
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use thiserror::Error;

/// The largest body, in bytes: the contract of `POST /v1/events`.
pub const MAX_BODY_BYTES: usize = 1_048_576;
/// The most events of a body: the contract of `POST /v1/events`.
pub const MAX_EVENTS: usize = 1_000;
/// The largest event, in bytes of JSON: with its envelope it fits a message of Cloudflare Queues, which may have 128 KB
/// (<https://developers.cloudflare.com/queues/platform/limits/>).
pub const MAX_EVENT_BYTES: usize = 100_000;

/// Says why a whole body is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IngestError {
    /// 413: the body is larger than [`MAX_BODY_BYTES`].
    #[error("the body has {bytes} bytes, and at most {MAX_BODY_BYTES} are taken")]
    TooLarge {
        /// How large it is.
        bytes: usize,
    },
    /// 413: the body has more than [`MAX_EVENTS`] events.
    #[error("the body has {count} events, and at most {MAX_EVENTS} are taken")]
    TooMany {
        /// How many it has.
        count: usize,
    },
    /// 415: the `Content-Type` is none of events.
    #[error(
        "the content type must be application/cloudevents+json, application/cloudevents-batch+json, \
         application/x-ndjson or application/json, in UTF-8"
    )]
    UnsupportedMediaType,
    /// 400: there is nothing in the body.
    #[error("the body is empty")]
    Empty,
    /// 400: the body is not JSON.
    #[error("the body is not JSON: {message} at line {line} column {column}")]
    Malformed {
        /// What is wrong.
        message: String,
        /// In which line, from 1.
        line: usize,
        /// At which byte of the line, from 1; 0 is before the first.
        column: usize,
    },
    /// 400: a batch is not a list.
    #[error("a batch of events must be a JSON array")]
    NotABatch,
}

impl IngestError {
    /// The HTTP status that answers it.
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLarge { .. } | Self::TooMany { .. } => 413,
            Self::UnsupportedMediaType => 415,
            Self::Empty | Self::Malformed { .. } | Self::NotABatch => 400,
        }
    }
}

/// Reads the events of a body, in their order: for each the event, or why it is rejected.
///
/// `application/cloudevents+json` is one event, `application/cloudevents-batch+json` a list (which may be empty),
/// `application/x-ndjson` and `application/ndjson` one event a line (blank lines are skipped), and `application/json`
/// one event or a list. The events of a list stand or fall alone; so do lines, even where one is no JSON.
///
/// # Errors
///
/// See [`IngestError`]; no event is taken then.
pub fn ingest(content_type: &str, body: &[u8]) -> Result<Vec<Arrival>, IngestError> {
    let format = media_type::format_of(content_type).ok_or(IngestError::UnsupportedMediaType)?;
    if body.len() > MAX_BODY_BYTES {
        return Err(IngestError::TooLarge { bytes: body.len() });
    }
    // RFC 8259, section 8.1, lets a reader skip a byte order mark; editors on Windows write one.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let first_byte = body.iter().find(|byte| !byte.is_ascii_whitespace()).ok_or(IngestError::Empty)?;
    match format {
        Format::Lines => lines(body),
        Format::Batch if *first_byte != b'[' => {
            whole_json::<IgnoredAny>(body)?;
            Err(IngestError::NotABatch)
        }
        Format::Batch => batch(body),
        Format::Either if *first_byte == b'[' => batch(body),
        Format::Single | Format::Either => Ok(vec![event(whole_json::<&RawValue>(body)?.get())]),
    }
}

fn batch(body: &[u8]) -> Result<Vec<Arrival>, IngestError> {
    let elements: Elements<'_> = whole_json(body)?;
    if elements.count > MAX_EVENTS {
        return Err(IngestError::TooMany { count: elements.count });
    }
    Ok(elements.first.into_iter().map(|element| event(element.get())).collect())
}

fn lines(body: &[u8]) -> Result<Vec<Arrival>, IngestError> {
    let is_filled = |line: &&[u8]| !line.trim_ascii().is_empty();
    let lines = || body.split(|byte| *byte == b'\n').filter(is_filled);
    let count = lines().count();
    if count > MAX_EVENTS {
        return Err(IngestError::TooMany { count });
    }
    Ok(lines().map(line).collect())
}

fn line(line: &[u8]) -> Arrival {
    let text = std::str::from_utf8(line.trim_ascii())
        .map_err(|_| RejectedEvent { id: None, rejection: Rejection::of_whole("the line is not UTF-8") })?;
    event(text)
}

/// Reads one event in JSON.
pub(crate) fn event(json: &str) -> Arrival {
    if json.len() > MAX_EVENT_BYTES {
        let message = format!("the event has {} bytes, and at most {MAX_EVENT_BYTES} are taken", json.len());
        return Err(RejectedEvent { id: CloudEvent::id_of(json), rejection: Rejection::of_whole(message) });
    }
    accepted(json).map_err(|rejection| RejectedEvent { id: CloudEvent::id_of(json), rejection })
}

fn accepted(json: &str) -> Result<AcceptedEvent, Rejection> {
    let event = DomainEvent::parse(json)?;
    let json = RawValue::from_string(json.to_owned()).map_err(|error| Rejection::of_whole(error.to_string()))?;
    Ok(AcceptedEvent { event, json })
}

fn whole_json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, IngestError> {
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let sentence = error.to_string();
        let position = format!(" at line {line} column {column}");
        let message = sentence.strip_suffix(&position).unwrap_or(&sentence).to_owned();
        IngestError::Malformed { message, line, column }
    })
}

/// The first [`MAX_EVENTS`] elements of a list, and how many it has.
struct Elements<'a> {
    first: Vec<&'a RawValue>,
    count: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ElementsVisitor)
    }
}

struct ElementsVisitor;

impl<'de> Visitor<'de> for ElementsVisitor {
    type Value = Elements<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Elements<'de>, A::Error> {
        let mut first = Vec::new();
        while first.len() < MAX_EVENTS {
            let Some(element) = list.next_element()? else {
                return Ok(Elements { count: first.len(), first });
            };
            first.push(element);
        }
        let mut count = first.len();
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Elements { first, count })
    }
}

#[cfg(test)]
#[path = "ingest_tests.rs"]
mod tests;
