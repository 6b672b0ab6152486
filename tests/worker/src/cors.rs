//! Pages of any origin may connect, with credentials.

use worker::{Headers, Method, Request, Response, Result};

/// Answers a preflight; none if the request is something else.
pub(crate) fn preflight(request: &Request) -> Result<Option<Response>> {
    let asked = request.headers();
    let Some(origin) = asked.get("origin")?.filter(|_| request.method() == Method::Options) else { return Ok(None) };
    let Some(method) = asked.get("access-control-request-method")? else { return Ok(None) };
    let headers = Headers::new();
    put(&headers, &origin)?;
    headers.set("access-control-allow-methods", &format!("GET, POST, DELETE, OPTIONS, {method}"))?;
    if let Some(names) = asked.get("access-control-request-headers")? {
        headers.set("access-control-allow-headers", &names)?;
    }
    Ok(Some(Response::empty()?.with_status(204).with_headers(headers)))
}

/// Lets a page read an answer.
pub(crate) fn allow(answer: Response, origin: Option<&str>) -> Result<Response> {
    let Some(origin) = origin.filter(|_| answer.status_code() != 101) else { return Ok(answer) };
    let headers = copy(&answer)?;
    put(&headers, origin)?;
    Ok(answer.with_headers(headers))
}

/// The headers of an answer, to be added to: those of an object's answer cannot be.
pub(crate) fn copy(answer: &Response) -> Result<Headers> {
    let headers = Headers::new();
    for (name, value) in answer.headers().entries() {
        headers.append(&name, &value)?;
    }
    Ok(headers)
}

fn put(headers: &Headers, origin: &str) -> Result<()> {
    headers.set("access-control-allow-origin", origin)?;
    headers.set("access-control-allow-credentials", "true")?;
    headers.set("vary", "Origin")
}
