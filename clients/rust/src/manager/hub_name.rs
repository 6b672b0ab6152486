//! What a hub is called: by its route, another route of it, or its class.

use crate::Error;

/// Which of the two keys opens a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HubKey {
    /// A virtual key, or a client token of one.
    Virtual,
    /// The master key.
    Master,
}

impl HubKey {
    /// `virtual` or `master`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Virtual => "virtual",
            Self::Master => "master",
        }
    }
}

/// A hub, whichever name it was called by.
///
/// ```
/// # use conduit_client::HubName;
/// assert_eq!(HubName::parse("SpendNotificationHub")?, HubName::parse("spend-notifications")?);
/// assert_eq!(HubName::parse("/hubs/task-notifications")?.route(), "tasks");
/// # Ok::<(), conduit_client::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HubName {
    route: String,
    key: HubKey,
    class: Option<&'static str>,
}

struct Known {
    class: &'static str,
    route: &'static str,
    alias: Option<&'static str>,
    key: HubKey,
}

const fn known(class: &'static str, route: &'static str, alias: Option<&'static str>, key: HubKey) -> Known {
    Known { class, route, alias, key }
}

const KNOWN: [Known; 10] = [
    known("TaskHub", "tasks", Some("task-notifications"), HubKey::Virtual),
    known("VideoGenerationHub", "video-generation", None, HubKey::Virtual),
    known("ImageGenerationHub", "image-generation", None, HubKey::Virtual),
    known("SystemNotificationHub", "notifications", Some("system-notifications"), HubKey::Virtual),
    known("SpendNotificationHub", "spend", Some("spend-notifications"), HubKey::Virtual),
    known("WebhookDeliveryHub", "webhooks", None, HubKey::Virtual),
    known("NavigationStateHub", "navigation-state", None, HubKey::Virtual),
    known("AdminNotificationHub", "admin-notifications", None, HubKey::Master),
    known("MetricsHub", "metrics", None, HubKey::Master),
    known("DebugHub", "debug", None, HubKey::Master),
];

impl HubName {
    /// The hub of a name. What Conduit does not have is taken for a route that a virtual key opens.
    ///
    /// # Errors
    ///
    /// Returns [`Error::InvalidHub`] where it can't be a route.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let bare = name.strip_prefix('/').unwrap_or(name);
        let bare = bare.strip_prefix("hubs/").unwrap_or(bare);
        let is_route = bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if bare.is_empty() || !is_route {
            return Err(Error::InvalidHub(name.to_owned()));
        }
        let is_named = |known: &&Known| {
            [Some(known.class), Some(known.route), known.alias]
                .into_iter()
                .flatten()
                .any(|own| own.eq_ignore_ascii_case(bare))
        };
        Ok(match KNOWN.iter().find(is_named) {
            Some(known) => Self { route: known.route.to_owned(), key: known.key, class: Some(known.class) },
            None => Self { route: bare.to_owned(), key: HubKey::Virtual, class: None },
        })
    }

    /// Its path below `/hubs/`.
    pub fn route(&self) -> &str {
        &self.route
    }

    /// Which key opens it.
    pub fn key(&self) -> HubKey {
        self.key
    }

    /// Its class, such as `TaskHub`; none of a hub that Conduit does not have.
    pub fn class(&self) -> Option<&'static str> {
        self.class
    }

    /// The routes of Conduit's hubs.
    pub fn routes() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|known| known.route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the server declares, from which the description that it serves is made.
    #[test]
    fn the_hubs_are_those_that_the_server_has() {
        let described: serde_json::Value =
            serde_json::from_str(include_str!("../../../../public/asyncapi.json")).unwrap();
        let text = described.to_string();
        for known in &KNOWN {
            for name in [Some(known.route), known.alias].into_iter().flatten() {
                assert!(text.contains(&format!("/hubs/{name}")), "{name}");
            }
        }
        let channels = described["channels"].as_object().unwrap();
        let addresses = channels.values().filter_map(|channel| channel["address"].as_str());
        for address in addresses.filter(|address| address.starts_with("/hubs/")) {
            assert!(HubName::routes().any(|route| address.contains(&format!("/hubs/{route}"))), "{address}");
        }
    }

    #[test]
    fn an_unknown_hub_is_a_route_and_a_path_is_none() {
        assert_eq!(HubName::parse("chat").unwrap().route(), "chat");
        for name in ["", "/", "a/b", "tasks?x", "ä"] {
            assert_eq!(HubName::parse(name), Err(Error::InvalidHub(name.to_owned())));
        }
    }
}
