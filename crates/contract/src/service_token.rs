//! Service tokens: what a backend sends events with instead of the master key, restricted to types of events and to
//! virtual keys, and withdrawn by itself.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{
    domain_event::{AcceptedEvent, Arrival, DomainEvent, event_types},
    fields,
    identifier::Identifier,
    key_secret::{RANDOM_BYTES, sha256_hex},
    rejection::{RejectedEvent, Rejection},
    time::Timestamp,
    virtual_key::KeyName,
};

/// What every service token starts with: no virtual key does.
const PREFIX: &str = "condtsvc_";
/// The characters of a token: the prefix, and the random bytes in base64url.
const TOKEN_CHARACTERS: usize = PREFIX.len() + (RANDOM_BYTES * 8).div_ceil(6);
/// The most names in one list of a token.
pub const MAX_SERVICE_TOKEN_NAMES: usize = 100;

/// A service token itself: shown once, kept as its SHA-256 only. It has no `Debug`: it is never logged.
pub struct ServiceTokenSecret(String);

impl ServiceTokenSecret {
    /// Makes a token: `condtsvc_` and the bytes in base64url.
    pub fn from_random(random: [u8; RANDOM_BYTES]) -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// The token itself, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn sha256_hex(&self) -> String {
        sha256_hex(&self.0)
    }

    /// Whether a text could be a token, so that what cannot is refused without a lookup.
    pub fn looks_like_token(text: &str) -> bool {
        text.len() == TOKEN_CHARACTERS
            && text.starts_with(PREFIX)
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    }
}

/// What the holder of a service token may send. A list takes away what it does not name; without lists it is all that the
/// master key may send.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccess {
    /// The types of events that it may send; all where there is no list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_types: Option<BTreeSet<String>>,
    /// The virtual keys whose events it may send. With this list, it sends nothing that is for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_key_ids: Option<BTreeSet<Identifier>>,
}

impl ServiceAccess {
    /// All that can be sent.
    #[must_use]
    pub fn unrestricted() -> Self {
        Self::default()
    }

    /// Checks whether an event may be sent.
    ///
    /// # Errors
    ///
    /// Names the attribute that may not be: `type` or `virtualkeyid`.
    pub fn check(&self, event: &DomainEvent) -> Result<(), Rejection> {
        if self.event_types.as_ref().is_some_and(|types| !types.contains(event.event_type)) {
            return Err(Rejection::of_field("type", format!("this service token does not send {}", event.event_type)));
        }
        match (&self.virtual_key_ids, &event.virtual_key_id) {
            (Some(_), None) => {
                let message = "this service token sends events of certain virtual keys only, none for everybody";
                Err(Rejection::of_field("virtualkeyid", message))
            }
            (Some(ids), Some(id)) if !ids.contains(id) => {
                Err(Rejection::of_field("virtualkeyid", "this service token does not send events of this virtual key"))
            }
            _ => Ok(()),
        }
    }

    /// An event as it arrived, or rejected because it may not be sent.
    ///
    /// # Errors
    ///
    /// See [`Arrival`].
    pub fn admit(&self, arrival: Arrival) -> Arrival {
        let AcceptedEvent { event, json } = arrival?;
        match self.check(&event) {
            Ok(()) => Ok(AcceptedEvent { event, json }),
            Err(rejection) => Err(RejectedEvent { id: Some(event.id), rejection }),
        }
    }
}

/// A service token to be made: `{name, eventTypes?, virtualKeyIds?, expiresAt?}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceTokenCreation {
    /// What to call it.
    pub name: KeyName,
    /// The types of events that it is to send; all where there is no list.
    #[serde(default, deserialize_with = "known_types", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::event_type_names"))]
    pub event_types: Option<Vec<String>>,
    /// The virtual keys whose events it is to send; all, and what is for everybody, where there is no list.
    #[serde(default, deserialize_with = "key_ids", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<Identifier>", length(min = 1, max = MAX_SERVICE_TOKEN_NAMES)))]
    pub virtual_key_ids: Option<Vec<Identifier>>,
    /// When it opens nothing any more.
    #[serde(default, deserialize_with = "fields::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Timestamp"))]
    pub expires_at: Option<Timestamp>,
}

impl ServiceTokenCreation {
    /// Reads a request's body.
    ///
    /// # Errors
    ///
    /// Names the field that is wrong. A token that expires before `now_millis`, since the epoch, is a mistake.
    pub fn from_json(json: &[u8], now_millis: i64) -> Result<Self, Rejection> {
        let text = std::str::from_utf8(json).map_err(|error| Rejection::of_whole(error.to_string()))?;
        let creation: Self = fields::parse(text)?;
        for (position, name) in creation.event_types.iter().flatten().enumerate() {
            if event_types().all(|known| known.name != name) {
                let message = format!("unknown event type '{name}'");
                return Err(Rejection::of_field(format!("eventTypes[{position}]"), message));
            }
        }
        if creation.expires_at.is_some_and(|at| at.0 <= now_millis) {
            return Err(Rejection::of_field("expiresAt", "must be in the future"));
        }
        Ok(creation)
    }

    /// The token that this makes.
    #[must_use]
    pub fn into_record(self, id: &str, created_at_millis: i64) -> ServiceTokenRecord {
        ServiceTokenRecord {
            id: id.to_owned(),
            name: self.name,
            access: ServiceAccess {
                event_types: self.event_types.map(|types| types.into_iter().collect()),
                virtual_key_ids: self.virtual_key_ids.map(|ids| ids.into_iter().collect()),
            },
            created_at: Timestamp(created_at_millis),
            expires_at: self.expires_at,
            last_used_at: None,
        }
    }
}

/// A service token as the operator reads it. The token itself is nowhere in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceTokenRecord {
    /// Its id, which sorts by the time when it was made.
    pub id: String,
    /// What the operator calls it.
    pub name: KeyName,
    /// What it may send.
    #[serde(flatten)]
    pub access: ServiceAccess,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it opens nothing any more, if that is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to about a minute; absent where it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// A service token as it was made: the one answer that shows it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MadeServiceToken<'a> {
    /// What is kept of it.
    #[serde(flatten)]
    pub record: &'a ServiceTokenRecord,
    /// The token.
    pub token: &'a str,
}

impl ServiceTokenRecord {
    /// Whether it opens nothing any more.
    pub fn is_expired(&self, now_millis: i64) -> bool {
        self.expires_at.is_some_and(|at| at.0 <= now_millis)
    }
}

fn known_types<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    list(deserializer, "type of events")
}

fn key_ids<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Identifier>>, D::Error> {
    list(deserializer, "virtual key")
}

/// Reads a list that may be absent, but neither null nor endless; an empty one makes a token that sends nothing, which is a
/// mistake.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D, of: &str) -> Result<Option<Vec<T>>, D::Error> {
    let names = Vec::deserialize(deserializer)?;
    match names.len() {
        0 => Err(de::Error::custom(format_args!("must name a {of}; without this field all may be sent"))),
        1..=MAX_SERVICE_TOKEN_NAMES => Ok(Some(names)),
        count => {
            Err(de::Error::custom(format_args!("must have at most {MAX_SERVICE_TOKEN_NAMES} entries, not {count}")))
        }
    }
}

#[cfg(test)]
#[path = "service_token_tests.rs"]
mod tests;
