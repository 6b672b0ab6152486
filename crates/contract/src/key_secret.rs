//! The secret of a virtual key: made of randomness, shown once, kept as its SHA-256 only.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// What every secret starts with.
const PREFIX: &str = "condt_";
/// Random bytes of a secret.
pub const RANDOM_BYTES: usize = 32;
/// The longest secret that is looked up: keys that Conduit made before are up to so long.
const MAX_SECRET_BYTES: usize = 200;

/// A new key's secret. It has no `Debug`: it is never logged.
pub struct KeySecret(String);

impl KeySecret {
    /// Makes a secret: `condt_` and the bytes in base64url.
    pub fn from_random(random: [u8; RANDOM_BYTES]) -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// The secret itself, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn sha256_hex(&self) -> String {
        sha256_hex(&self.0)
    }

    /// Whether a text could be a secret, so that what cannot is refused without a lookup.
    pub fn looks_like_key(text: &str) -> bool {
        let is_visible = |byte: u8| byte.is_ascii_graphic();
        text.len() > PREFIX.len()
            && text.len() <= MAX_SECRET_BYTES
            && text.starts_with(PREFIX)
            && text.bytes().all(is_visible)
    }
}

/// The SHA-256 of a text in lower-case hexadecimal.
pub fn sha256_hex(text: &str) -> String {
    let digits = |byte: &u8| [byte >> 4, byte & 0xf].map(|digit| char::from_digit(digit.into(), 16));
    Sha256::digest(text.as_bytes()).iter().flat_map(digits).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_recognised_and_needs_no_escaping() {
        let secret = KeySecret::from_random([0xfb; 32]);
        assert!(KeySecret::looks_like_key(secret.expose()));
        assert_eq!(secret.expose().len(), 6 + 43);
        assert!(secret.expose().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
    }

    #[test]
    fn what_cannot_be_a_secret_is_not_looked_up() {
        for text in ["", "condt_", "Condt_abc", "sk-abc", "condt_a b", "condt_ä", &format!("condt_{}", "x".repeat(200))]
        {
            assert!(!KeySecret::looks_like_key(text), "{text:?}");
        }
    }

    #[test]
    fn the_digest_is_that_of_fips_180() {
        assert_eq!(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
