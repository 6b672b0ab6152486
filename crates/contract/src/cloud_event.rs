//! The envelope of an event: `CloudEvents` 1.0, JSON format
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).

use crate::bounded_text;
use crate::fields;
use crate::identifier::Identifier;
use crate::rejection::Rejection;
use crate::time::rfc3339;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The longest `id` of an event, in bytes. With the source it is the key under which duplicates are found.
pub const MAX_ID_BYTES: usize = 200;
/// The longest `source`, a URI reference, in bytes.
pub const MAX_SOURCE_BYTES: usize = 500;
/// The longest `type`, in bytes.
pub const MAX_TYPE_BYTES: usize = 200;
/// The longest `correlationid`, in bytes.
const MAX_CORRELATION_ID_BYTES: usize = 200;

/// One `CloudEvent`, borrowing from its text.
///
/// Attributes that are not listed are allowed by `CloudEvents` and left alone.
#[derive(Debug, Clone, Deserialize)]
pub struct CloudEvent<'a> {
    /// Names the event within its source.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// Where the event comes from.
    #[serde(borrow)]
    pub source: Cow<'a, str>,
    /// What happened, such as `TaskStarted`.
    #[serde(borrow, rename = "type")]
    pub event_type: Cow<'a, str>,
    #[serde(borrow, rename = "specversion")]
    spec_version: Cow<'a, str>,
    /// When it happened.
    #[serde(default, rename = "time", with = "rfc3339::option")]
    pub time_millis: Option<i64>,
    /// What it happened to, in the producer's words.
    #[serde(borrow, default)]
    pub subject: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "datacontenttype")]
    data_content_type: Option<Cow<'a, str>>,
    /// The virtual key whose connections are told.
    #[serde(default, rename = "virtualkeyid")]
    pub virtual_key_id: Option<Identifier>,
    /// Ties events of one operation together.
    #[serde(default, rename = "correlationid")]
    pub correlation_id: Option<String>,
    /// The trace that the event is part of, in W3C Trace Context's form.
    #[serde(borrow, default, rename = "traceparent")]
    pub trace_parent: Option<Cow<'a, str>>,
    /// The event's own object.
    #[serde(borrow, default)]
    pub data: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data_base64: Option<&'a RawValue>,
}

impl<'a> CloudEvent<'a> {
    /// Reads one event in JSON and checks its attributes.
    ///
    /// # Errors
    ///
    /// The attribute that is missing, repeated or wrong. `data` is only checked for being there.
    pub fn parse(json: &'a str) -> Result<Self, Rejection> {
        let event: Self = fields::parse(json)?;
        event.check()?;
        Ok(event)
    }

    /// The `id` of what may be no good event, for the answer.
    pub(crate) fn id_of(json: &str) -> Option<String> {
        #[derive(Deserialize)]
        struct IdOnly {
            id: String,
        }
        let fields::Object(IdOnly { id }) = serde_json::from_str(json).ok()?;
        (id.len() <= MAX_ID_BYTES).then_some(id)
    }

    fn check(&self) -> Result<(), Rejection> {
        if self.spec_version != "1.0" {
            return Err(Rejection::of_field("specversion", "must be 1.0"));
        }
        check_text("id", &self.id, MAX_ID_BYTES)?;
        check_text("source", &self.source, MAX_SOURCE_BYTES)?;
        check_text("type", &self.event_type, MAX_TYPE_BYTES)?;
        if let Some(correlation_id) = &self.correlation_id {
            check_correlation_id(correlation_id)
                .map_err(|error| Rejection::of_field("correlationid", error.to_string()))?;
        }
        if self.data_base64.is_some() {
            return Err(Rejection::of_field(
                "data_base64",
                "must not be given: data is a JSON object here, not binary",
            ));
        }
        if let Some(content_type) = &self.data_content_type
            && !crate::media_type::is_json(content_type)
        {
            return Err(Rejection::of_field("datacontenttype", "must be application/json"));
        }
        if self.data.is_none() {
            return Err(Rejection::of_field("data", "missing"));
        }
        Ok(())
    }
}

fn check_text(field: &str, text: &str, max_bytes: usize) -> Result<(), Rejection> {
    bounded_text::check(text, max_bytes).map_err(|error| Rejection::of_field(field, error.to_string()))
}

/// Checks a correlation id, wherever it was given.
pub(crate) fn check_correlation_id(text: &str) -> Result<(), bounded_text::BoundedTextError> {
    bounded_text::check(text, MAX_CORRELATION_ID_BYTES)
}
