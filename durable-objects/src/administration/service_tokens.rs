//! The table of service tokens. A token is never in it, only its SHA-256.

use contract::{ServiceTokenRecord, time::Timestamp};
use worker::{Result, SqlStorage};

use crate::{rows, tables::Tables};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS service_token (
        id TEXT PRIMARY KEY, token_sha256 TEXT NOT NULL UNIQUE, record TEXT NOT NULL, used_at_millis INTEGER
    ) WITHOUT ROWID";

/// How long after it was noted that a token is used this is noted again.
const NOTED_EVERY_MILLIS: i64 = 60_000;

/// The service tokens.
pub(crate) struct ServiceTokens {
    tables: Tables,
}

impl ServiceTokens {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    pub(crate) fn create(&self, record: &ServiceTokenRecord, token_sha256: &str) -> Result<()> {
        let row = vec![record.id.as_str().into(), token_sha256.into(), serde_json::to_string(record)?.into()];
        rows::run(self.tables.sql()?, "INSERT INTO service_token VALUES (?, ?, ?, NULL)", row)
    }

    fn query(&self, clause: &str, parameters: Vec<worker::SqlStorageValue>) -> Result<Vec<ServiceTokenRecord>> {
        let query = format!("SELECT record, used_at_millis FROM service_token {clause}");
        let record = |mut row: rows::Row| {
            let record: ServiceTokenRecord = serde_json::from_str(&row.text())?;
            Ok(ServiceTokenRecord { last_used_at: row.integer().map(Timestamp), ..record })
        };
        rows::all(self.tables.sql()?, &query, parameters)?.into_iter().map(record).collect()
    }

    pub(crate) fn list(&self, after: Option<&str>, limit: u32) -> Result<Vec<ServiceTokenRecord>> {
        let parameters = vec![after.unwrap_or_default().into(), i64::from(limit).into()];
        self.query("WHERE id > ? ORDER BY id LIMIT ?", parameters)
    }

    pub(crate) fn read(&self, id: &str) -> Result<Option<ServiceTokenRecord>> {
        Ok(self.query("WHERE id = ?", vec![id.into()])?.into_iter().next())
    }

    /// The token with this SHA-256, which is used now.
    pub(crate) fn use_token(&self, token_sha256: &str, now_millis: i64) -> Result<Option<ServiceTokenRecord>> {
        let found = self.query("WHERE token_sha256 = ?", vec![token_sha256.into()])?.into_iter().next();
        let Some(record) = found.filter(|record| !record.is_expired(now_millis)) else { return Ok(None) };
        if record.last_used_at.is_none_or(|at| at.0 + NOTED_EVERY_MILLIS <= now_millis) {
            let statement = "UPDATE service_token SET used_at_millis = ? WHERE token_sha256 = ?";
            rows::run(self.tables.sql()?, statement, vec![now_millis.into(), token_sha256.into()])?;
        }
        Ok(Some(record))
    }

    /// Forgets a token, and says what its SHA-256 was.
    pub(crate) fn delete(&self, id: &str) -> Result<Option<String>> {
        let statement = "DELETE FROM service_token WHERE id = ? RETURNING token_sha256";
        Ok(rows::first(self.tables.sql()?, statement, vec![id.into()])?.map(|mut row| row.text()))
    }
}
