//! The connection token: what negotiation hands out and an upgrade brings back as `?id=`. It names the
//! object that waits for the connection, so that no lookup and no sticky session is needed.

use chrono::DateTime;
use jwt_compact::{
    AlgorithmExt, Claims, Header, UntrustedToken,
    alg::{Hs256, Hs256Key},
};
use serde::{Deserialize, Serialize};
use worker::Env;

use crate::refusal::Refusal;

/// Sets a connection token apart from any other that the same key signs.
const TYPE: &str = "connection";

/// What a connection token says. The names are short: the token travels in every URL of its connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConnectionToken {
    #[serde(rename = "typ")]
    token_type: String,
    /// The virtual key, and so the object.
    #[serde(rename = "k")]
    pub(crate) virtual_key_id: String,
    /// The hub's name.
    #[serde(rename = "h")]
    pub(crate) hub: String,
    /// The public connection id.
    #[serde(rename = "c")]
    pub(crate) connection_id: String,
    /// What recognises the secret that negotiated.
    #[serde(rename = "f")]
    pub(crate) fingerprint: String,
}

/// The secret that signs tokens.
pub(crate) struct TokenKey(Hs256Key);

impl TokenKey {
    /// Takes the secret from the environment.
    ///
    /// # Errors
    ///
    /// There is none, or it is shorter than the 32 bytes that HS256 asks for (RFC 7518, 3.2).
    pub(crate) fn read(env: &Env) -> Result<Self, Refusal> {
        let secret = env.secret("TOKEN_SIGNING_KEY").map(|secret| secret.to_string()).unwrap_or_default();
        if secret.len() < 32 {
            return Err(Refusal::Internal(
                "the secret TOKEN_SIGNING_KEY is missing or shorter than 32 bytes".to_owned(),
            ));
        }
        Ok(Self(Hs256Key::new(secret)))
    }
}

impl ConnectionToken {
    pub(crate) fn new(virtual_key_id: String, hub: &str, connection_id: String, fingerprint: String) -> Self {
        Self { token_type: TYPE.to_owned(), virtual_key_id, hub: hub.to_owned(), connection_id, fingerprint }
    }

    /// Signs the token, of unreserved characters only: clients put it into URLs as it is.
    pub(crate) fn sign(&self, key: &TokenKey, expires_at_millis: i64) -> Result<String, Refusal> {
        let mut claims = Claims::new(self);
        claims.expiration = DateTime::from_timestamp_millis(expires_at_millis);
        let token = Hs256.token(&Header::empty(), &claims, &key.0);
        token.map_err(|error| Refusal::Internal(format!("a token could not be signed: {error}")))
    }

    /// Reads a token that we signed and that has not expired; anything else is none.
    pub(crate) fn verify(token: &str, key: &TokenKey, now_millis: i64) -> Option<Self> {
        let untrusted = UntrustedToken::new(token).ok()?;
        let token = Hs256.validator::<Self>(&key.0).validate(&untrusted).ok()?;
        let claims = token.claims();
        let expires_at_millis = claims.expiration?.timestamp_millis();
        let is_ours = claims.custom.token_type == TYPE && now_millis <= expires_at_millis;
        is_ours.then(|| claims.custom.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> TokenKey {
        TokenKey(Hs256Key::new([byte; 32]))
    }

    fn token() -> ConnectionToken {
        ConnectionToken::new("456".to_owned(), "TaskHub", "a1b2".to_owned(), "0f".repeat(16))
    }

    #[test]
    fn a_token_says_what_was_signed_until_it_expires() {
        let signed = token().sign(&key(1), 20_000).unwrap();
        assert_eq!(ConnectionToken::verify(&signed, &key(1), 20_000), Some(token()));
        assert_eq!(ConnectionToken::verify(&signed, &key(1), 20_001), None);
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
