//! What the keys of a shard carried, added up, and the last broadcast that it was told of.

use contract::{ConnectionFigure, MetricsSnapshot};
use worker::{Result, SqlStorage};

use super::online::Online;
use crate::{identifiers::now_millis, rows, tables::Tables};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS figures (only INTEGER PRIMARY KEY, carried TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS announced (only INTEGER PRIMARY KEY, broadcast INTEGER NOT NULL)";

/// Keys that are counted for the gauges in one query.
const PAGE: u32 = 1_000;

pub(crate) struct Figures {
    tables: Tables,
}

impl Figures {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    fn carried(&self) -> Result<MetricsSnapshot> {
        let row = rows::first(self.tables.sql()?, "SELECT carried FROM figures", Vec::new())?;
        let carried = row.map(|mut row| serde_json::from_str(&row.text())).transpose()?;
        Ok(carried.unwrap_or_else(|| MetricsSnapshot::new(now_millis())))
    }

    pub(crate) fn add(&self, carried: &MetricsSnapshot) -> Result<()> {
        let mut all = self.carried()?;
        all.add(carried);
        let row = vec![serde_json::to_string(&all)?.into()];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO figures VALUES (1, ?)", row)
    }

    /// What was carried, and who is connected.
    pub(crate) fn read(&self, online: &Online) -> Result<MetricsSnapshot> {
        let mut all = self.carried()?;
        let mut after = String::new();
        loop {
            let keys = online.list(&after, PAGE, false)?;
            for key in &keys {
                let figures =
                    key.hubs.iter().map(|(hub, active)| ConnectionFigure { hub: hub.clone(), active: *active });
                let connections = figures.collect();
                all.add(&MetricsSnapshot { connections, online_keys: 1, ..MetricsSnapshot::new(0) });
            }
            match keys.last() {
                Some(last) if keys.len() == PAGE as usize => after.clone_from(&last.virtual_key_id),
                _ => return Ok(all),
            }
        }
    }

    /// The last broadcast that the shard was told of.
    pub(crate) fn last_broadcast(&self) -> Result<i64> {
        let row = rows::first(self.tables.sql()?, "SELECT broadcast FROM announced", Vec::new())?;
        Ok(row.and_then(|mut row| row.integer()).unwrap_or(0))
    }

    pub(crate) fn set_last_broadcast(&self, number: i64) -> Result<()> {
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO announced VALUES (1, ?)", vec![number.into()])
    }
}
