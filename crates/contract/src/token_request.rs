//! What somebody with a key may ask of a client token: `POST /v1/tokens`.

use std::collections::BTreeSet;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeOwned},
};

use crate::{
    client_access::ClientAccess,
    fields,
    hub::{self, Hub, KeyKind},
    identifier::Identifier,
    rejection::Rejection,
    task_type::TaskType,
    time::Timestamp,
};

/// The longest life of a client token, and its life where nobody says.
pub const MAX_TOKEN_SECONDS: u16 = 3_600;
/// The most names in one list of a token.
pub const MAX_TOKEN_NAMES: usize = 100;

/// A token to be made: `{hubs?, taskIds?, taskTypes?, ttlSeconds?, virtualKeyId?}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenRequest {
    /// The hubs that it opens, by their names or the segments of their routes; without it, all that the key opens.
    #[serde(default, deserialize_with = "hubs")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<HubName>"))]
    hubs: Option<Vec<HubName>>,
    /// Tasks that it follows, by their ids.
    #[serde(default, deserialize_with = "names")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<Identifier>"))]
    task_ids: Option<Vec<Identifier>>,
    /// Tasks that it follows, by their types; with neither list it follows all.
    #[serde(default, deserialize_with = "names")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<TaskType>"))]
    task_types: Option<Vec<TaskType>>,
    /// How long it is good for, in seconds; 3,600 where nobody says.
    #[serde(default)]
    ttl_seconds: TtlSeconds,
    /// The key that the token is of, where the operator asks.
    #[serde(default, deserialize_with = "fields::present")]
    #[cfg_attr(feature = "schema", schemars(with = "Identifier"))]
    pub virtual_key_id: Option<Identifier>,
}

/// A token as the holder of a key gets it.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct IssuedToken {
    /// The token.
    pub token: String,
    /// When it opens nothing any more.
    pub expires_at: Timestamp,
}

impl TokenRequest {
    /// Reads a request's body.
    ///
    /// # Errors
    ///
    /// Names the field that is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, Rejection> {
        let text = std::str::from_utf8(json).map_err(|error| Rejection::of_whole(error.to_string()))?;
        fields::parse(text)
    }

    /// How long the token is to be good for, in seconds.
    pub fn ttl_seconds(&self) -> u16 {
        self.ttl_seconds.0
    }

    /// What the token is to allow, in the hubs that a key of this kind opens.
    ///
    /// # Errors
    ///
    /// Names the field that asks for what such a key does not give.
    pub fn access(&self, key: KeyKind) -> Result<ClientAccess, Rejection> {
        for (position, HubName(hub)) in self.hubs.iter().flatten().enumerate() {
            if hub.key != key {
                let message = match hub.key {
                    KeyKind::Master => format!("{} takes the master key, not a virtual key", hub.name),
                    KeyKind::Virtual => format!("{} takes a virtual key: name one in virtualKeyId", hub.name),
                };
                return Err(Rejection::of_field(format!("hubs[{position}]"), message));
            }
        }
        if key == KeyKind::Master {
            for (field, is_given) in [("taskIds", self.task_ids.is_some()), ("taskTypes", self.task_types.is_some())] {
                if is_given {
                    let message = "tasks belong to a virtual key: name one in virtualKeyId";
                    return Err(Rejection::of_field(field, message));
                }
            }
        }
        Ok(ClientAccess::of(
            set(self.hubs.as_ref(), |HubName(hub)| hub.name),
            set(self.task_ids.as_ref(), Identifier::as_str),
            set(self.task_types.as_ref(), TaskType::as_str),
        ))
    }
}

fn set<T>(list: Option<&Vec<T>>, name: impl Fn(&T) -> &str) -> Option<BTreeSet<String>> {
    list.map(|list| list.iter().map(|entry| name(entry).to_owned()).collect())
}

/// A hub by its name or a segment of its route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HubName(&'static Hub);

impl<'de> Deserialize<'de> for HubName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        hub::named(&name).map(Self).ok_or_else(|| de::Error::custom("there is no such hub"))
    }
}

/// 1 to [`MAX_TOKEN_SECONDS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TtlSeconds(u16);

impl Default for TtlSeconds {
    fn default() -> Self {
        Self(MAX_TOKEN_SECONDS)
    }
}

impl<'de> Deserialize<'de> for TtlSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        match u16::try_from(number) {
            Ok(seconds @ 1..=MAX_TOKEN_SECONDS) => Ok(Self(seconds)),
            _ => Err(de::Error::custom(format_args!("must be an integer from 1 to {MAX_TOKEN_SECONDS}"))),
        }
    }
}

