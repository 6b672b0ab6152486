//! The connections that the whole system may have: the first shard lends them to the others in blocks, and each shard to
//! its keys. What is lent never exceeds the limit; a little of it may lie idle.

use worker::{Result, SqlStorage};

use crate::{rows, tables::Tables};

/// Only the first shard has rows here.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS lent (shard INTEGER PRIMARY KEY, places INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS borrowed (only INTEGER PRIMARY KEY, places INTEGER NOT NULL)";

/// The limit in this many blocks: enough that sixteen shards waste little, few enough that they seldom ask.
const BLOCKS: u64 = 256;

/// How many places a shard borrows at once.
pub(crate) fn block(limit: u64) -> u64 {
    (limit / BLOCKS).max(1)
}

/// The places that a shard was lent, and, in the first shard, those that it lent to all.
pub(crate) struct Places {
    tables: Tables,
}

impl Places {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    /// How many this shard was lent.
    pub(crate) fn borrowed(&self) -> Result<u64> {
        self.number("SELECT places FROM borrowed", Vec::new())
    }

    pub(crate) fn set_borrowed(&self, places: u64) -> Result<()> {
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO borrowed VALUES (1, ?)", vec![integer(places).into()])
    }

    /// In the first shard: has a shard have so many places in all, or as many as there are; returns how many.
    pub(crate) fn lend(&self, shard: u8, wanted: u64, limit: u64) -> Result<u64> {
        let others =
            self.number("SELECT COALESCE(SUM(places), 0) FROM lent WHERE shard <> ?", vec![i64::from(shard).into()])?;
        let granted = wanted.min(limit.saturating_sub(others));
        let row = vec![i64::from(shard).into(), integer(granted).into()];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO lent VALUES (?, ?)", row)?;
        Ok(granted)
    }

    fn number(&self, query: &str, parameters: Vec<worker::SqlStorageValue>) -> Result<u64> {
        let row = rows::first(self.tables.sql()?, query, parameters)?;
        Ok(row.and_then(|mut row| row.integer()).and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
    }
}

pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
