//! What the registry of virtual keys can be asked.

use contract::{
    AuditEntry, Broadcast, ConnectionCountChanged, DeadLetter, DeadLetterKind, Identifier, KeyCreation, KeyPatch,
    KeyRecord, MetricsSnapshot, Notification, Page, ProviderInput, ProviderView, ServiceAccess, ServiceTokenCreation,
    ServiceTokenRecord,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    call::ObjectCall,
    virtual_key::calls::{Admission, Published},
};

/// What the one object is called.
pub const ADMINISTRATION_NAME: &str = "administration";

macro_rules! administration_call {
    ($call:ty => $answer:ty, $path:literal) => {
        impl ObjectCall for $call {
            type Answer = $answer;
            const BINDING: &'static str = "ADMINISTRATION";
            const PATH: &'static str = $path;

            fn object_name(&self) -> String {
                // One object: the registry has one truth.
                ADMINISTRATION_NAME.to_owned()
            }
        }
    };
}

/// Who changes something, for the audit trail.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Author {
    /// `operator`, or what stands for a service.
    pub actor: String,
    /// From which address.
    pub from: Option<String>,
}

/// Registers a key whose secret's SHA-256 is given.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateKey {
    /// Who makes it.
    pub author: Author,
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
        /// Lower-case hexadecimal SHA-256 of its secrets: the newest comes first.
        secrets: Vec<String>,
    },
    /// The registry knows it, the key's own object did not answer: it is told until it does.
    Pending(KeyRecord),
    /// There is no such key.
    Unknown,
    /// There is one of that id, or with that secret, already.
    Taken,
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
administration_call!(FindKey => Option<FoundKey>, "/keys/find");

/// Whose a secret is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundKey {
    /// The key's id.
    pub id: String,
    /// Until when the secret is good, in milliseconds since the epoch, if another one took its place.
    pub until_millis: Option<i64>,
}

/// Asks for the keys in the order of their creation.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListKeys {
    /// The last key of the page before.
    pub after: Option<String>,
    /// How many at the most.
    pub limit: u32,
}
administration_call!(ListKeys => Page<KeyRecord>, "/keys/list");

/// Changes a key.
#[derive(Debug, Serialize, Deserialize)]
pub struct PatchKey {
    /// Who changes it.
    pub author: Author,
    /// The key's id.
    pub id: String,
    /// What is to change.
    pub patch: KeyPatch,
}
administration_call!(PatchKey => KeyChange, "/keys/patch");

/// Deletes a key: its connections are closed and its secret is worth nothing from now on.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteKey {
    /// Who deletes it.
    pub author: Author,
    /// The key's id.
    pub id: String,
}
administration_call!(DeleteKey => KeyChange, "/keys/delete");

/// Gives a key another secret. The old one is good for a while longer.
#[derive(Debug, Serialize, Deserialize)]
pub struct RotateKey {
    /// Who does it.
    pub author: Author,
    /// The key's id.
    pub id: String,
    /// Lower-case hexadecimal SHA-256 of the new secret.
    pub key_sha256: String,
    /// Until when the old one is good, in milliseconds since the epoch.
    pub old_until_millis: i64,
}
administration_call!(RotateKey => Rotated, "/keys/rotate");

/// What became of a rotation.
#[derive(Debug, Serialize, Deserialize)]
pub struct Rotated {
    /// What became of the key.
    pub change: KeyChange,
    /// Lower-case hexadecimal SHA-256 of the secrets that are worth nothing now.
    pub ended: Vec<String>,
}

/// Makes a service token whose SHA-256 is given.
#[derive(Debug, Serialize, Deserialize)]
pub struct CreateServiceToken {
    /// Who makes it.
    pub author: Author,
    /// Its id.
    pub id: String,
    /// Lower-case hexadecimal SHA-256 of the token.
    pub token_sha256: String,
    /// What the operator asked for.
    pub creation: ServiceTokenCreation,
    /// Milliseconds since the epoch.
    pub created_at_millis: i64,
}
administration_call!(CreateServiceToken => ServiceTokenMade, "/service-tokens/create");

/// What became of a service token that was to be made.
#[derive(Debug, Serialize, Deserialize)]
pub enum ServiceTokenMade {
    /// It is there.
    Made(ServiceTokenRecord),
    /// The virtual key at this position of its list is not there.
    UnknownKey(usize),
}

/// Asks for the service tokens in the order in which they were made.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListServiceTokens {
    /// The last one of the page before.
    pub after: Option<String>,
    /// How many at the most.
    pub limit: u32,
}
administration_call!(ListServiceTokens => Vec<ServiceTokenRecord>, "/service-tokens/list");

/// Asks for a service token.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadServiceToken {
    /// Its id.
    pub id: String,
}
administration_call!(ReadServiceToken => Option<ServiceTokenRecord>, "/service-tokens/read");

/// Withdraws a service token. It answers with its SHA-256, if there was one.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokeServiceToken {
    /// Who does it.
    pub author: Author,
    /// Its id.
    pub id: String,
}
administration_call!(RevokeServiceToken => Option<String>, "/service-tokens/revoke");

/// Asks what the service token with this SHA-256 may send, because somebody sends something with it.
#[derive(Debug, Serialize, Deserialize)]
pub struct FindServiceToken {
    /// Lower-case hexadecimal SHA-256 of the token.
    pub token_sha256: String,
}
administration_call!(FindServiceToken => Option<FoundServiceToken>, "/service-tokens/find");

