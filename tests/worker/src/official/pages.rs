//! Answers to what is no connection: redirects and tokens.

use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;
use serde_json::json;
use worker::{Request, Response, Result, Url};

use crate::{bearer, plain};

/// How long a token is good for.
const TOKEN_SECONDS: i64 = 5;

/// How often this Worker has redirected.
static REDIRECTS: AtomicU32 = AtomicU32::new(0);

/// To the hub at the URL in the query (TypeScript), or without one to a hub for whose token it gives (.NET).
pub(super) fn redirect(url: &Url, room: &str) -> Result<Response> {
    let base = url.query_pairs().find(|(name, _)| name == "baseUrl").map(|(_, base)| base);
    let body = if let Some(base) = base {
        let count = REDIRECTS.fetch_add(1, Ordering::Relaxed) + 1;
        signalr::negotiate::redirect(&format!("{base}/testHub?numRedirects={count}"), None)
    } else {
        let target = format!("{}{}/authorizedHub", url.origin().ascii_serialization(), prefix(room));
        signalr::negotiate::redirect(&target, Some(&bearer::sign("testuser", TOKEN_SECONDS)?))
    };
    let mut answer = Response::ok(body)?;
    answer.headers_mut().set("content-type", "application/json")?;
    Ok(answer)
}

/// To the same below `/echo`, which the HTTP client follows with the same method. The address is absolute: one client
/// does not understand others.
pub(super) fn echo_redirect(url: &Url, room: &str, rest: &str) -> Result<Response> {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut answer = Response::empty()?.with_status(307);
    answer
        .headers_mut()
        .set("location", &format!("{}{}/echo{rest}{query}", url.origin().ascii_serialization(), prefix(room)))?;
    Ok(answer)
}

pub(super) fn token(name: &str) -> Result<Response> {
    plain(200, &bearer::sign(name, TOKEN_SECONDS)?)
}

pub(super) fn bad_negotiate() -> Result<Response> {
    plain(400, "Some response from server")
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: String,
}

/// A token for the one user whose password is known.
pub(super) async fn login(mut request: Request) -> Result<Response> {
    match request.json().await {
        Ok(Credentials { username, password }) if username == "test" && password == "test" => {
            Response::from_json(&json!({ "token": bearer::sign(&username, 3_600)? }))
        }
        _ => plain(400, "Username or password is incorrect"),
    }
}

/// What paths of a room begin with.
fn prefix(room: &str) -> String {
    if room == "default" { String::new() } else { format!("/@{room}") }
}
