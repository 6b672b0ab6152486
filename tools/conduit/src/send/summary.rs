//! What became of all events.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::events::Event;
use crate::failure::Failure;
use crate::output::{BAD, GOOD, Output, clean};

/// What became of one event.
pub(super) struct Outcome<'a> {
    pub(super) event: &'a Event,
    pub(super) status: &'a str,
    pub(super) recipients: Option<u64>,
    pub(super) reason: Option<String>,
    pub(super) error: Option<Value>,
}

impl Outcome<'_> {
    /// Whether the server has it, or need not have it.
    fn is_taken(&self) -> bool {
        matches!(self.status, "delivered" | "queued" | "duplicate" | "ignored")
    }

    fn explanation(&self) -> String {
        let error = self.error.as_ref().map(|error| {
            let member = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
            let field = member("field");
            let message =
                [member("message"), member("detail"), member("reason")].into_iter().find(|text| !text.is_empty());
            format!("{field}{}{}", if field.is_empty() { "" } else { ": " }, message.unwrap_or_default())
        });
        error.or_else(|| self.reason.clone()).unwrap_or_default()
    }
}

/// How many events had which end.
#[derive(Debug, Default)]
pub(super) struct Summary {
    taken: u64,
    by_status: BTreeMap<String, u64>,
}

impl Summary {
    /// Counts an event, and prints what became of it: every one for programs, those that were not taken for people.
    pub(super) fn note(&mut self, outcome: &Outcome<'_>, output: Output) -> Result<(), Failure> {
        self.taken += u64::from(outcome.is_taken());
        *self.by_status.entry(outcome.status.to_owned()).or_default() += 1;
        let Event { id, number, .. } = outcome.event;
        if output.json {
            let mut line = json!({ "number": number, "id": id, "status": outcome.status });
            if let Some(line) = line.as_object_mut() {
                line.extend(outcome.recipients.map(|recipients| ("recipients".to_owned(), recipients.into())));
                line.extend(outcome.reason.clone().map(|reason| ("reason".to_owned(), reason.into())));
                line.extend(outcome.error.clone().map(|error| ("error".to_owned(), error)));
            }
            return output.value(&line);
        }
        if outcome.is_taken() {
            return Ok(());
        }
        let explanation = clean(&outcome.explanation());
        output.text(&format!("{BAD}{}{BAD:#}  event {number} (id {}): {explanation}", outcome.status, clean(id)))
    }

    pub(super) fn print(&self, output: Output) -> Result<(), Failure> {
        if output.json {
            let summary = json!({ "taken": self.taken, "notTaken": self.not_taken(), "byStatus": self.by_status });
            return output.value(&json!({ "summary": summary }));
        }
        let style = if self.not_taken() == 0 { GOOD } else { BAD };
        output.text(&format!("{style}{self}{style:#}"))
    }

    /// Whether all were taken.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        let of = |status: &str| self.by_status.get(status).copied().unwrap_or_default();
        match (self.not_taken(), of("unavailable")) {
            (0, _) => Ok(()),
            (rejected, 0) => Err(Failure::Rejected(format!("rejected events: {rejected}"))),
            (_, unavailable) => Err(Failure::Unavailable(format!("events that could not be taken now: {unavailable}"))),
        }
    }

    fn not_taken(&self) -> u64 {
        self.by_status.values().sum::<u64>() - self.taken
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each: Vec<_> = self.by_status.iter().map(|(status, count)| format!("{count} {status}")).collect();
        let total = self.taken + self.not_taken();
        write!(formatter, "{} of {total} taken", self.taken)?;
        if each.is_empty() { Ok(()) } else { write!(formatter, " ({})", each.join(", ")) }
    }
}
