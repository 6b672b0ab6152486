//! Which options a path stands for.

use signalr::{Transport, TransportSet};
use signalr_durable::{InvocationRate, ServerOptions, edge::EndpointOptions};

use crate::host::Users;

/// What is behind a path.
pub(super) struct Profile {
    /// The path without `conf-`; empty for `conf` itself.
    pub(super) name: &'static str,
    /// The options of the server: profiles of the same set share an object.
    pub(super) set: &'static str,
    pub(super) endpoint: EndpointOptions,
    pub(super) users: Users,
}

/// The set of those that change nothing in the server.
pub(super) const PLAIN_SET: &str = "plain";

/// The sets beside [`PLAIN_SET`], each named as the profile that needs it.
const SETS: [&str; 9] = ["detailed", "sr500", "small", "hs1s", "ct1s", "ka100", "par2", "cap2", "authexp"];

const PROFILES: [&str; 24] = [
    "",
    "detailed",
    "sr",
    "sr500",
    "small",
    "hs1s",
    "ct1s",
    "ka100",
    "lp2s",
    "par2",
    "cap2",
    "nows",
    "wsonly",
    "none",
    "min12",
    "auth",
    "authexp",
    "authmethod",
    "refresh",
    "greet",
    "greetothers",
    "failconnect",
    "faulty",
    "redirect",
];

/// The profile that the first segment of a path names.
pub(super) fn find(segment: &str) -> Option<Profile> {
    let name = if segment == "conf" { "" } else { segment.strip_prefix("conf-").filter(|name| !name.is_empty())? };
    let name = PROFILES.into_iter().find(|known| *known == name)?;
    let set = set(name);
    let users = match name {
        "auth" | "authexp" | "refresh" => Users::Known,
        _ => Users::Anybody,
    };
    Some(Profile { name, set, endpoint: endpoint_options(name), users })
}

/// The set of that name; that of `conf` where there is none.
pub(super) fn set(name: &str) -> &'static str {
    SETS.into_iter().find(|known| *known == name).unwrap_or(PLAIN_SET)
}

fn endpoint_options(name: &str) -> EndpointOptions {
    let defaults = EndpointOptions { events_probe_millis: Some(200), ..EndpointOptions::default() };
    match name {
        "sr" | "sr500" => EndpointOptions { stateful_reconnect: true, ..defaults },
        "ka100" => EndpointOptions { keep_alive_millis: 100, ..defaults },
        "lp2s" => EndpointOptions { poll_timeout_millis: 2_000, ..defaults },
        "nows" => EndpointOptions { transports: TransportSet::ALL.without(Transport::WebSockets), ..defaults },
        "wsonly" => EndpointOptions { transports: TransportSet::NONE.with(Transport::WebSockets), ..defaults },
        "none" => EndpointOptions { transports: TransportSet::NONE, ..defaults },
        "min12" => EndpointOptions { minimum_version: 12, ..defaults },
        "refresh" => EndpointOptions { authentication_refresh: true, ..defaults },
        _ => defaults,
    }
}

/// The options of the server in an object of that set.
pub(super) fn server_options(set: &str) -> ServerOptions {
    let defaults =
        ServerOptions { invocation_rate: InvocationRate { per_minute: 0, burst: 0 }, ..ServerOptions::default() };
    match set {
        "detailed" => ServerOptions { detailed_errors: true, ..defaults },
        "sr500" => ServerOptions { stateful_buffer_bytes: 500, ..defaults },
        "small" => ServerOptions { max_message_bytes: 100, ..defaults },
        "hs1s" => ServerOptions { handshake_timeout_millis: 1_000, ..defaults },
        "ct1s" => ServerOptions { client_timeout_millis: 1_000, ..defaults },
        "ka100" => ServerOptions { keep_alive_millis: 100, ..defaults },
        "par2" => ServerOptions { max_parallel_invocations: 2, ..defaults },
        "cap2" => ServerOptions { stream_buffer_capacity: 2, ..defaults },
        "authexp" => ServerOptions { close_on_authentication_expiration: true, ..defaults },
        _ => defaults,
    }
}
