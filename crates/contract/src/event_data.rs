//! What every event's `data` may carry beside its own fields: when it happened, and what it belongs to.

use crate::cloud_event::check_correlation_id;
use crate::fields;
use crate::json_members::JsonMembers;
use crate::rejection::Rejection;
use crate::time::rfc3339;
use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

const TIMESTAMP: &str = "timestamp";
const CORRELATION_ID: &str = "correlationId";

/// The fields that every event may have in its `data`.
#[derive(Debug, Default)]
pub(crate) struct CommonData {
    pub(crate) time_millis: Option<i64>,
    pub(crate) correlation_id: Option<String>,
}

/// Reads `data`: the event's own fields into `T`, and `timestamp` and `correlationId` apart.
///
/// # Errors
///
/// The field that is wrong, its path beginning with `data`.
pub(crate) fn parse<T: DeserializeOwned>(data: &str) -> Result<(T, CommonData), Rejection> {
    let (own, common) = split(data).map_err(inside_data)?;
    Ok((fields::parse(&own).map_err(inside_data)?, common))
}

fn inside_data(rejection: Rejection) -> Rejection {
    rejection.inside("data")
}

/// Takes the common fields out of `data`, and leaves a text without them.
fn split(data: &str) -> Result<(Cow<'_, str>, CommonData), Rejection> {
    let members: JsonMembers<'_> = fields::parse(data)?;
    let mut common = CommonData::default();
    for (name, value) in members.iter() {
        match name {
            TIMESTAMP => set(&mut common.time_millis, name, value, |Timestamp(time_millis)| time_millis)?,
            CORRELATION_ID => set(&mut common.correlation_id, name, value, |CorrelationId(id)| id)?,
            _ => {}
        }
    }
    let is_common = |name: &str| matches!(name, TIMESTAMP | CORRELATION_ID);
    if !members.iter().any(|(name, _)| is_common(name)) {
        return Ok((Cow::Borrowed(data), common));
    }
    let own =
        serde_json::to_string(&members.without(is_common)).map_err(|error| Rejection::of_whole(error.to_string()))?;
    Ok((Cow::Owned(own), common))
}

/// Reads a common field, which may be given once.
fn set<'a, V, F: Deserialize<'a>>(
    field: &mut Option<V>,
    name: &str,
    value: &'a RawValue,
    content: fn(F) -> Option<V>,
) -> Result<(), Rejection> {
    if field.is_some() {
        return Err(Rejection::of_field(name, "given more than once"));
    }
    let read: Result<F, _> = serde_json::from_str(value.get());
    *field = content(read.map_err(|error| Rejection::of_field(name, fields::message_of(&error)))?);
    Ok(())
}

#[derive(serde::Deserialize)]
struct Timestamp(#[serde(with = "rfc3339::option")] Option<i64>);

struct CorrelationId(Option<String>);

impl<'de> Deserialize<'de> for CorrelationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.as_deref().map_or(Ok(()), check_correlation_id).map_err(de::Error::custom)?;
        Ok(Self(text))
    }
}
