//! The connections that the whole system may have: the first shard lends them to the others in blocks, and each shard to
//! its keys. What is lent never exceeds the limit; a little of it may lie idle.

use worker::{Result, SqlStorage};

use crate::{rows, tables::Tables};

/// Only the first shard has rows here.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS loan (
        shard INTEGER PRIMARY KEY, places INTEGER NOT NULL, turn INTEGER NOT NULL
    );
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

    /// In the first shard: has a shard have so many places in all, or as many as there are, and never fewer than it has;
    /// returns how many. A question that a later one has overtaken changes nothing.
    pub(crate) fn lend(&self, shard: u8, wanted: u64, turn: i64, limit: u64) -> Result<u64> {
        let (lent, last_turn) = self.loan(shard)?;
        if turn < last_turn {
            return Ok(lent);
        }
        let others =
            self.number("SELECT COALESCE(SUM(places), 0) FROM loan WHERE shard <> ?", vec![i64::from(shard).into()])?;
        let lent = lent.max(wanted.min(limit.saturating_sub(others)));
        self.set_loan(shard, lent, turn)?;
        Ok(lent)
    }

    /// In the first shard: a shard keeps so many places, and gives back the others. A word that a later question has
    /// overtaken changes nothing.
    pub(crate) fn take_back(&self, shard: u8, kept: u64, turn: i64) -> Result<()> {
        let (lent, last_turn) = self.loan(shard)?;
        if turn < last_turn { Ok(()) } else { self.set_loan(shard, lent.min(kept), turn) }
    }

    /// What a shard was lent, and in which turn that changed last.
    fn loan(&self, shard: u8) -> Result<(u64, i64)> {
        let query = "SELECT places, turn FROM loan WHERE shard = ?";
        let row = rows::first(self.tables.sql()?, query, vec![i64::from(shard).into()])?;
        Ok(row.map_or((0, 0), |mut row| {
            let places = row.integer().and_then(|places| u64::try_from(places).ok()).unwrap_or(0);
            (places, row.integer().unwrap_or(0))
        }))
    }

    fn set_loan(&self, shard: u8, places: u64, turn: i64) -> Result<()> {
        let row = vec![i64::from(shard).into(), integer(places).into(), turn.into()];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO loan VALUES (?, ?, ?)", row)
    }

    fn number(&self, query: &str, parameters: Vec<worker::SqlStorageValue>) -> Result<u64> {
        let row = rows::first(self.tables.sql()?, query, parameters)?;
        Ok(row.and_then(|mut row| row.integer()).and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
    }
}

pub(crate) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
