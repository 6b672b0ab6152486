//! A virtual key as the registry keeps it and the operator reads it.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{
    bounded_text,
    budget::Budget,
    time::{Timestamp, rfc3339},
};

/// Connections of one key at the most. Relays hold their sockets; what its object remembers of them is in its memory.
pub const MAX_CONNECTIONS: u32 = 100_000;
/// WebSockets of one object at the most (Durable Objects limits).
pub(crate) const MAX_SOCKETS: u32 = 32_768;
/// The longest name, in bytes.
pub(crate) const MAX_KEY_NAME_BYTES: usize = 200;

/// What an operator calls a key: 1 to 200 bytes, without spaces around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct KeyName(String);

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for KeyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let name = text.trim();
        bounded_text::check(name, MAX_KEY_NAME_BYTES).map_err(de::Error::custom)?;
        Ok(Self(name.to_owned()))
    }
}

/// How many connections a key may have: 1 to [`MAX_CONNECTIONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ConnectionLimit(u32);

impl ConnectionLimit {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for ConnectionLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        match u32::try_from(number) {
            Ok(number @ 1..=MAX_CONNECTIONS) => Ok(Self(number)),
            _ => Err(de::Error::custom(format_args!("must be an integer from 1 to {MAX_CONNECTIONS}"))),
        }
    }
}

/// How many invocations a minute a connection of a key may make, or sessions at once it may have: 1 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PositiveLimit(u32);

/// The largest [`PositiveLimit`].
pub(crate) const MAX_POSITIVE_LIMIT: u32 = 1_000_000;

impl PositiveLimit {
    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for PositiveLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        match u32::try_from(number) {
            Ok(number @ 1..=MAX_POSITIVE_LIMIT) => Ok(Self(number)),
            _ => Err(de::Error::custom(format_args!("must be an integer from 1 to {MAX_POSITIVE_LIMIT}"))),
        }
    }
}

/// The models that a key may use: names, or beginnings of names with a `*` behind them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AllowedModels(Vec<String>);

/// The most models that are named.
pub(crate) const MAX_MODELS: usize = 1_000;

impl AllowedModels {
    /// Whether a model is among them, without regard to case.
    pub fn allow(&self, model: &str) -> bool {
        let model = model.to_ascii_lowercase();
        self.0.iter().map(|name| name.to_ascii_lowercase()).any(|name| match name.strip_suffix('*') {
            Some(beginning) => model.starts_with(beginning),
            None => model == name,
        })
    }
}

impl<'de> Deserialize<'de> for AllowedModels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        if names.len() > MAX_MODELS {
            return Err(de::Error::custom(format_args!("must name at most {MAX_MODELS} models")));
        }
        for name in &names {
            bounded_text::check(name, MAX_KEY_NAME_BYTES).map_err(de::Error::custom)?;
        }
        Ok(Self(names))
    }
}

/// A key's own limits; what it has none of, the configuration gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyLimits {
    /// Open connections at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<ConnectionLimit>,
    /// Invocations a minute of each connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invocations_per_minute: Option<PositiveLimit>,
    /// Realtime sessions at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realtime_sessions: Option<PositiveLimit>,
}

/// A virtual key. Its JSON is what the operator reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct KeyRecord {
    /// Its id, which never changes.
    pub id: String,
    /// What the operator calls it.
    pub name: KeyName,
    /// Whether it opens anything.
    pub enabled: bool,
    /// When it was made, in milliseconds since the epoch; RFC 3339 text in JSON.
    #[serde(rename = "createdAt", with = "rfc3339")]
    #[cfg_attr(feature = "schema", schemars(with = "Timestamp"))]
    pub created_at_millis: i64,
    /// When it opens nothing any more, if that is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// What may be spent with it, and in which time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    /// Its own limits.
    pub limits: KeyLimits,
    /// The models that it may use; all where there is no list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_models: Option<AllowedModels>,
    /// Whether it opens realtime sessions.
    #[serde(default)]
    pub realtime: bool,
    /// Whether these may be recorded.
    #[serde(default)]
    pub recording: bool,
}
