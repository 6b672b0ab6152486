//! The configuration: what the variables of an environment say, checked before anything is served.
//!
//! | room | what it is for |
//! |---|---|
//! | `table` | every variable: its name, its default, what it may be, what it is for |
//! | `variable` | what a variable is, and how one is read |
//! | `values` | what variables may be: numbers, origins, hubs, … |

mod table;
mod values;
mod variable;

pub use table::VARIABLES;
pub use values::Values;
pub use variable::{ConfigurationError, Variable};

use self::variable::read;
use crate::{
    budget::AlertRule,
    hub::{DEBUG_HUB, Hub},
    hub_limits::HubLimits,
    model_prices::ModelPrices,
    realtime_providers::RealtimeProviders,
    webhook_attempt::DeliveryRule,
    webhook_breaker::BreakerRule,
};

/// What the Worker and its objects are told by their environment. [`VARIABLES`] says of each what it is for.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    /// `MAX_MESSAGE_BYTES`.
    pub max_message_bytes: u64,
    /// `HANDSHAKE_TIMEOUT_SECONDS`.
    pub handshake_timeout_seconds: u64,
    /// `KEEP_ALIVE_SECONDS`.
    pub keep_alive_seconds: u64,
    /// `CLIENT_TIMEOUT_SECONDS`.
    pub client_timeout_seconds: u64,
    /// `CLOSE_ON_AUTHENTICATION_EXPIRATION`.
    pub close_on_authentication_expiration: bool,
    /// `MAX_CONNECTIONS_PER_KEY`, where a key has no figure of its own.
    pub max_connections_per_key: u64,
    /// `MAX_CONNECTIONS_TOTAL`.
    pub max_connections_total: u64,
    /// `RELAY_AFTER_CONNECTIONS`; 0 is never.
    pub relay_after_connections: u64,
    /// `INVOCATIONS_PER_MINUTE` of one connection; 0 is no limit.
    pub invocations_per_minute: u64,
    /// `HUB_LIMITS`.
    pub hub_limits: HubLimits,
    /// `MAX_SUBSCRIPTIONS_PER_CONNECTION`.
    pub max_subscriptions_per_connection: u64,
    /// `MAX_GROUPS_PER_KEY`.
    pub max_groups_per_key: u64,
    /// `JOURNAL_RETENTION_HOURS`.
    pub journal_retention_hours: u64,
    /// `JOURNAL_MAX_EVENTS` of one key.
    pub journal_max_events: u64,
    /// `DEDUPLICATION_HOURS`.
    pub deduplication_hours: u64,
    /// `DEDUPLICATION_MAX` of one key.
    pub deduplication_max: u64,
    /// `ORDER_WAIT_SECONDS`.
    pub order_wait_seconds: u64,
    /// `QUEUE_MAX_ATTEMPTS`.
    pub queue_max_attempts: u64,
    /// `COALESCE_MILLISECONDS`; 0 is none.
    pub coalesce_millis: u64,
    /// `BUDGET_THRESHOLDS` and `ALERT_COOLDOWN_SECONDS`.
    pub alert_rule: AlertRule,
    /// `AUTH_FAILURES_PER_MINUTE` of one address; 0 is no limit.
    pub auth_failures_per_minute: u64,
    /// `ALLOWED_ORIGINS`, as browsers write them; `*` is any.
    pub allowed_origins: Vec<String>,
    /// `REALTIME_MAX_PER_KEY`, where a key has no figure of its own.
    pub realtime_max_per_key: u64,
    /// `REALTIME_MAX_TOTAL`.
    pub realtime_max_total: u64,
    /// `REALTIME_TIMEOUT_MINUTES`.
    pub realtime_timeout_minutes: u64,
    /// `REALTIME_PROVIDERS`.
    pub realtime_providers: RealtimeProviders,
    /// `REALTIME_DEFAULT_MODEL`.
    pub realtime_default_model: String,
    /// `REALTIME_RETENTION_DAYS`.
    pub realtime_retention_days: u64,
    /// `MODEL_PRICES`.
    pub model_prices: ModelPrices,
    /// `WEBHOOK_MAX_ATTEMPTS`, `WEBHOOK_RETRY_SECONDS`, `WEBHOOK_TIMEOUT_SECONDS`, `WEBHOOK_BREAKER_FAILURES`,
    /// `WEBHOOK_BREAKER_OPEN_SECONDS` and `WEBHOOK_MAX_PENDING`.
    pub delivery_rule: DeliveryRule,
    /// `ALLOW_PRIVATE_TARGETS`.
    pub allow_private_targets: bool,
    /// `DISABLED_HUBS`, each once.
    pub disabled_hubs: Vec<&'static Hub>,
    /// `ENABLE_DEBUG_HUB`.
    pub enable_debug_hub: bool,
    /// `CLOCK_AHEAD_SECONDS`.
    pub clock_ahead_seconds: u64,
}

