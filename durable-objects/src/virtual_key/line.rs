//! The line of events that did not come straight: whatever goes through the queue has a number first, which keeps its
//! place, and what comes after it waits here. So the order in which events were accepted holds, whichever way each took.

use std::cell::Cell;

use serde_json::value::RawValue;
use worker::{Result, SqlStorage};

use crate::{rows, tables::Tables};

/// A place whose events are to come has none. Numbers are never used again: a message may come twice.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS line (
        number INTEGER PRIMARY KEY AUTOINCREMENT, since_millis INTEGER NOT NULL, accepted_at_millis INTEGER, events TEXT
    )";

/// Places in the line at the most; past that nothing more is taken until it has moved.
const LONGEST_LINE: i64 = 10_000;

/// Events that are applied in one transaction, but for those of its last batch.
const EVENTS_AT_ONCE: usize = 1_000;

/// The table of the line.
pub(crate) struct Line {
    tables: Tables,
    is_empty: Cell<Option<bool>>,
}

/// Events whose turn it is.
pub(super) struct Batch {
    pub(super) number: i64,
    pub(super) accepted_at_millis: i64,
    pub(super) events: Vec<Box<RawValue>>,
}

/// A place, with its events where they are here.
struct Place {
    number: i64,
    since_millis: i64,
    batch: Option<Batch>,
}

impl Line {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE), is_empty: Cell::default() }
    }

    /// Whether nobody waits, nor is waited for. It costs nothing while that is so, and a key that never had a line has no
    /// table for it.
    pub(super) fn is_empty(&self) -> Result<bool> {
        if let Some(is_empty) = self.is_empty.get() {
            return Ok(is_empty);
        }
        let is_empty = !self.tables.have("line")? || self.behind(0)?.is_none();
        self.is_empty.set(Some(is_empty));
        Ok(is_empty)
    }

    /// Keeps a place for events that are to come; none where the line is too long.
    pub(super) fn take_number(&self, now_millis: i64) -> Result<Option<i64>> {
        if self.is_full()? {
            return Ok(None);
        }
        self.is_empty.set(Some(false));
        let statement = "INSERT INTO line (since_millis) VALUES (?) RETURNING number";
        let row = rows::first(self.tables.sql()?, statement, vec![now_millis.into()])?;
        Ok(row.and_then(|mut row| row.integer()))
    }

    /// Puts events at the end. False where the line is too long.
    pub(super) fn join(&self, events: &[Box<RawValue>], accepted_at_millis: i64, now_millis: i64) -> Result<bool> {
        if self.is_full()? {
            return Ok(false);
        }
        self.is_empty.set(Some(false));
        let statement = "INSERT INTO line (since_millis, accepted_at_millis, events) VALUES (?, ?, ?)";
        let row = vec![now_millis.into(), accepted_at_millis.into(), serde_json::to_string(events)?.into()];
        rows::run(self.tables.sql()?, statement, row)?;
        Ok(true)
    }

    /// Puts events in the place that was kept for them; those that are there already stay. False where there is none: it
    /// was given up, or its events were applied.
    pub(super) fn arrive(&self, number: i64, events: &[Box<RawValue>], accepted_at_millis: i64) -> Result<bool> {
        let statement =
            "UPDATE line SET events = COALESCE(events, ?), accepted_at_millis = COALESCE(accepted_at_millis, ?)
            WHERE number = ? RETURNING number";
        let row = vec![serde_json::to_string(events)?.into(), accepted_at_millis.into(), number.into()];
        Ok(rows::first(self.tables.sql()?, statement, row)?.is_some())
    }

    /// The events at the head of the line that may be applied now, in one transaction. Places at its head that were
    /// waited for since before `given_up_before_millis` are given up, and their numbers told to `give_up`.
    pub(super) fn ready(&self, given_up_before_millis: i64, mut give_up: impl FnMut(i64)) -> Result<Vec<Batch>> {
        let mut ready: Vec<Batch> = Vec::new();
        if self.is_empty()? {
            return Ok(ready);
        }
        let (mut behind, mut events) = (0, 0);
        while events < EVENTS_AT_ONCE
            && let Some(place) = self.behind(behind)?
        {
            behind = place.number;
            match place.batch {
                Some(batch) => {
                    events += batch.events.len();
                    ready.push(batch);
                }
                None if ready.is_empty() && place.since_millis <= given_up_before_millis => {
                    give_up(place.number);
                    self.leave(&[place.number])?;
                }
                None => break,
            }
        }
        Ok(ready)
    }

    /// Since when the first in the line is waited for; none where nobody is.
    pub(super) fn waits_since_millis(&self) -> Result<Option<i64>> {
        if self.is_empty()? {
            return Ok(None);
        }
        Ok(self.behind(0)?.filter(|place| place.batch.is_none()).map(|place| place.since_millis))
    }

    /// Removes places: inside the transaction of what their events brought.
    pub(super) fn leave(&self, numbers: &[i64]) -> Result<()> {
        for number in numbers {
            rows::run(self.tables.sql()?, "DELETE FROM line WHERE number = ?", vec![(*number).into()])?;
        }
        self.is_empty.set(None);
        Ok(())
    }

    /// Storage was erased.
    pub(crate) fn forget(&self) {
        self.tables.forget();
        self.is_empty.set(None);
    }

    fn is_full(&self) -> Result<bool> {
        let row = rows::first(self.tables.sql()?, "SELECT COUNT(*) FROM line", Vec::new())?;
        Ok(row.and_then(|mut row| row.integer()).unwrap_or(0) >= LONGEST_LINE)
    }

    /// The first place behind a number.
    fn behind(&self, number: i64) -> Result<Option<Place>> {
        let query = "SELECT number, since_millis, accepted_at_millis, events FROM line WHERE number > ?
            ORDER BY number LIMIT 1";
        let Some(mut row) = rows::first(self.tables.sql()?, query, vec![number.into()])? else { return Ok(None) };
        let (number, since_millis) = (row.integer().unwrap_or(0), row.integer().unwrap_or(0));
        let batch = match row.integer() {
            Some(accepted_at_millis) => {
                Some(Batch { number, accepted_at_millis, events: serde_json::from_str(&row.text())? })
            }
            None => None,
        };
        Ok(Some(Place { number, since_millis, batch }))
    }
}
