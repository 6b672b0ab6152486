//! From the SHA-256 of a service token to what it may send. The registry says so; each isolate believes it for
//! [`BELIEVED_MILLIS`], and so a token that was withdrawn is worth nothing after that time, wherever it is used.
//!
//! KV only says that a token is one that was made, so that asking about it is no guess of whoever sends it.

use std::{cell::RefCell, collections::BTreeMap};

use durable_objects::{CallError, FindServiceToken, FoundServiceToken, now_millis};
use worker::Env;

use crate::key_lookup;

/// How long what the registry said is believed.
const BELIEVED_MILLIS: i64 = 10_000;
/// Tokens that an isolate remembers.
const MAX_TOKENS: usize = 256;

/// What this isolate, asked now, believes of a token.
pub(crate) fn find_nearby(token_sha256: &str) -> Option<FoundServiceToken> {
    MEMORY.with_borrow(|memory| memory.find(token_sha256, now_millis()))
}

/// Whether KV knows the token as one that was made. It may have been withdrawn since.
pub(crate) async fn was_made(env: &Env, token_sha256: &str) -> bool {
    key_lookup::is_noted(env, &name(token_sha256)).await
}

/// What the registry says of a token.
pub(crate) async fn ask_registry(env: &Env, token_sha256: &str) -> Result<Option<FoundServiceToken>, CallError> {
    let asked_at_millis = now_millis();
    let found = durable_objects::ask(env, &FindServiceToken { token_sha256: token_sha256.to_owned() }).await?;
    MEMORY.with_borrow_mut(|memory| match &found {
        Some(found) => memory.keep(token_sha256, found.clone(), asked_at_millis),
        None => memory.forget(token_sha256),
    });
    Ok(found)
}

/// Puts a token where every city knows it as one that was made.
pub(crate) async fn remember(env: &Env, token_sha256: &str) {
    key_lookup::note(env, &name(token_sha256)).await;
}

/// Takes a withdrawn token out.
pub(crate) async fn forget(env: &Env, token_sha256: &str) {
    MEMORY.with_borrow_mut(|memory| memory.forget(token_sha256));
    key_lookup::take_out(env, &name(token_sha256)).await;
}

fn name(token_sha256: &str) -> String {
    format!("service-token:{token_sha256}")
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::new(Memory::default());
}

/// What the registry said of tokens, and when it was asked. Only of those that are good: nothing is kept of guesses.
#[derive(Default)]
struct Memory(BTreeMap<String, (FoundServiceToken, i64)>);

impl Memory {
    fn find(&self, token_sha256: &str, now_millis: i64) -> Option<FoundServiceToken> {
        let (found, asked_at_millis) = self.0.get(token_sha256)?;
        let is_good = found.expires_at_millis.is_none_or(|at_millis| at_millis > now_millis);
        (is_good && is_believed(*asked_at_millis, now_millis)).then(|| found.clone())
    }

    fn keep(&mut self, token_sha256: &str, found: FoundServiceToken, now_millis: i64) {
        if self.0.len() >= MAX_TOKENS && !self.0.contains_key(token_sha256) {
            self.0.retain(|_, (_, asked_at_millis)| is_believed(*asked_at_millis, now_millis));
        }
        if self.0.len() >= MAX_TOKENS {
            let oldest = self.0.iter().min_by_key(|(_, (_, asked_at_millis))| *asked_at_millis);
            if let Some(oldest) = oldest.map(|(token_sha256, _)| token_sha256.clone()) {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(token_sha256.to_owned(), (found, now_millis));
    }

    fn forget(&mut self, token_sha256: &str) {
        self.0.remove(token_sha256);
    }
}

/// A clock that steps back does not make a token good for longer.
fn is_believed(asked_at_millis: i64, now_millis: i64) -> bool {
    (0..BELIEVED_MILLIS).contains(&(now_millis - asked_at_millis))
}

#[cfg(test)]
mod tests {
    use contract::ServiceAccess;

    use super::*;

    fn good_until(expires_at_millis: Option<i64>) -> FoundServiceToken {
        FoundServiceToken { access: ServiceAccess::unrestricted(), expires_at_millis }
    }

    #[test]
    fn what_the_registry_said_is_believed_for_ten_seconds() {
        let mut memory = Memory::default();
        memory.keep("a", good_until(None), 1_000);
        for (now_millis, is_believed) in [(999, false), (1_000, true), (10_999, true), (11_000, false)] {
            assert_eq!(memory.find("a", now_millis).is_some(), is_believed, "{now_millis}");
        }
        memory.keep("a", good_until(None), 11_000);
        assert!(memory.find("a", 11_000).is_some());
        memory.forget("a");
        assert_eq!(memory.find("a", 11_000), None);
    }

    #[test]
    fn a_token_is_worth_nothing_once_it_expires() {
        let mut memory = Memory::default();
        memory.keep("a", good_until(Some(1_500)), 1_000);
        assert!(memory.find("a", 1_499).is_some());
        assert_eq!(memory.find("a", 1_500), None);
    }

    #[test]
    fn the_oldest_make_room() {
        let mut memory = Memory::default();
        for number in 0..=i64::try_from(MAX_TOKENS).unwrap() {
            memory.keep(&number.to_string(), good_until(None), number);
        }
        assert_eq!(memory.0.len(), MAX_TOKENS);
        assert_eq!(memory.find("0", 300), None);
        assert!(memory.find("1", 300).is_some());
    }
}
