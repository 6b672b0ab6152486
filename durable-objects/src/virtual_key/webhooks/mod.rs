//! How the deliveries to a key's webhooks go: the state of each, and what that comes to for each URL.
//!
//! | room | what it is for |
//! |---|---|
//! | `schedule`, `schedule_draft`, `entry` | when which delivery is made: what waits, what is under way, the breaker of each URL |
//! | `delivery` | one of them: what it sends, and what its clients are told |
//! | `requests` | what a key is asked to deliver, for the first time or again |
//! | `attempts` | the calls by which the Worker makes attempts, and what follows from what they come to |
//! | `pokes` | when an attempt is due, the Worker is told by a queue |
//! | `secret` | what signs |

mod attempts;
mod delivery;
mod entry;
mod pokes;
mod requests;
mod schedule;
mod schedule_draft;
mod secret;

use std::collections::BTreeMap;

use contract::{
    CircuitBreakerState, DeliveryState, DeliveryTally, IgnoreReason, LONGEST_PERIOD_MILLIS, PeriodTally,
    StatisticsPeriod, TallyChange, WebhookEvent, WebhookStatistics, WebhookUrl, hub::WEBHOOK_HUB, slot_millis,
    webhook_hub,
};
use worker::{Result, SqlStorage};

pub(super) use self::requests::request;
use self::{schedule::Schedule, schedule_draft::ScheduleDraft, secret::StoredSecrets};
use super::draft::Draft;
use crate::{
    identifiers::{HOUR_MILLIS, now_millis},
    rows,
    tables::Tables,
};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS webhook (url TEXT PRIMARY KEY, tally TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS webhook_delivery (
        url TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, at_millis INTEGER NOT NULL, PRIMARY KEY (url, id)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS webhook_period (
        url TEXT NOT NULL, slot_millis INTEGER NOT NULL, successful INTEGER NOT NULL, failed INTEGER NOT NULL,
        response_time_ms REAL NOT NULL, PRIMARY KEY (url, slot_millis)
    ) WITHOUT ROWID";

/// How long a delivery is known after it was heard of last; its part in the statistics stays.
const DELIVERY_MILLIS: i64 = 7 * 24 * HOUR_MILLIS;

/// The tables of deliveries.
pub(crate) struct Webhooks {
    tables: Tables,
    schedule: Schedule,
    secrets: StoredSecrets,
}

impl Webhooks {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self {
            tables: Tables::new(sql.clone(), CREATE),
            schedule: Schedule::new(sql.clone()),
            secrets: StoredSecrets::new(sql),
        }
    }

    /// Whether this process has not looked yet at what is due: the one before it may have died before it did.
    pub(crate) fn is_unattended(&self) -> bool {
        !self.schedule.is_attended.get()
    }

    fn tally(&self, url: &str) -> Result<DeliveryTally> {
        let row = rows::first(self.tables.sql()?, "SELECT tally FROM webhook WHERE url = ?", vec![url.into()])?;
        Ok(row.map(|mut row| serde_json::from_str(&row.text())).transpose()?.unwrap_or_default())
    }

    fn delivery(&self, url: &str, id: &str) -> Result<Option<DeliveryState>> {
        let query = "SELECT state FROM webhook_delivery WHERE url = ? AND id = ?";
        let row = rows::first(self.tables.sql()?, query, vec![url.into(), id.into()])?;
        Ok(row.map(|mut row| serde_json::from_str(&row.text())).transpose()?)
    }

    /// The figures of one URL: zeros where nothing was ever delivered.
    pub(crate) fn statistics(&self, url: WebhookUrl) -> Result<WebhookStatistics> {
        let tally = self.tally(url.as_str())?;
        let breaker_state = self.breaker_state(url.as_str())?;
        Ok(tally.statistics(url, breaker_state))
    }

    /// The figures of all URLs, in their order, behind one of them: of all time, or of a period.
    pub(crate) fn list(
        &self,
        after: &str,
        limit: u32,
        period: Option<StatisticsPeriod>,
    ) -> Result<Vec<WebhookStatistics>> {
        let query = "SELECT url, tally FROM webhook WHERE url > ? ORDER BY url LIMIT ?";
        let rows = rows::all(self.tables.sql()?, query, vec![after.into(), i64::from(limit).into()])?;
        let mut all = Vec::with_capacity(rows.len());
        for mut row in rows {
            let Ok(url) = row.text().parse::<WebhookUrl>() else { continue };
            let tally: DeliveryTally = serde_json::from_str(&row.text())?;
            let breaker_state = self.breaker_state(url.as_str())?;
            all.push(match period {
                None => tally.statistics(url, breaker_state),
                Some(period) => tally.statistics_of(self.period(url.as_str(), period)?, url, breaker_state),
            });
        }
        Ok(all)
    }

    fn breaker_state(&self, url: &str) -> Result<CircuitBreakerState> {
        if self.schedule.is_empty()? {
            return Ok(CircuitBreakerState::Closed);
        }
        Ok(self.schedule.breaker(url)?.state())
    }

    /// The sums of what ended in a period.
    fn period(&self, url: &str, period: StatisticsPeriod) -> Result<PeriodTally> {
        let query = "SELECT SUM(successful), SUM(failed), SUM(response_time_ms) FROM webhook_period
            WHERE url = ? AND slot_millis >= ?";
        let since_millis = period.first_slot_millis(now_millis());
        let row = rows::first(self.tables.sql()?, query, vec![url.into(), since_millis.into()])?;
        Ok(row.map_or_else(PeriodTally::default, |mut row| PeriodTally {
            successful: row.integer().and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
            failed: row.integer().and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
            response_time_ms: row.real().unwrap_or(0.0),
        }))
    }

    /// Forgets deliveries that nobody will speak of again. True if there are any figures.
    pub(crate) fn sweep(&self, now_millis: i64) -> Result<bool> {
        let sql = self.tables.sql()?;
        let before = vec![(now_millis - DELIVERY_MILLIS).into()];
        rows::run(sql, "DELETE FROM webhook_delivery WHERE at_millis < ?", before)?;
        let before = vec![(slot_millis(now_millis) - LONGEST_PERIOD_MILLIS).into()];
        rows::run(sql, "DELETE FROM webhook_period WHERE slot_millis < ?", before)?;
        let has_any = rows::first(sql, "SELECT 1 FROM webhook_delivery LIMIT 1", Vec::new())?.is_some();
        Ok(self.schedule.sweep(now_millis)? || has_any)
    }

    /// Storage was erased.
    pub(crate) fn forget(&self) {
        self.tables.forget();
        self.schedule.forget();
        self.secrets.forget();
    }
}

/// What a call changes of them.
pub(crate) struct WebhookDraft<'a> {
    webhooks: &'a Webhooks,
    now_millis: i64,
    tallies: BTreeMap<String, DeliveryTally>,
    deliveries: BTreeMap<(String, String), DeliveryState>,
    ended: BTreeMap<String, PeriodTally>,
    schedule: ScheduleDraft,
}

