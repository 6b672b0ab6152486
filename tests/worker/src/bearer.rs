//! Bearer tokens: JWTs that a key signs which everybody knows.

use chrono::DateTime;
use jwt_compact::{
    AlgorithmExt, Claims, Header, UntrustedToken,
    alg::{Hs256, Hs256Key},
};
use serde::{Deserialize, Serialize};
use worker::{Date, Error, Request, Result, Url};

pub(crate) const KEY: &str = "conformance-signing-key-that-everybody-knows";

/// Whose token it is, under the names that say so in .NET.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Subject {
    #[serde(
        default,
        alias = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
        skip_serializing_if = "Option::is_none"
    )]
    nameid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
}

/// Whom a good token stands for.
#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    pub(crate) user: Option<String>,
    pub(crate) expires_at_millis: Option<i64>,
}

impl Bearer {
    /// Whoever a request's token stands for; none if it brings no token that is good.
    pub(crate) fn of(request: &Request, url: &Url) -> Option<Self> {
        let header = request.headers().get("authorization").ok().flatten();
        let from_header = header.as_deref().and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        });
        let from_query = || url.query_pairs().find(|(name, _)| name == "access_token").map(|(_, value)| value.into());
        Self::read(&from_header.or_else(from_query)?)
    }

    fn read(token: &str) -> Option<Self> {
        let untrusted = UntrustedToken::new(token).ok()?;
        let token = Hs256.validator::<Subject>(&Hs256Key::new(KEY)).validate(&untrusted).ok()?;
        let claims = token.claims();
        let expires_at_millis = claims.expiration.map(|at| at.timestamp_millis());
        if expires_at_millis.is_some_and(|at| at <= now_millis()) {
            return None;
        }
        let subject = claims.custom.clone();
        Some(Self { user: subject.nameid.or(subject.sub), expires_at_millis })
    }
}

/// A token of somebody that is good for so long.
pub(crate) fn sign(user: &str, seconds: i64) -> Result<String> {
    let mut claims = Claims::new(Subject { nameid: Some(user.to_owned()), sub: None });
    claims.expiration = DateTime::from_timestamp_millis(now_millis() + seconds * 1_000);
    let token = Hs256.token(&Header::empty(), &claims, &Hs256Key::new(KEY));
    token.map_err(|error| Error::RustError(error.to_string()))
}

fn now_millis() -> i64 {
    i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX)
}
