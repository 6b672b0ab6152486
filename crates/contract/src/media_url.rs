//! Where a video or an image is to be had.

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use thiserror::Error;
use url::Url;

/// The longest address of a video or an image, in bytes: a small image fits as a data URL, and a signed address does.
pub const MAX_MEDIA_URL_BYTES: usize = 65_536;

/// An absolute http, https or data URL of at most [`MAX_MEDIA_URL_BYTES`] bytes, without user information.
///
/// It is kept as it was written: a signed address is good in no other spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaUrl(String);

/// Says why a text is no [`MediaUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MediaUrlError {
    /// It is longer than [`MAX_MEDIA_URL_BYTES`].
    #[error("must be at most {MAX_MEDIA_URL_BYTES} bytes")]
    TooLong,
    /// It is relative, has another scheme, or spaces or control characters in it.
    #[error("must be an absolute http, https or data URL")]
    NotAbsolute,
    /// It has a user name or a password, which clients must not see.
    #[error("must not have user information")]
    UserInformation,
}

impl MediaUrl {
    /// Makes an address of a text.
    ///
    /// # Errors
    ///
    /// See [`MediaUrlError`].
    pub fn new(text: impl Into<String>) -> Result<Self, MediaUrlError> {
        let text = text.into();
        if text.len() > MAX_MEDIA_URL_BYTES {
            return Err(MediaUrlError::TooLong);
        }
        // The parser leaves these out, where others may not.
        if text.contains(|character: char| character.is_control() || character.is_whitespace()) {
            return Err(MediaUrlError::NotAbsolute);
        }
        let url = Url::parse(&text).map_err(|_| MediaUrlError::NotAbsolute)?;
        if !matches!(url.scheme(), "http" | "https" | "data") {
            return Err(MediaUrlError::NotAbsolute);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(MediaUrlError::UserInformation);
        }
        Ok(Self(text))
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for MediaUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for MediaUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_kept_as_it_was_written() {
        for text in [
            "https://Media.Example.com:443/a/../v%2f1.mp4?sig=Ab+/%3D&x=#t=3",
            "http://127.0.0.1:9000/v.mp4",
            "data:image/png;base64,iVBORw0KGgo=",
        ] {
            assert_eq!(MediaUrl::new(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_a_browser_must_not_be_sent_to_is_refused() {
        for text in ["", "/v.mp4", "v.mp4", "//example.com/v.mp4", "javascript:alert(1)", "file:///etc/passwd"] {
            assert_eq!(MediaUrl::new(text), Err(MediaUrlError::NotAbsolute), "{text}");
        }
        for text in ["java\nscript:alert(1)", " https://example.com/", "https://example.com/a b"] {
            assert_eq!(MediaUrl::new(text), Err(MediaUrlError::NotAbsolute), "{text:?}");
        }
        for text in ["https://user@example.com/", "https://user:secret@example.com/", "https://:secret@example.com/"] {
            assert_eq!(MediaUrl::new(text), Err(MediaUrlError::UserInformation), "{text}");
        }
    }

    #[test]
    fn an_address_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
        let of_length = |bytes: usize| MediaUrl::new(format!("data:,{}", "x".repeat(bytes - 6)));
        assert!(of_length(MAX_MEDIA_URL_BYTES).is_ok());
        assert_eq!(of_length(MAX_MEDIA_URL_BYTES + 1), Err(MediaUrlError::TooLong));
    }
}
