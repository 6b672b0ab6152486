//! Who did what, when, from where: the trail that each object keeps of what concerns it, for thirty days.

use std::cell::Cell;

use contract::AuditEntry;
use worker::{Result, SqlStorage};

use crate::{
    identifiers::{HOUR_MILLIS, SortableIds, now_millis},
    rows,
    tables::Tables,
};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS audit (id TEXT PRIMARY KEY, at_millis INTEGER NOT NULL, entry TEXT NOT NULL) WITHOUT ROWID";

/// How long entries are kept.
const RETENTION_MILLIS: i64 = 30 * 24 * HOUR_MILLIS;

/// The audit trail of an object.
pub(crate) struct AuditTrail {
    tables: Tables,
    ids: SortableIds,
    most: i64,
    /// Entries written since they were counted last.
    written: Cell<i64>,
}

impl AuditTrail {
    /// A trail that keeps so many entries at the most: past that the oldest go first.
    pub(crate) fn new(sql: SqlStorage, most: i64) -> Self {
        Self { tables: Tables::new(sql, CREATE), ids: SortableIds::default(), most, written: Cell::new(0) }
    }

    /// Writes an entry; its id and its time are made here.
    pub(crate) fn record(&self, mut entry: AuditEntry) -> Result<()> {
        let now_millis = now_millis();
        entry.id = self.ids.next(now_millis);
        entry.timestamp = contract::time::Timestamp(now_millis);
        let row = vec![entry.id.as_str().into(), now_millis.into(), serde_json::to_string(&entry)?.into()];
        rows::run(self.tables.sql()?, "INSERT INTO audit VALUES (?, ?, ?)", row)?;
        self.written.set(self.written.get() + 1);
        if self.written.get() > self.most / 8 {
            self.sweep()?;
        }
        Ok(())
    }

    /// Entries, newest first, before one of them.
    pub(crate) fn list(&self, before: Option<&str>, limit: u32) -> Result<Vec<AuditEntry>> {
        // Every id sorts before a tilde.
        let query = "SELECT entry FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?";
        let rows = rows::all(self.tables.sql()?, query, vec![before.unwrap_or("~").into(), i64::from(limit).into()])?;
        rows.into_iter().map(|mut row| Ok(serde_json::from_str(&row.text())?)).collect()
    }

    /// Drops what is past its time, and the oldest of too many. True if anything is left.
    pub(crate) fn sweep(&self) -> Result<bool> {
        self.written.set(0);
        let sql = self.tables.sql()?;
        rows::run(sql, "DELETE FROM audit WHERE at_millis < ?", vec![(now_millis() - RETENTION_MILLIS).into()])?;
        let excess = "DELETE FROM audit WHERE id <= (SELECT id FROM audit ORDER BY id DESC LIMIT 1 OFFSET ?)";
        rows::run(sql, excess, vec![self.most.into()])?;
        Ok(rows::first(sql, "SELECT 1 FROM audit LIMIT 1", Vec::new())?.is_some())
    }

    /// Storage was erased.
    pub(crate) fn forget(&self) {
        self.tables.forget();
    }
}
