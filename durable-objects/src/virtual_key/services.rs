//! What a virtual key's hubs and its publishing work with: one of each, shared.

use contract::ClientAccess;
use signalr_durable::{Caller, HubError};
use worker::{Env, Result, Storage};

use super::{
    key_state::StoredKey, letters::Letters, line::Line, navigation::Navigation, outbox::Outbox,
    preferences::Preferences, presence::Presence, retention::LastSweep, session_store::SessionStore, spend::Spend,
    task_store::TaskStore, webhooks::Webhooks,
};
use crate::{
    alarm_clock::AlarmClock,
    configuration::{Configuration, ConfigurationError},
    deduplication::Deduplication,
    desk::Desk,
    identifiers::seconds_millis,
    recordings::Recordings,
};

/// Connections and subscriptions of a key that its audit trail keeps.
const MOST_AUDIT_ENTRIES: i64 = 10_000;

/// What is behind a key's hubs.
pub(crate) struct Services {
    pub(crate) storage: Storage,
    pub(crate) env: Env,
    pub(crate) key: StoredKey,
    pub(crate) presence: Presence,
    pub(crate) desk: Desk,
    pub(crate) tasks: TaskStore,
    pub(crate) deduplication: Deduplication,
    pub(crate) line: Line,
    pub(crate) outbox: Outbox,
    pub(crate) letters: Letters,
    pub(crate) spend: Spend,
    pub(crate) sessions: SessionStore,
    pub(crate) recordings: Recordings,
    pub(crate) webhooks: Webhooks,
    pub(crate) preferences: Preferences,
    pub(crate) navigation: Navigation,
    pub(super) last_sweep: LastSweep,
    pub(crate) alarm_clock: AlarmClock,
    configuration: std::result::Result<Configuration, ConfigurationError>,
}

impl Services {
    pub(crate) fn new(
        open: impl Fn() -> Storage,
        env: Env,
        configuration: std::result::Result<Configuration, ConfigurationError>,
    ) -> Self {
        let storage = open();
        Self {
            key: StoredKey::new(storage.sql(), env.clone()),
            presence: Presence::new(storage.sql()),
            desk: Desk::new(&storage.sql(), MOST_AUDIT_ENTRIES),
            tasks: TaskStore::new(storage.sql()),
            deduplication: Deduplication::new(storage.sql()),
            line: Line::new(storage.sql()),
            outbox: Outbox::new(storage.sql()),
            letters: Letters::new(storage.sql()),
            spend: Spend::new(storage.sql()),
            sessions: SessionStore::new(storage.sql()),
            recordings: Recordings::of(&env),
            webhooks: Webhooks::new(storage.sql()),
            preferences: Preferences::new(storage.sql()),
            navigation: Navigation::new(storage.sql()),
            last_sweep: LastSweep::new(storage.sql()),
            alarm_clock: AlarmClock::new(open()),
            storage,
            env,
            configuration,
        }
    }

    pub(crate) fn configuration(&self) -> Result<&Configuration> {
        self.configuration.as_ref().map_err(|error| worker::Error::RustError(error.to_string()))
    }

    /// How long events in the queue are waited for.
    pub(crate) fn order_wait_millis(&self) -> Result<i64> {
        Ok(seconds_millis(self.configuration()?.order_wait_seconds))
    }

    /// Storage was erased: what memory holds of it is not so any more.
    pub(crate) fn forget(&self) {
        self.key.forget();
        self.presence.forget();
        self.desk.forget();
        self.tasks.forget();
        self.deduplication.forget();
        self.line.forget();
        self.outbox.forget();
        self.letters.forget();
        self.spend.forget();
        self.sessions.forget();
        self.webhooks.forget();
        self.preferences.forget();
        self.navigation.forget();
        self.last_sweep.forget();
    }
}

/// What the connection's token allows; whoever came with the key itself may do everything. Claims that cannot be read
/// allow nothing.
pub(crate) fn access(caller: &Caller) -> std::result::Result<ClientAccess, HubError> {
    ClientAccess::from_claims(caller.claims()).map_err(HubError::internal)
}
