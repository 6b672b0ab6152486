//! Reads a JSON object into a type, and when that fails says which field is to blame.

use crate::json_path::{self, Place};
use crate::rejection::Rejection;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use std::fmt;
use std::marker::PhantomData;

/// Reads a JSON object. Only of what is bad some beginnings are read again, to find the field.
///
/// # Errors
///
/// The text is no JSON object, or a field of it is missing, unknown, repeated or wrong.
pub(crate) fn parse<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, Rejection> {
    read(json).map_err(|error| explain(json, &error, &|text| read::<T>(text).is_err_and(|error| !error.is_eof())))
}

/// Reads a JSON object, whoever wrote it. It is one function for each type, however many call it.
///
/// # Errors
///
/// Those of [`parse`], in the words of `serde_json`.
#[inline(never)]
pub(crate) fn read<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, serde_json::Error> {
    serde_json::from_str::<Object<T>>(json).map(|object| object.0)
}

/// Turns serde's sentence into a field and a message. The sentences about missing, unknown and repeated fields are those
/// of `serde::de::Error`; they name the field.
#[cold]
fn explain<'de>(json: &'de str, error: &serde_json::Error, is_wrong: &dyn Fn(&'de str) -> bool) -> Rejection {
    let Place { parent, path } = json_path::place(json, error, is_wrong);
    let message = message_of(error);
    let name_after = |start: &str| Some(message.strip_prefix(start)?.split_once('`')?.0);
    if let Some(name) = name_after("missing field `") {
        return Rejection::of_field(joined(&path, name), "missing");
    }
    if let Some(name) = name_after("duplicate field `") {
        return Rejection::of_field(joined(&parent, name), "given more than once");
    }
    if message.starts_with("unknown field `") {
        return Rejection::of_field(path, "unknown field");
    }
    if path.is_empty() { Rejection::of_whole(message) } else { Rejection::of_field(path, message) }
}

/// What an error says, without the position.
pub(crate) fn message_of(error: &serde_json::Error) -> String {
    let mut sentence = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    if let Some(message) = sentence.strip_suffix(&position) {
        sentence.truncate(message.len());
    }
    sentence
}

/// The path of a field of the object at `path`.
fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A `T` that is read from an object only. What serde derives reads a list as well, field by field.
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

/// Reads an object that is a field, never a list: `#[serde(deserialize_with = "fields::object")]`.
pub(crate) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|object| object.0)
}

/// Reads a field that may be absent (then `#[serde(default)]` gives `None`), but not null.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        count: u8,
        #[serde(default)]
        inner: Option<Inner>,
        #[serde(default)]
        list: Vec<Inner>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        count: u8,
    }

    fn rejection(json: &str) -> String {
        parse::<Outer>(json).unwrap_err().to_string()
    }

    #[test]
    fn every_kind_of_wrong_field_is_named_by_its_path() {
        for (json, expected) in [
            (r#"{"count":1,"foo":2}"#, "foo: unknown field"),
            (r#"{"count":1,"inner":{"count":1,"foo":2}}"#, "inner.foo: unknown field"),
            (r#"{"count":1,"inner":{"count":1,"inner":2}}"#, "inner.inner: unknown field"),
            (r#"{"inner":{"count":1}}"#, "count: missing"),
            (r#"{"count":1,"inner":{}}"#, "inner.count: missing"),
            (r#"{"count":1,"count":1}"#, "count: given more than once"),
            (
                r#"{"count":1,"list":[{"count":1},{"count":-1}]}"#,
                "list[1].count: invalid value: integer `-1`, expected u8",
            ),
            (r#"{"count":"x"}"#, "count: invalid type: string \"x\", expected u8"),
        ] {
            assert_eq!(rejection(json), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_object_is_wrong_as_a_whole() {
        for (json, kind) in [("[1]", "sequence"), ("3", "integer `3`"), ("null", "null"), ("\"x\"", "string \"x\"")] {
            assert_eq!(rejection(json), format!("invalid type: {kind}, expected an object"));
        }
        assert_eq!(rejection("{"), "EOF while parsing an object");
        assert_eq!(rejection("{\"count\":1} x"), "trailing characters");
    }
}
