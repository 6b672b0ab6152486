//! What the configuration says of an object's SignalR server.

use contract::ClientAccess;
use signalr_durable::{InvocationRate, ServerOptions};

use crate::configuration::Configuration;

/// The options that the configuration stands for.
// Limits that are counts of things in memory fit a usize.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn of(configuration: &Configuration) -> ServerOptions {
    ServerOptions {
        max_message_bytes: configuration.max_message_bytes as usize,
        handshake_timeout_millis: configuration.handshake_timeout_seconds * 1_000,
        keep_alive_millis: configuration.keep_alive_seconds * 1_000,
        client_timeout_millis: configuration.client_timeout_seconds * 1_000,
        close_on_authentication_expiration: configuration.close_on_authentication_expiration,
        max_groups_per_connection: configuration.max_subscriptions_per_connection as usize,
        max_groups: configuration.max_groups_per_key as usize,
        coalesce_millis: configuration.coalesce_millis,
        invocation_rate: invocation_rate(configuration.invocations_per_minute as u32),
        ..ServerOptions::default()
    }
}

/// So many invocations a minute, in bursts of twice as many.
pub(crate) fn invocation_rate(per_minute: u32) -> InvocationRate {
    InvocationRate { per_minute, burst: per_minute.saturating_mul(2) }
}

/// Whether new claims allow what old ones did. A refreshed client token may not take away what its connection was
/// allowed, since it has joined groups by that, and who resumes a connection may not allow less than it had.
pub(crate) fn keeps_permissions(old: &str, new: &str) -> bool {
    match (ClientAccess::from_claims(old), ClientAccess::from_claims(new)) {
        (Ok(old), Ok(new)) => new.covers(&old),
        _ => false,
    }
}
