//! The keys of a shard that have anybody connected: how many, with how many places, and which broadcast they had last.

use std::collections::BTreeMap;

use contract::OnlineKey;
use worker::{Result, SqlStorage};

use super::places::integer;
use crate::{rows, tables::Tables};

/// `broadcast` is the last that the key was brought; `retry_at_millis` is 0 unless bringing it failed.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS online (
        key TEXT PRIMARY KEY,
        places INTEGER NOT NULL,
        hubs TEXT NOT NULL,
        connections INTEGER NOT NULL,
        broadcast INTEGER NOT NULL,
        heard_at_millis INTEGER NOT NULL,
        turn INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        retry_at_millis INTEGER NOT NULL
    ) WITHOUT ROWID";

/// The table of online keys.
pub(crate) struct Online {
    tables: Tables,
}

/// A key that lacks broadcasts.
pub(crate) struct Behind {
    pub(crate) key: String,
    pub(crate) broadcast: i64,
    pub(crate) failures: i64,
}

impl Online {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    /// How many places all keys were lent, but this one.
    pub(crate) fn places_of_others(&self, key: &str) -> Result<u64> {
        let query = "SELECT COALESCE(SUM(places), 0) FROM online WHERE key <> ?";
        let row = rows::first(self.tables.sql()?, query, vec![key.into()])?;
        Ok(row.and_then(|mut row| row.integer()).and_then(|sum| u64::try_from(sum).ok()).unwrap_or(0))
    }

    /// Lends a key so many places in all, or those that it has if they are more: of two questions asked at once the later
    /// may have wanted less. Returns how many it has, and the last broadcast that it is not brought any more: one that
    /// was not online gets later ones than the last.
    pub(crate) fn enter(
        &self,
        key: &str,
        places: u64,
        last_broadcast: i64,
        turn: i64,
        now_millis: i64,
    ) -> Result<(u64, i64)> {
        let row = vec![key.into(), integer(places).into(), last_broadcast.into(), now_millis.into(), turn.into()];
        let statement = "INSERT INTO online VALUES (?1, ?2, '{}', 0, ?3, ?4, ?5, 0, 0)
            ON CONFLICT (key) DO UPDATE SET places = MAX(places, ?2), heard_at_millis = ?4, turn = MAX(turn, ?5)
            RETURNING places, broadcast";
        let row = rows::first(self.tables.sql()?, statement, row)?;
        let entered = |mut row: rows::Row| {
            let lent = row.integer().and_then(|lent| u64::try_from(lent).ok()).unwrap_or(places);
            (lent, row.integer().unwrap_or(last_broadcast))
        };
        Ok(row.map_or((places, last_broadcast), entered))
    }

    /// Takes a key's word, unless a later one has overtaken it; one without connections and places goes.
    pub(crate) fn report(
        &self,
        key: &str,
        hubs: &BTreeMap<String, u64>,
        places: u64,
        turn: i64,
        now_millis: i64,
    ) -> Result<()> {
        let connections: u64 = hubs.values().sum();
        if connections == 0 && places == 0 {
            let statement = "DELETE FROM online WHERE key = ? AND turn <= ?";
            return rows::run(self.tables.sql()?, statement, vec![key.into(), turn.into()]);
        }
        let row = vec![
            key.into(),
            integer(places).into(),
            serde_json::to_string(hubs)?.into(),
            integer(connections).into(),
            now_millis.into(),
            turn.into(),
        ];
        let statement = "UPDATE online SET places = ?2, hubs = ?3, connections = ?4, heard_at_millis = ?5, turn = ?6
            WHERE key = ?1 AND turn <= ?6";
        rows::run(self.tables.sql()?, statement, row)
    }

    /// Keys that lack a broadcast and may be brought it now, so many at the most.
    pub(crate) fn behind(&self, last_broadcast: i64, now_millis: i64, most: usize) -> Result<Vec<Behind>> {
        let query = "SELECT key, broadcast, failures FROM online WHERE broadcast < ? AND retry_at_millis <= ? LIMIT ?";
        let parameters = vec![last_broadcast.into(), now_millis.into(), integer(most as u64).into()];
        let rows = rows::all(self.tables.sql()?, query, parameters)?;
        let behind = |mut row: rows::Row| Behind {
            key: row.text(),
            broadcast: row.integer().unwrap_or(0),
            failures: row.integer().unwrap_or(0),
        };
        Ok(rows.into_iter().map(behind).collect())
    }

    /// When the next key that lacks a broadcast may be tried; none if none lacks any.
    pub(crate) fn next_try_millis(&self, last_broadcast: i64) -> Result<Option<i64>> {
        let query = "SELECT MIN(retry_at_millis) FROM online WHERE broadcast < ?";
        Ok(rows::first(self.tables.sql()?, query, vec![last_broadcast.into()])?.and_then(|mut row| row.integer()))
    }

    pub(crate) fn brought(&self, key: &str, broadcast: i64) -> Result<()> {
        let statement = "UPDATE online SET broadcast = ?, failures = 0, retry_at_millis = 0 WHERE key = ?";
        rows::run(self.tables.sql()?, statement, vec![broadcast.into(), key.into()])
    }

    pub(crate) fn failed(&self, key: &str, retry_at_millis: i64) -> Result<()> {
        let statement = "UPDATE online SET failures = failures + 1, retry_at_millis = ? WHERE key = ?";
        rows::run(self.tables.sql()?, statement, vec![retry_at_millis.into(), key.into()])
    }

    /// Drops keys that were not heard of since a time: their objects went without a word.
    pub(crate) fn sweep(&self, heard_before_millis: i64) -> Result<()> {
        rows::run(self.tables.sql()?, "DELETE FROM online WHERE heard_at_millis < ?", vec![heard_before_millis.into()])
    }

    /// When the key that was not heard of for the longest time was heard of.
    pub(crate) fn oldest_millis(&self) -> Result<Option<i64>> {
        let oldest = rows::first(self.tables.sql()?, "SELECT MIN(heard_at_millis) FROM online", Vec::new())?;
        Ok(oldest.and_then(|mut row| row.integer()))
    }

    /// Online keys in the order of their ids.
    pub(crate) fn list(&self, after: &str, limit: u32, with_arriving: bool) -> Result<Vec<OnlineKey>> {
        let query = "SELECT key, connections, hubs FROM online
            WHERE key > ? AND (connections > 0 OR (? AND places > 0)) ORDER BY key LIMIT ?";
        let parameters = vec![after.into(), i32::from(with_arriving).into(), i64::from(limit).into()];
        let rows = rows::all(self.tables.sql()?, query, parameters)?;
        let key = |mut row: rows::Row| {
            Ok(OnlineKey {
                virtual_key_id: row.text(),
                connections: row.integer().and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
                hubs: serde_json::from_str(&row.text())?,
            })
        };
        rows.into_iter().map(key).collect()
    }
}
