//! Sessions in SQLite: who they are, and a log of what was sent to them.
//!
//! All that one turn of the event loop sends to stateful connections is one row, each record in it once, however many
//! connections it is for. Rows leave in ranges, oldest first, when everybody in them has confirmed them: a row is billed
//! when it is written and when it is removed. What the log says of a connection that its removed rows said last is
//! then kept in the connection's own row.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet, VecDeque},
    rc::Rc,
};

use serde::{Deserialize, Serialize};
use worker::{Result, SqlStorage, SqlStorageValue};

use crate::session::Kept;

/// Rows that are removed together.
const RANGE: usize = 16;

/// A row of SQLite holds 2 MB (Durable Objects limits).
pub(crate) const MAX_RECORD_BYTES: usize = 1_900_000;

/// Sessions in the storage of one object.
pub(crate) struct SessionStore {
    sql: SqlStorage,
    is_created: Cell<bool>,
    next_turn: Cell<i64>,
    next_session: Cell<i64>,
    turns: RefCell<VecDeque<Turn>>,
}

/// A row of the log, as memory knows it.
struct Turn {
    number: i64,
    /// The long-polling session whose row it is alone; none for a row of stateful sessions.
    owner: Option<i64>,
    sessions: Vec<i64>,
    /// The sessions in it that may not have confirmed their last record in it, and the number of that.
    unconfirmed: Vec<(i64, i64)>,
}

impl Turn {
    fn of(number: i64, owner: Option<i64>, changes: &[Change]) -> Self {
        Self {
            number,
            owner,
            sessions: changes.iter().map(|change| change.session).collect(),
            unconfirmed: changes.iter().map(|change| (change.session, change.last_id())).collect(),
        }
    }
}

/// What a turn of the event loop did to one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Change {
    #[serde(rename = "n")]
    pub(crate) session: i64,
    /// The number of the first record, or of the next if there is none.
    #[serde(rename = "f")]
    pub(crate) first_id: i64,
    /// The records, as places in the row.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    records: Vec<usize>,
    /// How many counted messages the client has sent so far.
    #[serde(rename = "i")]
    pub(crate) received: i64,
    /// The calls that run.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) open: Vec<(String, String)>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(rename = "l")]
    lengths: Vec<usize>,
    #[serde(rename = "c")]
    changes: Vec<Change>,
}

/// The row being written: each record once.
#[derive(Default)]
pub(crate) struct TurnDraft {
    places: HashMap<*const Vec<u8>, usize>,
    records: Vec<Rc<Vec<u8>>>,
    bytes: usize,
    changes: Vec<Change>,
}

