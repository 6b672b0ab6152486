//! What the directory knows of this key: that it is online, with how many connections, and what it carried.
//!
//! A place among the connections of the whole system is borrowed before a connection is taken, so the first one tells
//! the directory of the key, and no broadcast after it is missed. The rest is reported now and then: by an alarm, since
//! a timer would keep the object awake.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use contract::{Direction, LatencyHistogram, MessageFigure, MetricsSnapshot};
use serde_json::json;
use signalr_durable::Traffic;
use worker::{Result, SqlStorage};

use super::{
    VirtualKey,
    calls::{Refusal, Watch},
};
use crate::{
    administration::calls::CountChanged,
    call,
    directory::calls::{Enter, Entered, Report},
    identifiers::{Turns, now_millis},
    log, rows,
    tables::Tables,
};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS presence (
        only INTEGER PRIMARY KEY, places INTEGER NOT NULL, broadcast INTEGER, is_watched INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS brought (only INTEGER PRIMARY KEY, after_broadcast INTEGER NOT NULL)";

/// What was carried is reported so long after it happened. An object that nothing happens to stays in memory for ten
/// seconds (Durable Objects, hibernation), so the figures are still there then.
const REPORT_AFTER_MILLIS: i64 = 5_000;

/// An idle key's word that it is still online: well within the directory's lease, and no oftener than the object looks
/// for dead sockets.
const RENEW_MILLIS: i64 = 25 * 60_000;

/// What the directory was told, and what it is to be told next.
pub(crate) struct Presence {
    tables: Tables,
    row: RefCell<Option<Row>>,
    /// What the server had carried when that was reported last.
    reported: RefCell<BTreeMap<&'static str, (usize, Traffic)>>,
    reported_resumed: Cell<u64>,
    reported_at_millis: Cell<i64>,
    latency: RefCell<LatencyHistogram>,
    report_due_millis: Cell<Option<i64>>,
    told_count: Cell<Option<usize>>,
    /// Connections that wait for a place.
    arriving: Cell<u64>,
    turns: Turns,
}

#[derive(Clone, Copy, Default)]
struct Row {
    places: u64,
    /// The last broadcast that was brought, or fetched.
    broadcast: Option<i64>,
    is_watched: bool,
    /// The directory brings every broadcast after this one, while there are places.
    brought_after: i64,
}

impl Presence {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self {
            tables: Tables::new(sql, CREATE),
            row: RefCell::default(),
            reported: RefCell::default(),
            reported_resumed: Cell::default(),
            reported_at_millis: Cell::default(),
            latency: RefCell::default(),
            report_due_millis: Cell::default(),
            told_count: Cell::default(),
            arriving: Cell::default(),
            turns: Turns::default(),
        }
    }

    fn read(&self) -> Result<Row> {
        if let Some(row) = *self.row.borrow() {
            return Ok(row);
        }
        let found = rows::first(self.tables.sql()?, "SELECT places, broadcast, is_watched FROM presence", Vec::new())?;
        let row = found.map_or_else(Row::default, |mut found| Row {
            places: found.integer().and_then(|places| u64::try_from(places).ok()).unwrap_or(0),
            broadcast: found.integer(),
            is_watched: found.integer() == Some(1),
            brought_after: 0,
        });
        let after = rows::first(self.tables.sql()?, "SELECT after_broadcast FROM brought", Vec::new())?;
        let row = Row { brought_after: after.and_then(|mut after| after.integer()).unwrap_or(0), ..row };
        self.row.replace(Some(row));
        Ok(row)
    }

    fn write(&self, row: Row) -> Result<()> {
        let values = vec![
            i64::try_from(row.places).unwrap_or(i64::MAX).into(),
            row.broadcast.into(),
            i64::from(row.is_watched).into(),
        ];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO presence VALUES (1, ?, ?, ?)", values)?;
        self.row.replace(Some(row));
        Ok(())
    }

    /// Notes what the directory lent, and which broadcasts it brings from now on.
    fn enter(&self, places: u64, brought_after: i64) -> Result<()> {
        let row = self.read()?;
        if row.brought_after != brought_after {
            let note = "INSERT OR REPLACE INTO brought VALUES (1, ?)";
            rows::run(self.tables.sql()?, note, vec![brought_after.into()])?;
        }
        self.write(Row { places: places.max(row.places), brought_after, ..row })
    }

    /// The last broadcast that the directory does not bring; none if it brings none, since nobody is connected.
    pub(crate) fn not_brought_through(&self) -> Result<Option<i64>> {
        let row = self.read()?;
        Ok((row.places > 0).then_some(row.brought_after))
    }

    /// The number of the last broadcast that was brought, or fetched, if any was.
    pub(crate) fn last_broadcast(&self) -> Result<Option<i64>> {
        Ok(self.read()?.broadcast)
    }

    /// Inside the transaction that keeps the broadcasts.
    pub(crate) fn set_last_broadcast(&self, number: i64) -> Result<()> {
        self.write(Row { broadcast: Some(number), ..self.read()? })
    }

    /// The transaction was taken back, or storage was erased.
    pub(crate) fn forget(&self) {
        self.row.replace(None);
        self.tables.forget();
    }

    /// Notes how long so many events were on their way, from their acceptance to their sending.
    pub(crate) fn note_latency(&self, millis: i64, events: usize) {
        let millis = u64::try_from(millis).unwrap_or(0);
        for _ in 0..events {
            self.latency.borrow_mut().record(millis);
        }
    }
}

