//! What the registry of virtual keys can be asked.

use contract::{KeyCreation, KeyPatch, KeyRecord};
use serde::{Deserialize, Serialize};

use crate::call::ObjectCall;

macro_rules! administration_call {
    ($call:ty => $answer:ty, $path:literal) => {
        impl ObjectCall for $call {
            type Answer = $answer;
            const BINDING: &'static str = "ADMINISTRATION";
            const PATH: &'static str = $path;

            fn object_name(&self) -> String {
                // One object: the registry has one truth.
                "administration".to_owned()
            }
        }
    };
}

/// Registers a key whose secret's SHA-256 is given.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateKey {
    /// The new key's id.
    pub id: String,
    /// Lower-case hexadecimal SHA-256 of the secret.
    pub key_sha256: String,
    /// What the operator asked for.
    pub creation: KeyCreation,
    /// Milliseconds since the epoch.
    pub created_at_millis: i64,
}
administration_call!(CreateKey => KeyChange, "/keys/create");

/// What became of a change to a key.
#[derive(Debug, Serialize, Deserialize)]
pub enum KeyChange {
    /// The registry and the key's own object know it.
    Applied {
        /// The key as it now is.
        record: KeyRecord,
        /// Lower-case hexadecimal SHA-256 of the secret.
        key_sha256: String,
    },
    /// The registry knows it, the key's own object did not answer: it is told until it does.
    Pending(KeyRecord),
    /// There is no such key.
    Unknown,
}

/// Asks for a key by its id.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadKey {
    /// The key's id.
    pub id: String,
}
administration_call!(ReadKey => Option<KeyRecord>, "/keys/read");

/// Asks, for the key's own object, for a key with its revision.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadKeyForObject {
    /// The key's id.
    pub id: String,
}
administration_call!(ReadKeyForObject => Option<(KeyRecord, i64)>, "/keys/read-for-object");

/// Asks whose secret has this SHA-256.
#[derive(Debug, Serialize, Deserialize)]
pub struct FindKey {
    /// Lower-case hexadecimal SHA-256 of the secret.
    pub key_sha256: String,
}
administration_call!(FindKey => Option<String>, "/keys/find");

/// Asks for the keys in the order of their creation.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListKeys {
    /// The last key of the page before.
    pub after: Option<String>,
    /// How many at the most.
    pub limit: u32,
}
administration_call!(ListKeys => Page, "/keys/list");

/// One page of keys.
#[derive(Debug, Serialize, Deserialize)]
pub struct Page {
    /// The keys.
    pub items: Vec<KeyRecord>,
    /// Where the next page starts, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Changes a key.
#[derive(Debug, Serialize, Deserialize)]
pub struct PatchKey {
    /// The key's id.
    pub id: String,
    /// What is to change.
    pub patch: KeyPatch,
}
administration_call!(PatchKey => KeyChange, "/keys/patch");

/// Deletes a key: its connections are closed and its secret is worth nothing from now on.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteKey {
    /// The key's id.
    pub id: String,
}
administration_call!(DeleteKey => KeyChange, "/keys/delete");