impl TurnDraft {
    /// Adds a session's change, with the records that it was sent.
    pub(crate) fn add<'a>(
        &mut self,
        session: i64,
        first_id: i64,
        records: impl Iterator<Item = &'a Kept>,
        received: i64,
        open: Vec<(String, String)>,
    ) {
        let mut change = Change { session, first_id, records: Vec::new(), received, open };
        for Kept(record) in records {
            let next = self.records.len();
            let place = *self.places.entry(Rc::as_ptr(record)).or_insert(next);
            if place == next {
                self.bytes += record.len();
                self.records.push(record.clone());
            }
            change.records.push(place);
        }
        self.changes.push(change);
    }

    /// Whether a row should be closed before more is added.
    pub(crate) fn is_large(&self) -> bool {
        self.bytes > MAX_RECORD_BYTES / 2
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// A session as storage knows it.
pub(crate) struct Stored {
    pub(crate) number: i64,
    /// What an attachment says of other connections.
    pub(crate) identity: String,
    pub(crate) first_id: i64,
    pub(crate) records: Vec<Kept>,
    pub(crate) received: i64,
    pub(crate) open: Vec<(String, String)>,
}

/// How far a session is, for the row that outlives its log.
pub(crate) struct Checkpoint {
    pub(crate) session: i64,
    pub(crate) next_id: i64,
    pub(crate) received: i64,
    pub(crate) open: Vec<(String, String)>,
}

impl SessionStore {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self {
            sql,
            is_created: Cell::new(false),
            next_turn: Cell::new(1),
            next_session: Cell::new(1),
            turns: RefCell::default(),
        }
    }

    fn create(&self) -> Result<()> {
        if !self.is_created.replace(true) {
            self.sql.exec(
                "CREATE TABLE IF NOT EXISTS signalr_session (number INTEGER PRIMARY KEY, identity TEXT, first_id INTEGER, received INTEGER, open TEXT);
                 CREATE TABLE IF NOT EXISTS signalr_turn (turn INTEGER PRIMARY KEY, owner INTEGER, head TEXT, records BLOB);",
                None,
            )?;
        }
        Ok(())
    }

    /// The number of a session that begins.
    pub(crate) fn next_number(&self) -> i64 {
        self.next_session.replace(self.next_session.get() + 1)
    }

    /// Writes who a session is, new or changed.
    pub(crate) fn put(&self, number: i64, identity: &str) -> Result<()> {
        self.create()?;
        let row = vec![number.into(), identity.into(), identity.into()];
        self.sql.exec(
            "INSERT INTO signalr_session VALUES (?, ?, 1, 0, '[]') ON CONFLICT (number) DO UPDATE SET identity = ?",
            row,
        )?;
        Ok(())
    }

    /// Writes what a turn did, before any of it is sent.
    pub(crate) fn write(&self, draft: TurnDraft, owner: Option<i64>) -> Result<()> {
        self.create()?;
        let number = self.next_turn.replace(self.next_turn.get() + 1);
        self.turns.borrow_mut().push_back(Turn::of(number, owner, &draft.changes));
        let head = Head { lengths: draft.records.iter().map(|record| record.len()).collect(), changes: draft.changes };
        let head = serde_json::to_string(&head).unwrap_or_default();
        let mut records = Vec::with_capacity(draft.bytes);
        draft.records.iter().for_each(|record| records.extend_from_slice(record));
        let owner_value = owner.map_or(SqlStorageValue::Null, SqlStorageValue::from);
        let row = vec![number.into(), owner_value, head.into(), records.into()];
        self.sql.exec("INSERT INTO signalr_turn VALUES (?, ?, ?, ?)", row)?;
        Ok(())
    }

    /// Removes the rows of a long-polling session whose records were all confirmed.
    pub(crate) fn remove_confirmed(&self, session: i64, confirmed_id: i64) -> Result<()> {
        let mut last = None;
        self.turns.borrow_mut().retain(|turn| {
            let is_confirmed =
                turn.owner == Some(session) && turn.unconfirmed.iter().all(|(_, last_id)| *last_id <= confirmed_id);
            if is_confirmed {
                last = last.max(Some(turn.number));
            }
            !is_confirmed
        });
        if let Some(last) = last {
            let range = vec![session.into(), last.into()];
            self.sql.exec("DELETE FROM signalr_turn WHERE owner = ? AND turn <= ?", range)?;
        }
        Ok(())
    }

    /// Removes the oldest rows of stateful sessions, if enough of them are done with. `is_done` says whether a session
    /// has confirmed a record or is gone, `checkpoint` how far one is that is not gone.
    ///
    /// The newest row stays: of the sessions in it the log goes on to say how far they are, which spares a row for each.
    pub(crate) fn compact(
        &self,
        is_done: impl Fn(i64, i64) -> bool,
        checkpoint: impl Fn(i64) -> Option<Checkpoint>,
    ) -> Result<()> {
        let mut turns = self.turns.borrow_mut();
        let shared = turns.iter().filter(|turn| turn.owner.is_none()).count();
        let mut done: Vec<i64> = Vec::new();
        for turn in turns.iter_mut().filter(|turn| turn.owner.is_none()).take(shared.saturating_sub(1)) {
            // What is done stays done, and is not asked about again.
            while turn.unconfirmed.pop_if(|(session, last_id)| is_done(*session, *last_id)).is_some() {}
            if !turn.unconfirmed.is_empty() {
                break;
            }
            done.push(turn.number);
        }
        let Some(last) = done.last().copied().filter(|_| done.len() >= RANGE) else { return Ok(()) };
        let sessions_of = |is_removed: bool| {
            let turns = turns.iter().filter(move |turn| turn.owner.is_none() && (turn.number <= last) == is_removed);
            turns.flat_map(|turn| turn.sessions.iter().copied()).collect::<HashSet<i64>>()
        };
        let (removed, kept) = (sessions_of(true), sessions_of(false));
        for Checkpoint { session, next_id, received, open } in removed.difference(&kept).copied().filter_map(checkpoint)
        {
            let open = serde_json::to_string(&open).unwrap_or_default();
            let row = vec![next_id.into(), received.into(), open.into(), session.into()];
            self.sql.exec("UPDATE signalr_session SET first_id = ?, received = ?, open = ? WHERE number = ?", row)?;
        }
        self.sql.exec("DELETE FROM signalr_turn WHERE owner IS NULL AND turn <= ?", vec![last.into()])?;
        turns.retain(|turn| turn.owner.is_some() || turn.number > last);
        Ok(())
    }

    /// Forgets a session; with the last one all of the log.
    pub(crate) fn remove(&self, number: i64, is_last: bool) -> Result<()> {
        self.sql.exec("DELETE FROM signalr_session WHERE number = ?", vec![number.into()])?;
        let mut turns = self.turns.borrow_mut();
        if is_last {
            if !turns.is_empty() {
                self.sql.exec("DELETE FROM signalr_turn", None)?;
            }
            turns.clear();
        } else if turns.iter().any(|turn| turn.owner == Some(number)) {
            self.sql.exec("DELETE FROM signalr_turn WHERE owner = ?", vec![number.into()])?;
            turns.retain(|turn| turn.owner != Some(number));
        }
        Ok(())
    }

    /// Reads everything, once in the object's life.
    pub(crate) fn restore(&self) -> Result<Vec<Stored>> {
        let known = self.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'signalr_turn'", None)?;
        if known.raw().next().is_none() {
            return Ok(Vec::new());
        }
        self.is_created.set(true);
        let mut sessions = Vec::new();
        let rows = self.sql.exec("SELECT number, identity, first_id, received, open FROM signalr_session", None)?;
        for row in rows.raw() {
            let mut row = row?.into_iter();
            let (Some(number), Some(SqlStorageValue::String(identity))) = (integer(row.next()), row.next()) else {
                continue;
            };
            let (first_id, received) = (integer(row.next()).unwrap_or(1), integer(row.next()).unwrap_or(0));
            let open = match row.next() {
                Some(SqlStorageValue::String(open)) => serde_json::from_str(&open).unwrap_or_default(),
                _ => Vec::new(),
            };
            self.next_session.set(self.next_session.get().max(number + 1));
            sessions.push(Stored { number, identity, first_id, records: Vec::new(), received, open });
        }
        self.restore_turns(&mut sessions)?;
        Ok(sessions)
    }

    fn restore_turns(&self, sessions: &mut [Stored]) -> Result<()> {
        let rows = self.sql.exec("SELECT turn, owner, head, records FROM signalr_turn ORDER BY turn", None)?;
        for row in rows.raw() {
            let mut row = row?.into_iter();
            let (Some(turn), owner) = (integer(row.next()), integer(row.next())) else { continue };
            let (Some(SqlStorageValue::String(head)), Some(SqlStorageValue::Blob(bytes))) = (row.next(), row.next())
            else {
                continue;
            };
            let Ok(head) = serde_json::from_str::<Head>(&head) else { continue };
            self.next_turn.set(self.next_turn.get().max(turn + 1));
            self.turns.borrow_mut().push_back(Turn::of(turn, owner, &head.changes));
            let records = cut(&bytes, &head.lengths);
            for change in head.changes {
                let Some(session) = sessions.iter_mut().find(|session| session.number == change.session) else {
                    continue;
                };
                if session.records.is_empty() {
                    session.first_id = change.first_id;
                }
                session.records.extend(change.records.iter().filter_map(|place| records.get(*place).cloned()));
                session.received = change.received;
                session.open = change.open;
            }
        }
        Ok(())
    }
}