impl VirtualKey {
    /// Makes sure that there is a place for one connection more, or says why not.
    pub(super) async fn borrow_place(&self, virtual_key_id: &str) -> Result<Option<Refusal>> {
        if (self.server.connection_count() as u64) < self.services.presence.read()?.places {
            return Ok(None);
        }
        let arriving = &self.services.presence.arriving;
        arriving.set(arriving.get() + 1);
        let borrowed = self.borrow_until_there_is_one(virtual_key_id).await;
        arriving.set(arriving.get() - 1);
        borrowed
    }

    /// Others arrive at the same time and may take the place that was lent for this one: then another one is borrowed.
    async fn borrow_until_there_is_one(&self, virtual_key_id: &str) -> Result<Option<Refusal>> {
        let mut has_checked = false;
        loop {
            let places = self.services.presence.read()?.places;
            let connections = self.server.connection_count() as u64;
            if connections < places {
                return Ok(None);
            }
            // For all who arrive, and a few more the more connections there are: not every one has to ask.
            let more = self.services.presence.arriving.get().max(places / 8);
            let turn = self.services.presence.turns.next();
            let enter = Enter { virtual_key_id: virtual_key_id.to_owned(), places, more, turn };
            let entered = call::ask(&self.services.env, &enter).await;
            match entered? {
                Entered::Lent { places, broadcast } => self.services.presence.enter(places, broadcast)?,
                Entered::Full { .. } if !has_checked => {
                    // Some of this key's own may be dead.
                    has_checked = true;
                    self.server.check();
                    self.server.check_relays().await;
                }
                Entered::Full { limit } => return Ok(Some(Refusal::SystemFull { limit })),
            }
        }
    }

    /// Has what happened reported soon, and at once that the last connection has gone.
    pub(super) async fn note_activity(&self) -> Result<()> {
        let count = self.server.connection_count();
        self.tell_watchers(count).await?;
        let presence = &self.services.presence;
        if count == 0 && presence.arriving.get() == 0 && presence.read()?.places > 0 {
            return self.report().await;
        }
        if self.services.presence.report_due_millis.get().is_none() && self.has_news() {
            let due = now_millis() + REPORT_AFTER_MILLIS;
            self.services.presence.report_due_millis.set(Some(due));
            self.services.alarm_clock.ring_by(due).await?;
        }
        Ok(())
    }

    fn has_news(&self) -> bool {
        let reported = self.services.presence.reported.borrow();
        self.server.traffic().any(|(hub, count, traffic)| {
            let (known_count, known) = reported.get(hub).copied().unwrap_or_default();
            count != known_count || traffic != known
        })
    }

