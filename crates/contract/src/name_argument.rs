//! What a client gives as a task id, a request id or a task type.

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use std::fmt;

use crate::{identifier::MAX_IDENTIFIER_BYTES, task_type::MAX_TASK_TYPE_BYTES};

/// A string, a number, or null for none. Whether it can be a name is told in the hub's own words, not as an error of
/// binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameArgument(Option<String>);

impl NameArgument {
    /// The id of a task, a request, a key or a provider; none for what is blank or longer than any id.
    pub fn id(&self) -> Option<&str> {
        self.visible(MAX_IDENTIFIER_BYTES)
    }

    /// A task type; none for what is blank or longer than any type.
    pub fn task_type(&self) -> Option<&str> {
        self.visible(MAX_TASK_TYPE_BYTES)
    }

    fn visible(&self, max_bytes: usize) -> Option<&str> {
        self.0.as_deref().filter(|name| !name.trim().is_empty() && name.len() <= max_bytes)
    }
}

impl<'de> Deserialize<'de> for NameArgument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameVisitor).map(Self)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string, an integer or null")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(json: &str) -> NameArgument {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_id_is_a_string_or_a_number_with_something_visible_in_it() {
        assert_eq!(argument("\"t\"").id(), Some("t"));
        assert_eq!(argument("7").id(), Some("7"));
        assert_eq!(argument("-7").id(), Some("-7"));
        for blank in ["null", "\"\"", "\" \\t\"", &format!("\"{}\"", "x".repeat(201))] {
            assert_eq!(argument(blank).id(), None, "{blank}");
            assert_eq!(argument(blank).task_type(), None, "{blank}");
        }
        assert!(serde_json::from_str::<NameArgument>("{}").is_err());
    }

    #[test]
    fn messagepack_arguments_are_read_as_json_ones_are() {
        for (value, expected) in [("t".to_owned(), "t"), ("7".to_owned(), "7")] {
            let bytes = rmp_serde::to_vec(&value).unwrap();
            assert_eq!(rmp_serde::from_slice::<NameArgument>(&bytes).unwrap().id(), Some(expected));
        }
        assert_eq!(rmp_serde::from_slice::<NameArgument>(&[7]).unwrap().id(), Some("7"));
        assert_eq!(rmp_serde::from_slice::<NameArgument>(&[0xc0]).unwrap().id(), None);
    }
}
