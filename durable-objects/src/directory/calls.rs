//! What a shard of the directory can be asked.

use std::collections::BTreeMap;

use contract::{Broadcast, MetricsSnapshot, OnlineKey, RealtimeSession};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::call::ObjectCall;

/// How many shards there are. The number is for ever: a key's shard follows from it.
pub const SHARDS: u8 = 16;

/// The shard that knows a key.
pub fn shard_of(virtual_key_id: &str) -> u8 {
    Sha256::digest(virtual_key_id).first().map_or(0, |byte| byte % SHARDS)
}

/// What a shard is called.
pub(crate) fn directory_name(shard: u8) -> String {
    format!("directory-{shard}")
}

macro_rules! directory_call {
    ($call:ty => $answer:ty, $path:literal, $shard:expr) => {
        impl ObjectCall for $call {
            type Answer = $answer;
            const BINDING: &'static str = "DIRECTORY";
            const PATH: &'static str = $path;

            fn object_name(&self) -> String {
                let shard: fn(&Self) -> u8 = $shard;
                directory_name(shard(self))
            }
        }
    };
}

/// A key is about to have a connection more than it has places for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Enter {
    pub(crate) virtual_key_id: String,
    /// How many places it has been lent.
    pub(crate) places: u64,
    /// How many more it would like; one is enough.
    pub(crate) more: u64,
    /// Grows with everything that the key tells: what overtakes is told apart by it.
    pub(crate) turn: i64,
}
directory_call!(Enter => Entered, "/enter", |call| shard_of(&call.virtual_key_id));

/// Whether a key may have more connections.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Entered {
    /// It has so many places now, and is brought every broadcast after this one.
    Lent { places: u64, broadcast: i64 },
    /// All the connections that the whole system may have are taken.
    Full { limit: u64 },
}

/// What a key has to tell: how many are connected, and what it carried since it told that last.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) virtual_key_id: String,
    /// The connections of each hub.
    pub(crate) connections: BTreeMap<String, u64>,
    /// How many places it keeps.
    pub(crate) places: u64,
    /// What is to be added to the figures.
    pub(crate) carried: MetricsSnapshot,
    /// As in [`Enter`].
    pub(crate) turn: i64,
}
directory_call!(Report => (), "/report", |call| shard_of(&call.virtual_key_id));

/// Brings broadcasts, in their order, for the online keys of a shard.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Announce {
    pub(crate) shard: u8,
    pub(crate) broadcasts: Vec<Broadcast>,
}
directory_call!(Announce => (), "/announce", |call| call.shard);

/// Asks for what a shard counted.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadShard {
    /// The shard.
    pub shard: u8,
}
directory_call!(ReadShard => MetricsSnapshot, "/metrics", |call| call.shard);

/// Asks which keys are online.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListOnline {
    /// The shard.
    pub shard: u8,
    /// The last key of the page before.
    pub after: Option<String>,
    /// How many at the most.
    pub limit: u32,
    /// Also those that have come, or are about to, and have not told yet of how many connections.
    #[serde(default)]
    pub with_arriving: bool,
}
directory_call!(ListOnline => Vec<OnlineKey>, "/online", |call| call.shard);

/// Adds something to the figures: what the Worker counts, which remembers nothing.
#[derive(Debug, Serialize, Deserialize)]
pub struct Count {
    /// Any shard.
    pub shard: u8,
    /// What is to be added.
    pub carried: MetricsSnapshot,
}
directory_call!(Count => (), "/count", |call| call.shard);

/// Asks which realtime sessions of any key go on, in the order of their ids.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListAllSessions {
    /// The last session of the page before.
    pub after: Option<String>,
    /// How many at the most.
    pub limit: u32,
}
directory_call!(ListAllSessions => Vec<RealtimeSession>, "/realtime/sessions", |_| 0);

/// Ends a realtime session of any key, for the operator. False where there is no such session.
#[derive(Debug, Serialize, Deserialize)]
pub struct EndAnySession {
    /// The session.
    pub connection_id: String,
}
directory_call!(EndAnySession => bool, "/realtime/end", |_| 0);

/// A shard asks the first one for some of the connections that the whole system may have.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Borrow {
    pub(crate) shard: u8,
    /// How many it is to have in all, after this.
    pub(crate) places: u64,
    /// Later than whatever the shard said before.
    pub(crate) turn: i64,
}
directory_call!(Borrow => u64, "/borrow", |_| 0);

/// A shard gives the first one back what lies idle.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GiveBack {
    pub(crate) shard: u8,
    /// How many it keeps.
    pub(crate) places: u64,
    /// Later than whatever the shard said before.
    pub(crate) turn: i64,
}
directory_call!(GiveBack => (), "/give-back", |_| 0);

/// Asks whether the object class answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct PingDirectory {}
directory_call!(PingDirectory => (), "/ping", |_| 0);
