//! Where the user of a key is: the last state that any of the key's clients told the others.

use worker::{Result, SqlStorage};

use crate::{rows, tables::Tables};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS navigation (only INTEGER PRIMARY KEY, state TEXT NOT NULL)";

/// The row that holds the state.
pub(crate) struct Navigation {
    tables: Tables,
}

impl Navigation {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    /// The last state, as JSON.
    pub(crate) fn read(&self) -> Result<Option<String>> {
        let row = rows::first(self.tables.sql()?, "SELECT state FROM navigation", Vec::new())?;
        Ok(row.map(|mut row| row.text()))
    }

    pub(crate) fn write(&self, state: &str) -> Result<()> {
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO navigation VALUES (1, ?)", vec![state.into()])
    }

    /// Storage was erased.
    pub(crate) fn forget(&self) {
        self.tables.forget();
    }
}
