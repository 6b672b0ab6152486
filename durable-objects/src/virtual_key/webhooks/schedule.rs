//! When which delivery is made: what waits, what is under way, what was given up, and the breaker of each URL.
//!
//! Each URL says by itself when something of it is due next, so that what waits for one is not looked at when another is
//! served.

use std::cell::Cell;

use contract::Breaker;
use worker::{Result, SqlStorage, SqlStorageValue};

use super::{
    entry::{COLUMNS, Entry, Stage},
    schedule_draft::ScheduleDraft,
};
use crate::{
    identifiers::{HOUR_MILLIS, now_millis},
    rows,
    tables::Tables,
};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS webhook_schedule (
        id TEXT PRIMARY KEY, url TEXT NOT NULL, stage TEXT NOT NULL, attempt INTEGER NOT NULL, lost INTEGER NOT NULL,
        due_millis INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS webhook_schedule_of_url ON webhook_schedule (url, stage, due_millis);
    CREATE INDEX IF NOT EXISTS webhook_schedule_under_way ON webhook_schedule (due_millis)
        WHERE stage IN ('poked', 'begun');
    CREATE TABLE IF NOT EXISTS webhook_content (id TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS webhook_target (url TEXT PRIMARY KEY, breaker TEXT NOT NULL, next_millis INTEGER)
        WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS webhook_target_next ON webhook_target (next_millis) WHERE next_millis IS NOT NULL";

/// Deliveries to one URL that are under way at once, so that a slow receiver does not take all of the key's.
const MOST_OF_URL: u32 = 10;
/// Deliveries of the key that are under way at once.
const MOST_OF_KEY: i64 = 40;

/// How long what was given up can be delivered again with the headers that it had, and how much of it.
const GIVEN_UP_MILLIS: i64 = 30 * 24 * HOUR_MILLIS;
const MOST_GIVEN_UP: i64 = 1_000;

/// The tables of the schedule.
pub(super) struct Schedule {
    tables: Tables,
    /// Whether the tables were ever needed, once known.
    is_used: Cell<Option<bool>>,
    /// How many deliveries wait or are under way, once counted.
    pending: Cell<Option<u64>>,
    /// Whether what is due was looked at since the object woke.
    pub(super) is_attended: Cell<bool>,
}

impl Schedule {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self {
            tables: Tables::new(sql, CREATE),
            is_used: Cell::default(),
            pending: Cell::default(),
            is_attended: Cell::default(),
        }
    }

    /// Whether the key never had a delivery: then its object has no tables for them.
    pub(super) fn is_empty(&self) -> Result<bool> {
        if let Some(is_used) = self.is_used.get() {
            return Ok(!is_used);
        }
        let is_used = self.tables.have("webhook_schedule")?;
        self.is_used.set(Some(is_used));
        Ok(!is_used)
    }

    fn query(&self, query: &str, parameters: Vec<SqlStorageValue>) -> Result<Vec<rows::Row>> {
        rows::all(self.tables.sql()?, query, parameters)
    }

    fn number(&self, query: &str, parameters: Vec<SqlStorageValue>) -> Result<Option<i64>> {
        Ok(rows::first(self.tables.sql()?, query, parameters)?.and_then(|mut row| row.integer()))
    }

    pub(super) fn entry(&self, id: &str) -> Result<Option<Entry>> {
        let query = format!("SELECT {COLUMNS} FROM webhook_schedule WHERE id = ?");
        Ok(self.query(&query, vec![id.into()])?.into_iter().next().map(Entry::of))
    }

    pub(super) fn content(&self, id: &str) -> Result<Option<String>> {
        let rows = self.query("SELECT content FROM webhook_content WHERE id = ?", vec![id.into()])?;
        Ok(rows.into_iter().next().map(|mut row| row.text()))
    }

    pub(super) fn breaker(&self, url: &str) -> Result<Breaker> {
        let rows = self.query("SELECT breaker FROM webhook_target WHERE url = ?", vec![url.into()])?;
        Ok(rows.into_iter().next().map(|mut row| serde_json::from_str(&row.text())).transpose()?.unwrap_or_default())
    }

    /// How many deliveries wait or are under way.
    pub(super) fn pending(&self) -> Result<u64> {
        if let Some(pending) = self.pending.get() {
            return Ok(pending);
        }
        let query = "SELECT COUNT(*) FROM webhook_schedule WHERE stage <> 'given up'";
        let pending = self.number(query, Vec::new())?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        self.pending.set(Some(pending));
        Ok(pending)
    }

    /// How many deliveries to a URL wait or are under way.
    pub(super) fn pending_to(&self, url: &str) -> Result<u64> {
        let query = "SELECT COUNT(*) FROM webhook_schedule WHERE url = ? AND stage <> 'given up'";
        Ok(self.number(query, vec![url.into()])?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }

    /// What is in memory may not be so.
    pub(super) fn recount(&self) {
        self.pending.set(None);
        self.is_used.set(None);
    }

    /// Inside the transaction of the call.
    pub(super) fn write(&self, draft: &ScheduleDraft) -> Result<()> {
        let pending = self.pending()?.saturating_add_signed(draft.pending());
        let sql = self.tables.sql()?;
        self.is_used.set(Some(true));
        for (id, content) in &draft.contents {
            let row = vec![id.as_str().into(), content.as_str().into()];
            rows::run(sql, "INSERT OR REPLACE INTO webhook_content VALUES (?, ?)", row)?;
        }
        for (id, entry) in &draft.entries {
            if let Some(entry) = entry {
                self.write_entry(entry)?;
            } else {
                rows::run(sql, "DELETE FROM webhook_schedule WHERE id = ?", vec![id.as_str().into()])?;
                rows::run(sql, "DELETE FROM webhook_content WHERE id = ?", vec![id.as_str().into()])?;
            }
        }
        for url in &draft.urls {
            let breaker = match draft.breakers.get(url) {
                Some(breaker) => breaker.clone(),
                None => self.breaker(url)?,
            };
            self.write_target(url, &breaker)?;
        }
        self.pending.set(Some(pending));
        Ok(())
    }

    fn write_entry(&self, entry: &Entry) -> Result<()> {
        let row = vec![
            entry.id.as_str().into(),
            entry.url.as_str().into(),
            entry.stage.name().into(),
            i64::from(entry.attempt).into(),
            i64::from(entry.lost).into(),
            entry.due_millis.into(),
        ];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO webhook_schedule VALUES (?, ?, ?, ?, ?, ?)", row)
    }

    /// Writes the breaker of a URL, and when something of it is due next: never, where as much is under way as may be.
    fn write_target(&self, url: &str, breaker: &Breaker) -> Result<()> {
        let next_millis = if self.room(url, breaker)? == 0 {
            None
        } else {
            let query = "SELECT MIN(due_millis) FROM webhook_schedule WHERE url = ? AND stage = 'waiting'";
            let due_millis = self.number(query, vec![url.into()])?;
            due_millis.map(|due_millis| due_millis.max(breaker.open_until_millis().unwrap_or(0)))
        };
        let row = vec![url.into(), serde_json::to_string(breaker)?.into(), next_millis.into()];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO webhook_target VALUES (?, ?, ?)", row)
    }

    /// How many deliveries to a URL may begin beside those under way.
    fn room(&self, url: &str, breaker: &Breaker) -> Result<u32> {
        let query = "SELECT COUNT(*) FROM webhook_schedule WHERE url = ? AND stage IN ('poked', 'begun')";
        let under_way = self.number(query, vec![url.into()])?.and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
        Ok(breaker.room(MOST_OF_URL).saturating_sub(under_way))
    }

    fn room_of_key(&self) -> Result<i64> {
        let query = "SELECT COUNT(*) FROM webhook_schedule WHERE stage IN ('poked', 'begun')";
        Ok(MOST_OF_KEY - self.number(query, Vec::new())?.unwrap_or(0))
    }

    /// Takes what is due and has room, as poked; what is not begun by `lost_at_millis` is told again. Inside a transaction.
    pub(super) fn take_due(&self, lost_at_millis: i64) -> Result<Vec<Entry>> {
        let mut taken = Vec::new();
        loop {
            let room = self.room_of_key()?;
            let query = "SELECT url, breaker FROM webhook_target WHERE next_millis <= ? ORDER BY next_millis LIMIT 1";
            let due = self.query(query, vec![now_millis().into()])?.into_iter().next();
            let Some(mut target) = due.filter(|_| room > 0) else { return Ok(taken) };
            let (url, breaker): (String, Breaker) = (target.text(), serde_json::from_str(&target.text())?);
            let room = i64::from(self.room(&url, &breaker)?).min(room);
            let query = format!(
                "SELECT {COLUMNS} FROM webhook_schedule WHERE url = ? AND stage = 'waiting' AND due_millis <= ?
                ORDER BY due_millis, id LIMIT ?"
            );
            let parameters = vec![url.as_str().into(), now_millis().into(), room.into()];
            for row in self.query(&query, parameters)? {
                let entry = Entry { stage: Stage::Poked, due_millis: lost_at_millis, ..Entry::of(row) };
                self.write_entry(&entry)?;
                taken.push(entry);
            }
            self.write_target(&url, &breaker)?;
        }
    }

    /// Deliveries to a URL that could not be made since a time, though they were due.
    pub(super) fn stuck(&self, url: &str, since_millis: i64, most: i64) -> Result<Vec<Entry>> {
        let query = format!(
            "SELECT {COLUMNS} FROM webhook_schedule WHERE url = ? AND stage = 'waiting' AND due_millis <= ?
            ORDER BY due_millis LIMIT ?"
        );
        let parameters = vec![url.into(), since_millis.into(), most.into()];
        Ok(self.query(&query, parameters)?.into_iter().map(Entry::of).collect())
    }

    /// What was poked or begun and is heard of no more.
    pub(super) fn overdue(&self, most: i64) -> Result<Vec<Entry>> {
        let query = format!(
            "SELECT {COLUMNS} FROM webhook_schedule WHERE stage IN ('poked', 'begun') AND due_millis <= ?
            ORDER BY due_millis LIMIT ?"
        );
        Ok(self.query(&query, vec![now_millis().into(), most.into()])?.into_iter().map(Entry::of).collect())
    }

    /// When something is to be done next, if anything is.
    pub(super) fn next_millis(&self) -> Result<Option<i64>> {
        let query = "SELECT MIN(due_millis) FROM webhook_schedule WHERE stage IN ('poked', 'begun')";
        let overdue_millis = self.number(query, Vec::new())?;
        let due_millis = if self.room_of_key()? > 0 {
            let query = "SELECT MIN(next_millis) FROM webhook_target WHERE next_millis IS NOT NULL";
            self.number(query, Vec::new())?
        } else {
            None
        };
        Ok([overdue_millis, due_millis].into_iter().flatten().min())
    }

    /// Forgets what was given up long ago, and URLs that nothing is delivered to. True if anything is left.
    pub(super) fn sweep(&self, now_millis: i64) -> Result<bool> {
        if self.is_empty()? {
            return Ok(false);
        }
        let sql = self.tables.sql()?;
        let before_millis = now_millis - GIVEN_UP_MILLIS;
        let old = "DELETE FROM webhook_schedule WHERE stage = 'given up' AND due_millis < ?";
        rows::run(sql, old, vec![before_millis.into()])?;
        let excess = "DELETE FROM webhook_schedule WHERE stage = 'given up' AND id NOT IN
            (SELECT id FROM webhook_schedule WHERE stage = 'given up' ORDER BY due_millis DESC LIMIT ?)";
        rows::run(sql, excess, vec![MOST_GIVEN_UP.into()])?;
        rows::run(sql, "DELETE FROM webhook_content WHERE id NOT IN (SELECT id FROM webhook_schedule)", Vec::new())?;
        let idle = "SELECT url, breaker FROM webhook_target WHERE url NOT IN
            (SELECT url FROM webhook_schedule WHERE stage <> 'given up')";
        for mut row in self.query(idle, Vec::new())? {
            let (url, breaker): (String, Breaker) = (row.text(), serde_json::from_str(&row.text())?);
            if breaker.open_until_millis().is_none_or(|until_millis| until_millis <= now_millis) {
                rows::run(sql, "DELETE FROM webhook_target WHERE url = ?", vec![url.into()])?;
            }
        }
        Ok(rows::first(sql, "SELECT 1 FROM webhook_schedule LIMIT 1", Vec::new())?.is_some())
    }

    /// Storage was erased.
    pub(super) fn forget(&self) {
        self.tables.forget();
        self.recount();
    }
}
