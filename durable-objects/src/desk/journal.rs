//! What an object's clients were told, for those who were away: durable notifications, in order, for a time.

use std::cell::Cell;

use contract::Notification;
use worker::{Result, SqlStorage};

use crate::{configuration::Configuration, identifiers::HOUR_MILLIS, rows, tables::Tables};

/// A row is what one call told, so that a burst costs one write. The key sorts by time and needs no index beside it.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS journal (
        last_id TEXT PRIMARY KEY, count INTEGER NOT NULL, at_millis INTEGER NOT NULL, notifications TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS journal_pruned (only INTEGER PRIMARY KEY, through_id TEXT NOT NULL)";

/// A row has about so many bytes at the most: SQLite's values end at 2 MB (Durable Objects limits).
const ROW_BYTES: usize = 512 * 1024;

/// How long and how much a journal keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JournalLimits {
    pub(crate) retention_millis: i64,
    pub(crate) most_events: i64,
}

impl JournalLimits {
    pub(crate) fn of(configuration: &Configuration) -> Self {
        let bounded = |number| i64::try_from(number).unwrap_or(i64::MAX);
        Self {
            retention_millis: bounded(configuration.journal_retention_hours).saturating_mul(HOUR_MILLIS),
            most_events: bounded(configuration.journal_max_events),
        }
    }

    pub(crate) fn kept_since_millis(self, now_millis: i64) -> i64 {
        now_millis.saturating_sub(self.retention_millis)
    }
}

/// The journal of an object.
pub(crate) struct Journal {
    tables: Tables,
    /// How many events it has, once counted.
    count: Cell<Option<i64>>,
}

