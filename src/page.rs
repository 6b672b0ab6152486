//! Reading a list page by page: `?after=` (or `?before=`) and `?limit=`.

use contract::ProblemKind;

use crate::{door::Visit, refusal::Refusal};

/// Items on a page, where the caller does not say.
const DEFAULT_LIMIT: u32 = 100;
/// Items on a page at the most.
const LARGEST_LIMIT: u32 = 1_000;

/// A query parameter; an empty one is none.
pub(crate) fn parameter(visit: &Visit, name: &str) -> Option<String> {
    let found = visit.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    found.filter(|value| !value.is_empty())
}

/// How many items the caller wants.
///
/// # Errors
///
/// `limit` is no number, or too large a one.
pub(crate) fn limit(visit: &Visit) -> Result<u32, Refusal> {
    match parameter(visit, "limit") {
        None => Ok(DEFAULT_LIMIT),
        Some(text) => text.parse().ok().filter(|limit| (1..=LARGEST_LIMIT).contains(limit)).ok_or_else(|| {
            let detail = format!("limit must be a whole number from 1 to {LARGEST_LIMIT}");
            Refusal::problem(ProblemKind::InvalidParameter, detail)
        }),
    }
}
