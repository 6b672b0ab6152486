//! The door every request comes through: its id, its route, its answer's headers, its line in the log.

use std::{cell::RefCell, rc::Rc};

use contract::ProblemKind;
use durable_objects::{Configuration, log, now_millis};
use futures::future::LocalBoxFuture;
use serde_json::json;
use worker::{Context, Env, Headers, Method, Request, Response, Result, Url};

use crate::{
    azure_door, descriptions, events_door, health_door, hubs_door, keys_door, operating_door,
    origins::{self, Origin},
    owner_door, providers_door,
    refusal::Refusal,
    tokens_door,
};

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

    let (outcome, origin) = match configuration(&env) {
        Ok(configuration) => {
            let origin = Origin::of(&request, &url, &configuration);
            (route(Visit { request, url, env, configuration, context }, &origin).await, origin)
        }
        Err(refusal) => (Err(refusal), Origin::Own),
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

/// What a door answers. Each door's future is boxed, or all of them would be one large function.
type Answer<'a> = LocalBoxFuture<'a, std::result::Result<Response, Refusal>>;

async fn route(visit: Visit, origin: &Origin) -> std::result::Result<Response, Refusal> {
    if origins::is_preflight(&visit.request) {
        return Ok(origin.preflight()?);
    }
    let path = visit.url.path().to_owned();
    if let Origin::Refused = origin {
        return Err(Refusal::problem(
            ProblemKind::Forbidden,
            "pages of this origin may not ask; ALLOWED_ORIGINS names those that may",
        ));
    }
    let method = visit.request.method();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let read = matches!(method, Method::Get | Method::Head);
    let answer: Answer<'_> = match segments.as_slice() {
        _ if visit.is_of_hubs() => Box::pin(hubs_door::serve(visit)),
        ["v1", "events"] if method == Method::Post => Box::pin(events_door::publish(visit)),
        ["v1", "tokens"] if method == Method::Post => Box::pin(tokens_door::issue(visit)),
        ["v1", "events" | "tokens"] => return Err(Refusal::MethodNotAllowed("POST")),
        ["v1", "admin", rest @ ..] => Box::pin(administer(visit, rest, &method)),
        ["v1", "tasks"] if read => Box::pin(owner_door::list_tasks(&visit)),
        ["v1", "tasks", id] if read => Box::pin(owner_door::read_task(&visit, id)),
        ["v1", "spend"] if read => Box::pin(owner_door::read_spend(&visit)),
        ["v1", "history"] if read => Box::pin(owner_door::read_history(&visit)),
        ["v1", "webhooks"] if read => Box::pin(owner_door::list_webhooks(&visit)),
        ["api", ..] => Box::pin(azure_door::serve(visit)),
        ["health"] | ["health", "live" | "ready" | "signalr"] if read => Box::pin(health_door::serve(visit)),
        ["metrics"] if read => Box::pin(operating_door::metrics(&visit)),
        ["asyncapi.json"] if read => return descriptions::asyncapi(),
        ["v1", "tasks" | "spend" | "history" | "webhooks"]
        | ["v1", "tasks", _]
        | ["health" | "metrics" | "asyncapi.json"]
        | ["health", "live" | "ready" | "signalr"] => return Err(Refusal::MethodNotAllowed("GET")),
        _ => return Err(nothing_at(&path)),
    };
    answer.await
}

/// The operator's routes, by what is behind `/v1/admin`.
async fn administer(visit: Visit, rest: &[&str], method: &Method) -> std::result::Result<Response, Refusal> {
    let read = matches!(method, Method::Get | Method::Head);
    let answer: Answer<'_> = match rest {
        ["keys"] if *method == Method::Post => Box::pin(keys_door::create(visit)),
        ["keys"] if read => Box::pin(keys_door::list(visit)),
        ["keys"] => return Err(Refusal::MethodNotAllowed("GET, POST")),
        ["keys", id] if read => Box::pin(keys_door::read(&visit, id)),
        ["keys", id] if *method == Method::Patch => Box::pin(keys_door::patch(visit, id)),
        ["keys", id] if *method == Method::Delete => Box::pin(keys_door::delete(&visit, id)),
        ["keys", _] => return Err(Refusal::MethodNotAllowed("GET, PATCH, DELETE")),
        ["keys", id, "rotate"] if *method == Method::Post => Box::pin(keys_door::rotate(visit, id)),
        ["keys", id, "disconnect"] if *method == Method::Post => Box::pin(keys_door::disconnect(&visit, id)),
        ["keys", _, "rotate" | "disconnect"] => return Err(Refusal::MethodNotAllowed("POST")),
        ["keys", id, "audit"] if read => Box::pin(operating_door::key_audit(&visit, id)),
        ["providers"] if read => Box::pin(providers_door::list(&visit)),
        ["providers", name] if read => Box::pin(providers_door::read(&visit, name)),
        ["providers", name] if *method == Method::Put => Box::pin(providers_door::put(visit, name)),
        ["providers", name] if *method == Method::Delete => Box::pin(providers_door::delete(&visit, name)),
        ["providers", _] => return Err(Refusal::MethodNotAllowed("GET, PUT, DELETE")),
        ["audit"] if read => Box::pin(operating_door::audit(&visit)),
        ["connections"] if read => Box::pin(operating_door::connections(&visit)),
        ["providers" | "audit" | "connections"] | ["keys", _, "audit"] => {
            return Err(Refusal::MethodNotAllowed("GET"));
        }
        _ => return Err(nothing_at(visit.url.path())),
    };
    answer.await
}

fn nothing_at(path: &str) -> Refusal {
    Refusal::problem(ProblemKind::NotFound, format!("there is nothing at {path}"))
}

thread_local! {
    /// Read once in the life of an isolate: a change of variables starts a new one.
    static CONFIGURATION: RefCell<Option<Rc<Configuration>>> = const { RefCell::new(None) };
}

fn configuration(env: &Env) -> std::result::Result<Rc<Configuration>, Refusal> {
    CONFIGURATION.with_borrow_mut(|known| {
        if let Some(configuration) = known {
            return Ok(configuration.clone());
        }
        let read = durable_objects::configuration::read(env)
            .map_err(|error| Refusal::Internal(format!("configuration: {error}")))?;
        Ok(known.insert(Rc::new(read)).clone())
    })
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