/// Reads a list that may be absent, but not null and not endless.
fn names<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
    let names = Vec::deserialize(deserializer)?;
    if names.len() > MAX_TOKEN_NAMES {
        let count = names.len();
        return Err(de::Error::custom(format_args!("must have at most {MAX_TOKEN_NAMES} entries, not {count}")));
    }
    Ok(Some(names))
}

/// A token that opens no hub is a mistake; one that follows no task is what a backend makes for a user who has none.
fn hubs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<HubName>>, D::Error> {
    let hubs = names(deserializer)?;
    if hubs.as_ref().is_some_and(Vec::is_empty) {
        return Err(de::Error::custom("must name a hub; without this field the token opens all that its key opens"));
    }
    Ok(hubs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> TokenRequest {
        TokenRequest::from_json(json.as_bytes()).unwrap()
    }

    fn rejection(json: &str) -> String {
        TokenRequest::from_json(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn without_fields_a_token_allows_what_its_key_does_for_an_hour() {
        let request = read("{}");
        assert_eq!((request.ttl_seconds(), request.virtual_key_id.as_ref()), (3_600, None));
        for key in [KeyKind::Virtual, KeyKind::Master] {
            assert_eq!(request.access(key).unwrap(), ClientAccess::unrestricted());
        }
    }

    #[test]
    fn lists_become_sets_of_names() {
        let request = read(
            r#"{"hubs":["TaskHub","tasks","Task-Notifications"],"taskIds":["a",7,"a"],"taskTypes":["video"],"ttlSeconds":1,"virtualKeyId":456}"#,
        );
        let access = request.access(KeyKind::Virtual).unwrap();
        assert_eq!(access.to_claims().unwrap(), r#"{"h":["TaskHub"],"i":["7","a"],"t":["video"]}"#);
        assert_eq!((request.ttl_seconds(), request.virtual_key_id.unwrap().as_str()), (1, "456"));
    }

    #[test]
    fn an_empty_list_of_tasks_allows_none() {
        let access = read(r#"{"taskIds":[]}"#).access(KeyKind::Virtual).unwrap();
        assert!(!access.may_subscribe_to_task("t", None) && !access.may_subscribe_to_type("*"));
    }

    #[test]
    fn the_master_key_alone_gives_neither_a_virtual_keys_hubs_nor_its_tasks() {
        for (json, expected) in [
            (r#"{"hubs":["tasks"]}"#, "hubs[0]: TaskHub takes a virtual key: name one in virtualKeyId"),
            (r#"{"taskIds":["a"]}"#, "taskIds: tasks belong to a virtual key: name one in virtualKeyId"),
            (r#"{"taskTypes":[]}"#, "taskTypes: tasks belong to a virtual key: name one in virtualKeyId"),
        ] {
            assert_eq!(read(json).access(KeyKind::Master).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn a_wrong_field_is_named() {
        let long = format!(r#"{{"taskIds":[{}"a"]}}"#, r#""a","#.repeat(MAX_TOKEN_NAMES));
        for (json, expected) in [
            (r#"{"colour":1}"#, "colour: unknown field"),
            (r#"{"hubs":["tasks","nothing"]}"#, "hubs[1]: there is no such hub"),
            (r#"{"hubs":[7]}"#, "hubs[0]: invalid type: integer `7`, expected a string"),
            (r#"{"hubs":[]}"#, "hubs: must name a hub; without this field the token opens all that its key opens"),
            (r#"{"taskIds":null}"#, "taskIds: invalid type: null, expected a sequence"),
            (r#"{"taskIds":["a"," "]}"#, "taskIds[1]: must not be blank"),
            (long.as_str(), "taskIds: must have at most 100 entries, not 101"),
            (r#"{"taskTypes":["*"]}"#, "taskTypes[0]: must not be *, which stands for every type"),
            (r#"{"ttlSeconds":0}"#, "ttlSeconds: must be an integer from 1 to 3600"),
            (r#"{"ttlSeconds":3601}"#, "ttlSeconds: must be an integer from 1 to 3600"),
            (r#"{"ttlSeconds":"60"}"#, "ttlSeconds: invalid type: string \"60\", expected i64"),
            (r#"{"virtualKeyId":true}"#, "virtualKeyId: invalid type: boolean `true`, expected a string or an integer"),
        ] {
            assert_eq!(rejection(json), expected);
        }
        assert!(TokenRequest::from_json(b"\xff").is_err());
        assert!(TokenRequest::from_json(b"").is_err());
    }
}
