//! How the deliveries to a key's webhooks go: the state of each, and what that comes to for each URL.

use std::collections::BTreeMap;

use contract::{
    CircuitBreakerState, DeliveryState, DeliveryTally, IgnoreReason, WebhookEvent, WebhookStatistics, WebhookUrl,
    hub::WEBHOOK_HUB, webhook_hub,
};
use worker::{Result, SqlStorage};

use super::draft::Draft;
use crate::{identifiers::HOUR_MILLIS, rows, tables::Tables};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS webhook (url TEXT PRIMARY KEY, tally TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS webhook_delivery (
        url TEXT NOT NULL, id TEXT NOT NULL, state TEXT NOT NULL, at_millis INTEGER NOT NULL, PRIMARY KEY (url, id)
    ) WITHOUT ROWID";

/// How long a delivery is known after it was heard of last; its part in the statistics stays.
const DELIVERY_MILLIS: i64 = 7 * 24 * HOUR_MILLIS;

/// The tables of deliveries.
pub(crate) struct Webhooks {
    tables: Tables,
}

impl Webhooks {
    pub(crate) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
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
        Ok(tally.statistics(url, CircuitBreakerState::Closed))
    }

    /// The figures of all URLs, in their order, behind one of them.
    pub(crate) fn list(&self, after: &str, limit: u32) -> Result<Vec<WebhookStatistics>> {
        let query = "SELECT url, tally FROM webhook WHERE url > ? ORDER BY url LIMIT ?";
        let rows = rows::all(self.tables.sql()?, query, vec![after.into(), i64::from(limit).into()])?;
        let mut all = Vec::with_capacity(rows.len());
        for mut row in rows {
            let Ok(url) = row.text().parse::<WebhookUrl>() else { continue };
            let tally: DeliveryTally = serde_json::from_str(&row.text())?;
            all.push(tally.statistics(url, CircuitBreakerState::Closed));
        }
        Ok(all)
    }

    /// Forgets deliveries that nobody will speak of again. True if there are any figures.
    pub(crate) fn sweep(&self, now_millis: i64) -> Result<bool> {
        let sql = self.tables.sql()?;
        let before = vec![(now_millis - DELIVERY_MILLIS).into()];
        rows::run(sql, "DELETE FROM webhook_delivery WHERE at_millis < ?", before)?;
        Ok(rows::first(sql, "SELECT 1 FROM webhook_delivery LIMIT 1", Vec::new())?.is_some())
    }

    /// Storage was erased.
    pub(crate) fn forget(&self) {
        self.tables.forget();
    }
}

/// What a call changes of them.
pub(crate) struct WebhookDraft<'a> {
    webhooks: &'a Webhooks,
    now_millis: i64,
    tallies: BTreeMap<String, DeliveryTally>,
    deliveries: BTreeMap<(String, String), DeliveryState>,
}

impl<'a> WebhookDraft<'a> {
    pub(crate) fn new(webhooks: &'a Webhooks, now_millis: i64) -> Self {
        Self { webhooks, now_millis, tallies: BTreeMap::new(), deliveries: BTreeMap::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }

    /// Applies an event; false if it says nothing new.
    fn apply(&mut self, event: &WebhookEvent) -> Result<bool> {
        let key = (event.url().as_str().to_owned(), event.delivery_id().as_str().to_owned());
        let current = match self.deliveries.get(&key) {
            Some(state) => Some(*state),
            None => self.webhooks.delivery(&key.0, &key.1)?,
        };
        let Some((state, change)) = DeliveryState::after(current, event) else { return Ok(false) };
        let mut tally = match self.tallies.get(&key.0) {
            Some(tally) => *tally,
            None => self.webhooks.tally(&key.0)?,
        };
        tally.apply(change);
        self.tallies.insert(key.0.clone(), tally);
        self.deliveries.insert(key, state);
        Ok(true)
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
        Ok(())
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
    let groups = webhook_hub::groups(event.url());
    draft.tell(correlation_id, |meta| event.notification(&WEBHOOK_HUB, groups, meta));
    Ok(Ok(()))
}
