//! The variables of `wrangler.toml`, read and checked in one place. The README's table is this list.

use thiserror::Error;
use worker::Env;

/// A variable that says something it cannot mean. Nothing is served until it is put right.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{name} must be {expected}, not {found:?}")]
pub struct ConfigurationError {
    /// The variable's name.
    pub name: &'static str,
    /// What it may be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

/// What the Worker and its objects are told by their environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    /// `MAX_MESSAGE_BYTES`: the largest record a client may send.
    pub max_message_bytes: u64,
    /// `HANDSHAKE_TIMEOUT_SECONDS`: how long a client may take for its handshake; also the life of an
    /// unused connection token.
    pub handshake_timeout_seconds: u64,
    /// `KEEP_ALIVE_SECONDS`: after how long without a word the server pings (where it can without staying awake).
    pub keep_alive_seconds: u64,
    /// `CLIENT_TIMEOUT_SECONDS`: how long a client may be silent.
    pub client_timeout_seconds: u64,
    /// `CLOSE_ON_AUTHENTICATION_EXPIRATION`: whether a connection ends when its client token does.
    pub close_on_authentication_expiration: bool,
    /// `MAX_CONNECTIONS_PER_KEY`, where a key has no figure of its own.
    pub max_connections_per_key: u64,
    /// `INVOCATIONS_PER_MINUTE` of one connection; bursts may be twice that. 0 turns the limit off.
    pub invocations_per_minute: u64,
    /// `MAX_SUBSCRIPTIONS_PER_CONNECTION`.
    pub max_subscriptions_per_connection: u64,
    /// `MAX_GROUPS_PER_KEY`.
    pub max_groups_per_key: u64,
    /// `JOURNAL_RETENTION_HOURS`: how long ended tasks, and the data of deleted keys, are kept.
    pub journal_retention_hours: u64,
    /// `DEDUPLICATION_HOURS`: how long a (source, id) is known.
    pub deduplication_hours: u64,
    /// `DEDUPLICATION_MAX`: how many are known per key; past it the oldest go first.
    pub deduplication_max: u64,
    /// `AUTH_FAILURES_PER_MINUTE` of one address, beyond which it is answered without asking the registry. 0 turns the
    /// limit off. The rate-limit binding in `wrangler.toml` has the same figure.
    pub auth_failures_per_minute: u64,
    /// `ALLOWED_ORIGINS`: whose pages may connect, besides the Worker's own.
    pub allowed_origins: Vec<String>,
}

impl Configuration {
    /// Reads the environment.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] names the first variable that is out of its range.
    pub fn read(env: &Env) -> Result<Self, ConfigurationError> {
        Self::from_lookup(|name| env.var(name).ok().map(|value| value.to_string()))
    }

    fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigurationError> {
        let number = |name, default, lowest, highest| number(&lookup, name, default, lowest, highest);
        Ok(Self {
            // The platform delivers messages of up to 32 MiB.
            max_message_bytes: number("MAX_MESSAGE_BYTES", 1_048_576, 1_024, 33_554_432)?,
            handshake_timeout_seconds: number("HANDSHAKE_TIMEOUT_SECONDS", 15, 1, 300)?,
            keep_alive_seconds: number("KEEP_ALIVE_SECONDS", 15, 1, 300)?,
            client_timeout_seconds: number("CLIENT_TIMEOUT_SECONDS", 30, 1, 3_600)?,
            close_on_authentication_expiration: flag(&lookup, "CLOSE_ON_AUTHENTICATION_EXPIRATION", false)?,
            // An object holds at most 32,768 hibernating sockets.
            max_connections_per_key: number("MAX_CONNECTIONS_PER_KEY", 100, 1, 32_768)?,
            invocations_per_minute: number("INVOCATIONS_PER_MINUTE", 600, 0, 1_000_000)?,
            max_subscriptions_per_connection: number("MAX_SUBSCRIPTIONS_PER_CONNECTION", 1_000, 1, 1_000_000)?,
            max_groups_per_key: number("MAX_GROUPS_PER_KEY", 100_000, 1, 10_000_000)?,
            journal_retention_hours: number("JOURNAL_RETENTION_HOURS", 24, 1, 8_760)?,
            deduplication_hours: number("DEDUPLICATION_HOURS", 24, 1, 720)?,
            deduplication_max: number("DEDUPLICATION_MAX", 1_000_000, 1, 100_000_000)?,
            auth_failures_per_minute: number("AUTH_FAILURES_PER_MINUTE", 10, 0, 1_000_000)?,
            allowed_origins: lookup("ALLOWED_ORIGINS")
                .unwrap_or_default()
                .split(',')
                .map(|origin| origin.trim().trim_end_matches('/').to_owned())
                .filter(|origin| !origin.is_empty())
                .collect(),
        })
    }
}

fn number(
    lookup: impl Fn(&str) -> Option<String>,
    name: &'static str,
    default: u64,
    lowest: u64,
    highest: u64,
) -> Result<u64, ConfigurationError> {
    let Some(found) = lookup(name).filter(|found| !found.trim().is_empty()) else { return Ok(default) };
    match found.trim().parse() {
        Ok(value) if (lowest..=highest).contains(&value) => Ok(value),
        _ => Err(ConfigurationError { name, expected: format!("a whole number from {lowest} to {highest}"), found }),
    }
}

fn flag(
    lookup: impl Fn(&str) -> Option<String>,
    name: &'static str,
    default: bool,
) -> Result<bool, ConfigurationError> {
    let Some(found) = lookup(name).filter(|found| !found.trim().is_empty()) else { return Ok(default) };
    found.trim().parse().map_err(|_| ConfigurationError { name, expected: "`true` or `false`".to_owned(), found })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Configuration, ConfigurationError> {
        let lookup =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Configuration::from_lookup(lookup)
    }

    #[test]
    fn without_variables_the_defaults_hold() {
        let configuration = read(&[]).unwrap();
        assert_eq!((configuration.max_message_bytes, configuration.max_connections_per_key), (1_048_576, 100));
        assert!(configuration.allowed_origins.is_empty());
        assert_eq!(read(&[("MAX_MESSAGE_BYTES", " ")]).unwrap(), configuration);
    }

    #[test]
    fn a_figure_out_of_its_range_is_refused_by_name() {
        for found in ["0", "-1", "many", "32769", "1.5"] {
            let error = read(&[("MAX_CONNECTIONS_PER_KEY", found)]).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("MAX_CONNECTIONS_PER_KEY must be a whole number from 1 to 32768, not {found:?}")
            );
        }
    }

    #[test]
    fn origins_are_a_list_with_commas() {
        let configuration = read(&[("ALLOWED_ORIGINS", "https://a.example/, http://b.example:8080,")]).unwrap();
        assert_eq!(configuration.allowed_origins, ["https://a.example", "http://b.example:8080"]);
    }
}
