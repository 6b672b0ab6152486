//! Events that arrive from the Worker: the `CloudEvents` that were sent, which it has understood already.

use contract::DomainEvent;
use serde_json::{json, value::RawValue};

use crate::log;

/// What is answered of an event that the Worker understood and the object does not: they are of two versions.
pub(crate) const NOT_UNDERSTOOD: &str = "not understood";

/// Reads an event. What is not understood is logged.
pub(crate) fn read(sent: &RawValue) -> Option<DomainEvent> {
    DomainEvent::parse(sent.get())
        .inspect_err(|rejection| {
            log::error("an accepted event was not understood", json!({ "error": rejection.to_string() }));
        })
        .ok()
}
