//! The table of providers: how each is looked after, and how it was last.

use contract::{ProviderHealthRecord, ProviderView};
use worker::{Result, SqlStorage};

use crate::{rows, tables::Tables};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS provider (
        name TEXT PRIMARY KEY, health_url TEXT, health TEXT, check_at_millis INTEGER
    ) WITHOUT ROWID";

/// The providers.
pub(crate) struct Providers {
    tables: Tables,
}

impl Providers {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    fn query(&self, clause: &str, parameters: Vec<worker::SqlStorageValue>) -> Result<Vec<ProviderView>> {
        let query = format!("SELECT name, health_url, health FROM provider {clause}");
        let view = |mut row: rows::Row| {
            let name = row.text();
            let health_url = Some(row.text()).filter(|url| !url.is_empty());
            let health = Some(row.text()).filter(|health| !health.is_empty());
            let health = health.map(|health| serde_json::from_str(&health)).transpose()?;
            Ok(ProviderView { name, health_url, health })
        };
        rows::all(self.tables.sql()?, &query, parameters)?.into_iter().map(view).collect()
    }

    pub(crate) fn list(&self) -> Result<Vec<ProviderView>> {
        self.query("ORDER BY name", Vec::new())
    }

    pub(crate) fn read(&self, name: &str) -> Result<Option<ProviderView>> {
        Ok(self.query("WHERE name = ?", vec![name.into()])?.into_iter().next())
    }

    /// Sets a provider, and when its health is to be looked at. True if it is new.
    pub(crate) fn put(&self, name: &str, health_url: Option<&str>, check_at_millis: Option<i64>) -> Result<bool> {
        let is_new = self.read(name)?.is_none();
        let row = vec![name.into(), health_url.map(str::to_owned).into(), check_at_millis.into()];
        let statement = "INSERT INTO provider VALUES (?1, ?2, NULL, ?3)
            ON CONFLICT (name) DO UPDATE SET health_url = ?2, check_at_millis = ?3";
        rows::run(self.tables.sql()?, statement, row)?;
        Ok(is_new)
    }

    /// True if there was one.
    pub(crate) fn delete(&self, name: &str) -> Result<bool> {
        let was_there = self.read(name)?.is_some();
        rows::run(self.tables.sql()?, "DELETE FROM provider WHERE name = ?", vec![name.into()])?;
        Ok(was_there)
    }

    /// Keeps how a provider is. One that nobody set is known by its health alone.
    pub(crate) fn observed(&self, record: &ProviderHealthRecord) -> Result<()> {
        let row = vec![record.provider.as_str().into(), serde_json::to_string(record)?.into()];
        let statement = "INSERT INTO provider VALUES (?1, NULL, ?2, NULL) ON CONFLICT (name) DO UPDATE SET health = ?2";
        rows::run(self.tables.sql()?, statement, row)
    }

    /// Providers whose health is to be looked at by now, with the time of the next look set.
    pub(crate) fn take_due(&self, now_millis: i64, next_millis: i64) -> Result<Vec<ProviderView>> {
        let due = self.query("WHERE check_at_millis <= ? ORDER BY name", vec![now_millis.into()])?;
        let statement = "UPDATE provider SET check_at_millis = ? WHERE check_at_millis <= ?";
        rows::run(self.tables.sql()?, statement, vec![next_millis.into(), now_millis.into()])?;
        Ok(due)
    }

    /// When the next look is due.
    pub(crate) fn next_check_millis(&self) -> Result<Option<i64>> {
        let query = "SELECT MIN(check_at_millis) FROM provider";
        Ok(rows::first(self.tables.sql()?, query, Vec::new())?.and_then(|mut row| row.integer()))
    }
}
