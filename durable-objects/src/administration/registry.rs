//! The table of virtual keys. A secret is never in it, only its SHA-256.

use contract::{KeyPatch, KeyRecord};
use worker::{Result, SqlStorage};

use super::calls::CreateKey;
use crate::{rows, tables::Tables};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS virtual_key (
        id TEXT PRIMARY KEY,
        key_sha256 TEXT NOT NULL UNIQUE,
        record TEXT NOT NULL,
        revision INTEGER NOT NULL,
        told_revision INTEGER NOT NULL,
        deleted_at_millis INTEGER
    ) WITHOUT ROWID";

/// A row of the registry.
pub(crate) struct Entry {
    pub(crate) record: KeyRecord,
    pub(crate) key_sha256: String,
    pub(crate) revision: i64,
    pub(crate) deleted_at_millis: Option<i64>,
}

pub(crate) struct Registry {
    tables: Tables,
}

impl Registry {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    pub(crate) fn create(&self, create: &CreateKey) -> Result<Entry> {
        let record = create.creation.clone().into_record(&create.id, create.created_at_millis);
        let row =
            vec![create.id.as_str().into(), create.key_sha256.as_str().into(), serde_json::to_string(&record)?.into()];
        rows::run(self.tables.sql()?, "INSERT INTO virtual_key VALUES (?, ?, ?, 1, 0, NULL)", row)?;
        Ok(Entry { record, key_sha256: create.key_sha256.clone(), revision: 1, deleted_at_millis: None })
    }

    fn query(&self, clause: &str, parameters: Vec<worker::SqlStorageValue>) -> Result<Vec<Entry>> {
        let query = format!("SELECT key_sha256, record, revision, deleted_at_millis FROM virtual_key {clause}");
        let mut entries = Vec::new();
        for mut row in rows::all(self.tables.sql()?, &query, parameters)? {
            entries.push(Entry {
                key_sha256: row.text(),
                record: serde_json::from_str(&row.text())?,
                revision: row.integer().unwrap_or(0),
                deleted_at_millis: row.integer(),
            });
        }
        Ok(entries)
    }

    /// A key that is not deleted.
    pub(crate) fn read(&self, id: &str) -> Result<Option<Entry>> {
        let entries = self.query("WHERE id = ? AND deleted_at_millis IS NULL", vec![id.into()])?;
        Ok(entries.into_iter().next())
    }

    pub(crate) fn find(&self, key_sha256: &str) -> Result<Option<String>> {
        let query = "SELECT id FROM virtual_key WHERE key_sha256 = ? AND deleted_at_millis IS NULL";
        Ok(rows::first(self.tables.sql()?, query, vec![key_sha256.into()])?.map(|mut row| row.text()))
    }

    pub(crate) fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<KeyRecord>> {
        let clause = "WHERE id > ? AND deleted_at_millis IS NULL ORDER BY id LIMIT ?";
        let entries = self.query(clause, vec![after.unwrap_or_default().into(), i64::from(limit).into()])?;
        Ok(entries.into_iter().map(|entry| entry.record).collect())
    }

    pub(crate) fn patch(&self, id: &str, patch: &KeyPatch) -> Result<Option<Entry>> {
        let Some(mut entry) = self.read(id)? else { return Ok(None) };
        patch.apply_to(&mut entry.record);
        entry.revision += 1;
        let row = vec![serde_json::to_string(&entry.record)?.into(), entry.revision.into(), id.into()];
        rows::run(self.tables.sql()?, "UPDATE virtual_key SET record = ?, revision = ? WHERE id = ?", row)?;
        Ok(Some(entry))
    }

    /// Marks a key as deleted. The row goes when the key's own object knows.
    pub(crate) fn delete(&self, id: &str, now_millis: i64) -> Result<Option<Entry>> {
        let Some(mut entry) = self.read(id)? else { return Ok(None) };
        entry.revision += 1;
        entry.deleted_at_millis = Some(now_millis);
        let row = vec![now_millis.into(), entry.revision.into(), id.into()];
        rows::run(self.tables.sql()?, "UPDATE virtual_key SET deleted_at_millis = ?, revision = ? WHERE id = ?", row)?;
        Ok(Some(entry))
    }

    /// Notes that a key's own object knows this revision.
    pub(crate) fn told(&self, id: &str, revision: i64) -> Result<()> {
        let row = vec![revision.into(), id.into(), revision.into()];
        rows::run(
            self.tables.sql()?,
            "UPDATE virtual_key SET told_revision = ? WHERE id = ? AND told_revision < ?",
            row,
        )?;
        let gone =
            "DELETE FROM virtual_key WHERE id = ? AND deleted_at_millis IS NOT NULL AND told_revision >= revision";
        rows::run(self.tables.sql()?, gone, vec![id.into()])
    }

    /// Keys whose own object does not know the latest revision.
    pub(crate) fn untold(&self) -> Result<Vec<Entry>> {
        self.query("WHERE told_revision < revision LIMIT 100", Vec::new())
    }
}
