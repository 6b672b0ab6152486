//! The types that a key can switch off in its preferences, and how much each system event matters.

use serde::{Deserialize, Serialize};

use crate::{
    provider_health::HealthStatus,
    severity::Severity,
    system_event::{
        ModelAvailabilityChanged, ModelCapabilitiesDiscovered, ModelMappingChanged, ProviderHealthChanged,
        RateLimitWarning, ServiceDegraded, ServiceRestored, SystemAnnouncement, SystemEvent,
    },
};

/// With fewer requests left a warning matters more.
const FEW_REQUESTS: u64 = 10;

/// A type of system events, as preferences name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NotificationType {
    /// `ProviderHealthChanged`.
    ProviderHealth,
    /// `RateLimitWarning`.
    RateLimit,
    /// `SystemAnnouncement`.
    SystemAnnouncement,
    /// `ServiceDegraded` and `ServiceRestored`.
    ServiceDegradation,
    /// `ModelMappingChanged`.
    ModelMapping,
    /// `ModelCapabilitiesDiscovered`.
    ModelCapabilities,
    /// `ModelAvailabilityChanged`.
    ModelAvailability,
}

impl NotificationType {
    /// All of them, with their names; the others are the original system's names of the same.
    const NAMES: [(Self, &'static [&'static str]); 7] = [
        (Self::ProviderHealth, &["provider_health"]),
        (Self::RateLimit, &["rate_limit"]),
        (Self::SystemAnnouncement, &["system_announcement"]),
        (Self::ServiceDegradation, &["service_degradation", "service_restoration"]),
        (Self::ModelMapping, &["model_mapping", "model_mapping_changed"]),
        (Self::ModelCapabilities, &["model_capabilities", "model_capabilities_discovered"]),
        (Self::ModelAvailability, &["model_availability", "model_availability_changed"]),
    ];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::NAMES.iter().map(|(notification_type, _)| *notification_type)
    }

    /// The type of that name, in any case. The original system's names are understood too.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES
            .iter()
            .find(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
            .map(|(notification_type, _)| *notification_type)
    }
}

/// A system event as preferences see it.
pub(crate) trait Notice {
    /// What switches it off.
    const TYPE: NotificationType;

    /// How much it matters.
    fn priority(&self) -> Severity;
}

impl Notice for ProviderHealthChanged {
    const TYPE: NotificationType = NotificationType::ProviderHealth;

    fn priority(&self) -> Severity {
        match self.status {
            HealthStatus::Unhealthy => Severity::High,
            HealthStatus::Healthy | HealthStatus::Degraded => Severity::Medium,
        }
    }
}

impl Notice for RateLimitWarning {
    const TYPE: NotificationType = NotificationType::RateLimit;

    fn priority(&self) -> Severity {
        if self.remaining < FEW_REQUESTS { Severity::High } else { Severity::Medium }
    }
}

impl Notice for SystemAnnouncement {
    const TYPE: NotificationType = NotificationType::SystemAnnouncement;

    fn priority(&self) -> Severity {
        self.severity
    }
}

impl Notice for ServiceDegraded {
    const TYPE: NotificationType = NotificationType::ServiceDegradation;

    fn priority(&self) -> Severity {
        Severity::High
    }
}

impl Notice for ServiceRestored {
    const TYPE: NotificationType = NotificationType::ServiceDegradation;

    fn priority(&self) -> Severity {
        Severity::Medium
    }
}

impl Notice for ModelMappingChanged {
    const TYPE: NotificationType = NotificationType::ModelMapping;

    fn priority(&self) -> Severity {
        Severity::Medium
    }
}

impl Notice for ModelCapabilitiesDiscovered {
    const TYPE: NotificationType = NotificationType::ModelCapabilities;

    fn priority(&self) -> Severity {
        Severity::Low
    }
}

impl Notice for ModelAvailabilityChanged {
    const TYPE: NotificationType = NotificationType::ModelAvailability;

    fn priority(&self) -> Severity {
        if self.is_available { Severity::Low } else { Severity::Medium }
    }
}

impl SystemEvent {
    /// What switches it off in a key's preferences.
    pub fn notification_type(&self) -> NotificationType {
        self.seen().0
    }

    /// How much it matters.
    pub fn priority(&self) -> Severity {
        self.seen().1
    }

    fn seen(&self) -> (NotificationType, Severity) {
        fn of<N: Notice>(notice: &N) -> (NotificationType, Severity) {
            (N::TYPE, notice.priority())
        }
        match self {
            Self::ProviderHealthChanged(event) => of(event),
            Self::RateLimitWarning(event) => of(event),
            Self::SystemAnnouncement(event) => of(event),
            Self::ServiceDegraded(event) => of(event),
            Self::ServiceRestored(event) => of(event),
            Self::ModelMappingChanged(event) => of(event),
            Self::ModelCapabilitiesDiscovered(event) => of(event),
            Self::ModelAvailabilityChanged(event) => of(event),
        }
    }
}
