//! Who somebody is: the secret a request carries, and whose it is.

use std::{borrow::Cow, cell::OnceCell};

use contract::{ClientAccess, KeySecret, ServiceAccess, ServiceTokenSecret, key_secret};
use durable_objects::{FoundServiceToken, now_millis};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use worker::{Env, Request, Url};

use crate::{
    auth_failures,
    client_token::{ClientToken, VerifiedClientToken},
    door::Visit,
    key_lookup,
    refusal::Refusal,
    service_token_lookup,
    token_key::TokenKey,
};

/// Whom a secret belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Principal {
    /// The holder of a virtual key, or of a client token of it. Whether the key is enabled, its own object says.
    VirtualKey {
        id: String,
        access: ClientAccess,
        /// When the token expires; none for the key itself, which may do everything.
        expires_at_millis: Option<i64>,
    },
    /// The operator, with the master key itself.
    Operator,
    /// The holder of a client token for the hubs that the master key opens, and for nothing else.
    MasterHubs { access: ClientAccess, expires_at_millis: i64 },
    /// A backend with a service token, which sends events and does nothing else.
    Service { access: ServiceAccess },
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

    /// Takes a secret that came by a WebSocket subprotocol, which is all that a browser can send.
    pub(crate) fn of_subprotocol(secret: &str) -> Self {
        Self { secret: secret.to_owned(), only_master: false }
    }

    /// What recognises the same secret again without holding it.
    pub(crate) fn fingerprint(&self) -> String {
        key_secret::sha256_hex(&self.secret).chars().take(32).collect()
    }

    /// Whether it has the shape of a client token, which is read without any lookup.
    pub(crate) fn is_client_token(&self) -> bool {
        !self.only_master && ClientToken::looks_like_token(&self.secret)
    }

    /// Whose secret it is, as far as can be told without the registry.
    async fn principal_nearby(&self, env: &Env) -> Result<Option<Principal>, Refusal> {
        if is_master_key(env, &self.secret) {
            return Ok(Some(Principal::Operator));
        }
        if let Some(key_sha256) = self.key_sha256() {
            return Ok(key_lookup::find_nearby(env, &key_sha256).await.map(key_itself));
        }
        if !self.is_client_token() {
            return Ok(None);
        }
        Ok(ClientToken::verify(&self.secret, &TokenKey::read(env)?, now_millis()).map(token_holder))
    }

    /// What a service token is looked up by, if the secret can be one.
    fn service_token_sha256(&self) -> Option<String> {
        let can_be_token = !self.only_master && ServiceTokenSecret::looks_like_token(&self.secret);
        can_be_token.then(|| key_secret::sha256_hex(&self.secret))
    }

    /// What a virtual key is looked up by, if the secret can be one.
    fn key_sha256(&self) -> Option<String> {
        let can_be_key = !self.only_master && KeySecret::looks_like_key(&self.secret);
        can_be_key.then(|| key_secret::sha256_hex(&self.secret))
    }
}

/// Whose secret a request carries; nobody's is none.
///
/// # Errors
///
/// The registry was asked and did not answer, or it was not asked because too many authentications from this address
/// have failed: 429.
pub(crate) async fn principal_of(visit: &Visit, credential: &Credential) -> Result<Option<Principal>, Refusal> {
    if let Some(principal) = credential.principal_nearby(&visit.env).await? {
        return Ok(Some(principal));
    }
    if let Some(token_sha256) = credential.service_token_sha256() {
        return service(visit, &token_sha256).await;
    }
    auth_failures::charge(visit).await?;
    let Some(key_sha256) = credential.key_sha256() else { return Ok(None) };
    let found = key_lookup::ask_registry(&visit.env, &key_sha256).await;
    // A registry that does not answer is not the client's failure.
    if !matches!(found, Ok(None)) {
        auth_failures::forgive(visit);
    }
    Ok(found?.map(key_itself))
}

/// What a service token is good for. One that was made is not charged for before the registry is asked: each isolate asks
/// again and again, from one address.
async fn service(visit: &Visit, token_sha256: &str) -> Result<Option<Principal>, Refusal> {
    let principal = |found: FoundServiceToken| Principal::Service { access: found.access };
    if let Some(found) = service_token_lookup::find_nearby(token_sha256) {
        return Ok(Some(principal(found)));
    }
    let was_made = service_token_lookup::was_made(&visit.env, token_sha256).await;
    if !was_made {
        auth_failures::charge(visit).await?;
    }
    let found = service_token_lookup::ask_registry(&visit.env, token_sha256).await;
    match (&found, was_made) {
        (Ok(Some(_)), false) => {
            auth_failures::forgive(visit);
            service_token_lookup::remember(&visit.env, token_sha256).await;
        }
        (Ok(None), true) => auth_failures::charge(visit).await?,
        (Err(_), false) => auth_failures::forgive(visit),
        _ => {}
    }
    Ok(found?.map(principal))
}

fn key_itself(id: String) -> Principal {
    Principal::VirtualKey { id, access: ClientAccess::unrestricted(), expires_at_millis: None }
}

fn token_holder(VerifiedClientToken { token, expires_at_millis }: VerifiedClientToken) -> Principal {
    let ClientToken { virtual_key_id, access, .. } = token;
    match virtual_key_id {
        Some(id) => Principal::VirtualKey { id, access, expires_at_millis: Some(expires_at_millis) },
        None => Principal::MasterHubs { access, expires_at_millis },
    }
}

/// The token of an `Authorization: Bearer` header (RFC 6750, 2.1; the scheme in any case: RFC 9110, 11.1).
fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim()).filter(|token| !token.is_empty())
}

thread_local! {
    /// The digest of the master key, if there is one. Read once in the life of an isolate: a change starts a new one.
    static MASTER_KEY_DIGEST: OnceCell<Option<Digested>> = const { OnceCell::new() };
}

/// A SHA-256.
type Digested = [u8; 32];

/// Compares digests, so that neither content nor length tells by its time.
fn is_master_key(env: &Env, secret: &str) -> bool {
    let digest = |text: &str| Digested::from(Sha256::digest(text.as_bytes()));
    let master_key = || env.secret("MASTER_KEY").ok().map(|key| key.to_string()).filter(|key| !key.is_empty());
    let known = MASTER_KEY_DIGEST.with(|known| *known.get_or_init(|| master_key().map(|key| digest(&key))));
    known.is_some_and(|known| digest(secret).ct_eq(&known).into())
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
