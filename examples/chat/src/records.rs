//! What outlives the object's memory, in its SQLite: the room's messages, and the names of who is here.

use std::cell::Cell;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use worker::{Result, SqlStorage, SqlStorageValue};

/// Made when they are needed first: a room that nobody joins stores nothing.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS message (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS member (connection TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;";

/// Older messages are forgotten.
const MOST_MESSAGES: i64 = 1_000;

/// A message as clients read it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    /// Counts up within the room, so that a client that asks for the history again knows what it has.
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) text: String,
    /// In milliseconds since the epoch.
    pub(crate) at: i64,
}

/// The records of a room.
pub(crate) struct Records {
    sql: SqlStorage,
    has_tables: Cell<bool>,
}

impl Records {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { sql, has_tables: Cell::new(false) }
    }

    pub(crate) fn add_message(&self, name: &str, text: &str, at: i64) -> Result<Message> {
        let insert = "INSERT INTO message (name, text, at) VALUES (?, ?, ?) RETURNING id, name, text, at";
        let message: Message = self
            .first(insert, vec![name.into(), text.into(), at.into()])?
            .ok_or_else(|| worker::Error::RustError("a message was not stored".to_owned()))?;
        let forgotten: Vec<SqlStorageValue> = vec![(message.id - MOST_MESSAGES).into()];
        self.run("DELETE FROM message WHERE id <= ?", forgotten)?;
        Ok(message)
    }

    /// The id after which the last messages come, so many of them.
    pub(crate) fn id_before_last(&self, count: u32) -> Result<i64> {
        #[derive(Deserialize)]
        struct Last {
            id: Option<i64>,
        }
        let last: Option<Last> = self.first("SELECT MAX(id) AS id FROM message", Vec::new())?;
        Ok(last.and_then(|last| last.id).unwrap_or(0) - i64::from(count))
    }

    /// The messages after an id, so many at the most.
    pub(crate) fn page(&self, after: i64, count: u32) -> Result<Vec<Message>> {
        let query = "SELECT id, name, text, at FROM message WHERE id > ? ORDER BY id LIMIT ?";
        self.all(query, vec![after.into(), i64::from(count).into()])
    }

    pub(crate) fn add_member(&self, connection: &str, name: &str) -> Result<()> {
        self.run("INSERT OR REPLACE INTO member VALUES (?, ?)", vec![connection.into(), name.into()])
    }

    /// Strikes a member off and gives the name that it had.
    pub(crate) fn remove_member(&self, connection: &str) -> Result<Option<String>> {
        let removed = self.first("DELETE FROM member WHERE connection = ? RETURNING name", vec![connection.into()])?;
        Ok(removed.map(|Named { name }| name))
    }

    pub(crate) fn name_of(&self, connection: &str) -> Result<Option<String>> {
        let found = self.first("SELECT name FROM member WHERE connection = ?", vec![connection.into()])?;
        Ok(found.map(|Named { name }| name))
    }

    /// The names of who is here, in alphabetical order.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let members = self.all("SELECT name FROM member ORDER BY name COLLATE NOCASE", Vec::new())?;
        Ok(members.into_iter().map(|Named { name }| name).collect())
    }

    /// The connections of who is here.
    pub(crate) fn members(&self) -> Result<Vec<String>> {
        let members = self.all("SELECT connection AS name FROM member", Vec::new())?;
        Ok(members.into_iter().map(|Named { name }| name).collect())
    }

    fn run(&self, statement: &str, parameters: Vec<SqlStorageValue>) -> Result<()> {
        self.sql()?.exec(statement, parameters)?;
        Ok(())
    }

    fn all<T: DeserializeOwned>(&self, query: &str, parameters: Vec<SqlStorageValue>) -> Result<Vec<T>> {
        self.sql()?.exec(query, parameters)?.to_array()
    }

    /// Not `SqlCursor::one`, which throws where there is no row.
    fn first<T: DeserializeOwned>(&self, query: &str, parameters: Vec<SqlStorageValue>) -> Result<Option<T>> {
        Ok(self.all(query, parameters)?.into_iter().next())
    }

    fn sql(&self) -> Result<&SqlStorage> {
        if !self.has_tables.get() {
            self.sql.exec(TABLES, None)?;
            self.has_tables.set(true);
        }
        Ok(&self.sql)
    }
}

#[derive(Deserialize)]
struct Named {
    name: String,
}
