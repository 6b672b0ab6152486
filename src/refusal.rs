//! What is answered to a request that is not served: `application/problem+json` under `/v1`, and what
//! ASP.NET Core answers under `/hubs`.

use contract::{Problem, ProblemKind};
use durable_objects::CallError;
use worker::{Error, Headers, Response, Result};

/// Why a request is not served.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// An RFC 9457 problem.
    Problem(Box<Problem>),
    /// A status with a text, as ASP.NET Core's SignalR endpoints answer.
    Plain {
        status: u16,
        text: String,
        /// One more header.
        header: Option<(&'static str, String)>,
    },
    /// The route takes only these methods, as the header `Allow` lists them.
    MethodNotAllowed(String),
    /// The body has another encoding than these, as the header `Accept-Encoding` lists them (RFC 9110, 15.5.16).
    UnsupportedEncoding(&'static str),
    /// More than the caller may ask for now.
    TooManyRequests { detail: String, retry_after_seconds: u64 },
    /// Our own fault; the cause is for the log only.
    Internal(String),
}

impl Refusal {
    /// The text that SignalR clients get with a status.
    pub(crate) fn plain(status: u16, text: impl Into<String>) -> Self {
        Self::Plain { status, text: text.into(), header: None }
    }

    pub(crate) fn problem(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self::Problem(Box::new(Problem::new(kind, detail)))
    }

    /// The cause, where it is only for the log.
    pub(crate) fn cause(&self) -> Option<&str> {
        match self {
            Self::Internal(cause) => Some(cause),
            Self::Problem(_)
            | Self::Plain { .. }
            | Self::MethodNotAllowed(_)
            | Self::UnsupportedEncoding(_)
            | Self::TooManyRequests { .. } => None,
        }
    }

    pub(crate) fn into_response(self) -> Result<Response> {
        match self {
            Self::Problem(problem) => problem_response(&problem),
            Self::Plain { status, text, header } => {
                let headers = Headers::new();
                headers.set("content-type", "text/plain")?;
                if let Some((name, value)) = header {
                    headers.set(name, &value)?;
                }
                Ok(Response::ok(text)?.with_status(status).with_headers(headers))
            }
            Self::MethodNotAllowed(methods) => {
                let detail = format!("this route takes {methods}");
                let mut response = problem_response(&Problem::new(ProblemKind::MethodNotAllowed, detail))?;
                response.headers_mut().set("allow", &methods)?;
                Ok(response)
            }
            Self::UnsupportedEncoding(encodings) => {
                let detail = format!("the body may be encoded as {encodings}, or not at all");
                let mut response = problem_response(&Problem::new(ProblemKind::UnsupportedMediaType, detail))?;
                response.headers_mut().set("accept-encoding", encodings)?;
                Ok(response)
            }
            Self::TooManyRequests { detail, retry_after_seconds } => {
                let mut response = problem_response(&Problem::new(ProblemKind::TooManyRequests, detail))?;
                response.headers_mut().set("retry-after", &retry_after_seconds.to_string())?;
                Ok(response)
            }
            Self::Internal(_) => problem_response(&Problem::new(
                ProblemKind::Internal,
                "the request failed on our side; the log has the cause under this response's x-request-id",
            )),
        }
    }
}

fn problem_response(problem: &Problem) -> Result<Response> {
    let headers = Headers::new();
    headers.set("content-type", contract::PROBLEM_CONTENT_TYPE)?;
    let response = Response::ok(serde_json::to_string(problem)?)?;
    Ok(response.with_status(problem.status).with_headers(headers))
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<CallError> for Refusal {
    fn from(error: CallError) -> Self {
        durable_objects::log::error("an object did not answer", serde_json::json!({ "error": error.to_string() }));
        Self::problem(ProblemKind::Unavailable, "the object that this request needs does not answer now; try again")
    }
}
