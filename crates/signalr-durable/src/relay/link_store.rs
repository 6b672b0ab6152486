//! What of a server's links outlives its memory: which relays there are, the connections that have no socket of the
//! object's own, and the batches that relays have not confirmed.

use std::cell::Cell;

use worker::{Result, SqlStorage, SqlStorageValue};

use super::wire::Channel;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS signalr_relay (
        number INTEGER PRIMARY KEY, region TEXT NOT NULL, checked_at_millis INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS signalr_relayed (
        relay INTEGER NOT NULL, channel INTEGER NOT NULL, attachment TEXT NOT NULL, PRIMARY KEY (relay, channel)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS signalr_batch (
        relay INTEGER NOT NULL, number INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (relay, number)
    ) WITHOUT ROWID;";

/// The tables of the links.
pub(crate) struct LinkStore {
    sql: SqlStorage,
    is_created: Cell<bool>,
}

/// What is read of them when the object wakes.
#[derive(Default)]
pub(crate) struct Stored {
    /// Numbers, regions, and when they were checked last.
    pub(crate) relays: Vec<(u32, String, f64)>,
    pub(crate) connections: Vec<(u32, Channel, String)>,
    /// By relay, oldest first.
    pub(crate) batches: Vec<(u32, u64, Vec<u8>)>,
}

impl LinkStore {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { sql, is_created: Cell::new(false) }
    }

    /// Makes the tables, also where storage was erased since they were made.
    pub(crate) fn ensure(&self) -> Result<()> {
        self.is_created.set(false);
        self.sql().map(|_| ())
    }

    fn sql(&self) -> Result<&SqlStorage> {
        if !self.is_created.get() {
            self.sql.exec(CREATE, None)?;
            self.is_created.set(true);
        }
        Ok(&self.sql)
    }

    pub(crate) fn put_relay(&self, number: u32, region: &str, checked_at_millis: f64) -> Result<()> {
        let row = vec![i64::from(number).into(), region.into(), checked_at_millis.into()];
        self.sql()?.exec("INSERT OR REPLACE INTO signalr_relay VALUES (?, ?, ?)", row)?;
        Ok(())
    }

    pub(crate) fn remove_relay(&self, number: u32) -> Result<()> {
        self.sql()?.exec("DELETE FROM signalr_relay WHERE number = ?", vec![i64::from(number).into()])?;
        Ok(())
    }

    pub(crate) fn put_connection(&self, relay: u32, channel: Channel, attachment: &str) -> Result<()> {
        let row = vec![i64::from(relay).into(), integer(channel), attachment.into()];
        self.sql()?.exec("INSERT OR REPLACE INTO signalr_relayed VALUES (?, ?, ?)", row)?;
        Ok(())
    }

    pub(crate) fn remove_connection(&self, relay: u32, channel: Channel) -> Result<()> {
        let row = vec![i64::from(relay).into(), integer(channel)];
        self.sql()?.exec("DELETE FROM signalr_relayed WHERE relay = ? AND channel = ?", row)?;
        Ok(())
    }

    pub(crate) fn put_batch(&self, relay: u32, number: u64, body: &[u8]) -> Result<()> {
        let row = vec![i64::from(relay).into(), integer(number), SqlStorageValue::Blob(body.to_vec())];
        self.sql()?.exec("INSERT INTO signalr_batch VALUES (?, ?, ?)", row)?;
        Ok(())
    }

    /// Forgets the batches of a relay up to a number.
    pub(crate) fn remove_batches(&self, relay: u32, last: u64) -> Result<()> {
        let row = vec![i64::from(relay).into(), integer(last)];
        self.sql()?.exec("DELETE FROM signalr_batch WHERE relay = ? AND number <= ?", row)?;
        Ok(())
    }

    /// Reads everything, once in the object's life.
    pub(crate) fn restore(&self) -> Result<Stored> {
        let known = self.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'signalr_batch'", None)?;
        if known.raw().next().is_none() {
            return Ok(Stored::default());
        }
        self.is_created.set(true);
        let mut stored = Stored::default();
        for row in self.sql.exec("SELECT number, region, checked_at_millis FROM signalr_relay", None)?.raw() {
            let mut row = row?.into_iter();
            if let (Some(relay), Some(SqlStorageValue::String(region)), Some(checked_at_millis)) =
                (relay_number(row.next()), row.next(), number(row.next()))
            {
                // A time, far below 2^52.
                #[allow(clippy::cast_precision_loss)]
                stored.relays.push((relay, region, checked_at_millis as f64));
            }
        }
        for row in self.sql.exec("SELECT relay, channel, attachment FROM signalr_relayed", None)?.raw() {
            let mut row = row?.into_iter();
            if let (Some(relay), Some(channel), Some(SqlStorageValue::String(attachment))) =
                (relay_number(row.next()), number(row.next()), row.next())
            {
                stored.connections.push((relay, channel, attachment));
            }
        }
        let batches = self.sql.exec("SELECT relay, number, body FROM signalr_batch ORDER BY relay, number", None)?;
        for row in batches.raw() {
            let mut row = row?.into_iter();
            if let (Some(relay), Some(number), Some(SqlStorageValue::Blob(body))) =
                (relay_number(row.next()), number(row.next()), row.next())
            {
                stored.batches.push((relay, number, body));
            }
        }
        Ok(stored)
    }
}

/// Numbers of channels and batches are far below 2^53.
fn integer(number: u64) -> SqlStorageValue {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

#[expect(clippy::needless_pass_by_value, reason = "as an iterator hands it over")]
fn number(value: Option<SqlStorageValue>) -> Option<u64> {
    match value {
        Some(SqlStorageValue::Integer(value)) => u64::try_from(value).ok(),
        // The binding gives every number as a float.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Some(SqlStorageValue::Float(value)) => Some(value as u64),
        _ => None,
    }
}

fn relay_number(value: Option<SqlStorageValue>) -> Option<u32> {
    number(value).and_then(|number| u32::try_from(number).ok())
}