impl Change {
    fn last_id(&self) -> i64 {
        self.first_id + i64::try_from(self.records.len()).unwrap_or(0) - 1
    }
}

fn cut(bytes: &[u8], lengths: &[usize]) -> Vec<Kept> {
    let mut rest = bytes;
    let mut records = Vec::with_capacity(lengths.len());
    for length in lengths {
        let Some((record, behind)) = rest.split_at_checked(*length) else { break };
        records.push(Kept(Rc::new(record.to_vec())));
        rest = behind;
    }
    records
}

#[expect(clippy::needless_pass_by_value, reason = "as an iterator hands it over")]
fn integer(value: Option<SqlStorageValue>) -> Option<i64> {
    match value {
        Some(SqlStorageValue::Integer(value)) => Some(value),
        // The binding gives every number as a float.
        #[allow(clippy::cast_possible_truncation)]
        Some(SqlStorageValue::Float(value)) => Some(value as i64),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Kept {
        Kept(Rc::new(text.as_bytes().to_vec()))
    }

    #[test]
    fn a_record_for_many_is_in_the_row_once() {
        let mut draft = TurnDraft::default();
        let (both, own) = (kept("both"), kept("own"));
        draft.add(1, 5, [&both].into_iter(), 0, Vec::new());
        draft.add(2, 1, [&own, &both].into_iter(), 3, Vec::new());
        assert_eq!(draft.records.len(), 2);
        assert_eq!(
            draft.changes.iter().map(|change| change.records.clone()).collect::<Vec<_>>(),
            [vec![0], vec![1, 0]]
        );
        assert_eq!(draft.changes.iter().map(Change::last_id).collect::<Vec<_>>(), [5, 2]);
    }

    #[test]
    fn a_change_without_records_ends_before_the_next_number() {
        let mut draft = TurnDraft::default();
        draft.add(1, 5, [].into_iter(), 7, Vec::new());
        assert_eq!(draft.changes.iter().map(Change::last_id).collect::<Vec<_>>(), [4]);
    }

    #[test]
    fn records_are_cut_out_of_a_row_as_they_were_put_into_it() {
        let records: Vec<_> =
            cut(b"onetwothree", &[3, 3, 5, 9]).into_iter().map(|Kept(bytes)| bytes.to_vec()).collect();
        assert_eq!(records, [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]);
    }
}
