//! Who answers realtime sessions, and for which models: the configuration's `REALTIME_PROVIDERS`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::{fields, named_members::NamedMembers, rejection::Rejection};

/// The name of the setting, in which an error lies.
const SETTING: &str = "REALTIME_PROVIDERS";

/// Providers in the order in which they are tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RealtimeProviders(Vec<(String, RealtimeProvider)>);

/// How a provider is reached. Its key is a secret of its own, [`key_secret_name`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RealtimeProvider {
    /// What it speaks; none means what its name says.
    #[serde(default, alias = "protocol")]
    pub protocol: Option<RealtimeProtocol>,
    /// Where its WebSocket is: `wss://…`.
    #[serde(default, alias = "webSocketUrl")]
    pub web_socket_url: Option<String>,
    /// Where its REST API is, for those that are asked something before or after a session: `https://…`.
    #[serde(default, alias = "apiUrl")]
    pub api_url: Option<String>,
    /// The models that it answers.
    #[serde(alias = "models")]
    pub models: Models,
    /// Offered in the upgrade, beside what its protocol needs.
    #[serde(default, alias = "subprotocols")]
    pub subprotocols: Vec<String>,
    /// Sent with the upgrade and with requests.
    #[serde(default, alias = "headers")]
    pub headers: BTreeMap<String, String>,
    /// The agent that answers, of providers that have agents.
    #[serde(default, alias = "agentId")]
    pub agent_id: Option<String>,
    /// The voice, where the client names none that the provider has.
    #[serde(default, alias = "voice")]
    pub voice: Option<String>,
}

/// What a provider speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RealtimeProtocol {
    /// `OpenAI`'s, or that of one who speaks it too.
    Openai,
    /// `ElevenLabs`' door for `OpenAI`'s protocol.
    ElevenlabsRealtime,
    /// `ElevenLabs` Agents.
    Elevenlabs,
    /// Gemini Live.
    Gemini,
    /// Ultravox.
    Ultravox,
}

/// Names of models: a list, or an object that gives the provider's name for each of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Models {
    /// The provider calls them the same.
    Same(Vec<String>),
    /// The provider calls them otherwise.
    Renamed(BTreeMap<String, String>),
}

impl<'de> Deserialize<'de> for Models {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = |name: Value| match name {
            Value::String(name) if !name.trim().is_empty() => Some(name),
            _ => None,
        };
        let models = match Value::deserialize(deserializer)? {
            Value::Array(names) => names.into_iter().map(text).collect::<Option<_>>().map(Self::Same),
            Value::Object(names) => {
                let renamed = |(ours, theirs)| Some((ours, text(theirs)?));
                names.into_iter().map(renamed).collect::<Option<_>>().map(Self::Renamed)
            }
            _ => None,
        };
        let message = "must be a list of names, or an object that gives the provider's name for each";
        models.ok_or_else(|| de::Error::custom(message))
    }
}

impl Models {
    /// What the provider calls a model, if it answers it.
    pub fn name_of<'a>(&'a self, model: &str) -> Option<&'a str> {
        match self {
            Self::Same(names) => names.iter().map(String::as_str).find(|name| *name == model),
            Self::Renamed(names) => names.get(model).map(String::as_str),
        }
    }
}

impl RealtimeProviders {
    /// Reads the seeds' shape: `{ "openai": { "WebSocketUrl": "wss://…", "Models": ["gpt-realtime"] } }`.
    ///
    /// # Errors
    ///
    /// The place that is wrong, such as `REALTIME_PROVIDERS.openai.Models`.
    pub fn parse(json: &str) -> Result<Self, Rejection> {
        Self::read(json).map_err(|rejection| rejection.inside(SETTING))
    }

