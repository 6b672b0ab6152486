//! The table of virtual keys. A secret is never in it, only its SHA-256.

use contract::KeyRecord;
use worker::{Result, SqlStorage};

use super::calls::{CreateKey, FoundKey};
use crate::{rows, tables::Tables};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS virtual_key (
        id TEXT PRIMARY KEY,
        record TEXT NOT NULL,
        revision INTEGER NOT NULL,
        told_revision INTEGER NOT NULL,
        deleted_at_millis INTEGER
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS virtual_key_secret (
        key_sha256 TEXT PRIMARY KEY, id TEXT NOT NULL, until_millis INTEGER
    ) WITHOUT ROWID";

/// A row of the registry.
pub(crate) struct Entry {
    pub(crate) record: KeyRecord,
    pub(crate) revision: i64,
    pub(crate) deleted_at_millis: Option<i64>,
    /// SHA-256 of its secrets: the one that was good last comes first.
    pub(crate) secrets: Vec<String>,
}

pub(crate) struct Registry {
    tables: Tables,
}

impl Registry {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    /// Whether there is a key of that id, or with that secret. Deleted ones count until their objects know.
    pub(crate) fn is_taken(&self, id: &str, key_sha256: &str) -> Result<bool> {
        let query =
            "SELECT 1 FROM virtual_key WHERE id = ? UNION SELECT 1 FROM virtual_key_secret WHERE key_sha256 = ?";
        Ok(rows::first(self.tables.sql()?, query, vec![id.into(), key_sha256.into()])?.is_some())
    }

    pub(crate) fn create(&self, create: &CreateKey) -> Result<Entry> {
        let record = create.creation.clone().into_record(&create.id, create.created_at_millis);
        // Later than any revision of a key that had this id before.
        let revision = create.created_at_millis;
        let row = vec![create.id.as_str().into(), serde_json::to_string(&record)?.into(), revision.into()];
        rows::run(self.tables.sql()?, "INSERT INTO virtual_key VALUES (?, ?, ?, 0, NULL)", row)?;
        self.add_secret(&create.id, &create.key_sha256)?;
        let secrets = vec![create.key_sha256.clone()];
        Ok(Entry { record, revision, deleted_at_millis: None, secrets })
    }

    fn add_secret(&self, id: &str, key_sha256: &str) -> Result<()> {
        let row = vec![key_sha256.into(), id.into()];
        rows::run(self.tables.sql()?, "INSERT INTO virtual_key_secret VALUES (?, ?, NULL)", row)
    }

    fn query(&self, clause: &str, parameters: Vec<worker::SqlStorageValue>) -> Result<Vec<Entry>> {
        let query = format!("SELECT id, record, revision, deleted_at_millis FROM virtual_key {clause}");
        let mut entries = Vec::new();
        for mut row in rows::all(self.tables.sql()?, &query, parameters)? {
            let id = row.text();
            entries.push(Entry {
                record: serde_json::from_str(&row.text())?,
                revision: row.integer().unwrap_or(0),
                deleted_at_millis: row.integer(),
                secrets: self.secrets(&id)?,
            });
        }
        Ok(entries)
    }

    fn secrets(&self, id: &str) -> Result<Vec<String>> {
        let query = "SELECT key_sha256 FROM virtual_key_secret WHERE id = ? ORDER BY until_millis IS NOT NULL";
        let rows = rows::all(self.tables.sql()?, query, vec![id.into()])?;
        Ok(rows.into_iter().map(|mut row| row.text()).collect())
    }

    /// A key that is not deleted.
    pub(crate) fn read(&self, id: &str) -> Result<Option<Entry>> {
        let entries = self.query("WHERE id = ? AND deleted_at_millis IS NULL", vec![id.into()])?;
        Ok(entries.into_iter().next())
    }

    /// Whose secret has this SHA-256, and until when it is good.
    pub(crate) fn find(&self, key_sha256: &str, now_millis: i64) -> Result<Option<FoundKey>> {
        let query = "SELECT virtual_key.id, until_millis FROM virtual_key_secret JOIN virtual_key USING (id)
            WHERE key_sha256 = ? AND deleted_at_millis IS NULL AND (until_millis IS NULL OR until_millis > ?)";
        let row = rows::first(self.tables.sql()?, query, vec![key_sha256.into(), now_millis.into()])?;
        Ok(row.map(|mut row| FoundKey { id: row.text(), until_millis: row.integer() }))
    }

    pub(crate) fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<KeyRecord>> {
        let query = "SELECT record FROM virtual_key WHERE id > ? AND deleted_at_millis IS NULL ORDER BY id LIMIT ?";
        let parameters = vec![after.unwrap_or_default().into(), i64::from(limit).into()];
        let rows = rows::all(self.tables.sql()?, query, parameters)?;
        rows.into_iter().map(|mut row| Ok(serde_json::from_str(&row.text())?)).collect()
    }

    /// Replaces a key's record.
    pub(crate) fn update(&self, record: &KeyRecord) -> Result<Option<Entry>> {
        let row = vec![serde_json::to_string(record)?.into(), record.id.as_str().into()];
        let statement = "UPDATE virtual_key SET record = ?, revision = revision + 1 WHERE id = ?";
        rows::run(self.tables.sql()?, statement, row)?;
        self.read(&record.id)
    }

    /// Gives a key another secret; the one before is good until then, and those before that one no more.
    pub(crate) fn rotate(&self, id: &str, key_sha256: &str, old_until_millis: i64) -> Result<()> {
        let sql = self.tables.sql()?;
        rows::run(sql, "DELETE FROM virtual_key_secret WHERE id = ? AND until_millis IS NOT NULL", vec![id.into()])?;
        let row = vec![old_until_millis.into(), id.into()];
        rows::run(sql, "UPDATE virtual_key_secret SET until_millis = ? WHERE id = ?", row)?;
        self.add_secret(id, key_sha256)
    }

    /// Marks a key as deleted. The row goes when the key's own object knows.
    pub(crate) fn delete(&self, id: &str, now_millis: i64) -> Result<Option<Entry>> {
        let row = vec![now_millis.into(), id.into()];
        let statement = "UPDATE virtual_key SET deleted_at_millis = ?, revision = revision + 1 WHERE id = ?";
        rows::run(self.tables.sql()?, statement, row)?;
        Ok(self.query("WHERE id = ?", vec![id.into()])?.into_iter().next())
    }

    /// Notes that a key's own object knows this revision.
    pub(crate) fn told(&self, id: &str, revision: i64) -> Result<()> {
        let sql = self.tables.sql()?;
        let row = vec![revision.into(), id.into(), revision.into()];
        rows::run(sql, "UPDATE virtual_key SET told_revision = ? WHERE id = ? AND told_revision < ?", row)?;
        let gone =
            "DELETE FROM virtual_key WHERE id = ? AND deleted_at_millis IS NOT NULL AND told_revision >= revision";
        rows::run(sql, gone, vec![id.into()])?;
        let secrets =
            "DELETE FROM virtual_key_secret WHERE id = ?1 AND id NOT IN (SELECT id FROM virtual_key WHERE id = ?1)";
        rows::run(sql, secrets, vec![id.into()])
    }

    /// Keys whose own object does not know the latest revision.
    pub(crate) fn untold(&self) -> Result<Vec<Entry>> {
        self.query("WHERE told_revision < revision LIMIT 100", Vec::new())
    }
}
