//! What a server can be told: limits and time-outs, each with ASP.NET Core's default where it has one.

use crate::rate::InvocationRate;

/// Limits of the server in one object.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The largest record a client may send, in bytes, separator or length prefix included
    /// (`MaximumReceiveMessageSize`).
    pub max_message_bytes: usize,
    /// How long a client may take for its handshake (`HandshakeTimeout`).
    pub handshake_timeout_millis: u64,
    /// Whether clients read the cause of failures that are not [`HubError::Refused`](crate::HubError)
    /// (`EnableDetailedErrors`).
    pub detailed_errors: bool,
    /// How many groups one connection may be in.
    pub max_groups_per_connection: usize,
    /// How many groups the object may have.
    pub max_groups: usize,
    /// How often one connection may invoke.
    pub invocation_rate: InvocationRate,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            max_message_bytes: 32_768,
            handshake_timeout_millis: 15_000,
            detailed_errors: false,
            max_groups_per_connection: 1_000,
            max_groups: 100_000,
            invocation_rate: InvocationRate { per_minute: 600, burst: 1_200 },
        }
    }
}
