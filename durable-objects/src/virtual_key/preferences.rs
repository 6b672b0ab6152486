//! Which system notifications the clients of a key want.

use std::cell::RefCell;

use contract::NotificationPreferences;
use worker::{Result, SqlStorage};

use crate::{rows, tables::Tables};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS preferences (only INTEGER PRIMARY KEY, preferences TEXT NOT NULL)";

/// The row that holds the preferences.
pub(crate) struct Preferences {
    tables: Tables,
    cached: RefCell<Option<NotificationPreferences>>,
}

impl Preferences {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE), cached: RefCell::default() }
    }

    /// The preferences; everything, until they were changed.
    pub(crate) fn read(&self) -> Result<NotificationPreferences> {
        if let Some(cached) = self.cached.borrow().as_ref() {
            return Ok(cached.clone());
        }
        let row = rows::first(self.tables.sql()?, "SELECT preferences FROM preferences", Vec::new())?;
        let preferences: NotificationPreferences =
            row.map(|mut row| serde_json::from_str(&row.text())).transpose()?.unwrap_or_default();
        self.cached.replace(Some(preferences.clone()));
        Ok(preferences)
    }

    pub(crate) fn write(&self, preferences: &NotificationPreferences) -> Result<()> {
        let row = vec![serde_json::to_string(preferences)?.into()];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO preferences VALUES (1, ?)", row)?;
        self.cached.replace(Some(preferences.clone()));
        Ok(())
    }

    /// Storage was erased.
    pub(crate) fn forget(&self) {
        self.tables.forget();
        self.cached.replace(None);
    }
}
