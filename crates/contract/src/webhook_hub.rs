//! `WebhookDeliveryHub`: its methods, its groups, its events, and what it refuses with.

use thiserror::Error;

use crate::hub::{GroupDeclaration, Hub, KEY_GROUP, KeyKind};
use crate::{
    client_event::{ClientEvent, EventDeclaration},
    method::{MethodDeclaration, Parameter, answer, parameter},
    webhook_event::{
        CircuitBreakerStateChanged, WebhookDeliveryAttempted, WebhookDeliveryFailed, WebhookDeliveryRetryScheduled,
        WebhookDeliverySucceeded,
    },
    webhook_statistics::WebhookStatistics,
    webhook_url::WebhookUrl,
};

/// Refuses an empty list.
pub const URL_REQUIRED: &str = "At least one webhook URL is required";
/// Refuses what is no [`WebhookUrl`], `{x}` being what was given.
pub const INVALID_URL: &str = "Invalid webhook URL '{x}'";

/// How much of a wrong URL is told back, in bytes.
const MAX_QUOTED_BYTES: usize = 200;

const URLS: &[Parameter] = &[parameter!("urls": Vec<String>, r#"["https://example.com/hook"]"#)];

/// Joins the groups of some URLs.
pub const SUBSCRIBE_TO_WEBHOOKS: MethodDeclaration = MethodDeclaration {
    name: "SubscribeToWebhooks",
    summary: "Subscribes to the deliveries to some URLs of this key; `*` is every URL. All are taken, or none.",
    parameters: URLS,
    answer: None,
    refusals: &[URL_REQUIRED, INVALID_URL],
    streams: false,
};
/// Leaves the groups of some URLs.
pub const UNSUBSCRIBE_FROM_WEBHOOKS: MethodDeclaration = MethodDeclaration {
    name: "UnsubscribeFromWebhooks",
    summary: "Ends the subscription to some URLs, or to `*`.",
    parameters: URLS,
    answer: None,
    refusals: &[URL_REQUIRED, INVALID_URL],
    streams: false,
};
/// Answers how the deliveries to a URL went.
pub const REQUEST_STATISTICS: MethodDeclaration = MethodDeclaration {
    name: "RequestStatistics",
    summary: "How this key's deliveries to a URL went; zeros where there were none.",
    parameters: &[parameter!("url": WebhookUrl, "\"https://example.com/hook\"")],
    answer: Some(answer!(
        WebhookStatistics,
        r#"{"url":"https://example.com/hook","totalDeliveries":5,"successfulDeliveries":3,"failedDeliveries":1,"pendingDeliveries":1,"successRate":75,"averageResponseTimeMs":31.5,"circuitBreakerState":"Closed"}"#
    )),
    refusals: &[INVALID_URL],
    streams: false,
};

/// Deliveries of webhooks.
pub static WEBHOOK_HUB: Hub = Hub {
    name: "WebhookDeliveryHub",
    route: "webhooks",
    aliases: &[],
    key: KeyKind::Virtual,
    summary: "Deliveries of webhooks, and how they went.",
    methods: METHODS,
    events: EVENTS,
    groups: GROUPS,
};

/// What clients may invoke.
const METHODS: &[MethodDeclaration] = &[SUBSCRIBE_TO_WEBHOOKS, UNSUBSCRIBE_FROM_WEBHOOKS, REQUEST_STATISTICS];

/// What clients are told.
const EVENTS: &[&EventDeclaration] = &[
    WebhookDeliveryAttempted::DECLARATION,
    WebhookDeliverySucceeded::DECLARATION,
    WebhookDeliveryFailed::DECLARATION,
    WebhookDeliveryRetryScheduled::DECLARATION,
    CircuitBreakerStateChanged::DECLARATION,
];

/// Who is told together.
const GROUPS: &[GroupDeclaration] = &[
    KEY_GROUP,
    GroupDeclaration { pattern: "webhook:{url}", summary: "Who subscribed to that URL, in its normalised spelling." },
    GroupDeclaration { pattern: "webhook:*", summary: "Who subscribed to all URLs." },
];

/// Says why what a client names is no webhook; its text is that of the hub's refusal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WebhookRefusal {
    /// The list is empty.
    #[error("{URL_REQUIRED}")]
    NoUrl,
    /// This is no [`WebhookUrl`]; a long one is cut.
    #[error("{}", INVALID_URL.replace("{x}", .0))]
    InvalidUrl(String),
}

/// What a client can subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookTopic {
    /// Every URL of the key: `*`.
    All,
    /// One URL.
    Url(WebhookUrl),
}

