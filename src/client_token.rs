//! The client token: what a backend gives to a browser or an app instead of a key. It opens what a key opens, or less,
//! for an hour at the most.

use chrono::DateTime;
use contract::ClientAccess;
use jwt_compact::Claims;
use serde::{Deserialize, Serialize};

use crate::{refusal::Refusal, token_key::TokenKey};

/// Sets a client token apart from any other that the same key signs.
const TYPE: &str = "client";

/// The longest token: it travels in the query of a WebSocket's URL, beside a connection token.
pub(crate) const MAX_BYTES: usize = 4_096;

/// What a client token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientToken {
    #[serde(rename = "typ")]
    token_type: String,
    /// The virtual key; none for the hubs that the master key opens.
    #[serde(rename = "sub", default, skip_serializing_if = "Option::is_none")]
    pub(crate) virtual_key_id: Option<String>,
    /// What it allows. It has no default: a token that does not say it allows nothing.
    #[serde(rename = "acc")]
    pub(crate) access: ClientAccess,
}

/// A token that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VerifiedClientToken {
    pub(crate) token: ClientToken,
    /// It is good before this time.
    pub(crate) expires_at_millis: i64,
}

/// A token as it is handed out. It has no `Debug`: it is never logged.
pub(crate) struct SignedClientToken {
    pub(crate) text: String,
    pub(crate) expires_at_millis: i64,
}

impl ClientToken {
    pub(crate) fn new(virtual_key_id: Option<String>, access: ClientAccess) -> Self {
        Self { token_type: TYPE.to_owned(), virtual_key_id, access }
    }

    /// Signs the token. It expires on a whole second, all that a JWT can say: the first one that gives it the life that
    /// was asked for.
    pub(crate) fn sign(&self, key: &TokenKey, now_millis: i64, ttl_seconds: u16) -> Result<SignedClientToken, Refusal> {
        let issued_at_seconds = now_millis.saturating_add(999).div_euclid(1_000);
        let expires_at_seconds = issued_at_seconds.saturating_add(ttl_seconds.into());
        let mut claims = Claims::new(self);
        claims.issued_at = DateTime::from_timestamp(issued_at_seconds, 0);
        claims.expiration = DateTime::from_timestamp(expires_at_seconds, 0);
        let text = key.sign(&claims)?;
        Ok(SignedClientToken { text, expires_at_millis: expires_at_seconds.saturating_mul(1_000) })
    }

    /// Whether a secret has the shape of a token: three parts, of which the first is a JSON object in base64url.
    pub(crate) fn looks_like_token(secret: &str) -> bool {
        secret.len() <= MAX_BYTES
            && secret.starts_with("eyJ")
            && secret.bytes().filter(|&byte| byte == b'.').count() == 2
    }

    /// Reads a token that we signed and that has not expired; anything else is none.
    pub(crate) fn verify(token: &str, key: &TokenKey, now_millis: i64) -> Option<VerifiedClientToken> {
        let claims = key.verify::<Self>(token)?;
        let expires_at_millis = claims.expiration?.timestamp_millis();
        let is_ours = claims.custom.token_type == TYPE && now_millis < expires_at_millis;
        is_ours.then_some(VerifiedClientToken { token: claims.custom, expires_at_millis })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn token() -> ClientToken {
        let tasks = BTreeSet::from(["a".to_owned(), "ä".to_owned()]);
        ClientToken::new(Some("456".to_owned()), ClientAccess::of(None, Some(tasks), None))
    }

    fn signed(token: &ClientToken) -> String {
        token.sign(&TokenKey::of_byte(1), 20_000, 60).unwrap().text
    }

    #[test]
    fn a_token_says_what_was_signed_until_it_expires() {
        for token in [token(), ClientToken::new(None, ClientAccess::unrestricted())] {
            let text = signed(&token);
            let verified = VerifiedClientToken { token, expires_at_millis: 80_000 };
            assert_eq!(ClientToken::verify(&text, &TokenKey::of_byte(1), 79_999), Some(verified));
            assert_eq!(ClientToken::verify(&text, &TokenKey::of_byte(1), 80_000), None);
        }
    }

    #[test]
    fn a_token_lives_as_long_as_was_asked_for_and_up_to_the_next_whole_second() {
        for (now_millis, expected) in [(20_000, 21_000), (20_001, 22_000), (20_999, 22_000)] {
            let signed = token().sign(&TokenKey::of_byte(1), now_millis, 1).unwrap();
            assert_eq!(signed.expires_at_millis, expected);
            let verified = ClientToken::verify(&signed.text, &TokenKey::of_byte(1), now_millis).unwrap();
            assert_eq!(verified.expires_at_millis, expected);
        }
    }

    #[test]
    fn a_token_has_the_shape_of_one_and_needs_no_escaping_in_a_url() {
        let text = signed(&token());
        assert!(ClientToken::looks_like_token(&text));
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)), "{text}");
        for other in ["", "condt_a.b.c", "eyJ", "eyJ.b", "eyJ.b.c.d", &format!("eyJ.b.{}", "c".repeat(MAX_BYTES))] {
            assert!(!ClientToken::looks_like_token(other), "{other:?}");
        }
    }

    #[test]
    fn a_forged_token_is_nobodys() {
        let text = signed(&token());
        assert_eq!(ClientToken::verify(&text, &TokenKey::of_byte(2), 0), None);
        for at in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = String::from_utf8(forged).unwrap();
            // The last character of base64 carries bits that no byte has.
            if at + 1 < text.len() && forged != text {
                assert_eq!(ClientToken::verify(&forged, &TokenKey::of_byte(1), 0), None, "changed at {at}");
            }
        }
        for other in ["", ".", "..", "eyJhbGciOiJub25lIn0.e30.", "no token at all"] {
            assert_eq!(ClientToken::verify(other, &TokenKey::of_byte(1), 0), None, "{other:?}");
        }
    }

    #[test]
    fn what_the_same_key_signed_for_something_else_is_no_client_token() {
        let key = TokenKey::of_byte(1);
        let of_type = |token_type: &str, expiration| {
            let claims = ClientToken { token_type: token_type.to_owned(), ..token() };
            let mut claims = Claims::new(claims);
            claims.expiration = expiration;
            key.sign(&claims).unwrap()
        };
        let later = DateTime::from_timestamp_millis(80_000);
        assert!(ClientToken::verify(&of_type(TYPE, later), &key, 0).is_some());
        assert_eq!(ClientToken::verify(&of_type("connection", later), &key, 0), None);
        assert_eq!(ClientToken::verify(&of_type(TYPE, None), &key, 0), None, "one that never expires");
    }
}
