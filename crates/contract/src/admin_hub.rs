//! `AdminNotificationHub`: its methods, its groups, its events, and what it tells who asked for what there is not.

use crate::budget_alert::{BudgetAlert, HighSpendAlert};
use crate::{
    admin_event::{ConfigurationChanged, SystemAlert},
    admin_notice::{
        AdminError, ConnectionCountChanged, InitialProviderHealth, ProviderHealthRefreshed, RealtimeSessionChanged,
        SubscribedToProvider, SubscribedToVirtualKey, UnsubscribedFromProvider, UnsubscribedFromVirtualKey,
        VirtualKeyCreated, VirtualKeyDeleted, VirtualKeyUpdated,
    },
    client_event::{ClientEvent, EventDeclaration},
    hub::{GroupDeclaration, Hub, KeyKind},
    method::{MethodDeclaration, parameter},
    provider_health::ProviderHealthRecord,
};

/// The group that every connection joins.
pub const GROUP: &str = "admin";

/// Tells the caller that a subscription to what can be no provider's name was not made.
pub const PROVIDER_NOT_SUBSCRIBED: &str = "Failed to subscribe to provider notifications";
/// Tells the caller that a subscription to what can be no provider's name was not ended.
pub const PROVIDER_NOT_UNSUBSCRIBED: &str = "Failed to unsubscribe from provider notifications";
/// Tells the caller that the checks could not be run.
pub const HEALTH_NOT_REFRESHED: &str = "Failed to refresh provider health";

/// What an operator may see.
pub static ADMIN_HUB: Hub = Hub {
    name: "AdminNotificationHub",
    route: "admin-notifications",
    aliases: &[],
    key: KeyKind::Master,
    summary: "Virtual keys, providers, alerts and the configuration, for operators. What a method can't do is told by the \
              event `Error`, and its invocation completes all the same.",
    methods: METHODS,
    events: EVENTS,
    groups: GROUPS,
};

/// Joins the group of a virtual key.
pub const SUBSCRIBE_TO_VIRTUAL_KEY: MethodDeclaration = MethodDeclaration {
    name: "SubscribeToVirtualKey",
    summary: "Subscribes to a virtual key. `SubscribedToVirtualKey` follows, or `Error` where there is no such key.",
    parameters: &[parameter!("virtualKeyId": crate::Identifier, "\"456\"")],
    answer: None,
    refusals: &[],
    streams: false,
};
/// Leaves the group of a virtual key.
pub const UNSUBSCRIBE_FROM_VIRTUAL_KEY: MethodDeclaration = MethodDeclaration {
    name: "UnsubscribeFromVirtualKey",
    summary: "Ends the subscription to a virtual key. `UnsubscribedFromVirtualKey` follows.",
    parameters: &[parameter!("virtualKeyId": crate::Identifier, "\"456\"")],
    answer: None,
    refusals: &[],
    streams: false,
};
/// Joins the group of a provider.
pub const SUBSCRIBE_TO_PROVIDER: MethodDeclaration = MethodDeclaration {
    name: "SubscribeToProvider",
    summary: "Subscribes to every check of a provider. `ProviderHealthStatus` follows where its health is known, then \
              `SubscribedToProvider`; `Error` where there can be no such provider.",
    parameters: &[parameter!("provider": crate::Identifier, "\"openai\"")],
    answer: None,
    refusals: &[],
    streams: false,
};
/// Leaves the group of a provider.
pub const UNSUBSCRIBE_FROM_PROVIDER: MethodDeclaration = MethodDeclaration {
    name: "UnsubscribeFromProvider",
    summary: "Ends the subscription to a provider. `UnsubscribedFromProvider` follows.",
    parameters: &[parameter!("provider": crate::Identifier, "\"openai\"")],
    answer: None,
    refusals: &[],
    streams: false,
};
/// Checks all providers now.
pub const REFRESH_PROVIDER_HEALTH: MethodDeclaration = MethodDeclaration {
    name: "RefreshProviderHealth",
    summary: "Checks all providers now. `ProviderHealthRefreshed` follows, or `Error` where that fails.",
    parameters: &[],
    answer: None,
    refusals: &[],
    streams: false,
};

const METHODS: &[MethodDeclaration] = &[
    SUBSCRIBE_TO_VIRTUAL_KEY,
    UNSUBSCRIBE_FROM_VIRTUAL_KEY,
    SUBSCRIBE_TO_PROVIDER,
    UNSUBSCRIBE_FROM_PROVIDER,
    REFRESH_PROVIDER_HEALTH,
];

const EVENTS: &[&EventDeclaration] = &[
    InitialProviderHealth::DECLARATION,
    ProviderHealthRecord::DECLARATION,
    ProviderHealthRefreshed::DECLARATION,
    VirtualKeyCreated::DECLARATION,
    VirtualKeyUpdated::DECLARATION,
    VirtualKeyDeleted::DECLARATION,
    ConnectionCountChanged::DECLARATION,
    RealtimeSessionChanged::DECLARATION,
    SystemAlert::DECLARATION,
    ConfigurationChanged::DECLARATION,
    AdminError::DECLARATION,
    SubscribedToVirtualKey::DECLARATION,
    UnsubscribedFromVirtualKey::DECLARATION,
    SubscribedToProvider::DECLARATION,
    UnsubscribedFromProvider::DECLARATION,
    BudgetAlert::DECLARATION,
    HighSpendAlert::DECLARATION,
];

/// Who is told together.
const GROUPS: &[GroupDeclaration] = &[
    GroupDeclaration { pattern: "admin", summary: "Every connection, from the start." },
    GroupDeclaration { pattern: "admin-vkey-{virtualKeyId}", summary: "Who subscribed to that virtual key." },
    GroupDeclaration {
        pattern: "admin-provider-{provider}",
        summary: "Who subscribed to that provider: it is told of every check, not only of changes.",
    },
];

/// The group of those who watch a virtual key.
pub fn virtual_key_group(virtual_key_id: &str) -> String {
    format!("admin-vkey-{virtual_key_id}")
}

/// The virtual key that those in a group watch.
pub fn key_of_group(group: &str) -> Option<&str> {
    group.strip_prefix("admin-vkey-")
}

/// The group of those who watch a provider.
pub fn provider_group(provider: &str) -> String {
    format!("admin-provider-{provider}")
}

/// Tells the caller that there is no such key.
pub fn virtual_key_not_found(virtual_key_id: &str) -> AdminError {
    AdminError { message: format!("Virtual key {virtual_key_id} not found") }
}
