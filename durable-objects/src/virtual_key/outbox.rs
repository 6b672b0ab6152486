//! What operators are to be told of this key: kept until the registry has taken it.

use std::cell::Cell;

use contract::Notification;
use serde_json::json;
use worker::{Result, SqlStorage};

use super::VirtualKey;
use crate::{administration::calls::Raise, call, identifiers::now_millis, log, rows, tables::Tables};

const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS outbox (id TEXT PRIMARY KEY, notification TEXT NOT NULL) WITHOUT ROWID";

/// How long after a failed attempt the registry is told again.
const RETRY_MILLIS: i64 = 5_000;

/// Notifications told in one call.
const AT_ONCE: i64 = 100;

/// What waits to be told.
pub(crate) struct Outbox {
    tables: Tables,
    /// Whether anything waits, once known.
    has_any: Cell<Option<bool>>,
}

impl Outbox {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE), has_any: Cell::default() }
    }

    /// When what waits is to be told; none if nothing does. A process that died before it told leaves something here.
    pub(crate) fn next_try_millis(&self, now_millis: i64) -> Result<Option<i64>> {
        let has_any = match self.has_any.get() {
            Some(has_any) => has_any,
            None => !self.first()?.is_empty(),
        };
        self.has_any.set(Some(has_any));
        Ok(has_any.then_some(now_millis + RETRY_MILLIS))
    }

    /// Inside the transaction of what it tells of.
    pub(crate) fn put(&self, notification: &Notification) -> Result<()> {
        let row = vec![notification.meta.event_id.as_str().into(), serde_json::to_string(notification)?.into()];
        self.has_any.set(Some(true));
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO outbox VALUES (?, ?)", row)
    }

    fn first(&self) -> Result<Vec<Notification>> {
        let query = "SELECT notification FROM outbox ORDER BY id LIMIT ?";
        let rows = rows::all(self.tables.sql()?, query, vec![AT_ONCE.into()])?;
        rows.into_iter().map(|mut row| Ok(serde_json::from_str(&row.text())?)).collect()
    }

    fn remove_through(&self, id: &str) -> Result<()> {
        self.has_any.set(None);
        rows::run(self.tables.sql()?, "DELETE FROM outbox WHERE id <= ?", vec![id.into()])
    }

    /// Storage was erased.
    pub(crate) fn forget(&self) {
        self.tables.forget();
        self.has_any.set(None);
    }
}

impl VirtualKey {
    /// Tells the registry what waits. What fails is tried again by the alarm; the registry takes each once.
    pub(super) async fn empty_outbox(&self) -> Result<()> {
        loop {
            let notifications = self.services.outbox.first()?;
            let Some(last) = notifications.last().map(|last| last.meta.event_id.clone()) else { return Ok(()) };
            let Some(virtual_key_id) = self.services.key.id()? else { return Ok(()) };
            match call::ask(&self.services.env, &Raise { virtual_key_id, notifications }).await {
                Ok(()) => self.services.outbox.remove_through(&last)?,
                Err(error) => {
                    log::warn("operators could not be told of an alert", json!({ "error": error.to_string() }));
                    return self.services.alarm_clock.ring_by(now_millis() + RETRY_MILLIS).await;
                }
            }
        }
    }
}
