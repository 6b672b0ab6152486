//! What the hub saw of each connection, in order. It is in storage: it outlives the object's sleep.

use std::cell::Cell;

use worker::{Result, SqlStorage, SqlStorageValue, console_error};

pub(super) struct Journal {
    sql: SqlStorage,
    is_created: Cell<bool>,
}

impl Journal {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { sql, is_created: Cell::new(false) }
    }

    pub(super) fn add(&self, connection: &str, entry: &str) {
        if let Err(error) = self.try_add(connection, entry) {
            console_error!("the journal of {connection} could not be written: {error}");
        }
    }

    fn try_add(&self, connection: &str, entry: &str) -> Result<()> {
        self.create()?;
        self.sql.exec("INSERT INTO journal VALUES (?, ?)", vec![connection.into(), entry.into()])?;
        Ok(())
    }

    pub(super) fn entries(&self, connection: &str) -> Result<Vec<String>> {
        self.create()?;
        let rows = self.sql.exec(
            "SELECT entry FROM journal WHERE connection = ? ORDER BY rowid",
            vec![SqlStorageValue::from(connection)],
        )?;
        let mut entries = Vec::new();
        for row in rows.raw() {
            if let Some(SqlStorageValue::String(entry)) = row?.into_iter().next() {
                entries.push(entry);
            }
        }
        Ok(entries)
    }

    fn create(&self) -> Result<()> {
        if !self.is_created.replace(true) {
            self.sql.exec("CREATE TABLE IF NOT EXISTS journal (connection TEXT, entry TEXT)", None)?;
        }
        Ok(())
    }
}