    /// What an alarm does for it: reports what is due, or that the key is still there.
    pub(super) async fn report_if_due(&self) -> Result<()> {
        let now_millis = now_millis();
        let is_due = self.services.presence.report_due_millis.get().is_some_and(|due| due <= now_millis);
        let is_old = self.services.presence.read()?.places > 0
            && now_millis - self.services.presence.reported_at_millis.get() >= RENEW_MILLIS;
        match self.services.presence.report_due_millis.get() {
            _ if is_due || is_old => self.report().await,
            Some(due) => self.services.alarm_clock.ring_by(due).await,
            None => Ok(()),
        }
    }

    /// Tells the directory how many are connected, and what was carried since it was told last.
    async fn report(&self) -> Result<()> {
        let Some(virtual_key_id) = self.services.key.id()? else { return Ok(()) };
        self.services.presence.report_due_millis.set(None);
        let mut carried = MetricsSnapshot::new(now_millis());
        let mut connections = BTreeMap::new();
        let mut now_reported = BTreeMap::new();
        for (hub, count, traffic) in self.server.traffic() {
            let (_, known) = self.services.presence.reported.borrow().get(hub).copied().unwrap_or_default();
            let figures =
                [(Direction::In, traffic.received - known.received), (Direction::Out, traffic.sent - known.sent)];
            for (direction, total) in figures.into_iter().filter(|(_, total)| *total > 0) {
                carried.messages.push(MessageFigure { hub: hub.to_owned(), direction, total });
            }
            carried.reconnections += traffic.resumed - known.resumed;
            if count > 0 {
                connections.insert(hub.to_owned(), count as u64);
            }
            now_reported.insert(hub, (count, traffic));
        }
        let resumed = self.services.desk.resumption.resumed();
        carried.reconnections += resumed - self.services.presence.reported_resumed.get();
        carried.message_latency = self.services.presence.latency.take();
        carried.limited_messages = self.services.desk.notifier.take_excess();
        carried.deduplication_evictions = self.services.deduplication.take_evictions();
        let row = self.services.presence.read()?;
        let total: u64 = connections.values().sum();
        // A quarter more than are used may lie idle here.
        let places = match total {
            // Whoever waits for a place is not to lose it.
            _ if self.services.presence.arriving.get() > 0 => row.places,
            0 => 0,
            total => row.places.min(total + (total / 4).max(1)),
        };
        self.services.presence.write(Row { places, ..row })?;
        let turn = self.services.presence.turns.next();
        let report = Report { virtual_key_id, connections, places, carried, turn };
        match call::ask(&self.services.env, &report).await {
            Ok(()) => {
                self.services.presence.reported.replace(now_reported);
                self.services.presence.reported_resumed.set(resumed);
                self.services.presence.reported_at_millis.set(now_millis());
                Ok(())
            }
            Err(error) => {
                log::warn("the directory did not take a report", json!({ "error": error.to_string() }));
                self.services.presence.latency.borrow_mut().add(&report.carried.message_latency);
                let due = now_millis() + REPORT_AFTER_MILLIS;
                self.services.presence.report_due_millis.set(Some(due));
                self.services.alarm_clock.ring_by(due).await
            }
        }
    }

    /// Notes whether an operator follows this key.
    pub(super) async fn watch(&self, watch: &Watch) -> Result<()> {
        let row = self.services.presence.read()?;
        if row.is_watched != watch.is_watched {
            self.services.presence.write(Row { is_watched: watch.is_watched, ..row })?;
        }
        self.services.presence.told_count.set(None);
        self.tell_watchers(self.server.connection_count()).await
    }

    /// Tells operators who follow this key that the number of its connections changed.
    async fn tell_watchers(&self, count: usize) -> Result<()> {
        let row = self.services.presence.read()?;
        if !row.is_watched || self.services.presence.told_count.get() == Some(count) {
            return Ok(());
        }
        let Some(virtual_key_id) = self.services.key.id()? else { return Ok(()) };
        self.services.presence.told_count.set(Some(count));
        let changed = CountChanged { virtual_key_id, connections: count as u64 };
        match call::ask(&self.services.env, &changed).await {
            Ok(true) => {}
            Ok(false) => self.services.presence.write(Row { is_watched: false, ..self.services.presence.read()? })?,
            Err(error) => {
                self.services.presence.told_count.set(None);
                log::warn("operators could not be told of a key", json!({ "error": error.to_string() }));
            }
        }
        Ok(())
    }
}