impl Journal {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE), count: Cell::new(None) }
    }

    /// Keeps the durable ones of some notifications, in order. Inside the transaction of what they tell of.
    pub(crate) fn append(&self, notifications: &[Notification], limits: JournalLimits) -> Result<()> {
        let durable: Vec<&Notification> = notifications.iter().filter(|one| one.is_durable()).collect();
        if durable.is_empty() {
            return Ok(());
        }
        let mut row = Row::default();
        for notification in &durable {
            row.push(notification)?;
            if row.text.len() >= ROW_BYTES {
                self.write(std::mem::take(&mut row))?;
            }
        }
        self.write(row)?;
        // A little more than allowed, so that not every call has to prune.
        if self.count()? > limits.most_events.saturating_add(limits.most_events / 8) {
            self.prune(limits.most_events)?;
        }
        Ok(())
    }

    fn write(&self, row: Row) -> Result<()> {
        if row.count == 0 {
            return Ok(());
        }
        let count = self.count()?;
        let values = vec![row.last_id.into(), row.count.into(), row.at_millis.into(), format!("[{}]", row.text).into()];
        rows::run(self.tables.sql()?, "INSERT INTO journal VALUES (?, ?, ?, ?)", values)?;
        self.count.set(Some(count + row.count));
        Ok(())
    }

    fn count(&self) -> Result<i64> {
        if let Some(count) = self.count.get() {
            return Ok(count);
        }
        let sum = rows::first(self.tables.sql()?, "SELECT COALESCE(SUM(count), 0) FROM journal", Vec::new())?;
        let count = sum.and_then(|mut row| row.integer()).unwrap_or(0);
        self.count.set(Some(count));
        Ok(count)
    }

    /// The transaction that appended was taken back: what memory counted is not so.
    pub(crate) fn recount(&self) {
        self.count.set(None);
    }

    /// What was told after an event, oldest first, so many at the most (or a few more); from the beginning where no
    /// event is named. True with it if that is all.
    pub(crate) fn after(&self, event_id: Option<&str>, most: usize) -> Result<(Vec<Notification>, bool)> {
        let event_id = event_id.unwrap_or_default();
        let mut found = Vec::new();
        let mut cursor = event_id.to_owned();
        loop {
            let query = "SELECT last_id, notifications FROM journal WHERE last_id > ? ORDER BY last_id LIMIT 16";
            let rows = rows::all(self.tables.sql()?, query, vec![cursor.as_str().into()])?;
            let is_last = rows.len() < 16;
            for mut row in rows {
                if found.len() >= most {
                    return Ok((found, false));
                }
                cursor = row.text();
                let notifications: Vec<Notification> = serde_json::from_str(&row.text())?;
                found.extend(notifications.into_iter().filter(|one| one.meta.event_id.as_str() > event_id));
            }
            if is_last {
                return Ok((found, true));
            }
        }
    }

    /// The id of the last event, if there is any.
    pub(crate) fn last_id(&self) -> Result<Option<String>> {
        let last = rows::first(self.tables.sql()?, "SELECT MAX(last_id) FROM journal", Vec::new())?;
        let last = last.map(|mut row| row.text()).filter(|id| !id.is_empty());
        match last {
            Some(last) => Ok(Some(last)),
            None => self.pruned_through(),
        }
    }

    /// How many events it has, and its first and its last.
    pub(crate) fn extent(&self) -> Result<(u64, Option<String>, Option<String>)> {
        let first = self.after(None, 1)?.0.into_iter().next().map(|first| first.meta.event_id);
        let last = if first.is_some() { self.last_id()? } else { None };
        Ok((u64::try_from(self.count()?).unwrap_or(0), first, last))
    }

    /// Whether everything that was told after an event is still here.
    pub(crate) fn reaches_back_to(&self, event_id: &str) -> Result<bool> {
        Ok(self.pruned_through()?.is_none_or(|pruned| event_id >= pruned.as_str()))
    }

    fn pruned_through(&self) -> Result<Option<String>> {
        let row = rows::first(self.tables.sql()?, "SELECT through_id FROM journal_pruned", Vec::new())?;
        Ok(row.map(|mut row| row.text()))
    }

    /// Drops what is past its time. True if anything is left.
    pub(crate) fn sweep(&self, limits: JournalLimits, now_millis: i64) -> Result<bool> {
        let before = vec![limits.kept_since_millis(now_millis).into()];
        let newest = "SELECT MAX(last_id) FROM journal WHERE at_millis < ?";
        let newest = rows::first(self.tables.sql()?, newest, before)?.map(|mut row| row.text());
        if let Some(through) = newest.filter(|id| !id.is_empty()) {
            self.prune_through(&through)?;
        }
        Ok(self.count()? > 0)
    }

    /// Drops the oldest rows until no more than so many events are left.
    fn prune(&self, most: i64) -> Result<()> {
        let mut excess = self.count()? - most;
        let mut through = None;
        let oldest = rows::all(self.tables.sql()?, "SELECT last_id, count FROM journal ORDER BY last_id", Vec::new())?;
        for mut row in oldest {
            if excess <= 0 {
                break;
            }
            let id = row.text();
            excess -= row.integer().unwrap_or(0);
            through = Some(id);
        }
        through.map_or(Ok(()), |through| self.prune_through(&through))
    }

    fn prune_through(&self, last_id: &str) -> Result<()> {
        let sql = self.tables.sql()?;
        rows::run(sql, "DELETE FROM journal WHERE last_id <= ?", vec![last_id.into()])?;
        rows::run(sql, "INSERT OR REPLACE INTO journal_pruned VALUES (1, ?)", vec![last_id.into()])?;
        self.count.set(None);
        Ok(())
    }

    /// Storage was erased: the tables are made anew when they are needed.
    pub(crate) fn forget(&self) {
        self.tables.forget();
        self.count.set(None);
    }
}

/// A row that is being filled.
#[derive(Default)]
struct Row {
    last_id: String,
    count: i64,
    at_millis: i64,
    text: String,
}

impl Row {
    fn push(&mut self, notification: &Notification) -> Result<()> {
        if !self.text.is_empty() {
            self.text.push(',');
        }
        self.text.push_str(&serde_json::to_string(notification)?);
        self.last_id.clone_from(&notification.meta.event_id);
        self.at_millis = notification.meta.timestamp_millis;
        self.count += 1;
        Ok(())
    }
}
