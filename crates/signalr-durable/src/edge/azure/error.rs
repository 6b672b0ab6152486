//! What is answered to a request that is not served: Azure's error object, and its code in a header as well.

use serde::Serialize;
use serde_json::json;
use worker::{Headers, Method, Response, Result};

/// Why a request is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestError {
    /// The HTTP status.
    pub status: u16,
    /// What kind, for programs: `x-ms-error-code`.
    pub code: &'static str,
    /// What is wrong, for people.
    pub message: String,
    /// What of the request is wrong: a parameter, or a member of the body by its path.
    pub target: Option<String>,
    /// After how many seconds the same request may succeed: `Retry-After`.
    pub retry_after_seconds: Option<u64>,
    /// The methods that the route takes, where it does not take this one.
    pub allow: Option<&'static str>,
}

/// Azure's `ErrorDetail`.
#[derive(Serialize)]
struct ErrorDetail<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
}

impl RestError {
    /// An error with a code.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), target: None, retry_after_seconds: None, allow: None }
    }

    /// 400: something of the request is wrong.
    pub fn invalid(target: impl Into<String>, message: impl Into<String>) -> Self {
        Self { target: Some(target.into()), ..Self::new(400, "Error.Request.Invalid", message) }
    }

    pub(super) fn unauthorized(why: &str) -> Self {
        Self::new(401, "Error.Request.Unauthorized", format!("the request needs a good access token: {why}"))
    }

    pub(super) fn nothing_here() -> Self {
        Self::new(404, "Error.Request.NotFound", "there is no such route")
    }

    pub(super) fn too_large(limit_bytes: usize) -> Self {
        Self::new(413, "Error.Request.TooLarge", format!("the body may have {limit_bytes} bytes"))
    }

    pub(super) fn method_not_allowed(allow: &'static str) -> Self {
        let message = format!("this route takes {allow}");
        Self { allow: Some(allow), ..Self::new(405, "Error.Request.MethodNotAllowed", message) }
    }

    /// Whether the request brought no good token.
    pub fn is_unauthenticated(&self) -> bool {
        self.status == 401
    }

    /// The answer to a request of that method: `HEAD` has no body.
    ///
    /// # Errors
    ///
    /// The platform's.
    pub fn into_response(self, method: &Method) -> Result<Response> {
        let headers = Headers::new();
        headers.set("x-ms-error-code", self.code)?;
        if self.is_unauthenticated() {
            headers.set("www-authenticate", "Bearer")?;
        }
        if let Some(allow) = self.allow {
            headers.set("allow", allow)?;
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.set("retry-after", &seconds.to_string())?;
        }
        if *method == Method::Head {
            return Ok(Response::empty()?.with_status(self.status).with_headers(headers));
        }
        headers.set("content-type", "application/json")?;
        let detail = ErrorDetail { code: self.code, message: &self.message, target: self.target.as_deref() };
        Ok(Response::ok(json!(detail).to_string())?.with_status(self.status).with_headers(headers))
    }
}
