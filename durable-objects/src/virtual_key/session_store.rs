//! Realtime sessions of the key, in storage: those that go on, with what they were lent, and those that are over.

use std::cell::Cell;

use contract::{Money, RealtimeSessionRecord, SessionAccount};
use serde::{Deserialize, Serialize};
use worker::{Result, SqlStorage};

use super::calls::Inquiry;
use crate::{lease::Credit, rows, tables::Tables};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS realtime_session (
        id TEXT PRIMARY KEY,
        ended_at_millis INTEGER NOT NULL,
        inquire_at_millis INTEGER,
        is_recorded INTEGER NOT NULL,
        session TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS realtime_session_ended ON realtime_session (ended_at_millis, id);
    CREATE INDEX IF NOT EXISTS realtime_session_inquiry ON realtime_session (inquire_at_millis)
        WHERE inquire_at_millis IS NOT NULL";

/// When a session ended that goes on: later than all others, and exact as a JavaScript number.
const GOES_ON: i64 = 9_007_199_254_740_991;

/// Past sessions that are kept of a key; of more, the oldest go first.
const MOST: i64 = 10_000;

/// Sessions that are dropped in one go.
const DROPPED_AT_ONCE: i64 = 100;

/// A session. Its JSON is how it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredSession {
    pub(crate) record: RealtimeSessionRecord,
    pub(crate) account: SessionAccount,
    /// What its Worker was told of its credit last.
    pub(crate) told: Option<Credit>,
    /// When it was heard of last.
    pub(crate) heard_at_millis: i64,
    /// What its provider is to be asked, and when, in milliseconds since the epoch.
    pub(crate) inquiry: Option<Inquiry>,
}

/// How long after its end the Worker of a session may take to say what it was, and to write the end of its recording.
const LAST_WORDS_MILLIS: i64 = 60_000;

impl StoredSession {
    /// Whether it is over, and nothing more is written of it.
    pub(crate) fn is_complete(&self, now_millis: i64) -> bool {
        let is_lost = self.record.ended_at.is_some_and(|at| at.0 + LAST_WORDS_MILLIS <= now_millis);
        self.record.figures.is_some() || is_lost
    }

    /// When the provider is to be asked next.
    fn inquire_at_millis(&self) -> Option<i64> {
        self.inquiry.as_ref()?.at_millis.first().copied()
    }
}

/// The table of sessions.
pub(crate) struct SessionStore {
    tables: Tables,
    /// Whether the table is there, once known: a key that never had a session has none.
    is_there: Cell<Option<bool>>,
}

