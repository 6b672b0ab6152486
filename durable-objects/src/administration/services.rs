//! What the master key's hubs and the operator's calls work with: one of each, shared.

use std::cell::Cell;

use contract::{ClientEvent, ConnectionCountChanged, EventMeta, Notification, NotificationError, hub::ADMIN_HUB};
use signalr_durable::{Caller, HubError};
use worker::{Env, Result, SqlStorage, Storage};

use super::{
    broadcasts::Broadcasts, dead_letters::DeadLetters, providers::Providers, registry::Registry,
    service_tokens::ServiceTokens,
};
use crate::{
    alarm_clock::AlarmClock,
    configuration::{Configuration, ConfigurationError},
    deduplication::Deduplication,
    desk::{Desk, JournalLimits},
    identifiers::now_millis,
    rows,
    transaction::transaction,
};

/// Actions of operators that the audit trail keeps.
const MOST_AUDIT_ENTRIES: i64 = 100_000;

/// What is behind the master key's hubs.
pub(crate) struct Services {
    pub(crate) storage: Storage,
    pub(crate) env: Env,
    pub(crate) desk: Desk,
    pub(crate) registry: Registry,
    pub(crate) providers: Providers,
    pub(crate) service_tokens: ServiceTokens,
    pub(crate) broadcasts: Broadcasts,
    pub(crate) deduplication: Deduplication,
    pub(crate) dead_letters: DeadLetters,
    pub(crate) alarm_clock: AlarmClock,
    pub(super) swept_at_millis: Cell<i64>,
    /// How often the object was woken, where somebody may look.
    pub(crate) wakes: Cell<u64>,
    configuration: std::result::Result<Configuration, ConfigurationError>,
}

impl Services {
    pub(crate) fn new(
        open: impl Fn() -> Storage,
        env: Env,
        configuration: std::result::Result<Configuration, ConfigurationError>,
    ) -> Self {
        let storage = open();
        let is_looked_at = configuration.as_ref().is_ok_and(|configuration| configuration.enable_debug_hub);
        // A constructor cannot fail: what could not be counted is not.
        let wakes = if is_looked_at { count_wake(&storage.sql()).unwrap_or(0) } else { 0 };
        Self {
            desk: Desk::new(&storage.sql(), MOST_AUDIT_ENTRIES),
            registry: Registry::new(storage.sql()),
            providers: Providers::new(storage.sql()),
            service_tokens: ServiceTokens::new(storage.sql()),
            broadcasts: Broadcasts::new(storage.sql()),
            deduplication: Deduplication::new(storage.sql()),
            dead_letters: DeadLetters::new(storage.sql()),
            alarm_clock: AlarmClock::new(open()),
            swept_at_millis: Cell::default(),
            wakes: Cell::new(wakes),
            storage,
            env,
            configuration,
        }
    }

    pub(crate) fn configuration(&self) -> Result<&Configuration> {
        self.configuration.as_ref().map_err(|error| worker::Error::RustError(error.to_string()))
    }

    /// An event of the admin hub for some groups.
    pub(crate) fn notification<E: ClientEvent>(
        &self,
        groups: Vec<String>,
        event: &E,
        correlation_id: Option<&str>,
    ) -> Result<Notification> {
        let meta = self.desk.meta(now_millis(), correlation_id);
        Notification::new(&ADMIN_HUB, groups, event, meta).map_err(|error| worker::Error::RustError(error.to_string()))
    }

    /// Keeps what operators are told, with whatever else belongs to it, and then tells them.
    pub(crate) fn tell(
        &self,
        notifications: &[Notification],
        mut statements: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        let limits = JournalLimits::of(self.configuration()?);
        let kept = transaction(&self.storage, || {
            statements()?;
            self.desk.journal.append(notifications, limits)
        });
        if kept.is_err() {
            self.desk.journal.recount();
        }
        kept?;
        for notification in notifications {
            self.desk.notifier.send(notification);
        }
        Ok(())
    }

    /// Tells one operator something.
    pub(crate) fn tell_caller<E: ClientEvent>(&self, caller: &Caller, event: &E) -> std::result::Result<(), HubError> {
        let tell = |meta: EventMeta| -> std::result::Result<Notification, NotificationError> {
            Notification::new(&ADMIN_HUB, Vec::new(), event, meta)
        };
        self.desk.tell_caller(caller, now_millis(), None, tell)
    }

    /// Tells those who follow a key how many connections it has. False if nobody does.
    pub(crate) fn count_changed(&self, changed: &ConnectionCountChanged) -> Result<bool> {
        let group = contract::admin_hub::virtual_key_group(changed.virtual_key_id.as_str());
        let is_followed = self.desk.notifier.clients(&ADMIN_HUB).is_some_and(|clients| !clients.is_group_empty(&group));
        if is_followed {
            let notification = self.notification(vec![group], changed, None)?;
            self.desk.notifier.send(&notification);
        }
        Ok(is_followed)
    }
}

/// Counts that the object was woken.
fn count_wake(sql: &SqlStorage) -> Result<u64> {
    sql.exec("CREATE TABLE IF NOT EXISTS woken (only INTEGER PRIMARY KEY, times INTEGER NOT NULL)", None)?;
    let statement =
        "INSERT INTO woken VALUES (1, 1) ON CONFLICT (only) DO UPDATE SET times = times + 1 RETURNING times";
    let row = rows::first(sql, statement, Vec::new())?;
    Ok(row.and_then(|mut row| row.integer()).and_then(|times| u64::try_from(times).ok()).unwrap_or(0))
}
