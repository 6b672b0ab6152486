//! What remembers: the Durable Objects of Conduit Edge, and the calls that reach them.
//!
//! | room | what it is for |
//! |---|---|
//! | `virtual_key` | the object of one virtual key: its connections, tasks, limits |
//! | `administration` | the registry of virtual keys |
//! | `call` | how the Worker asks an object something, and objects ask each other |
//! | `configuration` | the variables of `wrangler.toml`, read and checked in one place |
//! | `rows`, `tables`, `transaction`, `alarm_clock`, `identifiers`, `log` | what the objects share |

mod administration;
mod alarm_clock;
mod call;
mod configuration;
mod identifiers;
pub mod log;
mod rows;
mod tables;
mod transaction;
mod virtual_key;

pub use administration::{
    Administration,
    calls::{CreateKey, DeleteKey, FindKey, KeyChange, ListKeys, Page, PatchKey, ReadKey, ReadKeyForObject},
};
pub use call::{CallError, ObjectCall, ask};
pub use configuration::{Configuration, ConfigurationError};
pub use identifiers::{now_millis, random_bytes, ulid};
pub use virtual_key::{
    VirtualKey,
    calls::{Admission, ApplyKey, Inspect, Inspection, Ping, Publish, Published, Refusal, Reserve, virtual_key_name},
    task_event::WITH_META,
};
