//! `TaskHub`: its methods, its groups, and what it refuses with.

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use std::fmt;

use crate::{identifier::MAX_IDENTIFIER_BYTES, task_type::MAX_TASK_TYPE_BYTES};

/// Joins the group of one task, and tells where it stands.
pub const SUBSCRIBE_TO_TASK: &str = "SubscribeToTask";
/// Leaves the group of one task.
pub const UNSUBSCRIBE_FROM_TASK: &str = "UnsubscribeFromTask";
/// Joins the group of all tasks of a type; `*` is every type.
pub const SUBSCRIBE_TO_TASK_TYPE: &str = "SubscribeToTaskType";
/// Leaves the group of all tasks of a type.
pub const UNSUBSCRIBE_FROM_TASK_TYPE: &str = "UnsubscribeFromTaskType";

/// Refuses a blank task id.
pub const INVALID_TASK_ID: &str = "Invalid task ID";
/// Refuses an unknown task, another key's, and one that the client's token does not name: nobody can tell which.
pub const TASK_NOT_FOUND: &str = "Task not found";
/// Refuses a blank task type.
pub const INVALID_TASK_TYPE: &str = "Invalid task type";

/// Refuses a task type that the client's token does not name.
pub const UNAUTHORIZED_TASK_TYPE: &str = "Unauthorized access to task type";

/// The group of a task's subscribers. The colon keeps a task named `type-x` apart from the type `x`.
pub fn task_group(task_id: &str) -> String {
    format!("task:{task_id}")
}

/// The group of a type's subscribers, or of every type's (`*`).
pub fn task_type_group(task_type: &str) -> String {
    format!("task-type:{task_type}")
}

/// What a client gives as a task id or a task type: a string, a number, or null for none. Whether it can
/// be one is told in the hub's own words, not as an error of binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameArgument(Option<String>);

impl NameArgument {
    /// The task id.
    ///
    /// # Errors
    ///
    /// [`INVALID_TASK_ID`] for what is blank or longer than any id.
    pub fn task_id(&self) -> Result<&str, &'static str> {
        self.visible(MAX_IDENTIFIER_BYTES).ok_or(INVALID_TASK_ID)
    }

    /// The task type.
    ///
    /// # Errors
    ///
    /// [`INVALID_TASK_TYPE`] for what is blank or longer than any type.
    pub fn task_type(&self) -> Result<&str, &'static str> {
        self.visible(MAX_TASK_TYPE_BYTES).ok_or(INVALID_TASK_TYPE)
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
        assert_eq!(argument("\"t\"").task_id(), Ok("t"));
        assert_eq!(argument("7").task_id(), Ok("7"));
        assert_eq!(argument("-7").task_id(), Ok("-7"));
        for blank in ["null", "\"\"", "\" \\t\"", &format!("\"{}\"", "x".repeat(201))] {
            assert_eq!(argument(blank).task_id(), Err("Invalid task ID"), "{blank}");
            assert_eq!(argument(blank).task_type(), Err("Invalid task type"), "{blank}");
        }
        assert!(serde_json::from_str::<NameArgument>("{}").is_err());
    }

    #[test]
    fn messagepack_arguments_are_read_as_json_ones_are() {
        for (value, expected) in [("t".to_owned(), "t"), ("7".to_owned(), "7")] {
            let bytes = rmp_serde::to_vec(&value).unwrap();
            assert_eq!(rmp_serde::from_slice::<NameArgument>(&bytes).unwrap().task_id(), Ok(expected));
        }
        assert_eq!(rmp_serde::from_slice::<NameArgument>(&[7]).unwrap().task_id(), Ok("7"));
        assert_eq!(rmp_serde::from_slice::<NameArgument>(&[0xc0]).unwrap().task_id(), Err("Invalid task ID"));
    }
}
