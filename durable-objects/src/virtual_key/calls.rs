//! What the object of a virtual key can be asked.

use contract::{DomainEvent, KeyRecord};
use serde::{Deserialize, Serialize};

use crate::call::ObjectCall;

/// What the object of a virtual key is called.
pub fn virtual_key_name(id: &str) -> String {
    format!("vkey-{id}")
}

macro_rules! virtual_key_call {
    ($call:ty => $answer:ty, $path:literal) => {
        impl ObjectCall for $call {
            type Answer = $answer;
            const BINDING: &'static str = "VIRTUAL_KEY";
            const PATH: &'static str = $path;

            fn object_name(&self) -> String {
                virtual_key_name(&self.virtual_key_id)
            }
        }
    };
}

/// Asks for a place for a connection (negotiate).
#[derive(Debug, Serialize, Deserialize)]
pub struct Reserve {
    /// The key.
    pub virtual_key_id: String,
}
virtual_key_call!(Reserve => Admission, "/reserve");

/// Whether a key may do something now. The key's own object has the final say.
#[derive(Debug, Serialize, Deserialize)]
pub enum Admission {
    /// It may, under this connection id.
    Admitted {
        /// The connection's public id.
        connection_id: String,
    },
    /// It may not.
    Refused(Refusal),
}

/// Why a key may not connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// No such key, or a deleted one: nobody learns which.
    Unknown,
    /// The operator turned the key off.
    Disabled,
    /// The key has as many connections as it may have.
    TooManyConnections {
        /// That many.
        limit: u64,
    },
}

/// Hands the object events of its key, in order.
#[derive(Debug, Serialize, Deserialize)]
pub struct Publish {
    /// The key.
    pub virtual_key_id: String,
    /// The events.
    pub events: Vec<DomainEvent>,
}
virtual_key_call!(Publish => Option<Vec<Published>>, "/publish");

/// What became of an event. The object answers none at all where the key is unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Published {
    /// Its effect is committed, and it was sent to that many connections.
    Delivered {
        /// Connections it was sent to.
        recipients: usize,
    },
    /// Its (source, id) was seen before.
    Duplicate,
    /// It changes nothing, for this reason.
    Ignored(String),
}

/// Gives the object its key's record.
#[derive(Debug, Serialize, Deserialize)]
pub struct ApplyKey {
    /// The key.
    pub virtual_key_id: String,
    /// The record; none for a deleted key.
    pub record: Option<KeyRecord>,
    /// Grows with every change: an older record never replaces a newer one.
    pub revision: i64,
}
virtual_key_call!(ApplyKey => (), "/apply");

/// Asks what the object holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Inspect {
    /// The key.
    pub virtual_key_id: String,
}
virtual_key_call!(Inspect => Inspection, "/inspect");

/// What an object holds.
#[derive(Debug, Serialize, Deserialize)]
pub struct Inspection {
    /// Open connections, over all hubs.
    pub connections: usize,
}

/// Asks whether the object class answers.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ping {
    /// An object kept for this question.
    pub virtual_key_id: String,
}
virtual_key_call!(Ping => (), "/ping");
