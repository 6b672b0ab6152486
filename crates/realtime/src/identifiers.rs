//! Names for sessions, events, items and responses: the same session gives the same ones, so that replays and tests are
//! stable.

use sha2::{Digest, Sha256};

/// Crockford's alphabet, in lower case: no letter that looks like another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Makes identifiers from a counter and a hash of the session: `item_0000000g7q2m9d4k`.
///
/// They are unique in a session, cannot be mixed up between two, and have at most 22 characters of the 32 that OpenAI
/// allows.
#[derive(Debug, Clone)]
pub struct Identifiers {
    session_hash: u64,
    count: u64,
}

impl Identifiers {
    /// Makes the identifiers of the session with that name, which must be unique, such as a connection id.
    pub fn new(session: &str) -> Self {
        let digest = Sha256::digest(session.as_bytes());
        let session_hash = digest.iter().take(8).fold(0, |hash, &byte| (hash << 8) | u64::from(byte));
        Self { session_hash, count: 0 }
    }

    /// The session's own name: `sess_…`.
    pub fn session(&self) -> String {
        format!("sess_{}{}", base32(0, 8), base32(self.session_hash, 8))
    }

    /// The conversation's name: `conv_…`.
    pub fn conversation(&self) -> String {
        format!("conv_{}{}", base32(0, 8), base32(self.session_hash, 8))
    }

    /// A new name with that prefix: `item`, `resp`, `event`, `call`.
    pub fn next(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}_{}{}", base32(self.count, 8), base32(self.session_hash, 8))
    }
}

/// The lowest 5 × `digits` bits.
fn base32(number: u64, digits: u32) -> String {
    (0..digits)
        .rev()
        .filter_map(|digit| {
            let index = usize::try_from((number >> (5 * digit)) & 31).ok()?;
            ALPHABET.get(index).copied().map(char::from)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_session_gets_the_same_names_again_and_no_other_session_does() {
        let names = |session: &str| {
            let mut identifiers = Identifiers::new(session);
            (0..1_000).map(|_| identifiers.next("item")).collect::<Vec<_>>()
        };
        assert_eq!(names("a"), names("a"));
        let all: HashSet<String> = names("a").into_iter().chain(names("b")).collect();
        assert_eq!(all.len(), 2_000);
        assert!(all.iter().all(|name| name.len() <= 32));
    }
}