impl<'a> WebhookDraft<'a> {
    pub(crate) fn new(webhooks: &'a Webhooks, now_millis: i64) -> Self {
        Self {
            webhooks,
            now_millis,
            tallies: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            ended: BTreeMap::new(),
            schedule: ScheduleDraft::default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.deliveries.is_empty() && self.schedule.is_empty()
    }

    /// Whether Conduit is asked to deliver something.
    pub(crate) fn has_requests(&self) -> bool {
        self.schedule.has_new()
    }

    /// Applies an event; false if it says nothing new.
    fn apply(&mut self, event: &WebhookEvent) -> Result<bool> {
        let (url, id) = (event.url().as_str(), event.delivery_id().as_str());
        let Some((state, change)) = DeliveryState::after(self.state(url, id)?, event) else { return Ok(false) };
        self.set_state(url, id, state, change)?;
        Ok(true)
    }

    fn state(&self, url: &str, id: &str) -> Result<Option<DeliveryState>> {
        match self.deliveries.get(&(url.to_owned(), id.to_owned())) {
            Some(state) => Ok(Some(*state)),
            None => self.webhooks.delivery(url, id),
        }
    }

    fn set_state(&mut self, url: &str, id: &str, state: DeliveryState, change: TallyChange) -> Result<()> {
        let mut tally = match self.tallies.get(url) {
            Some(tally) => *tally,
            None => self.webhooks.tally(url)?,
        };
        tally.apply(change);
        self.tallies.insert(url.to_owned(), tally);
        self.ended.entry(url.to_owned()).or_default().apply(change);
        self.deliveries.insert((url.to_owned(), id.to_owned()), state);
        Ok(())
    }

    /// Inside the transaction of the call.
    pub(crate) fn write(&self) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let sql = self.webhooks.tables.sql()?;
        for (url, tally) in &self.tallies {
            let row = vec![url.as_str().into(), serde_json::to_string(tally)?.into()];
            rows::run(sql, "INSERT OR REPLACE INTO webhook VALUES (?, ?)", row)?;
        }
        for ((url, id), state) in &self.deliveries {
            let row = vec![
                url.as_str().into(),
                id.as_str().into(),
                serde_json::to_string(state)?.into(),
                self.now_millis.into(),
            ];
            rows::run(sql, "INSERT OR REPLACE INTO webhook_delivery VALUES (?, ?, ?, ?)", row)?;
        }
        for (url, ended) in self.ended.iter().filter(|(_, ended)| **ended != PeriodTally::default()) {
            let add = "INSERT INTO webhook_period VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
                successful = successful + excluded.successful, failed = failed + excluded.failed,
                response_time_ms = response_time_ms + excluded.response_time_ms";
            let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
            let row = vec![
                url.as_str().into(),
                slot_millis(self.now_millis).into(),
                count(ended.successful).into(),
                count(ended.failed).into(),
                ended.response_time_ms.into(),
            ];
            rows::run(sql, add, row)?;
        }
        if !self.schedule.is_empty() {
            if self.schedule.has_new() {
                self.webhooks.secrets.make_first(self.now_millis)?;
            }
            self.webhooks.schedule.write(&self.schedule)?;
        }
        Ok(())
    }

    /// The transaction was taken back.
    pub(crate) fn undone(&self) {
        self.webhooks.schedule.recount();
    }
}

/// Counts what somebody's delivery service reports, and tells whoever follows that URL.
pub(crate) fn take(
    draft: &mut Draft<'_>,
    event: &WebhookEvent,
    correlation_id: Option<&str>,
) -> Result<std::result::Result<(), IgnoreReason>> {
    if !draft.webhooks.apply(event)? {
        return Ok(Err(IgnoreReason::Stale));
    }
    tell(draft, event, correlation_id);
    Ok(Ok(()))
}

fn tell(draft: &mut Draft<'_>, event: &WebhookEvent, correlation_id: Option<&str>) {
    let groups = webhook_hub::groups(event.url());
    draft.tell(correlation_id, |meta| event.notification(&WEBHOOK_HUB, groups, meta));
}
