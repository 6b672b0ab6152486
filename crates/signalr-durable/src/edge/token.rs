//! The connection token: what negotiation hands out and every later request brings back as `?id=`. It names the object
//! that holds the connection, so that no lookup and no sticky session is needed.

use chrono::DateTime;
use jwt_compact::{
    AlgorithmExt, Claims, Header, UntrustedToken,
    alg::{Hs256, Hs256Key},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Sets a connection token apart from any other that the same key signs.
const TYPE: &str = "connection";

/// Why there are no tokens.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TokenError {
    /// The secret is shorter than HS256 asks for (RFC 7518, 3.2).
    #[error("the secret that signs tokens has {0} bytes; it needs 32")]
    ShortSecret(usize),
    /// The token could not be signed.
    #[error("a token could not be signed: {0}")]
    NotSigned(String),
}

impl From<TokenError> for worker::Error {
    fn from(error: TokenError) -> Self {
        Self::RustError(error.to_string())
    }
}

/// The secret that signs connection tokens. All of an application's Workers must have the same.
pub struct TokenKey(Hs256Key);

impl TokenKey {
    /// Takes a secret of at least 32 bytes.
    ///
    /// # Errors
    ///
    /// [`TokenError::ShortSecret`].
    pub fn new(secret: &[u8]) -> Result<Self, TokenError> {
        if secret.len() < 32 { Err(TokenError::ShortSecret(secret.len())) } else { Ok(Self(Hs256Key::new(secret))) }
    }
}

/// What a connection token says. The names are short: the token travels in every URL of its connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionToken {
    #[serde(rename = "typ")]
    pub(super) token_type: String,
    /// What the application calls the object that holds the connection.
    #[serde(rename = "o")]
    pub object: String,
    /// The hub's name.
    #[serde(rename = "h")]
    pub hub: String,
    /// The public connection id.
    #[serde(rename = "c")]
    pub connection_id: String,
    /// What the application recognises the secret by that negotiated, if it wants to; see
    /// [`Visitor::fingerprint`](super::Visitor::fingerprint).
    #[serde(rename = "f", default, skip_serializing_if = "String::is_empty")]
    pub fingerprint: String,
    /// The version of negotiation; with 0 the token is also the connection's public id.
    #[serde(rename = "v")]
    pub version: i32,
    /// Whether stateful reconnect was agreed.
    #[serde(rename = "s", default, skip_serializing_if = "std::ops::Not::not")]
    pub is_stateful: bool,
    /// The relay that holds its socket; none if its object does.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<u32>,
}

impl ConnectionToken {
    /// A token for a connection that was granted.
    pub fn new(object: String, hub: &str, connection_id: String) -> Self {
        Self {
            token_type: TYPE.to_owned(),
            object,
            hub: hub.to_owned(),
            connection_id,
            fingerprint: String::new(),
            version: 1,
            is_stateful: false,
            relay: None,
        }
    }

    /// Signs the token, of unreserved characters only: clients put it into URLs as it is. It can begin a connection
    /// until it expires, and be used for that connection ever after.
    ///
    /// # Errors
    ///
    /// [`TokenError::NotSigned`].
    pub fn sign(&self, key: &TokenKey, expires_at_millis: i64) -> Result<String, TokenError> {
        let mut claims = Claims::new(self);
        claims.expiration = DateTime::from_timestamp_millis(expires_at_millis);
        let token = Hs256.token(&Header::empty(), &claims, &key.0);
        token.map_err(|error| TokenError::NotSigned(error.to_string()))
    }

    /// Reads a token that this key signed, and says whether it may still begin a connection; anything else is none.
    pub fn verify(token: &str, key: &TokenKey, now_millis: i64) -> Option<(Self, bool)> {
        let untrusted = UntrustedToken::new(token).ok()?;
        let token = Hs256.validator::<Self>(&key.0).validate(&untrusted).ok()?;
        let claims = token.claims();
        let is_fresh = now_millis <= claims.expiration?.timestamp_millis();
        (claims.custom.token_type == TYPE).then(|| (claims.custom.clone(), is_fresh))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> TokenKey {
        TokenKey::new(&[byte; 32]).unwrap()
    }

    fn token() -> ConnectionToken {
        let token = ConnectionToken::new("456".to_owned(), "TaskHub", "a1b2".to_owned());
        ConnectionToken { fingerprint: "0f".repeat(16), is_stateful: true, ..token }
    }

    #[test]
    fn a_token_says_what_was_signed_and_whether_it_is_fresh() {
        let signed = token().sign(&key(1), 20_000).unwrap();
        assert_eq!(ConnectionToken::verify(&signed, &key(1), 20_000), Some((token(), true)));
        assert_eq!(ConnectionToken::verify(&signed, &key(1), 20_001), Some((token(), false)));
    }

    #[test]
    fn a_short_secret_signs_nothing() {
        assert_eq!(TokenKey::new(b"short").err(), Some(TokenError::ShortSecret(5)));
    }

    #[test]
    fn a_token_needs_no_escaping_in_a_url() {
        let signed = token().sign(&key(1), 20_000).unwrap();
        assert!(signed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)), "{signed}");
        assert!(signed.len() < 350, "{}", signed.len());
    }

    #[test]
    fn a_forged_token_is_nobodys() {
        let signed = token().sign(&key(1), 20_000).unwrap();
        assert_eq!(ConnectionToken::verify(&signed, &key(2), 0), None);
        for at in 0..signed.len() {
            let mut forged = signed.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            // The last character of base64 carries bits that no byte has.
            if at + 1 < signed.len() && forged != signed {
                assert_eq!(ConnectionToken::verify(&forged, &key(1), 0), None, "changed at {at}");
            }
        }
        for other in ["", ".", "..", "eyJhbGciOiJub25lIn0.e30.", "no token at all"] {
            assert_eq!(ConnectionToken::verify(other, &key(1), 0), None, "{other:?}");
        }
    }
}