impl SessionStore {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE), is_there: Cell::default() }
    }

    fn is_there(&self) -> Result<bool> {
        if let Some(is_there) = self.is_there.get() {
            return Ok(is_there);
        }
        let is_there = self.tables.have("realtime_session")?;
        self.is_there.set(Some(is_there));
        Ok(is_there)
    }

    pub(crate) fn write(&self, session: &StoredSession) -> Result<()> {
        let record = &session.record;
        let row = vec![
            record.connection_id.as_str().into(),
            record.ended_at.map_or(GOES_ON, |at| at.0).into(),
            session.inquire_at_millis().into(),
            i64::from(record.recorded).into(),
            serde_json::to_string(session)?.into(),
        ];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO realtime_session VALUES (?, ?, ?, ?, ?)", row)?;
        self.is_there.set(Some(true));
        Ok(())
    }

    pub(crate) fn read(&self, id: &str) -> Result<Option<StoredSession>> {
        Ok(self.select("WHERE id = ?", vec![id.into()])?.into_iter().next())
    }

    /// Those that go on, as far as is known.
    pub(crate) fn going_on(&self) -> Result<Vec<StoredSession>> {
        self.select("WHERE ended_at_millis = ?", vec![GOES_ON.into()])
    }

    /// What sessions hold of the budget: those that go on, and those that ended since, whose last bills may be under way.
    pub(crate) fn held(&self, since_millis: i64) -> Result<Money> {
        let sessions = self.select("WHERE ended_at_millis > ?", vec![since_millis.into()])?;
        Ok(sessions.iter().fold(Money::ZERO, |sum, session| sum.saturating_add(session.account.held())))
    }

    /// Past sessions, the last one first, from behind a cursor on.
    pub(crate) fn past(&self, after: Option<&str>, limit: u32) -> Result<Vec<RealtimeSessionRecord>> {
        let after = after.and_then(|cursor| cursor.split_once('.'));
        let after = after.and_then(|(millis, id)| Some((millis.parse::<i64>().ok()?, id)));
        let (before_millis, before_id) = after.unwrap_or((GOES_ON, ""));
        let rest = "WHERE (ended_at_millis, id) < (?, ?) ORDER BY ended_at_millis DESC, id DESC LIMIT ?";
        let sessions = self.select(rest, vec![before_millis.into(), before_id.into(), i64::from(limit).into()])?;
        Ok(sessions.into_iter().map(|session| session.record).collect())
    }

    /// When a provider is to be asked next.
    pub(crate) fn next_inquiry_millis(&self) -> Result<Option<i64>> {
        if !self.is_there()? {
            return Ok(None);
        }
        let query = "SELECT min(inquire_at_millis) FROM realtime_session WHERE inquire_at_millis IS NOT NULL";
        Ok(rows::first(self.tables.sql()?, query, Vec::new())?.and_then(|mut row| row.integer()))
    }

    /// Those whose providers are to be asked.
    pub(crate) fn to_inquire(&self, now_millis: i64) -> Result<Vec<StoredSession>> {
        self.select("WHERE inquire_at_millis <= ?", vec![now_millis.into()])
    }

    /// Whether anything is kept.
    pub(crate) fn has_any(&self) -> Result<bool> {
        Ok(self.is_there()?
            && rows::first(self.tables.sql()?, "SELECT 1 FROM realtime_session LIMIT 1", Vec::new())?.is_some())
    }

    /// Some of those that ended before a time, or are too many: each with whether it was recorded.
    pub(crate) fn to_drop(&self, before_millis: i64) -> Result<Vec<(String, bool)>> {
        if !self.is_there()? {
            return Ok(Vec::new());
        }
        let query = "SELECT id, is_recorded FROM realtime_session
            WHERE ended_at_millis < max(?, (SELECT coalesce(min(ended_at_millis), 0) FROM
                (SELECT ended_at_millis FROM realtime_session ORDER BY ended_at_millis DESC LIMIT ?)))
            ORDER BY ended_at_millis LIMIT ?";
        let parameters = vec![before_millis.into(), MOST.into(), DROPPED_AT_ONCE.into()];
        let rows = rows::all(self.tables.sql()?, query, parameters)?;
        Ok(rows.into_iter().map(|mut row| (row.text(), row.integer() == Some(1))).collect())
    }

    pub(crate) fn remove(&self, id: &str) -> Result<()> {
        rows::run(self.tables.sql()?, "DELETE FROM realtime_session WHERE id = ?", vec![id.into()])
    }

    /// Storage was erased.
    pub(crate) fn forget(&self) {
        self.tables.forget();
        self.is_there.set(None);
    }

    fn select(&self, rest: &str, parameters: Vec<worker::SqlStorageValue>) -> Result<Vec<StoredSession>> {
        if !self.is_there()? {
            return Ok(Vec::new());
        }
        let query = format!("SELECT session FROM realtime_session {rest}");
        let rows = rows::all(self.tables.sql()?, &query, parameters)?;
        rows.into_iter().map(|mut row| Ok(serde_json::from_str(&row.text())?)).collect()
    }
}

/// The cursor of the page that follows a session.
pub fn session_cursor(record: &RealtimeSessionRecord) -> String {
    format!("{}.{}", record.ended_at.map_or(GOES_ON, |at| at.0), record.connection_id)
}
