//! The cookies that come with every answer to negotiation, and those that a client brought.

use worker::{Response, Result, Url, js_sys};

use crate::{claims::ConnectRequest, cors};

/// One value has to be escaped, and one cookie has expired: no client may bring that back.
const COOKIES: [&str; 4] = [
    "testCookie=testValue",
    "testCookie2=testValue2",
    "fromNegotiate=a%20value",
    "expiredCookie=doesntmatter; expires=Thu, 01 Jan 1970 00:00:00 GMT",
];

/// Adds the cookies to an answer.
pub(super) fn set(answer: Response, url: &Url) -> Result<Response> {
    // From another site, browsers take no others.
    let of_another_site = if url.scheme() == "https" { "; samesite=none; secure; partitioned" } else { "" };
    let headers = cors::copy(&answer)?;
    for cookie in COOKIES {
        headers.append("set-cookie", &format!("{cookie}; path=/{of_another_site}"))?;
    }
    Ok(answer.with_headers(headers))
}

/// The value of a cookie that the client brought when it connected.
pub(super) fn get(request: &ConnectRequest, name: &str) -> Option<String> {
    let cookies = request.headers.get("cookie")?.split(';');
    let value = cookies.filter_map(|cookie| cookie.trim().split_once('=')).find(|(known, _)| *known == name)?.1;
    js_sys::decode_uri_component(value).ok().map(String::from)
}
