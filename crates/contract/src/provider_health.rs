//! How a provider works: what a check of its health URL, or a backend, says of it, and when that is news.
//!
//! | what came of a check | status |
//! |---|---|
//! | 2xx or 3xx within [`SLOW_MILLIS`] | Healthy |
//! | 401 or 403 within [`SLOW_MILLIS`]: it answers, and only wants the credentials that a check has not | Healthy |
//! | any of these, but later | Degraded |
//! | any other status, 429 and 5xx among them | Degraded |
//! | no answer in time, or no connection | Unhealthy |
//!
//! A status is news when it is another than before, and when there was none before: who waits for it should learn that
//! a provider is healthy, too.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    client_event::{Told, client_event},
    identifier::Identifier,
    named_enum::named_enum,
    system_event::ProviderHealthChanged,
    time::Timestamp,
};

/// An answer that takes longer than this is slow, in milliseconds.
pub const SLOW_MILLIS: u64 = 5_000;

named_enum! {
    /// How a provider works.
    pub enum HealthStatus {
        /// As it should.
        Healthy = 0,
        /// Slowly, or not for all.
        Degraded = 1,
        /// Not at all.
        Unhealthy = 2,
    }
}

impl HealthStatus {
    /// The status as a person says it.
    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Healthy => "works as it should",
            Self::Degraded => "answers slowly or with errors",
            Self::Unhealthy => "does not answer",
        }
    }
}

/// What is known of a provider's health.
///
/// It is the data of `ProviderHealthStatus`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProviderHealthRecord {
    /// The provider.
    pub provider: Identifier,
    /// How it works.
    pub status: HealthStatus,
    /// Whether that is `Healthy`.
    pub is_healthy: bool,
    /// How long the check took, in milliseconds, where one was made and answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_time_ms: Option<u64>,
    /// What is wrong, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When it was checked or reported.
    pub checked_at: Timestamp,
}
client_event!(
    ProviderHealthRecord, Durable, Object,
    name: "ProviderHealthStatus",
    conduit: "ProviderHealthUpdate" => |told: &Told<'_>| vec![json!({
        "providerId": told.get("provider"),
        "status": told.get("status"),
        "isHealthy": told.get("isHealthy"),
        "healthData": {
            "responseTimeMs": told.get("responseTimeMs"),
            "errorCategory": null,
            "timestamp": told.get("checkedAt"),
            "message": told.get("message"),
        },
        "timestamp": told.timestamp(),
    })],
    example: r#"{
        "provider":"openai","status":"Degraded","isHealthy":false,"responseTimeMs":412,"message":"answered with 503",
        "checkedAt":"2026-01-31T12:00:00.000Z"
    }"#,
);

/// A list of records as the original system writes them. Its numbers of a status are 0 for online and 1 for offline.
pub(crate) fn conduit_records(told: &Told<'_>) -> Vec<Value> {
    let of_original = |record: &Value| {
        let get = |name: &str| record.get(name).cloned().unwrap_or(Value::Null);
        let is_online = get("status") != HealthStatus::Unhealthy.name();
        json!({
            "id": null,
            "providerId": get("provider"),
            "status": u8::from(!is_online),
            "isOnline": is_online,
            "statusMessage": get("message"),
            "timestampUtc": get("checkedAt"),
            "responseTimeMs": get("responseTimeMs"),
            "errorCategory": null,
            "errorDetails": null,
            "endpointUrl": null,
        })
    };
    let records = told.get("records");
    vec![records.as_array().into_iter().flatten().map(of_original).collect()]
}

/// What came of asking a provider's health URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeOutcome {
    /// It answered.
    Answered {
        /// With this HTTP status.
        status: u16,
        /// After so many milliseconds.
        millis: u64,
    },
    /// It did not answer in time.
    TimedOut {
        /// The time it had, in milliseconds.
        millis: u64,
    },
    /// It could not be reached.
    NetworkError,
}

impl ProbeOutcome {
    fn status(self) -> HealthStatus {
        match self {
            Self::Answered { status: 200..=399 | 401 | 403, millis: 0..=SLOW_MILLIS } => HealthStatus::Healthy,
            Self::Answered { .. } => HealthStatus::Degraded,
            Self::TimedOut { .. } | Self::NetworkError => HealthStatus::Unhealthy,
        }
    }

    fn message(self) -> Option<String> {
        match self {
            _ if self.status() == HealthStatus::Healthy => None,
            Self::Answered { status: 200..=399 | 401 | 403, millis } => Some(format!("took {millis} ms to answer")),
            Self::Answered { status: 429, .. } => Some("turns requests away (429)".to_owned()),
            Self::Answered { status, .. } => Some(format!("answered with {status}")),
            Self::TimedOut { millis } => Some(format!("did not answer within {millis} ms")),
            Self::NetworkError => Some("could not be reached".to_owned()),
        }
    }

    fn response_time_ms(self) -> Option<u64> {
        match self {
            Self::Answered { millis, .. } => Some(millis),
            Self::TimedOut { .. } | Self::NetworkError => None,
        }
    }
}

/// A provider's health, and whether it is news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// What is known now.
    pub record: ProviderHealthRecord,
    /// Whether the status is another than before, or the first.
    pub has_changed: bool,
}

impl Observed {
    fn new(previous: Option<&ProviderHealthRecord>, record: ProviderHealthRecord) -> Self {
        let has_changed = previous.is_none_or(|previous| previous.status != record.status);
        Self { record, has_changed }
    }
}

/// What a check says of a provider.
pub fn observe(
    provider: &Identifier,
    previous: Option<&ProviderHealthRecord>,
    probe: ProbeOutcome,
    now_millis: i64,
) -> Observed {
    let status = probe.status();
    let record = ProviderHealthRecord {
        provider: provider.clone(),
        status,
        is_healthy: status == HealthStatus::Healthy,
        response_time_ms: probe.response_time_ms(),
        message: probe.message(),
        checked_at: Timestamp(now_millis),
    };
    Observed::new(previous, record)
}

/// What a backend says of a provider.
pub fn reported(previous: Option<&ProviderHealthRecord>, report: &ProviderHealthChanged, now_millis: i64) -> Observed {
    let record = ProviderHealthRecord {
        provider: report.provider.clone(),
        status: report.status,
        is_healthy: report.status == HealthStatus::Healthy,
        response_time_ms: None,
        message: report.message.clone(),
        checked_at: Timestamp(now_millis),
    };
    Observed::new(previous, record)
}

/// What everybody is told of a record that is news.
impl From<&ProviderHealthRecord> for ProviderHealthChanged {
    fn from(record: &ProviderHealthRecord) -> Self {
        Self { provider: record.provider.clone(), status: record.status, message: record.message.clone() }
    }
}

#[cfg(test)]
#[path = "provider_health_tests.rs"]
mod tests;
