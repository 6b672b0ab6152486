//! Which hub a path stands for, and under which options.

use signalr::{Transport, TransportSet};
use signalr_durable::edge::EndpointOptions;

use super::hubs::{AUTH_CHAT, AUTHORIZED, CHAT, DOTNET, SWIFT, TYPESCRIPT, UNCREATABLE};
use crate::host::Users;

/// The user of the .NET suite's connections is whoever this header names.
const USER_HEADER: &str = "Super-Insecure-UserName";

/// What is behind a path.
pub(super) struct HubHost {
    pub(super) hub: &'static str,
    pub(super) endpoint: EndpointOptions,
    pub(super) users: Users,
}

/// The host whose path this is, in lower case.
pub(super) fn find(name: &str) -> Option<HubHost> {
    let (hub, users) = match name {
        "testhub" | "testhub-nowebsockets" => (TYPESCRIPT, Users::Anybody),
        "uncreatable" => (UNCREATABLE, Users::Anybody),
        "authorizedhub" | "authorizedhub2" => (AUTHORIZED, Users::Known),
        "default"
        | "default-nowebsockets"
        | "dynamic"
        | "hubt"
        | "negotiateprotocolversion12"
        | "negotiateprotocolversionnegative" => (DOTNET, Users::OfHeader(USER_HEADER)),
        "test" => (SWIFT, Users::Anybody),
        "chathub" => (CHAT, Users::Anybody),
        "authhub" => (AUTH_CHAT, Users::Known),
        _ => return None,
    };
    Some(HubHost { hub, endpoint: endpoint_options(name), users })
}

fn endpoint_options(name: &str) -> EndpointOptions {
    let defaults = EndpointOptions { events_probe_millis: Some(200), ..EndpointOptions::default() };
    match name {
        "default" => EndpointOptions { stateful_reconnect: true, ..defaults },
        "negotiateprotocolversion12" => EndpointOptions { minimum_version: 12, ..defaults },
        "negotiateprotocolversionnegative" => EndpointOptions { minimum_version: -1, ..defaults },
        name if name.ends_with("-nowebsockets") => {
            EndpointOptions { transports: TransportSet::ALL.without(Transport::WebSockets), ..defaults }
        }
        _ => defaults,
    }
}
