//! Public ids of connections. Those of a virtual key's connections say which key they belong to, so that whoever has only
//! an id asks that key's object and no other.
//!
//! The key's id is no secret, and no client learns the connections of another key.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use worker::{Error, Result};

use crate::identifiers::random_bytes;

/// Digits of the 128 random bits that nobody guesses.
const RANDOM_DIGITS: usize = 32;

/// The longest id: it is a tag of its WebSocket, and counts towards its attachment.
const MAX_BYTES: usize = 200;

/// A new id, of unreserved characters only. That of a key whose own id is longer than 125 bytes does not say whose it is.
///
/// # Errors
///
/// The platform has no randomness.
pub fn new_connection_id(virtual_key_id: Option<&str>) -> Result<String> {
    let random = random_bytes::<16>().map_err(|error| Error::RustError(error.to_string()))?;
    Ok(with_key(u128::from_be_bytes(random), virtual_key_id))
}

/// The key that a connection belongs to, if its id says so. That there is such a connection is for the key's object to
/// say.
pub fn key_of_connection(id: &str) -> Option<String> {
    let (random, key) = id.split_at_checked(RANDOM_DIGITS)?;
    let is_random = random.bytes().all(|byte| byte.is_ascii_hexdigit());
    let key = BASE64_URL_SAFE_NO_PAD.decode(key.strip_prefix('-')?).ok()?;
    String::from_utf8(key).ok().filter(|key| is_random && !key.is_empty())
}

fn with_key(random: u128, virtual_key_id: Option<&str>) -> String {
    let random = format!("{random:0RANDOM_DIGITS$x}");
    let with_key = virtual_key_id.map(|key| format!("{random}-{}", BASE64_URL_SAFE_NO_PAD.encode(key)));
    with_key.filter(|id| id.len() <= MAX_BYTES).unwrap_or(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_whose_it_is_in_characters_that_need_no_escaping() {
        for key in ["456", "01K0A6M1Q6M2Y8V7D0ZJ3T9W5E", "a:b/ä 🦊", &"k".repeat(125)] {
            let id = with_key(7, Some(key));
            assert!(id.len() <= 200 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            assert_eq!(key_of_connection(&id).as_deref(), Some(key));
        }
    }

    #[test]
    fn an_id_that_would_be_too_long_does_not_say_whose_it_is() {
        assert_eq!(with_key(7, Some(&"k".repeat(126))), with_key(7, None));
    }

    #[test]
    fn what_is_no_id_is_nobodys() {
        let random = with_key(7, None);
        for id in ["", "nope", &random, &format!("{random}-"), &format!("{random}-_w"), &format!("{random}456"), "ä"] {
            assert_eq!(key_of_connection(id), None, "{id}");
        }
    }
}
