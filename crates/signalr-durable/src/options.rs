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
    /// How long nothing may be written to a client before it is pinged (`KeepAliveInterval`). From ten seconds on, the
    /// server does not ping unasked, which would keep its object from sleeping: it answers the pings of clients, JSON
    /// ones while it sleeps. Server-Sent Events are pinged by the Worker that writes them.
    pub keep_alive_millis: u64,
    /// How long a client that has pinged once may be silent (`ClientTimeoutInterval`). Below ten seconds a timer
    /// watches; from there on [`Server::check`](crate::Server::check) does, so that the object may sleep.
    pub client_timeout_millis: u64,
    /// How long a long-polling connection may be without a poll, and a stateful one without its socket, before it has
    /// ended.
    pub disconnect_timeout_millis: u64,
    /// Whether clients read the cause of failures that are not [`HubError::Refused`](crate::HubError)
    /// (`EnableDetailedErrors`).
    pub detailed_errors: bool,
    /// How many methods of one connection run at once (`MaximumParallelInvocationsPerClient`). Calls that stream in
    /// either direction do not count. Above 1, methods may finish in another order than they were called.
    pub max_parallel_invocations: usize,
    /// How many items of an upload wait for the hub to read them (`StreamBufferCapacity`).
    pub stream_buffer_capacity: usize,
    /// How many bytes of a client's records may wait behind a full upload. More close the connection.
    pub max_waiting_bytes: usize,
    /// How many bytes a client may have unacknowledged before a stateful connection sends it nothing more
    /// (`StatefulReconnectBufferSize`).
    pub stateful_buffer_bytes: usize,
    /// How long events may wait under load, so that more leave in one frame; 0 turns it off. What a connection is told of
    /// for the first time in so long leaves at once, and so does everything that is no event. Connections that outlive
    /// their sockets are stored with each turn, and sent what was stored.
    pub coalesce_millis: u64,
    /// What happens to clients that read slowly.
    pub slow_readers: SlowReaders,
    /// How long a client may take to answer a question (client results).
    pub client_result_timeout_millis: u64,
    /// Whether a connection ends when its authentication does (`CloseOnAuthenticationExpiration`).
    pub close_on_authentication_expiration: bool,
    /// How many groups one connection may be in.
    pub max_groups_per_connection: usize,
    /// How many groups the object may have.
    pub max_groups: usize,
    /// How often one connection may invoke.
    pub invocation_rate: InvocationRate,
}

/// Bytes that were sent to a client which has not shown since that it reads. The platform queues without a limit and
/// without a sign, so this is all that a server can go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowReaders {
    /// From here on the client is asked for a sign: a question to a method that it does not have, which official
    /// clients answer with an error. Server-to-client streams wait for it.
    pub probe_bytes: usize,
    /// From here on it is spared [ephemeral](crate::Event::is_ephemeral) events.
    pub spare_bytes: usize,
    /// From here on it is closed, and may reconnect.
    pub close_bytes: usize,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            max_message_bytes: 32_768,
            handshake_timeout_millis: 15_000,
            keep_alive_millis: 15_000,
            client_timeout_millis: 30_000,
            disconnect_timeout_millis: 15_000,
            detailed_errors: false,
            max_parallel_invocations: 1,
            stream_buffer_capacity: 10,
            max_waiting_bytes: 1_048_576,
            stateful_buffer_bytes: 100_000,
            coalesce_millis: 5,
            slow_readers: SlowReaders { probe_bytes: 262_144, spare_bytes: 1_048_576, close_bytes: 8_388_608 },
            client_result_timeout_millis: 600_000,
            close_on_authentication_expiration: false,
            max_groups_per_connection: 1_000,
            max_groups: 100_000,
            invocation_rate: InvocationRate { per_minute: 600, burst: 1_200 },
        }
    }
}

/// The platform lets an object sleep after so long without an event: shorter intervals cost nothing more to watch.
const AWAKE_ANYWAY_MILLIS: u64 = 10_000;

impl ServerOptions {
    /// Whether the server pings by itself.
    pub(crate) fn pings(&self) -> bool {
        self.keep_alive_millis < AWAKE_ANYWAY_MILLIS
    }

    /// Whether silent clients are found by a timer.
    pub(crate) fn times_clients(&self) -> bool {
        self.client_timeout_millis < AWAKE_ANYWAY_MILLIS
    }
}
