//! What an operator may say of a key: when making it, and later.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::{
    budget::Budget,
    fields,
    identifier::Identifier,
    rejection::Rejection,
    time::Timestamp,
    virtual_key::{AllowedModels, ConnectionLimit, KeyLimits, KeyName, KeyRecord, PositiveLimit},
};

/// A key to be made. Only `name` must be given; what the others mean, [`KeyRecord`] says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyCreation {
    /// What to call it.
    pub name: KeyName,
    /// Whether it opens anything; true unless said otherwise.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The id of a key that exists elsewhere, to be taken over; `keySha256` comes with it.
    #[serde(default, deserialize_with = "fields::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Identifier"))]
    pub id: Option<Identifier>,
    /// SHA-256 of that key's secret, in hexadecimal.
    #[serde(default, deserialize_with = "fields::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "KeySha256"))]
    pub key_sha256: Option<KeySha256>,
    /// When it opens nothing any more.
    #[serde(default, deserialize_with = "fields::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Timestamp"))]
    pub expires_at: Option<Timestamp>,
    /// What may be spent with it.
    #[serde(default, deserialize_with = "present_object", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Budget"))]
    pub budget: Option<Budget>,
    /// Its own limits.
    #[serde(default, deserialize_with = "fields::object")]
    pub limits: KeyLimits,
    /// The models that it may use.
    #[serde(default, deserialize_with = "fields::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "AllowedModels"))]
    pub allowed_models: Option<AllowedModels>,
    /// Whether it opens realtime sessions.
    #[serde(default)]
    pub realtime: bool,
    /// Whether these may be recorded.
    #[serde(default)]
    pub recording: bool,
}

/// SHA-256 of a secret: 64 hexadecimal digits, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct KeySha256(String);

impl KeySha256 {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for KeySha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = String::deserialize(deserializer)?.to_ascii_lowercase();
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(de::Error::custom("must be 64 hexadecimal digits"));
        }
        Ok(Self(digits))
    }
}

fn present_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    fields::object(deserializer).map(Some)
}

fn yes() -> bool {
    true
}

impl KeyCreation {
    /// Reads a request's body.
    ///
    /// # Errors
    ///
    /// Names the field that is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, Rejection> {
        let creation: Self = fields::parse(text(json)?)?;
        if creation.id.is_some() != creation.key_sha256.is_some() {
            let missing = if creation.id.is_some() { "keySha256" } else { "id" };
            return Err(Rejection::of_field(missing, "missing: a key that is taken over has both"));
        }
        Ok(creation)
    }

    /// The key that this makes.
    #[must_use]
    pub fn into_record(self, id: &str, created_at_millis: i64) -> KeyRecord {
        KeyRecord {
            id: id.to_owned(),
            name: self.name,
            enabled: self.enabled,
            created_at_millis,
            expires_at: self.expires_at,
            budget: self.budget,
            limits: self.limits,
            allowed_models: self.allowed_models,
            realtime: self.realtime,
            recording: self.recording,
        }
    }
}

/// How a key is given another secret: `{graceSeconds?}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rotation {
    /// How long the old one is good, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<u64>,
}

impl Rotation {
    /// Reads a request's body.
    ///
    /// # Errors
    ///
    /// Names the field that is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, Rejection> {
        fields::parse(text(json)?)
    }
}

/// A change to a key (RFC 7396): what is absent stays, null takes away.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyPatch {
    /// Another name.
    #[serde(default, deserialize_with = "fields::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "KeyName"))]
    pub name: Option<KeyName>,
    /// Whether it opens anything.
    #[serde(default, deserialize_with = "fields::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "bool"))]
    pub enabled: Option<bool>,
    /// Another time at which it opens nothing any more.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Option<Timestamp>>,
    /// Another budget, whole.
    #[serde(default, deserialize_with = "said_object", skip_serializing_if = "Option::is_none")]
    pub budget: Option<Option<Budget>>,
    /// Other limits.
    #[serde(default, deserialize_with = "fields::object")]
    pub limits: LimitsPatch,
    /// Other models.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub allowed_models: Option<Option<AllowedModels>>,
    /// Whether it opens realtime sessions.
    #[serde(default, deserialize_with = "fields::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "bool"))]
    pub realtime: Option<bool>,
    /// Whether these may be recorded.
    #[serde(default, deserialize_with = "fields::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "bool"))]
    pub recording: Option<bool>,
}

/// A change to a key's limits. The outer option says whether there is one, the inner one what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitsPatch {
    /// Open connections at once; null gives the configuration's figure back.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub connections: Option<Option<ConnectionLimit>>,
    /// Invocations a minute of each connection; null likewise.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub invocations_per_minute: Option<Option<PositiveLimit>>,
    /// Realtime sessions at once; null likewise.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub realtime_sessions: Option<Option<PositiveLimit>>,
}

