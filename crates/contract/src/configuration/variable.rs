//! What a variable of the configuration is, and how one is read.

use thiserror::Error;

use super::values::{Parse, Values};

/// How many characters of a wrong value an error repeats.
const MAX_FOUND_CHARS: usize = 200;

/// One variable. `Variable` alone is one of any values, as in [`VARIABLES`](super::VARIABLES).
pub struct Variable<V: ?Sized = dyn Values> {
    /// Its name.
    pub name: &'static str,
    /// What holds where it is missing or blank, written as in the environment.
    pub default: &'static str,
    /// What it is for, in a sentence or two.
    pub meaning: &'static str,
    /// What happens, and is answered, when the limit is reached; none of what is no limit.
    pub when_reached: Option<&'static str>,
    /// Whether only tests set it.
    pub for_tests: bool,
    /// What it may be.
    pub values: V,
}

/// A variable that says something it cannot mean. Nothing is served until it is put right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{name} must be {expected}, not {found:?}{}{}",
    if reason.is_some() { ": " } else { "" },
    reason.as_deref().unwrap_or_default()
)]
pub struct ConfigurationError {
    /// The variable's name.
    pub name: &'static str,
    /// What it may be.
    pub expected: String,
    /// What it is, or how that begins.
    pub found: String,
    /// What is wrong with it, where that can be said more closely.
    pub reason: Option<String>,
}

/// The value of a variable in an environment.
///
/// # Errors
///
/// It is there, and cannot mean anything.
pub(super) fn read<V: Parse>(
    variable: &Variable<V>,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<V::Value, ConfigurationError> {
    let found = lookup(variable.name).filter(|found| !found.trim().is_empty());
    let text = found.as_deref().unwrap_or(variable.default).trim();
    variable.values.parse(text).map_err(|reason| ConfigurationError {
        name: variable.name,
        expected: variable.values.expected(),
        found: text.chars().take(MAX_FOUND_CHARS).collect(),
        reason,
    })
}
