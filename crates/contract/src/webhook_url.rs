//! The address of a webhook, in the one spelling that names its group and its statistics.

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use url::Url;

/// The longest webhook URL, in bytes, before and after it is normalised.
pub const MAX_WEBHOOK_URL_BYTES: usize = 2_048;

/// An absolute http or https URL of at most [`MAX_WEBHOOK_URL_BYTES`] bytes, without user information.
///
/// It is normalised as the WHATWG's URL standard parses and serializes it: scheme and host in lower case, no default port,
/// dot segments resolved, `/` for an empty path; and without its fragment, which is never sent. Path and query are else
/// kept, so that two spellings of one URL are equal and two URLs never are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebhookUrl(String);

/// Says why a text is no [`WebhookUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WebhookUrlError {
    /// It is longer than [`MAX_WEBHOOK_URL_BYTES`], as it is or normalised.
    #[error("must be at most {MAX_WEBHOOK_URL_BYTES} bytes")]
    TooLong,
    /// It is relative or has another scheme.
    #[error("must be an absolute http or https URL")]
    NotAbsolute,
    /// It has a user name or a password, which everybody who sees the URL would see.
    #[error("must not have user information")]
    UserInformation,
}

impl WebhookUrl {
    /// The normalised URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebhookUrl {
    type Err = WebhookUrlError;

    fn from_str(text: &str) -> Result<Self, WebhookUrlError> {
        if text.len() > MAX_WEBHOOK_URL_BYTES {
            return Err(WebhookUrlError::TooLong);
        }
        let mut url = Url::parse(text).map_err(|_| WebhookUrlError::NotAbsolute)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(WebhookUrlError::NotAbsolute);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebhookUrlError::UserInformation);
        }
        url.set_fragment(None);
        let normalised = String::from(url);
        if normalised.len() > MAX_WEBHOOK_URL_BYTES {
            return Err(WebhookUrlError::TooLong);
        }
        Ok(Self(normalised))
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for WebhookUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for WebhookUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normalised(text: &str) -> String {
        text.parse::<WebhookUrl>().unwrap().to_string()
    }

    #[test]
    fn two_spellings_of_one_url_are_equal() {
        for (text, expected) in [
            ("HTTPS://Example.COM", "https://example.com/"),
            ("https://example.com:443/hook", "https://example.com/hook"),
            ("http://example.com:80/hook", "http://example.com/hook"),
            ("https://example.com/a/./b/../hook", "https://example.com/a/hook"),
            ("https://example.com/hook#part", "https://example.com/hook"),
            ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ] {
            assert_eq!(normalised(text), expected, "{text}");
        }
    }

    #[test]
    fn two_urls_are_never_equal() {
        let urls = [
            "https://example.com/hook",
            "http://example.com/hook",
            "https://example.com:8443/hook",
            "https://example.com/Hook",
            "https://example.com/hook/",
            "https://example.com/hook?",
            "https://example.com/hook?a=1",
            "https://example.com/hook?a=1&b=2",
            "https://example.com/h%6Fok",
            "https://example.com/-hook",
            "https://example.com.hook/",
        ];
        let mut names: Vec<_> = urls.map(normalised).into();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), urls.len());
    }

    #[test]
    fn what_is_no_absolute_http_url_is_refused() {
        for text in ["", "*", "example.com/hook", "/hook", "//example.com/hook", "ftp://example.com/", "mailto:a@b.c"] {
            assert_eq!(text.parse::<WebhookUrl>(), Err(WebhookUrlError::NotAbsolute), "{text}");
        }
        for text in ["https://user@example.com/", "https://user:secret@example.com/", "https://:secret@example.com/"] {
            assert_eq!(text.parse::<WebhookUrl>(), Err(WebhookUrlError::UserInformation), "{text}");
        }
    }

    #[test]
    fn a_url_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
        let start = "https://example.com/";
        let of_length = |bytes: usize| format!("{start}{}", "x".repeat(bytes - start.len())).parse::<WebhookUrl>();
        assert!(of_length(MAX_WEBHOOK_URL_BYTES).is_ok());
        assert_eq!(of_length(MAX_WEBHOOK_URL_BYTES + 1), Err(WebhookUrlError::TooLong));
        // Each ü is two bytes, and six once it is percent-encoded.
        assert_eq!(format!("{start}{}", "ü".repeat(1_000)).parse::<WebhookUrl>(), Err(WebhookUrlError::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_normalised_stays_as_it_is(rest in "[a-zA-Z0-9./:?#%&=+@ü~ \\\\-]{0,40}") {
            if let Ok(url) = format!("https://{rest}").parse::<WebhookUrl>() {
                prop_assert_eq!(url.as_str().parse::<WebhookUrl>(), Ok(url.clone()));
            }
        }
    }
}
