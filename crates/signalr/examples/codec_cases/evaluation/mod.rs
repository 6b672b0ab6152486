//! What codec cases expect, and whether the crate does it. The example and the test share it.

mod case;
mod framing;
mod json;
mod messagepack;
mod notation;

use std::fmt::{self, Debug};

pub(crate) use self::case::read;

/// Why a case did not pass.
#[derive(Debug)]
pub(crate) enum Problem {
    /// What came is not what was expected.
    Wrong(String),
    /// The case is of a form that is not known here.
    NotUnderstood(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(message) => formatter.write_str(message),
            Self::NotUnderstood(what) => write!(formatter, "not understood: {what}"),
        }
    }
}

/// Returns the problem of something that should not have failed.
fn wrong(error: impl fmt::Display) -> Problem {
    Problem::Wrong(error.to_string())
}

/// Returns the problem of a case without `what`.
fn without(what: &str) -> Problem {
    Problem::NotUnderstood(format!("it has no {what}"))
}

/// Returns a problem unless both are equal.
fn equal<T: PartialEq + Debug + ?Sized>(got: &T, expected: &T) -> Result<(), Problem> {
    if got == expected { Ok(()) } else { Err(Problem::Wrong(format!("expected {expected:?}; got {got:?}"))) }
}
