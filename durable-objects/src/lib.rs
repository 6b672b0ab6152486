//! What remembers: the Durable Objects of Conduit Edge, and the calls that reach them.
//!
//! | room | what it is for |
//! |---|---|
//! | `virtual_key` | the object of one virtual key: its connections, tasks, money, limits |
//! | `administration` | the registry of virtual keys, the providers, what everybody is told, the master key's hubs |
//! | `directory` | which keys are online; broadcasts; places among all connections; figures |
//! | `desk` | what the hubs of an object share: sending, the journal, resuming |
//! | `relay` | sockets that a key's own object has no room for |
//! | `audit`, `deduplication`, `server_options` | what more than one object keeps or needs |
//! | `arrival` | events that come from the Worker |
//! | `call` | how the Worker asks an object something, and objects ask each other |
//! | `queue` | what is put into the queues, and how much waits there |
//! | `configuration` | the variables of `wrangler.toml`, read and checked in one place |
//! | `lease` | realtime sessions, counted by the sockets that they hold |
//! | `recordings` | recordings of realtime sessions, in R2 |
//! | `connection_id` | ids of connections, which say whose they are |
//! | `rows`, `tables`, `transaction`, `alarm_clock`, `identifiers`, `patience`, `log` | what the objects share |

mod administration;
mod alarm_clock;
mod arrival;
mod audit;
mod call;
pub mod configuration;
mod connection_id;
mod deduplication;
mod desk;
mod directory;
mod identifiers;
mod lease;
pub mod log;
mod patience;
mod queue;
mod recordings;
mod relay;
mod rows;
mod server_options;
mod tables;
mod transaction;
mod virtual_key;

pub use administration::{
    Administration,
    admission::PROBE_CLAIMS,
    calls::{
        ADMINISTRATION_NAME, Author, CountDeadLetters, CreateKey, CreateServiceToken, DeleteKey, DeleteProvider,
        FindKey, FindServiceToken, FoundKey, FoundServiceToken, KeyChange, ListDeadLetters, ListKeys, ListProviders,
        ListServiceTokens, PatchKey, PingAdministration, PublishBroadcasts, PutProvider, ReadAudit, ReadDeadLetter,
        ReadFigures, ReadKey, ReadKeyForObject, ReadProvider, ReadServiceToken, RecordAudit, RecordDeadLetters,
        RemoveDeadLetters, ReserveMaster, RevokeServiceToken, RotateKey, Rotated, ServiceTokenMade,
    },
};
pub use call::{CallError, ObjectCall, REQUESTS_AT_ONCE, ask};
pub use configuration::{Configuration, ConfigurationError};
pub use connection_id::{key_of_connection, new_connection_id};
pub use desk::variant;
pub use directory::{
    Directory,
    calls::{Count, EndAnySession, ListAllSessions, ListOnline, PingDirectory, ReadShard, SHARDS, shard_of},
};
pub use identifiers::{now_millis, random_bytes, ulid};
pub use lease::{Credit, Granted, LeaseEnd, LeaseRefusal, LeaseWord, NOT_BEGUN, TakeLease};
pub use patience::in_time;
pub use queue::{Backlog, MAX_MESSAGE_BYTES, Queue, backlog, send};
pub use recordings::{Recordings, Segment};
pub use relay::{Relay, relay_stub};
pub use virtual_key::{
    VirtualKey,
    calls::{
        Admission, ApplyKey, ApplyOperation, Arrive, AttemptToMake, BeginAttempt, Disconnect, EndSession,
        FinishAttempt, FinishInquiry, FinishSession, FoundTask, GiveUp, Inquire, Inquiry, Inspect, Inspection,
        ListPastSessions, ListSessions, ListTasks, NumberedEvents, Numbers, Ping, Poke, Publish, Published,
        ReadHistory, ReadKeyAudit, ReadSpend, ReadTask, ReadWebhooks, Redeliver, Redelivery, Refusal, Reserve,
        RotateWebhookSecret, TakeNumbers, TaskPage, UseRecording, virtual_key_name,
    },
    operations::outcome_of_nobody,
    session_money::SESSION_SOURCE,
    session_store::session_cursor,
};

/// The hub of the page for those who have one in ASP.NET Core, which is thus compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/migrating-from-aspnetcore.md")]
struct MigratingFromAspNetCore;
