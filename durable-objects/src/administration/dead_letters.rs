//! Dead letters: what could not be delivered, kept until an operator has it replayed or throws it away.

use contract::{AuditEntry, DeadLetter, DeadLetterKind, Page, Severity, SystemAlert, admin_hub::GROUP};
use worker::{Result, SqlStorage};

use super::{
    calls::{ListDeadLetters, RecordDeadLetters, RemoveDeadLetters},
    services::Services,
};
use crate::{rows, tables::Tables};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS dead_letter (
        number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, virtual_key_id TEXT, letter TEXT NOT NULL
    )";

/// Letters kept at the most. Beyond that they wait in their queue.
const MOST_LETTERS: i64 = 10_000;

/// Bytes of letters on a page, but for the last of them.
const MOST_BYTES: usize = 4_194_304;

/// The table of dead letters.
pub(crate) struct DeadLetters {
    tables: Tables,
}

impl DeadLetters {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> Result<i64> {
        let row = rows::first(self.tables.sql()?, "SELECT COUNT(*) FROM dead_letter", Vec::new())?;
        Ok(row.and_then(|mut row| row.integer()).unwrap_or(0))
    }

    pub(crate) fn knows(&self, id: &str) -> Result<bool> {
        let query = "SELECT 1 FROM dead_letter WHERE id = ?";
        Ok(rows::first(self.tables.sql()?, query, vec![id.into()])?.is_some())
    }

    fn put(&self, letter: &DeadLetter) -> Result<()> {
        let row = vec![
            letter.id.as_str().into(),
            letter.kind.name().into(),
            letter.virtual_key_id.as_deref().into(),
            serde_json::to_string(letter)?.into(),
        ];
        let statement = "INSERT OR IGNORE INTO dead_letter (id, kind, virtual_key_id, letter) VALUES (?, ?, ?, ?)";
        rows::run(self.tables.sql()?, statement, row)
    }

    pub(crate) fn read(&self, id: &str) -> Result<Option<DeadLetter>> {
        let row = rows::first(self.tables.sql()?, "SELECT letter FROM dead_letter WHERE id = ?", vec![id.into()])?;
        Ok(row.map(|mut row| serde_json::from_str(&row.text())).transpose()?)
    }

    /// A page of letters in the order in which they came: as many as were asked for, or as may be carried at once.
    pub(crate) fn list(&self, list: &ListDeadLetters) -> Result<Page<DeadLetter>> {
        let query = "SELECT number, letter FROM dead_letter
            WHERE number > ?1 AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR virtual_key_id = ?3)
            ORDER BY number LIMIT 1";
        let kind = list.kind.map(DeadLetterKind::name);
        let mut page = Page { items: Vec::new(), next: None };
        let (mut behind, mut bytes) = (list.after, 0);
        loop {
            let parameters = vec![behind.into(), kind.into(), list.virtual_key_id.as_deref().into()];
            let Some(mut row) = rows::first(self.tables.sql()?, query, parameters)? else { return Ok(page) };
            if page.items.len() >= list.limit as usize || bytes >= MOST_BYTES {
                page.next = Some(behind.to_string());
                return Ok(page);
            }
            behind = row.integer().unwrap_or(i64::MAX);
            let letter = row.text();
            bytes += letter.len();
            page.items.push(serde_json::from_str(&letter)?);
        }
    }

    fn remove(&self, id: &str) -> Result<()> {
        rows::run(self.tables.sql()?, "DELETE FROM dead_letter WHERE id = ?", vec![id.into()])
    }
}

impl Services {
    /// Keeps letters, each once, and tells operators of those that are new. False, and nothing is kept, where there is no
    /// room.
    pub(super) fn record_dead_letters(&self, record: &RecordDeadLetters) -> Result<bool> {
        let mut new = Vec::new();
        for letter in &record.letters {
            if !self.dead_letters.knows(&letter.id)? {
                new.push(letter);
            }
        }
        let Some(first) = new.first() else { return Ok(true) };
        let added = i64::try_from(new.len()).unwrap_or(i64::MAX);
        if self.dead_letters.count()?.saturating_add(added) > MOST_LETTERS {
            return Ok(false);
        }
        let alert = SystemAlert {
            severity: Severity::High,
            title: "Dead letters".to_owned(),
            message: format!("{added} could not be delivered; the first: {}", first.cause),
            source: "conduit-edge".to_owned(),
        };
        let notification = self.notification(vec![GROUP.to_owned()], &alert, None)?;
        self.tell(&[notification], || new.iter().try_for_each(|letter| self.dead_letters.put(letter)))?;
        Ok(true)
    }

    /// Forgets letters that were dealt with, and writes down who did it. It answers how many there were.
    pub(super) fn remove_dead_letters(&self, remove: &RemoveDeadLetters) -> Result<usize> {
        let mut removed = 0;
        for id in &remove.ids {
            if self.dead_letters.knows(id)? {
                removed += 1;
                self.dead_letters.remove(id)?;
                let entry = AuditEntry::new(remove.author.actor.as_str(), remove.action.as_str()).to(id.as_str());
                self.desk.audit.record(entry.from(remove.author.from.clone()))?;
            }
        }
        Ok(removed)
    }
}
