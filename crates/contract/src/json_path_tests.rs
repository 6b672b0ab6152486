//! Proofs that the place that is found is the place that is wrong.

use proptest::prelude::*;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use std::fmt;

use crate::any_json::AnyJson;
use crate::fields;

/// Any JSON but what the [`wrongs`] are.
struct Picky;

/// What is refused, and what leads from there to the place and the words of the refusal.
fn wrongs() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (json!("refused"), "", "refused at once"),
        (json!("late"), "", "refused when it was read"),
        (json!(13), "", "invalid value: integer `13`, expected less"),
        (json!(true), "", "invalid type: boolean `true`, expected anything"),
        (json!({"late": 1}), "", "refused when it was read"),
        (json!({"a": 1, "number": [1, {"b": 2}]}), ".number", "invalid type: sequence, expected u8"),
        (json!({"number": "x", "a": 1}), ".number", "invalid type: string \"x\", expected u8"),
        (json!({"unread": {"a": [[], "\u{1}"]}}), ".unread", "must not be nested more than 60 levels deep"),
        (json!({"a": 1, "foreign": [1]}), ".foreign", "unknown field"),
        (json!({"a": {}, "lacking": {}}), ".absent", "missing"),
        (json!({"twice": 1, "a": {}}), ".again", "given more than once"),
    ]
}

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let is_late = deserializer.deserialize_any(PickyVisitor)?;
        if is_late { Err(de::Error::custom("refused when it was read")) } else { Ok(Self) }
    }
}

struct PickyVisitor;

impl<'de> Visitor<'de> for PickyVisitor {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<bool, E> {
        if number == 13 { Err(E::invalid_value(de::Unexpected::Unsigned(13), &"less")) } else { Ok(false) }
    }

    fn visit_i64<E>(self, _number: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _number: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
        if text == "refused" { Err(E::custom("refused at once")) } else { Ok(text == "late") }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<bool, A::Error> {
        while let Some(Picky) = list.next_element()? {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<bool, A::Error> {
        let (mut is_late, mut is_lacking) = (false, false);
        while let Some(name) = object.next_key::<String>()? {
            match name.as_str() {
                "number" => object.next_value::<u8>().map(|_| ())?,
                "unread" => object.next_value::<AnyJson>().map(|_| ())?,
                "foreign" => return Err(de::Error::unknown_field("foreign", &[])),
                "twice" => return Err(de::Error::duplicate_field("again")),
                _ => object.next_value::<Picky>().map(|_| ())?,
            }
            is_late |= name == "late";
            is_lacking |= name == "lacking";
        }
        if is_lacking { Err(de::Error::missing_field("absent")) } else { Ok(is_late) }
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_filter("13 is refused", |number| *number != 13).prop_map(Value::from),
        (-1e9..1e9).prop_map(Value::from),
        "[A-Z\"\\\\\\[\\]{},: \näß東]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from), object(inner).boxed()]
    })
}

fn object(member: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    // Names in capitals are none of those that mean something.
    let members = prop::collection::hash_map("[A-Z\"\\\\\\[\\]{},: \nß.]{1,4}", member, 1..4);
    members.prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()))
}

/// The paths of all values inside a value.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                let path = format!("{path}[{index}]");
                found.push(path.clone());
                paths(value, &path, found);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                found.push(path.clone());
                paths(value, &path, found);
            }
        }
        _ => {}
    }
}

/// Puts another value at the place that comes after so many others.
fn put(value: &mut Value, place: &mut usize, other: &Value) {
    let values: Vec<&mut Value> = match value {
        Value::Array(values) => values.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => Vec::new(),
    };
    for value in values {
        if *place == 0 {
            *value = other.clone();
        }
        *place = place.wrapping_sub(1);
        put(value, place, other);
    }
}

proptest! {
    #[test]
    fn whatever_is_wrong_is_found_wherever_it_is(
        good in object(any_json()),
        place in any::<prop::sample::Index>(),
        (wrong, below, words) in prop::sample::select(wrongs()),
        is_pretty in any::<bool>(),
    ) {
        let mut found = Vec::new();
        paths(&good, "", &mut found);
        let place = place.index(found.len());
        let mut bad = good.clone();
        put(&mut bad, &mut place.clone(), &wrong);
        let write = if is_pretty { serde_json::to_string_pretty } else { serde_json::to_string };
        // Deep enough to be refused, which a `Value` would be too.
        let depth = format!("{}{}", "[".repeat(61), "]".repeat(61));
        let text = write(&bad).unwrap().replace("\"\\u0001\"", &depth);

        prop_assert!(fields::read::<Picky>(&serde_json::to_string(&good).unwrap()).is_ok());
        let rejection = fields::parse::<Picky>(&text).err().unwrap();
        let expected = format!("{}{below}", found[place]);
        prop_assert_eq!(rejection.field.as_deref(), Some(expected.as_str()), "{}", text);
        prop_assert_eq!(rejection.message, words);
    }

    #[test]
    fn what_is_no_json_has_some_place(text in r#"[\[\]{}:,"\\ \nu0-9.eE+a-d-]{0,60}"#) {
        let _ = fields::parse::<Picky>(&text);
    }
}

#[test]
fn what_ends_too_early_or_is_no_json_lies_in_what_is_open_there() {
    for (json, field) in [
        ("", None),
        ("{", None),
        (r#"{"a"#, None),
        (r#"{"a""#, Some("a")),
        (r#"{"a":"#, Some("a")),
        (r#"{"a":"x"#, Some("a")),
        (r#"{"a":1"#, None),
        (r#"{"a":{"b":[1,{}"#, Some("a.b[2]")),
        (r#"{"a" 1}"#, Some("a")),
        (r#"{"a":1 "b":2}"#, None),
        (r#"{"a":{"b":1,}}"#, Some("a")),
        (r#"{"a":[1 2]}"#, Some("a[1]")),
        (r#"{"a":[1,,2]}"#, Some("a[1]")),
        (r#"{"a":{"\x":2}}"#, Some("a")),
        (r#"{"a":{"b":"\x"}}"#, Some("a.b")),
        (r#"{"a":1}}"#, None),
    ] {
        let rejection = fields::parse::<Picky>(json).err().unwrap();
        assert_eq!(rejection.field.as_deref(), field, "{json}: {rejection}");
    }
}

#[test]
fn an_error_inside_a_text_inside_the_text_is_found() {
    // The number's own position is the third column.
    let json = "{\n\"a\": [\n{\"number\": 1,\n \"unread\": [ 1e999 ]}]}";
    let rejection = fields::parse::<Picky>(json).err().unwrap();
    assert_eq!(rejection.to_string(), "a[0].unread: number out of range");
}
