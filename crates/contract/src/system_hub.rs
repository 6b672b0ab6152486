//! `SystemNotificationHub`: its methods, its groups and its events.

use crate::{
    client_event::{ClientEvent, EventDeclaration},
    hub::{GroupDeclaration, Hub, KEY_GROUP, KeyKind},
    method::{MethodDeclaration, answer, parameter},
    preferences::PreferencesUpdated,
    system_event::{
        ModelAvailabilityChanged, ModelCapabilitiesDiscovered, ModelMappingChanged, ProviderHealthChanged,
        RateLimitWarning, ServiceDegraded, ServiceRestored, SystemAnnouncement,
    },
};

/// The group that every connection joins: it is told what everybody is told, as far as its key's preferences go.
pub const GROUP: &str = "system-notifications";

const PREFERENCES: &str = r#"{"enabledTypes":["provider_health","service_degradation"],"minimumPriority":"Medium"}"#;

/// What happens to the system as a whole.
pub static SYSTEM_HUB: Hub = Hub {
    name: "SystemNotificationHub",
    route: "notifications",
    aliases: &["system-notifications"],
    key: KeyKind::Virtual,
    summary: "The health of providers and services, models that come and go, rate limits and announcements.",
    methods: METHODS,
    events: EVENTS,
    groups: GROUPS,
};

/// Changes what the key wants to hear.
pub const UPDATE_PREFERENCES: MethodDeclaration = MethodDeclaration {
    name: "UpdatePreferences",
    summary: "Changes what the connections of the key are told. What is left out is as it is before any change: every \
              type, from `Low` on. The caller is told by `PreferencesUpdated` too.",
    parameters: &[parameter!("preferences": crate::PreferencesArgument, PREFERENCES)],
    answer: Some(answer!(crate::NotificationPreferences, PREFERENCES)),
    refusals: &["Unknown notification type '{x}'"],
    streams: false,
};
/// Says what the key wants to hear.
pub const GET_PREFERENCES: MethodDeclaration = MethodDeclaration {
    name: "GetPreferences",
    summary: "Answers what the connections of the key are told.",
    parameters: &[],
    answer: Some(answer!(crate::NotificationPreferences, PREFERENCES)),
    refusals: &[],
    streams: false,
};

const METHODS: &[MethodDeclaration] = &[UPDATE_PREFERENCES, GET_PREFERENCES];

const EVENTS: &[&EventDeclaration] = &[
    ProviderHealthChanged::DECLARATION,
    RateLimitWarning::DECLARATION,
    SystemAnnouncement::DECLARATION,
    ServiceDegraded::DECLARATION,
    ServiceRestored::DECLARATION,
    ModelMappingChanged::DECLARATION,
    ModelCapabilitiesDiscovered::DECLARATION,
    ModelAvailabilityChanged::DECLARATION,
    PreferencesUpdated::DECLARATION,
];

/// Who is told together.
const GROUPS: &[GroupDeclaration] = &[
    KEY_GROUP,
    GroupDeclaration {
        pattern: "system-notifications",
        summary: "Every connection, from the start: it is told what everybody is told, as far as its key's preferences go.",
    },
];