    fn read(json: &str) -> Result<Self, Rejection> {
        let NamedMembers(mut providers) = fields::parse::<NamedMembers<RealtimeProvider>>(json)?;
        let mut seen = BTreeSet::new();
        for (name, provider) in &mut providers {
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err(Rejection::of_field(name.clone(), "given more than once"));
            }
            let wrong = |field: &str, message: &str| Rejection::of_field(format!("{name}.{field}"), message.to_owned());
            let protocol = provider.protocol.or_else(|| RealtimeProtocol::named(name)).ok_or_else(|| {
                wrong("Protocol", "must be openai, elevenlabs, elevenlabs-realtime, gemini or ultravox")
            })?;
            provider.protocol = Some(protocol);
            let has_scheme = |url: &Option<String>, schemes: [&str; 2]| {
                url.as_ref().is_none_or(|url| schemes.iter().any(|scheme| url.starts_with(scheme)))
            };
            if !has_scheme(&provider.web_socket_url, ["wss://", "ws://"]) {
                return Err(wrong("WebSocketUrl", "must begin with wss:// or ws://"));
            }
            if !has_scheme(&provider.api_url, ["https://", "http://"]) {
                return Err(wrong("ApiUrl", "must begin with https:// or http://"));
            }
        }
        Ok(Self(providers))
    }

    /// The one of a name.
    pub fn named(&self, name: &str) -> Option<&RealtimeProvider> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, provider)| provider)
    }

    /// Those that answer a model, in order: each with its name, and its own name for the model.
    pub fn of_model<'a>(&'a self, model: &'a str) -> impl Iterator<Item = (&'a str, &'a RealtimeProvider, &'a str)> {
        self.0
            .iter()
            .filter_map(move |(name, provider)| Some((name.as_str(), provider, provider.models.name_of(model)?)))
    }
}

impl RealtimeProtocol {
    /// What a provider of that name speaks, if the name says so.
    fn named(name: &str) -> Option<Self> {
        let known = [
            ("openai", Self::Openai),
            ("elevenlabs", Self::Elevenlabs),
            ("elevenlabs-realtime", Self::ElevenlabsRealtime),
            ("gemini", Self::Gemini),
            ("ultravox", Self::Ultravox),
        ];
        known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, protocol)| protocol)
    }
}

/// The secret that holds a provider's key: `PROVIDER_KEY_OPENAI`.
pub fn key_secret_name(provider: &str) -> String {
    let upper = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_uppercase() } else { '_' };
    format!("PROVIDER_KEY_{}", provider.chars().map(upper).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_tried_in_the_order_of_the_configuration() {
        let json = r#"{
            "second-openai": {"Protocol": "openai", "WebSocketUrl": "wss://b.example", "Models": {"voice": "gpt-realtime"}},
            "elevenlabs": {"Models": ["conversational-v1"]},
            "openai": {"webSocketUrl": "wss://a.example", "models": ["voice"]}
        }"#;
        let providers = RealtimeProviders::parse(json).unwrap();
        let found: Vec<_> = providers.of_model("voice").map(|(name, _, model)| (name, model)).collect();
        assert_eq!(found, [("second-openai", "gpt-realtime"), ("openai", "voice")]);
        let (_, elevenlabs, _) = providers.of_model("conversational-v1").next().unwrap();
        assert_eq!(elevenlabs.protocol, Some(RealtimeProtocol::Elevenlabs));
        assert_eq!(providers.of_model("other").count(), 0);
    }

    #[test]
    fn the_place_that_is_wrong_is_named() {
        for (json, expected) in [
            (r#"{"openai":{}}"#, "REALTIME_PROVIDERS.openai.Models: missing"),
            (
                r#"{"other":{"Models":[]}}"#,
                "REALTIME_PROVIDERS.other.Protocol: must be openai, elevenlabs, elevenlabs-realtime, gemini or ultravox",
            ),
            (
                r#"{"openai":{"Models":[],"WebSocketUrl":"https://a.example"}}"#,
                "REALTIME_PROVIDERS.openai.WebSocketUrl: must begin with wss:// or ws://",
            ),
            (
                r#"{"openai":{"Models":["a",5]}}"#,
                "REALTIME_PROVIDERS.openai.Models: must be a list of names, or an object that gives the provider's name for each",
            ),
            (r#"{"openai":{"Models":[],"Key":"x"}}"#, "REALTIME_PROVIDERS.openai.Key: unknown field"),
        ] {
            assert_eq!(RealtimeProviders::parse(json).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn a_key_is_a_secret_of_its_own() {
        assert_eq!(key_secret_name("second-openai"), "PROVIDER_KEY_SECOND_OPENAI");
    }
}