/// What a service token is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundServiceToken {
    /// What it may send.
    pub access: ServiceAccess,
    /// Until when, in milliseconds since the epoch, if there is an end.
    pub expires_at_millis: Option<i64>,
}

/// Takes events for everybody, in order: each once.
#[derive(Debug, Serialize, Deserialize)]
pub struct PublishBroadcasts {
    /// The events, as they were sent: of the system or of the administration.
    pub events: Vec<Box<RawValue>>,
}
administration_call!(PublishBroadcasts => Vec<Published>, "/broadcasts/publish");

/// Asks for broadcasts by their numbers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReadBroadcasts {
    /// The last number that is known.
    pub(crate) after: i64,
    /// The last number that is wanted.
    pub(crate) through: i64,
}
administration_call!(ReadBroadcasts => Vec<Broadcast>, "/broadcasts/read");

/// Tells operators what happened to a key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Raise {
    pub(crate) virtual_key_id: String,
    /// Notifications of the admin hub, under the ids that their key gave them.
    pub(crate) notifications: Vec<Notification>,
}
administration_call!(Raise => (), "/raise");

/// Says how many connections a key that is followed has. The answer says whether it still is.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CountChanged {
    pub(crate) virtual_key_id: String,
    pub(crate) connections: u64,
}
administration_call!(CountChanged => bool, "/count-changed");

impl CountChanged {
    /// What operators are told of it.
    pub(crate) fn into_event(self) -> worker::Result<ConnectionCountChanged> {
        let virtual_key_id = Identifier::new(self.virtual_key_id);
        let virtual_key_id = virtual_key_id.map_err(|error| worker::Error::RustError(error.to_string()))?;
        Ok(ConnectionCountChanged { virtual_key_id, connections: u32::try_from(self.connections).unwrap_or(u32::MAX) })
    }
}

/// Asks for a place for a connection to one of the master key's hubs.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReserveMaster {}
administration_call!(ReserveMaster => Admission, "/reserve");

/// Asks for the providers in the order of their names.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListProviders {}
administration_call!(ListProviders => Vec<ProviderView>, "/providers/list");

/// Asks for a provider.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadProvider {
    /// Its name.
    pub name: String,
}
administration_call!(ReadProvider => Option<ProviderView>, "/providers/read");

/// Sets a provider. It answers whether it is a new one.
#[derive(Debug, Serialize, Deserialize)]
pub struct PutProvider {
    /// Who does it.
    pub author: Author,
    /// Its name.
    pub name: String,
    /// What it is to be.
    pub input: ProviderInput,
}
administration_call!(PutProvider => (ProviderView, bool), "/providers/put");

/// Forgets a provider. It answers whether there was one.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeleteProvider {
    /// Who does it.
    pub author: Author,
    /// Its name.
    pub name: String,
}
administration_call!(DeleteProvider => bool, "/providers/delete");

/// Asks for the audit trail of what operators did, newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadAudit {
    /// Before this entry.
    pub before: Option<String>,
    /// How many at the most.
    pub limit: u32,
}
administration_call!(ReadAudit => Vec<AuditEntry>, "/audit");

/// Writes into the audit trail what was done elsewhere.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecordAudit {
    /// What was done.
    pub entry: AuditEntry,
}
administration_call!(RecordAudit => (), "/audit/record");

/// Keeps dead letters, each once. It answers whether there was room: if not, none of them was kept.
#[derive(Debug, Serialize, Deserialize)]
pub struct RecordDeadLetters {
    /// What could not be delivered.
    pub letters: Vec<DeadLetter>,
}
administration_call!(RecordDeadLetters => bool, "/dead-letters/record");

/// Asks for dead letters, oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct ListDeadLetters {
    /// Behind the `next` of the page before; 0 from the beginning.
    pub after: i64,
    /// How many at the most.
    pub limit: u32,
    /// Only of this kind.
    pub kind: Option<DeadLetterKind>,
    /// Only of this key.
    pub virtual_key_id: Option<String>,
}
administration_call!(ListDeadLetters => Page<DeadLetter>, "/dead-letters/list");

/// Asks for a dead letter.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadDeadLetter {
    /// Its id.
    pub id: String,
}
administration_call!(ReadDeadLetter => Option<DeadLetter>, "/dead-letters/read");

/// Forgets dead letters that were dealt with. It answers how many of them there were.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemoveDeadLetters {
    /// Who dealt with them.
    pub author: Author,
    /// What was done, for the audit trail.
    pub action: String,
    /// Which ones.
    pub ids: Vec<String>,
}
administration_call!(RemoveDeadLetters => usize, "/dead-letters/remove");

/// Asks how many dead letters there are.
#[derive(Debug, Serialize, Deserialize)]
pub struct CountDeadLetters {}
administration_call!(CountDeadLetters => i64, "/dead-letters/count");

/// Asks for the figures of the whole system.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadFigures {}
administration_call!(ReadFigures => MetricsSnapshot, "/figures");

/// Asks whether the object class answers, and its storage.
#[derive(Debug, Serialize, Deserialize)]
pub struct PingAdministration {}
administration_call!(PingAdministration => (), "/ping");
