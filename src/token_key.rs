//! The secret that signs tokens, and what all of them have in common: JWTs of HS256 that name their own type.

use jwt_compact::{
    AlgorithmExt, Claims, Header, UntrustedToken,
    alg::{Hs256, Hs256Key},
};
use serde::{Serialize, de::DeserializeOwned};
use worker::Env;

use crate::refusal::Refusal;

/// The secret that signs tokens.
pub(crate) struct TokenKey(Hs256Key);

/// The secret itself, as the environment has it.
///
/// # Errors
///
/// There is none, or it is shorter than the 32 bytes that HS256 asks for (RFC 7518, 3.2).
pub(crate) fn signing_secret(env: &Env) -> Result<String, Refusal> {
    let secret = env.secret("TOKEN_SIGNING_KEY").map(|secret| secret.to_string()).unwrap_or_default();
    if secret.len() < 32 {
        return Err(Refusal::Internal("the secret TOKEN_SIGNING_KEY is missing or shorter than 32 bytes".to_owned()));
    }
    Ok(secret)
}

impl TokenKey {
    /// Takes the secret from the environment.
    ///
    /// # Errors
    ///
    /// As [`signing_secret`].
    pub(crate) fn read(env: &Env) -> Result<Self, Refusal> {
        Ok(Self(Hs256Key::new(signing_secret(env)?)))
    }

    /// A key of 32 such bytes.
    #[cfg(test)]
    pub(crate) fn of_byte(byte: u8) -> Self {
        Self(Hs256Key::new([byte; 32]))
    }

    /// Signs claims. The token is of unreserved characters only: clients put it into URLs as it is.
    ///
    /// # Errors
    ///
    /// The claims cannot be written as JSON.
    pub(crate) fn sign<T: Serialize>(&self, claims: &Claims<T>) -> Result<String, Refusal> {
        let token = Hs256.token(&Header::empty(), claims, &self.0);
        token.map_err(|error| Refusal::Internal(format!("a token could not be signed: {error}")))
    }

    /// The claims of a token that was signed with this key. Their type and expiry are still to be checked.
    pub(crate) fn verify<T: DeserializeOwned>(&self, token: &str) -> Option<Claims<T>> {
        let untrusted = UntrustedToken::new(token).ok()?;
        let token = Hs256.validator::<T>(&self.0).validate(&untrusted).ok()?;
        Some(token.into_parts().1)
    }
}
