//! Access tokens: JWTs of HS256, signed with an access key that the backend and the Worker have both.

use chrono::DateTime;
use jwt_compact::{
    AlgorithmExt, Claims, Header, UntrustedToken,
    alg::{Hs256, Hs256Key},
};
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use worker::Url;

use crate::edge::TokenError;

/// How far the clocks of backends may be ahead of ours: what .NET allows by default.
const CLOCK_SKEW_MILLIS: i64 = 5 * 60_000;

/// The access keys of an application: usually a primary and a secondary one, so that either can be replaced while the
/// other is used.
pub struct AccessKeys(Vec<Hs256Key>);

impl AccessKeys {
    /// Takes the keys, each of at least 32 bytes. Without any, no token is good.
    ///
    /// # Errors
    ///
    /// [`TokenError::ShortSecret`].
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Result<Self, TokenError> {
        let key = |secret: &str| {
            if secret.len() < 32 { Err(TokenError::ShortSecret(secret.len())) } else { Ok(Hs256Key::new(secret)) }
        };
        Ok(Self(secrets.into_iter().map(key).collect::<Result<_, _>>()?))
    }

    /// Checks a token that comes with a request to that address.
    ///
    /// # Errors
    ///
    /// Why it is not good, for whoever looks for the reason.
    pub(super) fn check(&self, token: &str, url: &Url, now_millis: i64) -> Result<(), &'static str> {
        let untrusted = UntrustedToken::new(token).map_err(|_| "it is no JWT")?;
        let verified = self.0.iter().find_map(|key| Hs256.validator::<RestClaims>(key).validate(&untrusted).ok());
        let verified = verified.ok_or("it is not signed with an access key by HS256, or lacks aud")?;
        let claims = verified.claims();
        let expires_at = claims.expiration.ok_or("it lacks exp")?;
        if expires_at.timestamp_millis() <= now_millis {
            return Err("it has expired");
        }
        if claims.not_before.is_some_and(|at| at.timestamp_millis() > now_millis + CLOCK_SKEW_MILLIS) {
            return Err("it is not good yet");
        }
        if claims.custom.aud.iter().any(|audience| is_audience(audience, url)) {
            Ok(())
        } else {
            Err("its aud is not the address of the request")
        }
    }

    /// Signs a token with which a client may come, as Azure does; none without a key.
    ///
    /// # Errors
    ///
    /// [`TokenError::NotSigned`].
    pub fn client_token(
        &self,
        url: &Url,
        hub: &str,
        user_id: Option<&str>,
        expires_at_millis: i64,
    ) -> Result<Option<String>, TokenError> {
        let Some(key) = self.0.first() else { return Ok(None) };
        let audience = format!("{}/client/?hub={hub}", url.origin().ascii_serialization());
        let mut claims = Claims::new(ClientClaims { aud: audience, nameid: user_id });
        claims.expiration = DateTime::from_timestamp_millis(expires_at_millis);
        let token = Hs256.token(&Header::empty(), &claims, key);
        token.map(Some).map_err(|error| TokenError::NotSigned(error.to_string()))
    }
}

/// What an access token says beside its times.
#[derive(Clone, Deserialize)]
struct RestClaims {
    aud: Audiences,
}

/// One audience or several (RFC 7519, 4.1.3).
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Audiences {
    One(String),
    Several(Vec<String>),
}

impl Audiences {
    fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, several) = match self {
            Self::One(audience) => (Some(audience.as_str()), [].as_slice()),
            Self::Several(audiences) => (None, audiences.as_slice()),
        };
        one.into_iter().chain(several.iter().map(String::as_str))
    }
}

#[derive(Serialize)]
struct ClientClaims<'a> {
    aud: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nameid: Option<&'a str>,
}

/// Whether an audience is the address of a request: without regard to its query (the SDK has the version there), a slash
/// at its end, and how its path is escaped. The SDK leaves the port out.
fn is_audience(audience: &str, url: &Url) -> bool {
    let Ok(audience) = Url::parse(audience) else { return false };
    let is_port = || audience.port().is_none_or(|port| Some(port) == url.port());
    audience.scheme() == url.scheme() && audience.host() == url.host() && is_port() && same_path(&audience, url)
}

