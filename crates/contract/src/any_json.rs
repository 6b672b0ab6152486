//! JSON that is passed on without being looked into: a task's metadata and result.

use crate::json_members::JsonMembers;
use crate::json_tree::JsonTree;
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{self, Serialize, Serializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;
use thiserror::Error;

/// How many lists and objects may lie inside one another.
///
/// `System.Text.Json` and `Newtonsoft.Json` read 64 levels unless told otherwise, and so do the .NET clients of
/// `SignalR`; an invocation's envelope, its argument list and a client event's own object need up to four of them.
pub const MAX_JSON_DEPTH: usize = 60;

/// A JSON value kept as the text it came as, without white space between its tokens.
///
/// Its `Serialize` is for `serde_json`, to which it is written verbatim: order, repeated names and the digits of every
/// number stay. For any other serializer there are its [`values`](Self::values). Every value that can be made can be
/// written in both ways: numbers beyond a 64-bit float and halves of surrogate pairs are refused when it is read.
///
/// A clone shares the text.
#[derive(Debug, Clone)]
pub struct AnyJson(Arc<RawValue>);

/// Says why a text is no [`AnyJson`].
#[derive(Debug, Error)]
pub enum AnyJsonError {
    /// The text is not JSON, or has a number or a string that nothing can hold.
    #[error(transparent)]
    NotJson(#[from] serde_json::Error),
    /// More than [`MAX_JSON_DEPTH`] lists and objects lie inside one another.
    #[error("must not be nested more than {MAX_JSON_DEPTH} levels deep")]
    TooDeep,
}

impl AnyJson {
    /// Reads a JSON text.
    ///
    /// # Errors
    ///
    /// See [`AnyJsonError`].
    pub fn from_text(text: &str) -> Result<Self, AnyJsonError> {
        let raw: &RawValue = serde_json::from_str(text)?;
        Self::from_raw(raw)
    }

    /// Makes the JSON text of a value.
    ///
    /// # Errors
    ///
    /// The value can't be written as JSON, or see [`AnyJsonError`].
    pub fn from_value(value: &impl Serialize) -> Result<Self, AnyJsonError> {
        Self::from_text(&serde_json::to_string(value)?)
    }

    /// `{}`.
    pub fn empty_object() -> Self {
        let text = RawValue::from_string("{}".to_owned());
        Self(Arc::from(text.unwrap_or_else(|_| RawValue::NULL.to_owned())))
    }

    /// The JSON text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// The same text, as `serde_json` keeps texts.
    pub(crate) fn raw(&self) -> &RawValue {
        &self.0
    }

    /// The values that the text stands for, for serializers other than `serde_json`.
    pub fn values(&self) -> JsonValues<'_> {
        JsonValues(self)
    }

    /// The same object without those of its own members whose name `is_withheld` says must not be passed on. What is no
    /// object stays as it is.
    #[must_use]
    pub fn without_members(&self, is_withheld: impl Fn(&str) -> bool) -> Self {
        let Ok(members) = serde_json::from_str::<JsonMembers<'_>>(self.get()) else {
            return self.clone();
        };
        let kept = members.without(&is_withheld);
        if kept.len() == members.len() {
            return self.clone();
        }
        serde_json::value::to_raw_value(&kept).map_or_else(|_| Self::empty_object(), |raw| Self(Arc::from(raw)))
    }

    fn from_raw(raw: &RawValue) -> Result<Self, AnyJsonError> {
        let (compact, depth) = compact(raw.get());
        if depth > MAX_JSON_DEPTH {
            return Err(AnyJsonError::TooDeep);
        }
        // What can be read once can be read again: this is what lets `serialize` write any accepted text.
        serde_json::from_str::<JsonTree<'_>>(&compact)?;
        let text = match compact {
            Cow::Borrowed(_) => raw.to_owned(),
            Cow::Owned(text) => RawValue::from_string(text)?,
        };
        Ok(Self(Arc::from(text)))
    }
}

/// Equal texts are equal; `1.0` and `1` are not.
impl PartialEq for AnyJson {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for AnyJson {}

impl Serialize for AnyJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// An [`AnyJson`] as the values that its text stands for: whole numbers up to 64 bits as integers, all others as 64-bit
/// floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonValues<'a>(&'a AnyJson);

impl Serialize for JsonValues<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tree: JsonTree<'_> = serde_json::from_str(self.0.get()).map_err(ser::Error::custom)?;
        tree.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AnyJson {
    /// Reads a value from a text or slice that `serde_json` reads, and from no other format.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Self::from_raw(raw).map_err(de::Error::custom)
    }
}

/// Removes the white space between the tokens of a JSON text, and counts how deep its lists and objects nest.
///
/// Without line feeds a text is one line of NDJSON and one `data:` line of server-sent events.
fn compact(json: &str) -> (Cow<'_, str>, usize) {
    let mut depth = 0_usize;
    let mut deepest = 0_usize;
    let mut in_string = false;
    let mut is_escaped = false;
    let mut has_space = false;
    for byte in json.bytes() {
        if in_string {
            in_string = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b' ' | b'\n' | b'\r' | b'\t' => has_space = true,
            _ => {}
        }
    }
    if has_space { (Cow::Owned(without_space(json)), deepest) } else { (Cow::Borrowed(json), deepest) }
}

fn without_space(json: &str) -> String {
    let mut in_string = false;
    let mut is_escaped = false;
    let keep = |character: &char| {
        if in_string {
            in_string = is_escaped || *character != '"';
            is_escaped = !is_escaped && *character == '\\';
            return true;
        }
        in_string = *character == '"';
        !matches!(character, ' ' | '\n' | '\r' | '\t')
    };
    json.chars().filter(keep).collect()
}

#[cfg(test)]
#[path = "any_json_tests.rs"]
mod tests;