impl WebhookTopic {
    /// The group of its subscribers.
    pub fn group(&self) -> String {
        match self {
            Self::All => "webhook:*".to_owned(),
            Self::Url(url) => url_group(url),
        }
    }
}

/// What the client's list of URLs names.
///
/// # Errors
///
/// The list is empty, or the first URL that is none.
pub fn topics<T: AsRef<str>>(urls: &[T]) -> Result<Vec<WebhookTopic>, WebhookRefusal> {
    if urls.is_empty() {
        return Err(WebhookRefusal::NoUrl);
    }
    let topic = |text: &T| match text.as_ref() {
        "*" => Ok(WebhookTopic::All),
        text => url(text).map(WebhookTopic::Url),
    };
    urls.iter().map(topic).collect()
}

/// The one URL that a client names.
///
/// # Errors
///
/// It is none.
pub fn url(text: &str) -> Result<WebhookUrl, WebhookRefusal> {
    text.parse().map_err(|_| WebhookRefusal::InvalidUrl(quoted(text)))
}

/// The groups that are told of what happens to deliveries to a URL.
pub fn groups(url: &WebhookUrl) -> Vec<String> {
    vec![url_group(url), WebhookTopic::All.group()]
}

fn url_group(url: &WebhookUrl) -> String {
    format!("webhook:{url}")
}

fn quoted(text: &str) -> String {
    if text.len() <= MAX_QUOTED_BYTES {
        return text.to_owned();
    }
    let end = (0..=MAX_QUOTED_BYTES).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    format!("{}…", text.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups_of(urls: &[&str]) -> Result<Vec<String>, String> {
        let topics = topics(urls).map_err(|refusal| refusal.to_string())?;
        Ok(topics.iter().map(WebhookTopic::group).collect())
    }

    #[test]
    fn a_url_and_its_deliveries_share_a_group() {
        let url: WebhookUrl = "https://example.com/hook".parse().unwrap();
        assert_eq!(groups(&url), ["webhook:https://example.com/hook", "webhook:*"]);
        assert_eq!(groups_of(&["HTTPS://Example.com/hook", "*"]).unwrap(), groups(&url));
    }

    #[test]
    fn a_list_with_no_url_in_it_is_refused() {
        assert_eq!(groups_of(&[]).unwrap_err(), "At least one webhook URL is required");
    }

    #[test]
    fn what_is_no_url_is_refused_by_its_own_text() {
        for (urls, refusal) in [
            (["https://example.com/", "hook"], "Invalid webhook URL 'hook'"),
            (["", "*"], "Invalid webhook URL ''"),
            (["https://user:secret@example.com/", "*"], "Invalid webhook URL 'https://user:secret@example.com/'"),
            (["{x}", "*"], "Invalid webhook URL '{x}'"),
        ] {
            assert_eq!(groups_of(&urls).unwrap_err(), refusal);
        }
        assert!(url("*").is_err());
    }

    #[test]
    fn a_long_text_is_not_told_back_whole() {
        let refusal = url(&"ä".repeat(10_000)).unwrap_err().to_string();
        assert_eq!(refusal, format!("Invalid webhook URL '{}…'", "ä".repeat(100)));
    }
}