fn same_path(one: &Url, other: &Url) -> bool {
    let segments = |url: &Url| -> Vec<Vec<u8>> {
        url.path().trim_end_matches('/').split('/').map(|segment| percent_decode_str(segment).collect()).collect()
    };
    segments(one) == segments(other)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const PRIMARY: &str = "primary-primary-primary-primary-primary";
    const SECONDARY: &str = "secondary-secondary-secondary-secondary";
    const URL: &str = "http://edge.example:8787/api/hubs/tasks/users/a%3Ab/:send?api-version=2024-12-01&excluded=x";
    const AUDIENCE: &str = "http://edge.example:8787/api/hubs/tasks/users/a%3Ab/:send";

    fn keys() -> AccessKeys {
        AccessKeys::new([PRIMARY, SECONDARY]).unwrap()
    }

    fn sign(claims: Value, key: &str) -> String {
        let claims: Claims<Value> = serde_json::from_value(claims).unwrap();
        Hs256.token(&Header::empty(), &claims, &Hs256Key::new(key)).unwrap()
    }

    fn check(token: &str, now_millis: i64) -> Result<(), &'static str> {
        keys().check(token, &Url::parse(URL).unwrap(), now_millis)
    }

    #[test]
    fn either_key_signs_until_the_token_expires() {
        for key in [PRIMARY, SECONDARY] {
            let token = sign(json!({ "aud": AUDIENCE, "exp": 60, "nameid": "server" }), key);
            assert_eq!(check(&token, 59_999), Ok(()));
            assert_eq!(check(&token, 60_000), Err("it has expired"));
        }
        let token = sign(json!({ "aud": AUDIENCE, "exp": 60 }), "another-another-another-another-another");
        assert!(check(&token, 0).is_err());
        let nobodys = AccessKeys::new([]).unwrap();
        let url = Url::parse(URL).unwrap();
        assert!(nobodys.check(&sign(json!({ "aud": AUDIENCE, "exp": 60 }), PRIMARY), &url, 0).is_err());
    }

    #[test]
    fn an_audience_is_the_address_with_or_without_what_does_not_matter() {
        for audience in [
            json!(AUDIENCE),
            json!(format!("{AUDIENCE}/")),
            json!(format!("{AUDIENCE}?api-version=2024-12-01")),
            json!(URL),
            json!(AUDIENCE.replace("edge.example", "EDGE.example")),
            json!(AUDIENCE.replace("%3A", ":")),
            json!(AUDIENCE.replace(":8787", "")),
            json!(["https://elsewhere.example", AUDIENCE]),
        ] {
            assert_eq!(check(&sign(json!({ "aud": audience, "exp": 60 }), PRIMARY), 0), Ok(()), "{audience}");
        }
    }

    #[test]
    fn another_audience_is_refused() {
        for audience in [
            json!(AUDIENCE.replace("tasks", "spend")),
            json!(AUDIENCE.replace("tasks", "Tasks")),
            json!(AUDIENCE.replace("8787", "8788")),
            json!(AUDIENCE.replace("http", "https")),
            json!(AUDIENCE.replace("edge.example", "edge.example.evil")),
            json!(AUDIENCE.replace("users/a%3Ab", "users%2Fa%3Ab")),
            json!("http://edge.example:8787/api/hubs/tasks"),
            json!("http://edge.example:8787"),
            json!("no address"),
            json!([]),
        ] {
            assert!(check(&sign(json!({ "aud": audience, "exp": 60 }), PRIMARY), 0).is_err(), "{audience}");
        }
    }

    #[test]
    fn a_token_must_say_until_when_it_is_good_and_for_what() {
        assert_eq!(check(&sign(json!({ "aud": AUDIENCE }), PRIMARY), 0), Err("it lacks exp"));
        assert!(check(&sign(json!({ "exp": 60 }), PRIMARY), 0).is_err());
    }

    #[test]
    fn the_clock_of_a_backend_may_be_some_minutes_ahead() {
        let from = |nbf: i64| sign(json!({ "aud": AUDIENCE, "exp": 4_000, "nbf": nbf }), PRIMARY);
        assert_eq!(check(&from(300), 0), Ok(()));
        assert_eq!(check(&from(301), 0), Err("it is not good yet"));
    }

    #[test]
    fn an_unsigned_token_is_nobodys() {
        for token in ["", "a.b.c", "eyJhbGciOiJub25lIn0.eyJleHAiOjYwfQ."] {
            assert!(check(token, 0).is_err(), "{token}");
        }
    }

    #[test]
    fn a_short_key_is_none() {
        assert_eq!(AccessKeys::new([PRIMARY, "short"]).err(), Some(TokenError::ShortSecret(5)));
    }

    #[test]
    fn a_client_token_names_the_hub_the_user_and_its_end() {
        let url = Url::parse(URL).unwrap();
        let token = keys().client_token(&url, "tasks", Some("u1"), 60_000).unwrap().unwrap();
        let untrusted = UntrustedToken::new(&token).unwrap();
        let token = Hs256.validator::<Value>(&Hs256Key::new(PRIMARY)).validate(&untrusted).unwrap();
        assert_eq!(token.claims().expiration.map(|at| at.timestamp()), Some(60));
        let expected = json!({ "aud": "http://edge.example:8787/client/?hub=tasks", "nameid": "u1" });
        assert_eq!(token.claims().custom, expected);
    }
}
