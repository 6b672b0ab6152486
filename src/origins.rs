//! Which pages may ask: CORS with credentials, as browsers' SignalR clients need it.

use durable_objects::Configuration;
use worker::{Headers, Method, Request, Response, Result, Url};

/// What SignalR's JavaScript client and the REST routes use.
const METHODS: &str = "GET, POST, PUT, PATCH, DELETE, OPTIONS";
const REQUEST_HEADERS: &str = "authorization, content-type, x-requested-with, x-signalr-user-agent, x-api-key, \
    x-master-key, traceparent, x-ms-client-request-id";
/// What a page may read of an answer beyond the simple headers.
const RESPONSE_HEADERS: &str = "x-request-id, retry-after, x-ms-error-code";
/// How long a browser keeps the answer to a preflight: an hour.
const PREFLIGHT_SECONDS: &str = "3600";

/// The page a request comes from, judged.
pub(crate) enum Origin {
    /// No browser, or the Worker's own pages.
    Own,
    /// A page elsewhere that may ask.
    Allowed(String),
    /// A page elsewhere that may not.
    Refused,
}

impl Origin {
    pub(crate) fn of(request: &Request, url: &Url, configuration: &Configuration) -> Self {
        match request.headers().get("origin").ok().flatten() {
            None => Self::Own,
            Some(origin) => Self::judge(origin, &url.origin().ascii_serialization(), &configuration.allowed_origins),
        }
    }

    fn judge(origin: String, own: &str, allowed: &[String]) -> Self {
        if origin == own {
            return Self::Own;
        }
        if allowed.iter().any(|known| known == "*" || known.eq_ignore_ascii_case(&origin)) {
            return Self::Allowed(origin);
        }
        Self::Refused
    }

    /// Lets the page read an answer. Credentials forbid the wildcard, so the origin is echoed.
    pub(crate) fn allow(&self, headers: &Headers) -> Result<()> {
        if let Self::Allowed(origin) = self {
            headers.set("access-control-allow-origin", origin)?;
            headers.set("access-control-allow-credentials", "true")?;
            headers.set("access-control-expose-headers", RESPONSE_HEADERS)?;
            headers.append("vary", "origin")?;
        }
        Ok(())
    }

    /// Answers the question a browser asks before a request of its page.
    pub(crate) fn preflight(&self) -> Result<Response> {
        let headers = Headers::new();
        if let Self::Allowed(_) = self {
            headers.set("access-control-allow-methods", METHODS)?;
            headers.set("access-control-allow-headers", REQUEST_HEADERS)?;
            headers.set("access-control-max-age", PREFLIGHT_SECONDS)?;
        }
        Ok(Response::empty()?.with_status(204).with_headers(headers))
    }
}

/// Whether a request is a preflight (Fetch standard, 3.2.2).
pub(crate) fn is_preflight(request: &Request) -> bool {
    let has = |name| request.headers().has(name).unwrap_or(false);
    request.method() == Method::Options && has("origin") && has("access-control-request-method")
}

#[cfg(test)]
mod tests {
    use super::Origin;

    fn judge(origin: &str, allowed: &[&str]) -> Origin {
        let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
        Origin::judge(origin.to_owned(), "https://edge.example", &allowed)
    }

    #[test]
    fn the_same_origin_always_passes() {
        assert!(matches!(judge("https://edge.example", &[]), Origin::Own));
    }

    #[test]
    fn another_origin_passes_only_where_it_is_allowed() {
        assert!(matches!(judge("https://a.example", &["https://A.example"]), Origin::Allowed(_)));
        assert!(matches!(judge("https://a.example", &["*"]), Origin::Allowed(_)));
        for refused in ["https://a.example.evil", "http://a.example", "https://a.example:8443", "null"] {
            assert!(matches!(judge(refused, &["https://a.example"]), Origin::Refused), "{refused}");
        }
    }
}
