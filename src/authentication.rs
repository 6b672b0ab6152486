//! Who somebody is: the secret a request carries, and whose it is.

use std::borrow::Cow;

use contract::{KeySecret, key_secret};
use durable_objects::CallError;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use worker::{Env, Request, Url};

use crate::key_lookup;

/// Whom a secret belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Principal {
    /// The holder of a virtual key. Whether the key is enabled, its own object says.
    VirtualKey { id: String },
    /// The operator.
    Operator,
}

/// A secret as it came, not yet known to be anybody's. It has no `Debug`: it is never logged.
pub(crate) struct Credential {
    secret: String,
    /// It came by `X-Master-Key`, which carries nothing but the master key.
    only_master: bool,
}

impl Credential {
    /// Takes the secret from where the contract allows it: the query (under the routes that browsers
    /// open sockets on), then `Authorization`, then `X-API-Key`, then `X-Master-Key`.
    pub(crate) fn of(request: &Request, url: &Url, from_query: bool) -> Option<Self> {
        let any = |secret: String| Self { secret, only_master: false };
        if from_query {
            let named = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value);
            if let Some(secret) = named("access_token").or_else(|| named("api_key")).filter(|secret| !secret.is_empty())
            {
                return Some(any(Cow::into_owned(secret)));
            }
        }
        let header = |name| request.headers().get(name).ok().flatten().filter(|value| !value.is_empty());
        let bearer = header("authorization").and_then(|value| bearer_token(&value).map(str::to_owned));
        bearer
            .or_else(|| header("x-api-key"))
            .map(any)
            .or_else(|| header("x-master-key").map(|secret| Self { secret, only_master: true }))
    }

    /// What recognises the same secret again without holding it.
    pub(crate) fn fingerprint(&self) -> String {
        key_secret::sha256_hex(&self.secret).chars().take(32).collect()
    }

    /// Whose secret it is; nobody's is none.
    ///
    /// # Errors
    ///
    /// The registry was asked and did not answer.
    pub(crate) async fn principal(&self, env: &Env) -> Result<Option<Principal>, CallError> {
        if is_master_key(env, &self.secret) {
            return Ok(Some(Principal::Operator));
        }
        if self.only_master || !KeySecret::looks_like_key(&self.secret) {
            return Ok(None);
        }
        let id = key_lookup::find(env, &key_secret::sha256_hex(&self.secret)).await?;
        Ok(id.map(|id| Principal::VirtualKey { id }))
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750, 2.1; the scheme in any case: RFC 9110, 11.1).
fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

/// Compares digests, so that neither content nor length tells by its time.
fn is_master_key(env: &Env, secret: &str) -> bool {
    let Ok(master_key) = env.secret("MASTER_KEY") else { return false };
    let master_key = master_key.to_string();
    if master_key.is_empty() {
        return false;
    }
    let digest = |text: &str| Sha256::digest(text.as_bytes());
    digest(secret).as_slice().ct_eq(digest(&master_key).as_slice()).into()
}

#[cfg(test)]
mod tests {
    use super::bearer_token;

    #[test]
    fn the_bearer_scheme_is_read_in_any_case_and_nothing_else_is() {
        assert_eq!(bearer_token("Bearer abc"), Some("abc"));
        assert_eq!(bearer_token("bearer  abc "), Some("abc"));
        for other in ["Basic abc", "Bearer", "Bearer ", "abc", ""] {
            assert_eq!(bearer_token(other), None, "{other:?}");
        }
    }
}