/// Reads a field that may be absent (then `default` gives `None`) or null.
#[expect(clippy::option_option, reason = "absent and null are two things in a merge patch")]
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

impl KeyPatch {
    /// Reads a request's body.
    ///
    /// # Errors
    ///
    /// Names the field that is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, Rejection> {
        fields::parse(text(json)?)
    }

    /// Changes a key, and says which of its members are other ones now, in the order of the record.
    pub fn apply_to(&self, record: &mut KeyRecord) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let mut note = |name, is_changed: bool| {
            if is_changed {
                changed.push(name);
            }
        };
        note("name", set(&mut record.name, self.name.as_ref()));
        note("enabled", set(&mut record.enabled, self.enabled.as_ref()));
        note("expiresAt", set(&mut record.expires_at, self.expires_at.as_ref()));
        note("budget", set(&mut record.budget, self.budget.as_ref()));
        let (limits, patch) = (&mut record.limits, &self.limits);
        note("limits.connections", set(&mut limits.connections, patch.connections.as_ref()));
        let invocations = patch.invocations_per_minute.as_ref();
        note("limits.invocationsPerMinute", set(&mut limits.invocations_per_minute, invocations));
        note("limits.realtimeSessions", set(&mut limits.realtime_sessions, patch.realtime_sessions.as_ref()));
        note("allowedModels", set(&mut record.allowed_models, self.allowed_models.as_ref()));
        note("realtime", set(&mut record.realtime, self.realtime.as_ref()));
        note("recording", set(&mut record.recording, self.recording.as_ref()));
        changed
    }
}

/// Replaces a value by another one, if one is given. True if it is not the same.
fn set<T: Clone + PartialEq>(value: &mut T, other: Option<&T>) -> bool {
    match other {
        Some(other) if other != value => {
            value.clone_from(other);
            true
        }
        _ => false,
    }
}

#[expect(clippy::option_option, reason = "absent and null are two things in a merge patch")]
fn said_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Ok(Some(Option::<fields::Object<T>>::deserialize(deserializer)?.map(|object| object.0)))
}

fn text(json: &[u8]) -> Result<&str, Rejection> {
    std::str::from_utf8(json).map_err(|error| Rejection::of_whole(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> KeyRecord {
        let creation = KeyCreation::from_json(br#"{"name":" demo ","limits":{"connections":5}}"#).unwrap();
        creation.into_record("7", 0)
    }

    #[test]
    fn a_record_is_read_by_the_operator_as_the_contract_says() {
        let expected = r#"{"id":"7","name":"demo","enabled":true,"createdAt":"1970-01-01T00:00:00.000Z","limits":{"connections":5},"realtime":false,"recording":false}"#;
        let text = serde_json::to_string(&record()).unwrap();
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<KeyRecord>(&text).unwrap(), record());
    }

    #[test]
    fn a_patch_changes_what_it_names_and_survives_the_way_to_the_registry() {
        for (patch, expected) in [
            (r"{}", (true, "demo", Some(5))),
            (r#"{"enabled":false}"#, (false, "demo", Some(5))),
            (r#"{"name":"x","limits":{}}"#, (true, "x", Some(5))),
            (r#"{"limits":{"connections":null}}"#, (true, "demo", None)),
            (r#"{"limits":{"connections":9}}"#, (true, "demo", Some(9))),
        ] {
            let patch = KeyPatch::from_json(patch.as_bytes()).unwrap();
            let travelled: KeyPatch = serde_json::from_str(&serde_json::to_string(&patch).unwrap()).unwrap();
            assert_eq!(travelled, patch);
            let mut record = record();
            let _changed = travelled.apply_to(&mut record);
            let connections = record.limits.connections.map(ConnectionLimit::get);
            assert_eq!((record.enabled, record.name.as_str(), connections), expected);
        }
    }

    #[test]
    fn a_wrong_field_is_named() {
        for (json, expected) in [
            (r"{}", "name: missing"),
            (r#"{"name":" "}"#, "name: must not be blank"),
            (r#"{"name":"x","colour":"red"}"#, "colour: unknown field"),
            (r#"{"name":"x","enabled":1}"#, "enabled: invalid type: integer `1`, expected a boolean"),
            (r#"{"name":"x","limits":{"connections":0}}"#, "limits.connections: must be an integer from 1 to 100000"),
            (
                r#"{"name":"x","limits":{"connections":100001}}"#,
                "limits.connections: must be an integer from 1 to 100000",
            ),
        ] {
            assert_eq!(KeyCreation::from_json(json.as_bytes()).unwrap_err().to_string(), expected);
        }
        assert_eq!(KeyPatch::from_json(br#"{"name":null}"#).unwrap_err().field.as_deref(), Some("name"));
        assert!(KeyPatch::from_json(b"\xff").is_err());
    }
}
