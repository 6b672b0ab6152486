//! Where Conduit Edge is, and the keys, which come from the environment alone.

use std::time::Duration;

use conduit_client::Url;

use crate::arguments::Common;
use crate::failure::Failure;

/// A key that the environment may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Secret {
    Master,
    Virtual,
    Service,
}

impl Secret {
    /// The variable that holds it.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Master => "CONDUIT_MASTER_KEY",
            Self::Virtual => "CONDUIT_KEY",
            Self::Service => "CONDUIT_TOKEN",
        }
    }

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Master => "the master key",
            Self::Virtual => "a virtual key",
            Self::Service => "a service token",
        }
    }
}

/// What every command needs.
#[derive(Clone)]
pub(crate) struct Environment {
    /// Where Conduit Edge is, without a path.
    pub(crate) url: Url,
    /// How long an answer may take.
    pub(crate) timeout: Duration,
    master: Option<String>,
    key: Option<String>,
    token: Option<String>,
}

impl Environment {
    pub(crate) fn read(common: &Common) -> Result<Self, Failure> {
        let text = common.url.trim();
        let wrong = |reason: &str| {
            // What is before an @ may be a password.
            let shown = text.rsplit('@').next().unwrap_or_default();
            let example = "such as http://127.0.0.1:8787";
            Failure::Usage(format!("\"{shown}\" is no address of Conduit Edge, {example}: {reason}"))
        };
        let mut url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong("it must begin with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Failure::Usage("the address of Conduit Edge must hold no name or password".to_owned()));
        }
        url.set_query(None);
        url.set_fragment(None);
        let variable = |secret: Secret| {
            let value = std::env::var(secret.variable()).unwrap_or_default().trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        Ok(Self {
            url,
            timeout: Duration::from_secs(common.timeout),
            master: variable(Secret::Master),
            key: variable(Secret::Virtual),
            token: variable(Secret::Service),
        })
    }

    pub(crate) fn secret(&self, secret: Secret) -> Option<&str> {
        match secret {
            Secret::Master => self.master.as_deref(),
            Secret::Virtual => self.key.as_deref(),
            Secret::Service => self.token.as_deref(),
        }
    }

    /// The first of these that the environment has.
    pub(crate) fn first_of(&self, secrets: &[Secret]) -> Result<(Secret, &str), Failure> {
        let found = secrets.iter().find_map(|secret| self.secret(*secret).map(|value| (*secret, value)));
        found.ok_or_else(|| {
            let wanted: Vec<_> = secrets.iter().map(|it| format!("{} ({})", it.variable(), it.name())).collect();
            Failure::Refused(format!("this needs {} in the environment", wanted.join(" or ")))
        })
    }

    /// The address, as text without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        self.url.as_str().trim_end_matches('/')
    }

    /// The address of something below it.
    pub(crate) fn at(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}
