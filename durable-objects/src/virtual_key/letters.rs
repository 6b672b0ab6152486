//! Dead letters of this key: kept until the registry has taken them.

use std::cell::Cell;

use contract::DeadLetter;
use serde_json::json;
use worker::{Result, SqlStorage};

use super::VirtualKey;
use crate::{administration::calls::RecordDeadLetters, call, identifiers::now_millis, log, rows, tables::Tables};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS letter (id TEXT PRIMARY KEY, letter TEXT NOT NULL) WITHOUT ROWID";

/// How long after a failed attempt the registry is asked again to take them.
const RETRY_MILLIS: i64 = 30_000;

/// Letters brought in one call: each has up to 100,000 bytes and what it was about.
const AT_ONCE: i64 = 8;

/// What waits to be brought.
pub(crate) struct Letters {
    tables: Tables,
    /// Whether anything waits, once known.
    has_any: Cell<Option<bool>>,
}

impl Letters {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE), has_any: Cell::default() }
    }

    /// Whether anything waits. A key that never had a letter has no table for them.
    pub(crate) fn is_empty(&self) -> Result<bool> {
        if let Some(has_any) = self.has_any.get() {
            return Ok(!has_any);
        }
        let has_any = self.tables.have("letter")? && !self.first(1)?.is_empty();
        self.has_any.set(Some(has_any));
        Ok(!has_any)
    }

    /// Inside the transaction that gives up what the letter holds.
    pub(crate) fn put(&self, letter: &DeadLetter) -> Result<()> {
        let row = vec![letter.id.as_str().into(), serde_json::to_string(letter)?.into()];
        self.has_any.set(None);
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO letter VALUES (?, ?)", row)
    }

    fn first(&self, most: i64) -> Result<Vec<DeadLetter>> {
        let rows = rows::all(self.tables.sql()?, "SELECT letter FROM letter ORDER BY id LIMIT ?", vec![most.into()])?;
        rows.into_iter().map(|mut row| Ok(serde_json::from_str(&row.text())?)).collect()
    }

    fn remove_through(&self, id: &str) -> Result<()> {
        self.has_any.set(None);
        rows::run(self.tables.sql()?, "DELETE FROM letter WHERE id <= ?", vec![id.into()])
    }

    /// Storage was erased.
    pub(crate) fn forget(&self) {
        self.tables.forget();
        self.has_any.set(None);
    }
}

impl VirtualKey {
    /// Brings the registry what waits. What it cannot take now is brought again by the alarm; it keeps each once.
    pub(super) async fn bring_letters(&self) -> Result<()> {
        let waiting = &self.services.letters;
        while !waiting.is_empty()? {
            let letters = waiting.first(AT_ONCE)?;
            let Some(last) = letters.last().map(|last| last.id.clone()) else { return Ok(()) };
            let cause = match call::ask(&self.services.env, &RecordDeadLetters { letters }).await {
                Ok(true) => {
                    waiting.remove_through(&last)?;
                    continue;
                }
                Ok(false) => "there is no room for them: replay or delete some".to_owned(),
                Err(error) => error.to_string(),
            };
            log::warn("dead letters wait for the registry", json!({ "cause": cause }));
            return self.services.alarm_clock.ring_by(now_millis() + RETRY_MILLIS).await;
        }
        Ok(())
    }
}