impl Configuration {
    /// Reads the variables by their names. One that is missing or blank has its default.
    ///
    /// # Errors
    ///
    /// The first variable that says something it cannot mean.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigurationError> {
        Ok(Self {
            max_message_bytes: read(&table::MAX_MESSAGE_BYTES, &lookup)?,
            handshake_timeout_seconds: read(&table::HANDSHAKE_TIMEOUT_SECONDS, &lookup)?,
            keep_alive_seconds: read(&table::KEEP_ALIVE_SECONDS, &lookup)?,
            client_timeout_seconds: read(&table::CLIENT_TIMEOUT_SECONDS, &lookup)?,
            close_on_authentication_expiration: read(&table::CLOSE_ON_AUTHENTICATION_EXPIRATION, &lookup)?,
            max_connections_per_key: read(&table::MAX_CONNECTIONS_PER_KEY, &lookup)?,
            max_connections_total: read(&table::MAX_CONNECTIONS_TOTAL, &lookup)?,
            relay_after_connections: read(&table::RELAY_AFTER_CONNECTIONS, &lookup)?,
            invocations_per_minute: read(&table::INVOCATIONS_PER_MINUTE, &lookup)?,
            hub_limits: read(&table::HUB_LIMITS, &lookup)?,
            max_subscriptions_per_connection: read(&table::MAX_SUBSCRIPTIONS_PER_CONNECTION, &lookup)?,
            max_groups_per_key: read(&table::MAX_GROUPS_PER_KEY, &lookup)?,
            journal_retention_hours: read(&table::JOURNAL_RETENTION_HOURS, &lookup)?,
            journal_max_events: read(&table::JOURNAL_MAX_EVENTS, &lookup)?,
            deduplication_hours: read(&table::DEDUPLICATION_HOURS, &lookup)?,
            deduplication_max: read(&table::DEDUPLICATION_MAX, &lookup)?,
            order_wait_seconds: read(&table::ORDER_WAIT_SECONDS, &lookup)?,
            queue_max_attempts: read(&table::QUEUE_MAX_ATTEMPTS, &lookup)?,
            coalesce_millis: read(&table::COALESCE_MILLISECONDS, &lookup)?,
            alert_rule: AlertRule {
                thresholds: read(&table::BUDGET_THRESHOLDS, &lookup)?,
                cooldown_millis: millis(read(&table::ALERT_COOLDOWN_SECONDS, &lookup)?),
            },
            auth_failures_per_minute: read(&table::AUTH_FAILURES_PER_MINUTE, &lookup)?,
            allowed_origins: read(&table::ALLOWED_ORIGINS, &lookup)?,
            realtime_max_per_key: read(&table::REALTIME_MAX_PER_KEY, &lookup)?,
            realtime_max_total: read(&table::REALTIME_MAX_TOTAL, &lookup)?,
            realtime_timeout_minutes: read(&table::REALTIME_TIMEOUT_MINUTES, &lookup)?,
            realtime_providers: read(&table::REALTIME_PROVIDERS, &lookup)?,
            realtime_default_model: read(&table::REALTIME_DEFAULT_MODEL, &lookup)?,
            realtime_retention_days: read(&table::REALTIME_RETENTION_DAYS, &lookup)?,
            model_prices: read(&table::MODEL_PRICES, &lookup)?,
            delivery_rule: DeliveryRule {
                max_attempts: count(read(&table::WEBHOOK_MAX_ATTEMPTS, &lookup)?),
                retry_millis: read(&table::WEBHOOK_RETRY_SECONDS, &lookup)?,
                timeout_millis: millis(read(&table::WEBHOOK_TIMEOUT_SECONDS, &lookup)?),
                breaker: BreakerRule {
                    failures: count(read(&table::WEBHOOK_BREAKER_FAILURES, &lookup)?),
                    open_millis: millis(read(&table::WEBHOOK_BREAKER_OPEN_SECONDS, &lookup)?),
                },
                max_pending: read(&table::WEBHOOK_MAX_PENDING, &lookup)?,
            },
            allow_private_targets: read(&table::ALLOW_PRIVATE_TARGETS, &lookup)?,
            disabled_hubs: read(&table::DISABLED_HUBS, &lookup)?,
            enable_debug_hub: read(&table::ENABLE_DEBUG_HUB, &lookup)?,
            clock_ahead_seconds: read(&table::CLOCK_AHEAD_SECONDS, &lookup)?,
        })
    }

    /// Whether a hub is served: neither disabled, nor the debug hub where that is not enabled.
    pub fn serves(&self, hub: &Hub) -> bool {
        !self.disabled_hubs.contains(&hub) && (self.enable_debug_hub || *hub != DEBUG_HUB)
    }
}

fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn millis(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
}
