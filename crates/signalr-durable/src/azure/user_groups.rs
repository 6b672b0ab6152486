//! The groups that a user is in, whatever its connections are: every connection of the user joins them when it begins.
//!
//! They are in the table `signalr_user_group` of the object, which is there only where a user was ever added to a group.

use std::cell::Cell;

use worker::{Result, SqlStorage, SqlStorageValue};

/// How long a user stays in a group where nobody says: a year.
const DEFAULT_TTL_MILLIS: f64 = 365.0 * 86_400_000.0;

/// The groups that a user is kept in where nobody said for how long: the latest ones.
const LATEST_GROUPS: i32 = 100;

/// The table of an object.
pub(crate) struct UserGroups {
    sql: SqlStorage,
    /// Whether the table is there; none: not known.
    exists: Cell<Option<bool>>,
    /// When the first membership ends, in milliseconds since the epoch; none: not known.
    next_expiry_millis: Cell<Option<f64>>,
}

/// Somebody in a group of a hub.
pub(crate) struct Membership {
    pub(crate) hub: String,
    pub(crate) user: String,
    pub(crate) group: String,
}

impl UserGroups {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { sql, exists: Cell::new(None), next_expiry_millis: Cell::new(None) }
    }

    /// Adds a user to a group, and returns the groups that it has too many of, which it has left.
    pub(crate) fn add(
        &self,
        hub: &str,
        user: &str,
        group: &str,
        ttl_seconds: Option<u64>,
        now_millis: f64,
    ) -> Result<Vec<String>> {
        self.sql.exec(
            "CREATE TABLE IF NOT EXISTS signalr_user_group (
                hub TEXT, user TEXT, name TEXT, expires_at_millis REAL, added_at_millis REAL, is_lasting INTEGER,
                PRIMARY KEY (hub, user, name)
            ) WITHOUT ROWID",
            None,
        )?;
        self.exists.set(Some(true));
        // Seconds that somebody asks for are far below 2^52, or as good as for ever.
        #[allow(clippy::cast_precision_loss)]
        let ttl_millis = ttl_seconds.map_or(DEFAULT_TTL_MILLIS, |seconds| seconds as f64 * 1_000.0);
        let row = vec![
            hub.into(),
            user.into(),
            group.into(),
            (now_millis + ttl_millis).into(),
            now_millis.into(),
            i32::from(ttl_seconds.is_none()).into(),
        ];
        self.sql.exec("INSERT OR REPLACE INTO signalr_user_group VALUES (?, ?, ?, ?, ?, ?)", row)?;
        self.next_expiry_millis.set(None);
        if ttl_seconds.is_some() {
            return Ok(Vec::new());
        }
        // The one that was added last stays, also among others of the same millisecond.
        let older = "DELETE FROM signalr_user_group WHERE hub = ?1 AND user = ?2 AND name IN (
                SELECT name FROM signalr_user_group WHERE hub = ?1 AND user = ?2 AND is_lasting = 1
                ORDER BY added_at_millis DESC, name = ?3 DESC LIMIT -1 OFFSET ?4
            ) RETURNING name";
        self.texts(older, vec![hub.into(), user.into(), group.into(), LATEST_GROUPS.into()])
    }

    /// Takes a user out of a group.
    pub(crate) fn remove(&self, hub: &str, user: &str, group: &str) -> Result<()> {
        if self.exists() {
            let row = vec![hub.into(), user.into(), group.into()];
            self.sql.exec("DELETE FROM signalr_user_group WHERE hub = ? AND user = ? AND name = ?", row)?;
        }
        Ok(())
    }

    /// Takes a user out of all groups.
    pub(crate) fn remove_all(&self, hub: &str, user: &str) -> Result<()> {
        if self.exists() {
            let row = vec![hub.into(), user.into()];
            self.sql.exec("DELETE FROM signalr_user_group WHERE hub = ? AND user = ?", row)?;
        }
        Ok(())
    }

    /// The groups that a user is in.
    pub(crate) fn groups(&self, hub: &str, user: &str, now_millis: f64) -> Result<Vec<String>> {
        if !self.exists() {
            return Ok(Vec::new());
        }
        let query = "SELECT name FROM signalr_user_group WHERE hub = ? AND user = ? AND expires_at_millis > ?";
        self.texts(query, vec![hub.into(), user.into(), now_millis.into()])
    }

    /// How many users are in how many groups.
    pub(crate) fn count(&self) -> Result<usize> {
        if !self.exists() {
            return Ok(0);
        }
        let rows = self.sql.exec("SELECT COUNT(*) FROM signalr_user_group", None)?;
        Ok(match rows.raw().next().transpose()?.and_then(|row| row.into_iter().next()) {
            Some(SqlStorageValue::Integer(count)) => usize::try_from(count).unwrap_or(usize::MAX),
            _ => 0,
        })
    }

    /// When the first membership ends; never, where there is none.
    pub(crate) fn next_expiry_millis(&self) -> f64 {
        if !self.exists() {
            return f64::INFINITY;
        }
        if let Some(known) = self.next_expiry_millis.get() {
            return known;
        }
        let first = || -> Result<f64> {
            let rows = self.sql.exec("SELECT MIN(expires_at_millis) FROM signalr_user_group", None)?;
            Ok(match rows.raw().next().transpose()?.and_then(|row| row.into_iter().next()) {
                Some(SqlStorageValue::Float(at_millis)) => at_millis,
                // The platform's numbers are doubles.
                #[allow(clippy::cast_precision_loss)]
                Some(SqlStorageValue::Integer(at_millis)) => at_millis as f64,
                _ => f64::INFINITY,
            })
        };
        let next = first().unwrap_or(f64::INFINITY);
        self.next_expiry_millis.set(Some(next));
        next
    }

    /// Ends the memberships whose time is over, and returns them.
    pub(crate) fn expire(&self, now_millis: f64) -> Result<Vec<Membership>> {
        if self.next_expiry_millis() > now_millis {
            return Ok(Vec::new());
        }
        let query = "DELETE FROM signalr_user_group WHERE expires_at_millis <= ? RETURNING hub, user, name";
        let rows = self.sql.exec(query, vec![now_millis.into()])?;
        let mut ended = Vec::new();
        for row in rows.raw() {
            let mut row = row?.into_iter().map(text);
            if let (Some(hub), Some(user), Some(group)) = (row.next(), row.next(), row.next()) {
                ended.push(Membership { hub, user, group });
            }
        }
        self.next_expiry_millis.set(None);
        Ok(ended)
    }

    /// Whether the table is there. That it is must be asked each time: the application may erase the object's storage.
    fn exists(&self) -> bool {
        if self.exists.get() == Some(false) {
            return false;
        }
        let query = "SELECT 1 FROM sqlite_master WHERE name = 'signalr_user_group'";
        let is_there = self.sql.exec(query, None).is_ok_and(|rows| rows.raw().next().is_some());
        self.exists.set(Some(is_there));
        is_there
    }

    fn texts(&self, query: &str, parameters: Vec<SqlStorageValue>) -> Result<Vec<String>> {
        let rows = self.sql.exec(query, parameters)?;
        let mut texts = Vec::new();
        for row in rows.raw() {
            texts.extend(row?.into_iter().next().map(text));
        }
        Ok(texts)
    }
}

fn text(value: SqlStorageValue) -> String {
    match value {
        SqlStorageValue::String(text) => text,
        _ => String::new(),
    }
}
