//! The headers that a producer adds to the delivery of a webhook: its receiver's credentials, mostly.

use std::{collections::BTreeMap, fmt};

use serde::{
    Serialize,
    de::{self, Deserialize, Deserializer, MapAccess, Visitor},
};
use thiserror::Error;

/// How many headers a delivery may have of its producer.
pub const MAX_WEBHOOK_HEADERS: usize = 32;
/// How many bytes their names and values may have together.
pub const MAX_WEBHOOK_HEADER_BYTES: usize = 8_192;

/// Names that are Conduit's own to set, that concern one connection only (RFC 9110, 7.6.1), or that say how the body is
/// written, which the producer cannot know. `cdn-loop` keeps requests from going round in circles (RFC 8586).
const RESERVED: [&str; 23] = [
    "accept-encoding",
    "cdn-loop",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-real-ip",
];

/// Beginnings of names that are Conduit's or the platform's to set.
const RESERVED_PREFIXES: [&str; 3] = ["webhook-", "cf-", "x-forwarded-"];

/// Field names in lower case with their values. It has no `Debug` of its values: they are secrets of the receiver.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct WebhookHeaders(BTreeMap<String, String>);

/// Says why a header is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WebhookHeaderError {
    /// Its name is no field name.
    #[error("must have a field name of RFC 9110: letters, digits and !#$%&'*+-.^_`|~")]
    Name,
    /// Its name is Conduit's to set, or the connection's.
    #[error("is set by Conduit, or belongs to the connection")]
    Reserved,
    /// Its value is no field value.
    #[error("must be visible ASCII characters, spaces and tabs, with none of the latter at its ends")]
    Value,
    /// Its name was there, perhaps in other case.
    #[error("given more than once")]
    Repeated,
    /// There are more than [`MAX_WEBHOOK_HEADERS`].
    #[error("is one more than {MAX_WEBHOOK_HEADERS} headers")]
    TooMany,
    /// They have more than [`MAX_WEBHOOK_HEADER_BYTES`] bytes.
    #[error("makes more than {MAX_WEBHOOK_HEADER_BYTES} bytes of names and values")]
    TooLong,
}

impl WebhookHeaders {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names, in lower case, and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn bytes(&self) -> usize {
        self.iter().map(|(name, value)| name.len() + value.len()).sum()
    }

    /// Adds a header.
    ///
    /// # Errors
    ///
    /// See [`WebhookHeaderError`]; nothing is added then.
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), WebhookHeaderError> {
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(WebhookHeaderError::Name);
        }
        let name = name.to_ascii_lowercase();
        if RESERVED.contains(&name.as_str()) || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            return Err(WebhookHeaderError::Reserved);
        }
        if !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) || value.trim() != value {
            return Err(WebhookHeaderError::Value);
        }
        if self.0.contains_key(&name) {
            return Err(WebhookHeaderError::Repeated);
        }
        if self.0.len() == MAX_WEBHOOK_HEADERS {
            return Err(WebhookHeaderError::TooMany);
        }
        if self.bytes() + name.len() + value.len() > MAX_WEBHOOK_HEADER_BYTES {
            return Err(WebhookHeaderError::TooLong);
        }
        self.0.insert(name, value.to_owned());
        Ok(())
    }
}

/// A character of a field name (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

impl fmt::Debug for WebhookHeaders {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl<'de> Deserialize<'de> for WebhookHeaders {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeadersVisitor)
    }
}

struct HeadersVisitor;

impl<'de> Visitor<'de> for HeadersVisitor {
    type Value = WebhookHeaders;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of header names and their values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WebhookHeaders, A::Error> {
        let mut headers = WebhookHeaders::default();
        // Each is checked as soon as it is read, so that an error has its place.
        while let Some((name, value)) = map.next_entry::<String, String>()? {
            headers.add(&name, &value).map_err(de::Error::custom)?;
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn added(name: &str, value: &str) -> Result<(), WebhookHeaderError> {
        WebhookHeaders::default().add(name, value)
    }

    #[test]
    fn credentials_and_names_of_ones_own_pass_in_lower_case() {
        let mut headers = WebhookHeaders::default();
        for (name, value) in
            [("Authorization", "Bearer abc"), ("X-Api-Key", "k"), ("x_y.z", ""), ("Cookie", "a=b; c=d")]
        {
            assert_eq!(headers.add(name, value), Ok(()), "{name}");
        }
        let names: Vec<&str> = headers.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["authorization", "cookie", "x-api-key", "x_y.z"]);
        assert_eq!(headers.add("AUTHORIZATION", "again"), Err(WebhookHeaderError::Repeated));
        let again: WebhookHeaders = serde_json::from_str(&serde_json::to_string(&headers).unwrap()).unwrap();
        assert_eq!(again, headers);
    }

    #[test]
    fn what_ends_a_line_is_in_no_header() {
        for value in ["a\r\nb", "a\nb", "a\rb", "a\0b", "ä", " a", "a ", "\ta", "\u{7f}"] {
            assert_eq!(added("x-a", value), Err(WebhookHeaderError::Value), "{value:?}");
        }
        for name in ["", " ", "a b", "a:", "a\r\nb", "ä", "a(b)", "\"a\"", "a/b", "a@b"] {
            assert_eq!(added(name, "v"), Err(WebhookHeaderError::Name), "{name:?}");
        }
    }

    #[test]
    fn what_conduit_sets_and_what_belongs_to_a_connection_is_refused_in_any_case() {
        for name in [
            "Webhook-Id",
            "webhook-signature",
            "WEBHOOK-TIMESTAMP",
            "webhook-anything",
            "Content-Type",
            "content-length",
            "Host",
            "Connection",
            "Transfer-Encoding",
            "User-Agent",
            "traceparent",
            "CF-Connecting-IP",
            "X-Forwarded-For",
            "Expect",
        ] {
            assert_eq!(added(name, "v"), Err(WebhookHeaderError::Reserved), "{name}");
        }
    }

    #[test]
    fn of_headers_there_are_so_many_and_so_long() {
        let mut headers = WebhookHeaders::default();
        for nth in 0..MAX_WEBHOOK_HEADERS {
            headers.add(&format!("x-{nth}"), "").unwrap();
        }
        assert_eq!(headers.add("x-more", ""), Err(WebhookHeaderError::TooMany));
        assert_eq!(added("x", &"v".repeat(MAX_WEBHOOK_HEADER_BYTES - 1)), Ok(()));
        assert_eq!(added("x", &"v".repeat(MAX_WEBHOOK_HEADER_BYTES)), Err(WebhookHeaderError::TooLong));
    }

    #[test]
    fn values_are_not_shown_where_somebody_debugs() {
        let mut headers = WebhookHeaders::default();
        headers.add("authorization", "secret").unwrap();
        assert_eq!(format!("{headers:?}"), r#"{"authorization"}"#);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_is_one_line(name in any::<String>(), value in any::<String>()) {
            let mut headers = WebhookHeaders::default();
            if headers.add(&name, &value).is_ok() {
                for (name, value) in headers.iter() {
                    prop_assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':'));
                    prop_assert!(value.bytes().all(|byte| byte == b'\t' || (b' '..=b'~').contains(&byte)));
                }
            }
        }
    }
}
