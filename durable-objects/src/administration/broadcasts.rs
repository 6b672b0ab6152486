//! Events for everybody: numbered, kept, and announced to every shard of the directory until it has them.

use std::time::Duration;

use contract::{Broadcast, SystemEvent};
use futures::{StreamExt, stream};
use serde_json::json;
use worker::{Env, Result, SqlStorage};

use crate::{
    call,
    directory::calls::{Announce, SHARDS},
    identifiers::now_millis,
    log,
    patience::in_time,
    rows,
    tables::Tables,
};

/// Numbers are never used again, so that they stay in order when old rows go.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS broadcast (
        number INTEGER PRIMARY KEY AUTOINCREMENT, at_millis INTEGER NOT NULL, broadcast TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS announced (shard INTEGER PRIMARY KEY, number INTEGER NOT NULL)";

/// How long a shard may take before the alarm tries again.
const PATIENCE: Duration = Duration::from_secs(3);

/// Broadcasts handed over in one call.
const AT_ONCE: i64 = 1_000;

/// The journal of broadcasts.
pub(crate) struct Broadcasts {
    tables: Tables,
}

impl Broadcasts {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    /// Keeps a broadcast, inside a transaction.
    pub(crate) fn append(&self, event: SystemEvent, correlation_id: Option<String>) -> Result<()> {
        let at_millis = now_millis();
        // The number is the row's; what is kept beside it says 0.
        let broadcast = Broadcast { number: 0, at_millis, correlation_id, event };
        let row = vec![at_millis.into(), serde_json::to_string(&broadcast)?.into()];
        rows::run(self.tables.sql()?, "INSERT INTO broadcast (at_millis, broadcast) VALUES (?, ?)", row)
    }

    /// The broadcasts behind one number, up to another, oldest first.
    pub(crate) fn read(&self, after: i64, through: i64) -> Result<Vec<Broadcast>> {
        let query = "SELECT number, broadcast FROM broadcast WHERE number > ? AND number <= ? ORDER BY number LIMIT ?";
        // SQLite's integers come as JavaScript numbers, which are exact up to 2^53.
        let through = through.min(1 << 52);
        let rows = rows::all(self.tables.sql()?, query, vec![after.into(), through.into(), AT_ONCE.into()])?;
        let broadcast = |mut row: rows::Row| {
            let number = row.integer().unwrap_or(0);
            Ok(Broadcast { number, ..serde_json::from_str(&row.text())? })
        };
        rows.into_iter().map(broadcast).collect()
    }

    fn announced(&self, shard: u8) -> Result<i64> {
        let query = "SELECT number FROM announced WHERE shard = ?";
        let row = rows::first(self.tables.sql()?, query, vec![i64::from(shard).into()])?;
        Ok(row.and_then(|mut row| row.integer()).unwrap_or(0))
    }

    /// Tells every shard what it lacks, all at once. False if one of them has yet to be told.
    pub(crate) async fn announce(&self, env: &Env) -> Result<bool> {
        let told =
            stream::iter(0..SHARDS).map(|shard| self.announce_to(env, shard)).buffer_unordered(usize::from(SHARDS));
        let outcomes: Vec<Result<bool>> = told.collect().await;
        outcomes.into_iter().try_fold(true, |all, one| Ok(all && one?))
    }

    async fn announce_to(&self, env: &Env, shard: u8) -> Result<bool> {
        loop {
            let broadcasts = self.read(self.announced(shard)?, i64::MAX)?;
            let Some(last) = broadcasts.last().map(|last| last.number) else { return Ok(true) };
            let announce = Announce { shard, broadcasts };
            if let Err(error) = in_time(PATIENCE, call::ask(env, &announce)).await {
                let fields = json!({ "shard": shard, "error": error.to_string() });
                log::warn("a shard could not be told a broadcast", fields);
                return Ok(false);
            }
            let row = vec![i64::from(shard).into(), last.into(), last.into()];
            let statement =
                "INSERT INTO announced VALUES (?, ?) ON CONFLICT (shard) DO UPDATE SET number = MAX(number, ?)";
            rows::run(self.tables.sql()?, statement, row)?;
        }
    }

    /// Drops what is past its time, and the oldest of too many. The last one stays: its number is the next one's base.
    pub(crate) fn sweep(&self, before_millis: i64, most: i64) -> Result<()> {
        let sql = self.tables.sql()?;
        rows::run(sql, "DELETE FROM broadcast WHERE at_millis < ?", vec![before_millis.into()])?;
        let excess = "DELETE FROM broadcast WHERE number <= (SELECT MAX(number) FROM broadcast) - ?";
        rows::run(sql, excess, vec![most.into()])
    }
}
