//! What does not fit a socket's attachment: long lists of groups, and the unfinished record of a client
//! that sends one in pieces. The tables exist only where something was ever spilled.

use std::{cell::Cell, rc::Rc};

use worker::{Result, SqlStorage, SqlStorageValue};

/// The tables `signalr_group` and `signalr_partial` of an object.
pub(crate) struct Spill {
    sql: SqlStorage,
    is_created: Cell<bool>,
}

impl Spill {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { sql, is_created: Cell::new(false) }
    }

    fn create(&self) -> Result<()> {
        if self.is_created.replace(true) {
            return Ok(());
        }
        self.sql.exec(
            "CREATE TABLE IF NOT EXISTS signalr_group (connection TEXT, name TEXT, PRIMARY KEY (connection, name)) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS signalr_partial (connection TEXT, start INTEGER, bytes BLOB, PRIMARY KEY (connection, start)) WITHOUT ROWID;",
            None,
        )?;
        Ok(())
    }

    pub(crate) fn put_groups<'a>(&self, connection: &str, groups: impl Iterator<Item = &'a Rc<str>>) -> Result<()> {
        for group in groups {
            self.create()?;
            let row = vec![connection.into(), group.as_ref().into()];
            self.sql.exec("INSERT OR IGNORE INTO signalr_group VALUES (?, ?)", row)?;
        }
        Ok(())
    }

    pub(crate) fn remove_group(&self, connection: &str, group: &str) -> Result<()> {
        let row = vec![connection.into(), group.into()];
        self.sql.exec("DELETE FROM signalr_group WHERE connection = ? AND name = ?", row)?;
        Ok(())
    }

    pub(crate) fn groups(&self, connection: &str) -> Result<Vec<Rc<str>>> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let rows = self
            .sql
            .exec("SELECT name FROM signalr_group WHERE connection = ?", vec![SqlStorageValue::from(connection)])?;
        let mut groups = Vec::new();
        for row in rows.raw() {
            if let Some(SqlStorageValue::String(name)) = row?.into_iter().next() {
                groups.push(name.into());
            }
        }
        Ok(groups)
    }

    /// Keeps more bytes of an unfinished record, which stand in it from `start` on. Each byte is written
    /// once, in however small pieces a client sends them.
    pub(crate) fn append_partial(&self, connection: &str, start: usize, bytes: &[u8]) -> Result<()> {
        self.create()?;
        let start = i64::try_from(start).unwrap_or(i64::MAX);
        let row = vec![connection.into(), start.into(), bytes.to_vec().into()];
        self.sql.exec("INSERT OR REPLACE INTO signalr_partial VALUES (?, ?, ?)", row)?;
        Ok(())
    }

    pub(crate) fn partial(&self, connection: &str) -> Result<Vec<u8>> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let rows = self.sql.exec(
            "SELECT bytes FROM signalr_partial WHERE connection = ? ORDER BY start",
            vec![SqlStorageValue::from(connection)],
        )?;
        let mut partial = Vec::new();
        for row in rows.raw() {
            if let Some(SqlStorageValue::Blob(bytes)) = row?.into_iter().next() {
                partial.extend(bytes);
            }
        }
        Ok(partial)
    }

    pub(crate) fn remove_partial(&self, connection: &str) -> Result<()> {
        if !self.is_created.get() {
            return Ok(());
        }
        self.sql.exec("DELETE FROM signalr_partial WHERE connection = ?", vec![SqlStorageValue::from(connection)])?;
        Ok(())
    }

    /// Forgets a connection.
    pub(crate) fn remove(&self, connection: &str) -> Result<()> {
        if !self.is_created.get() {
            return Ok(());
        }
        self.remove_partial(connection)?;
        self.sql.exec("DELETE FROM signalr_group WHERE connection = ?", vec![SqlStorageValue::from(connection)])?;
        Ok(())
    }

    /// Whether anything was ever spilled.
    fn exists(&self) -> Result<bool> {
        if !self.is_created.get() {
            let known = self.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'signalr_partial'", None)?;
            self.is_created.set(known.raw().next().is_some());
        }
        Ok(self.is_created.get())
    }

    /// Forgets every connection but these: sockets that ended without a word (a deploy, a crash) leave
    /// their rows behind.
    pub(crate) fn retain(&self, live: impl Fn(&str) -> bool) -> Result<()> {
        if !self.exists()? {
            return Ok(());
        }
        let rows = self
            .sql
            .exec("SELECT DISTINCT connection FROM signalr_group UNION SELECT connection FROM signalr_partial", None)?;
        let mut lost = Vec::new();
        for row in rows.raw() {
            if let Some(SqlStorageValue::String(connection)) = row?.into_iter().next()
                && !live(&connection)
            {
                lost.push(connection);
            }
        }
        for connection in lost {
            self.remove(&connection)?;
        }
        Ok(())
    }
}
