//! Which events were seen: by (source, id), for as long as configured.

use std::cell::Cell;

use worker::{Result, SqlStorage};

use crate::{rows, tables::Tables};

/// One row written per event: the key is the table, and there is no index on the time.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS event_seen (
        source TEXT, id TEXT, at_millis INTEGER NOT NULL, PRIMARY KEY (source, id)
    ) WITHOUT ROWID";

/// The table of events seen.
pub(crate) struct Deduplication {
    tables: Tables,
    /// Events forgotten before their time, since that was asked last.
    evictions: Cell<u64>,
}

impl Deduplication {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE), evictions: Cell::default() }
    }

    /// Whether an event was seen since a time.
    pub(crate) fn knows(&self, source: &str, id: &str, since_millis: i64) -> Result<bool> {
        let query = "SELECT 1 FROM event_seen WHERE source = ? AND id = ? AND at_millis >= ?";
        let parameters = vec![source.into(), id.into(), since_millis.into()];
        Ok(rows::first(self.tables.sql()?, query, parameters)?.is_some())
    }

    /// Notes an event.
    pub(crate) fn note(&self, source: &str, id: &str, now_millis: i64) -> Result<()> {
        let row = vec![source.into(), id.into(), now_millis.into()];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO event_seen VALUES (?, ?, ?)", row)
    }

    /// Forgets events seen before a time, and the oldest of more than so many. True if any are left.
    pub(crate) fn sweep(&self, before_millis: i64, most: i64) -> Result<bool> {
        let sql = self.tables.sql()?;
        rows::run(sql, "DELETE FROM event_seen WHERE at_millis < ?", vec![before_millis.into()])?;
        let count = rows::first(sql, "SELECT COUNT(*) FROM event_seen", Vec::new())?;
        let count = count.and_then(|mut row| row.integer()).unwrap_or(0);
        if count > most {
            let oldest = "DELETE FROM event_seen WHERE (source, id) IN
                (SELECT source, id FROM event_seen ORDER BY at_millis LIMIT ?)";
            rows::run(sql, oldest, vec![(count - most).into()])?;
            let evicted = u64::try_from(count - most).unwrap_or(0);
            self.evictions.set(self.evictions.get() + evicted);
        }
        Ok(count > 0)
    }

    /// How many events were forgotten before their time, since this was asked last.
    pub(crate) fn take_evictions(&self) -> u64 {
        self.evictions.take()
    }

    /// Storage was erased: the tables are made anew when they are needed.
    pub(crate) fn forget(&self) {
        self.tables.forget();
    }
}
