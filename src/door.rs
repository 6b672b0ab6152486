//! The door every request comes through: its id, its answer's headers, its line in the log.

use std::rc::Rc;

use contract::ProblemKind;
use durable_objects::{Configuration, log, now_millis};
use serde_json::json;
use worker::{Context, Env, Headers, Request, Response, Result, Url};

use crate::{configuration, origins::Origin, refusal::Refusal, router};

/// A request with what every route needs to know of it.
pub(crate) struct Visit {
    pub(crate) request: Request,
    pub(crate) url: Url,
    pub(crate) env: Env,
    pub(crate) configuration: Rc<Configuration>,
    /// For what goes on after the answer.
    pub(crate) context: Context,
}

/// The most bytes of a body that is one small object.
const SMALL_BODY_BYTES: usize = 65_536;

impl Visit {
    /// Whether the route is one of SignalR's, which answer as ASP.NET Core does.
    pub(crate) fn is_of_hubs(&self) -> bool {
        let path = self.url.path();
        path == "/hubs" || path.starts_with("/hubs/")
    }

    /// The client's address, which the platform gives; locally there may be none.
    pub(crate) fn remote_address(&self) -> Option<String> {
        self.request.headers().get("cf-connecting-ip").ok().flatten()
    }

    /// The body of a route that takes one small object.
    pub(crate) async fn small_body(&mut self) -> std::result::Result<Vec<u8>, Refusal> {
        let body = self.request.bytes().await?;
        if body.len() > SMALL_BODY_BYTES {
            let detail = format!("the body has {} bytes, more than {SMALL_BODY_BYTES}", body.len());
            return Err(Refusal::problem(ProblemKind::ContentTooLarge, detail));
        }
        Ok(body)
    }
}

/// Serves a request. Whatever happens, the answer carries the request's id.
pub(crate) async fn serve(request: Request, env: Env, context: Context) -> Result<Response> {
    let started_at_millis = now_millis();
    let request_id = request_id(&request);
    let method = request.method();
    let url = request.url()?;
    let path = url.path().to_owned();

    let (outcome, origin) = match configuration::of(&env) {
        Ok(configuration) => {
            let origin = Origin::of(&request, &url, &configuration);
            (router::route(Visit { request, url, env, configuration, context }, &origin).await, origin)
        }
        Err(error) => (Err(Refusal::Internal(format!("configuration: {error}"))), Origin::Own),
    };
    let cause = outcome.as_ref().err().and_then(Refusal::cause).map(str::to_owned);
    let response = outcome.or_else(Refusal::into_response)?;
    let response = with_headers(response, &request_id, &origin)?;

    let status = response.status_code();
    if status >= 400 {
        // The query is left out: it may carry a secret.
        let line = json!({
            "requestId": request_id, "method": method.to_string(), "path": path, "status": status,
            "durationMs": now_millis() - started_at_millis, "cause": cause,
        });
        if status >= 500 { log::error("request failed", line) } else { log::warn("request refused", line) }
    }
    Ok(response)
}

/// The id the caller gave, if it is one we can log, else a new one.
fn request_id(request: &Request) -> String {
    let given = request.headers().get("x-request-id").ok().flatten();
    given.filter(|id| is_loggable(id)).unwrap_or_else(|| {
        durable_objects::ulid(now_millis(), durable_objects::random_bytes().unwrap_or_default()).to_string()
    })
}

fn is_loggable(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// An object's answer has immutable headers, so headers are set on a copy.
fn with_headers(response: Response, request_id: &str, origin: &Origin) -> Result<Response> {
    let status = response.status_code();
    let headers = Headers::new();
    for (name, value) in response.headers().entries() {
        headers.append(&name, &value)?;
    }
    headers.set("x-request-id", request_id)?;
    origin.allow(&headers)?;
    if status == 101 {
        return match response.websocket() {
            Some(socket) => Ok(Response::from_websocket(socket)?.with_headers(headers)),
            None => Response::error("the object answered without a socket", 502),
        };
    }
    Ok(response.with_headers(headers))
}

#[cfg(test)]
mod tests {
    use super::is_loggable;

    #[test]
    fn a_request_id_of_the_caller_must_fit_a_log_line() {
        assert!(is_loggable("req-1_a.B"));
        for id in ["", "a b", "a\"b", "я", &"x".repeat(65)] {
            assert!(!is_loggable(id), "{id:?}");
        }
    }
}
