//! The form of a codec case.

use std::fmt::Debug;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// One codec case.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) protocol: String,
    dir: String,
    #[serde(default)]
    pub(crate) input: Value,
    #[serde(default)]
    input_hex: Option<String>,
    #[serde(default)]
    pub(crate) message: Value,
    pub(crate) expect: Value,
}

/// Reads the codec cases of a file, and leaves out all others.
pub(crate) fn read(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let cases: Vec<Value> = serde_json::from_str(&text).expect("the file is a list of cases");
    cases
        .into_iter()
        .filter(|case| case["kind"] == "codec")
        .map(|case| serde_json::from_value(case).expect("a codec case has its fields"))
        .collect()
}

impl Case {
    pub(crate) fn encodes(&self) -> bool {
        matches!(self.dir.as_str(), "encode" | "both")
    }

    pub(crate) fn decodes(&self) -> bool {
        matches!(self.dir.as_str(), "decode" | "both")
    }

    /// Returns the bytes to decode: those of the input or, when a case goes both ways, those expected.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match (self.input_hex.as_deref(), &self.input, self.expect["hex"].as_str()) {
            (Some(hex), ..) | (None, Value::Null, Some(hex)) => from_hex(hex),
            (None, Value::String(text), _) => text.as_bytes().to_vec(),
            _ => panic!("{} has nothing to decode", self.id),
        }
    }

    /// Returns the text expected of an error.
    pub(crate) fn error(&self) -> Option<&str> {
        self.expect["error"].as_str()
    }
}

/// Returns the bytes that `hex` stands for.
pub(crate) fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("two hexadecimal digits"))
        .collect()
}

/// Returns an error unless both are equal.
pub(crate) fn equal<T: PartialEq + Debug>(got: &T, expected: &T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("expected {expected:?}, got {got:?}")) }
}
