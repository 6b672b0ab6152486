//! The form of a codec case.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{Problem, framing, json, messagepack, without};

/// One codec case.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Case {
    pub(super) protocol: String,
    dir: String,
    #[serde(default)]
    pub(super) input: Value,
    #[serde(default)]
    input_hex: Option<String>,
    #[serde(default)]
    pub(super) message: Value,
    #[serde(default)]
    pub(super) expect: Value,
}

/// A codec case as it stands in the file.
pub(crate) struct Entry(Value);

/// Reads the codec cases of a file, and leaves out all others.
pub(crate) fn read(path: &Path) -> Result<Vec<Entry>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let content: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let list = content.get("cases").unwrap_or(&content).as_array();
    let cases = list.ok_or_else(|| format!("{} is not a list of cases", path.display()))?;
    Ok(cases.iter().filter(|case| case.get("kind").is_some_and(|kind| kind == "codec")).cloned().map(Entry).collect())
}

impl Entry {
    /// Returns the name of the case.
    pub(crate) fn id(&self) -> &str {
        self.0.get("id").and_then(Value::as_str).unwrap_or("?")
    }

    /// Runs the case, and says what is wrong.
    pub(crate) fn judge(&self) -> Result<(), Problem> {
        let case = Case::deserialize(&self.0).map_err(|error| Problem::NotUnderstood(error.to_string()))?;
        if !case.decodes() && !case.encodes() {
            return Err(Problem::NotUnderstood(format!("the direction {}", case.dir)));
        }
        match case.protocol.as_str() {
            "json" => json::run(&case),
            "messagepack" => messagepack::run(&case),
            "varint-frame" => framing::run_binary(&case),
            "sse" => framing::run_sse(&case),
            other => Err(Problem::NotUnderstood(format!("the protocol {other}"))),
        }
    }
}

impl Case {
    pub(super) fn encodes(&self) -> bool {
        matches!(self.dir.as_str(), "encode" | "both")
    }

    pub(super) fn decodes(&self) -> bool {
        matches!(self.dir.as_str(), "decode" | "both")
    }

    /// Returns what the case expects by this name.
    pub(super) fn expected(&self, name: &str) -> Option<&Value> {
        self.expect.get(name)
    }

    /// Returns a text that the case expects by this name.
    pub(super) fn expected_text(&self, name: &str) -> Result<&str, Problem> {
        self.expected(name).and_then(Value::as_str).ok_or_else(|| without(name))
    }

    /// Returns the bytes to decode: those of the input or, when a case goes both ways, those expected.
    pub(super) fn bytes(&self) -> Result<Vec<u8>, Problem> {
        if let Some(hex) = &self.input_hex {
            return from_hex(hex);
        }
        match (self.input.as_str(), self.expected_text("hex"), self.expected_text("output")) {
            (Some(text), ..) | (None, Err(_), Ok(text)) => Ok(text.as_bytes().to_vec()),
            (None, Ok(hex), _) => from_hex(hex),
            _ => Err(without("input to decode")),
        }
    }

    /// Returns the text expected of an error.
    pub(super) fn error(&self) -> Option<&str> {
        self.expected("error").and_then(Value::as_str)
    }

    /// Returns the message that is to be read.
    pub(super) fn decoded(&self) -> &Value {
        self.expected("message").unwrap_or(&self.message)
    }

    /// Whether the input is the beginning of a record whose end has not come.
    pub(super) fn needs_more(&self) -> bool {
        self.expected("needMore").and_then(Value::as_bool).unwrap_or_default()
    }
}

/// Returns the bytes that `hex` stands for.
pub(super) fn from_hex(hex: &str) -> Result<Vec<u8>, Problem> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| {
        let digits = str::from_utf8(pair).ok().filter(|digits| digits.len() == 2)?;
        u8::from_str_radix(digits, 16).ok()
    });
    pairs.collect::<Option<_>>().ok_or_else(|| without("even number of hexadecimal digits"))
}
