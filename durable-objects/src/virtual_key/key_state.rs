//! What the object knows of its own key: the registry's record, kept here so that no request has to ask.

use std::cell::RefCell;

use contract::KeyRecord;
use serde::{Deserialize, Serialize};
use worker::{Env, Result, SqlStorage};

use crate::{administration::calls::ReadKeyForObject, call, rows};

/// The key of an object.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum KeyState {
    /// The registry has such a key.
    Known(KeyRecord),
    /// It had one; the object's data waits for its end.
    Deleted {
        /// Its id.
        id: String,
        /// When the object was told.
        since_millis: i64,
    },
}

/// The row that holds the key's record.
pub(crate) struct StoredKey {
    sql: SqlStorage,
    env: Env,
    cached: RefCell<Option<(KeyState, i64)>>,
}

impl StoredKey {
    pub(crate) fn new(sql: SqlStorage, env: Env) -> Self {
        Self { sql, env, cached: RefCell::default() }
    }

    /// The key's state: from memory, from storage, or, for an object that was never told, from the
    /// registry. None where the registry knows no such key; then nothing is stored.
    pub(crate) async fn read(&self, virtual_key_id: &str) -> Result<Option<KeyState>> {
        if let Some(state) = self.stored()? {
            return Ok(Some(state));
        }
        let ask = ReadKeyForObject { id: virtual_key_id.to_owned() };
        let answer = call::ask(&self.env, &ask).await?;
        let Some((record, revision)) = answer else { return Ok(None) };
        self.apply(KeyState::Known(record), revision)?;
        self.stored()
    }

    /// The key's id, once the object was told of it.
    pub(crate) fn id(&self) -> Result<Option<String>> {
        Ok(match self.stored()? {
            Some(KeyState::Known(record)) => Some(record.id),
            Some(KeyState::Deleted { id, .. }) => Some(id),
            None => None,
        })
    }

    /// As [`read`](Self::read), without asking the registry.
    pub(crate) fn stored(&self) -> Result<Option<KeyState>> {
        if self.cached.borrow().is_none() {
            let table = "SELECT 1 FROM sqlite_master WHERE name = 'virtual_key'";
            if rows::first(&self.sql, table, Vec::new())?.is_some() {
                let row = rows::first(&self.sql, "SELECT state, revision FROM virtual_key", Vec::new())?;
                if let Some(mut row) = row {
                    let state = serde_json::from_str(&row.text())?;
                    self.cached.replace(Some((state, row.integer().unwrap_or(0))));
                }
            }
        }
        Ok(self.cached.borrow().as_ref().map(|(state, _)| state.clone()))
    }

    /// Whether what is known is of this revision, or of a later one.
    pub(crate) fn knows(&self, revision: i64) -> Result<bool> {
        self.stored()?;
        Ok(self.cached.borrow().as_ref().is_some_and(|(_, known)| *known >= revision))
    }

    /// Takes a newer state; an older one than what is known changes nothing. True if it was taken.
    pub(crate) fn apply(&self, state: KeyState, revision: i64) -> Result<bool> {
        if self.knows(revision)? {
            return Ok(false);
        }
        let text = serde_json::to_string(&state)?;
        self.sql.exec(
            "CREATE TABLE IF NOT EXISTS virtual_key (only INTEGER PRIMARY KEY, state TEXT NOT NULL, revision INTEGER NOT NULL)",
            None,
        )?;
        let row = vec![text.into(), revision.into()];
        rows::run(&self.sql, "INSERT OR REPLACE INTO virtual_key VALUES (1, ?, ?)", row)?;
        self.cached.replace(Some((state, revision)));
        Ok(true)
    }

    /// Forgets what memory holds, after storage was erased.
    pub(crate) fn forget(&self) {
        self.cached.replace(None);
    }
}
