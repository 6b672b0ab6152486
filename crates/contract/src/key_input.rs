//! What an operator may say of a key: when making it, and later.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    fields,
    rejection::Rejection,
    virtual_key::{ConnectionLimit, KeyLimits, KeyName, KeyRecord},
};

/// A key to be made: `{name, enabled?, limits?: {connections?}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyCreation {
    /// What to call it.
    pub name: KeyName,
    /// Whether it opens anything; true unless said otherwise.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Its own limits.
    #[serde(default, deserialize_with = "fields::object")]
    pub limits: KeyLimits,
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
        fields::parse(text(json)?)
    }

    /// The key that this makes.
    #[must_use]
    pub fn into_record(self, id: &str, created_at_millis: i64) -> KeyRecord {
        KeyRecord { id: id.to_owned(), name: self.name, enabled: self.enabled, created_at_millis, limits: self.limits }
    }
}

/// A change to a key (RFC 7396): what is absent stays, null takes a limit away.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyPatch {
    /// Another name.
    #[serde(default, deserialize_with = "fields::present", skip_serializing_if = "Option::is_none")]
    pub name: Option<KeyName>,
    /// Whether it opens anything.
    #[serde(default, deserialize_with = "fields::present", skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Other limits.
    #[serde(default, deserialize_with = "fields::object")]
    pub limits: LimitsPatch,
}

/// A change to a key's limits. The outer option says whether there is one, the inner one what it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LimitsPatch {
    /// Open connections at once; null gives the configuration's figure back.
    #[serde(default, deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    pub connections: Option<Option<ConnectionLimit>>,
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

    /// Changes a key.
    pub fn apply_to(&self, record: &mut KeyRecord) {
        if let Some(name) = &self.name {
            record.name = name.clone();
        }
        if let Some(enabled) = self.enabled {
            record.enabled = enabled;
        }
        if let Some(connections) = self.limits.connections {
            record.limits.connections = connections;
        }
    }
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
        let expected = r#"{"id":"7","name":"demo","enabled":true,"createdAt":"1970-01-01T00:00:00.000Z","limits":{"connections":5}}"#;
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
            travelled.apply_to(&mut record);
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
            (r#"{"name":"x","limits":{"connections":0}}"#, "limits.connections: must be an integer from 1 to 32768"),
            (
                r#"{"name":"x","limits":{"connections":40000}}"#,
                "limits.connections: must be an integer from 1 to 32768",
            ),
        ] {
            assert_eq!(KeyCreation::from_json(json.as_bytes()).unwrap_err().to_string(), expected);
        }
        assert_eq!(KeyPatch::from_json(br#"{"name":null}"#).unwrap_err().field.as_deref(), Some("name"));
        assert!(KeyPatch::from_json(b"\xff").is_err());
    }
}
