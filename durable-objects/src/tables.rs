//! Tables that are made when they are first asked for: an object that nobody needs stays empty, and a
//! constructor cannot fail.

use std::cell::Cell;

use worker::{Result, SqlStorage};

use crate::rows;

/// Some tables of an object, and the statements that make them where they are missing.
pub(crate) struct Tables {
    sql: SqlStorage,
    create: &'static str,
    created: Cell<bool>,
}

impl Tables {
    pub(crate) fn new(sql: SqlStorage, create: &'static str) -> Self {
        Self { sql, create, created: Cell::new(false) }
    }

    /// The storage, with the tables in it.
    pub(crate) fn sql(&self) -> Result<&SqlStorage> {
        if !self.created.get() {
            self.sql.exec(self.create, None)?;
            self.created.set(true);
        }
        Ok(&self.sql)
    }

    /// Whether a table of these is there: whoever only looks for what may never have been needed makes none.
    pub(crate) fn have(&self, table: &str) -> Result<bool> {
        let query = "SELECT 1 FROM sqlite_master WHERE name = ?";
        Ok(rows::first(&self.sql, query, vec![table.into()])?.is_some())
    }

    /// Storage was erased: the tables are made anew when they are needed.
    pub(crate) fn forget(&self) {
        self.created.set(false);
    }
}
