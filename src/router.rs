//! From a request to the door that answers it. Which routes there are, the contract declares.

use contract::{
    ProblemKind,
    routes::{self, Found},
};
use futures::future::LocalBoxFuture;
use worker::Response;

use crate::{
    azure_door, dead_letters_door, descriptions,
    door::Visit,
    events_door, health_door, hubs_door, keys_door, operating_door,
    origins::{self, Origin},
    owner_door, providers_door, realtime,
    refusal::Refusal,
    service_tokens_door, tokens_door,
};

/// What a door answers. Each door's future is boxed, or all of them would be one large function.
type Answer<'a> = LocalBoxFuture<'a, Result<Response, Refusal>>;

/// Has a request answered.
pub(crate) async fn route(visit: Visit, origin: &Origin) -> Result<Response, Refusal> {
    if origins::is_preflight(&visit.request) {
        return Ok(origin.preflight()?);
    }
    if let Origin::Refused = origin {
        let detail = "pages of this origin may not ask; ALLOWED_ORIGINS names those that may";
        return Err(Refusal::problem(ProblemKind::Forbidden, detail));
    }
    if visit.is_of_hubs() {
        return Box::pin(hubs_door::serve(visit)).await;
    }
    let path = visit.url.path().to_owned();
    if path.starts_with("/api/") {
        return Box::pin(azure_door::serve(visit)).await;
    }
    let (route, segments) = match routes::find(visit.request.method().as_ref(), &path) {
        Found::Route(route, segments) => (route, segments),
        Found::OtherMethods(methods) => return Err(Refusal::MethodNotAllowed(methods)),
        Found::Nothing => {
            return Err(Refusal::problem(ProblemKind::NotFound, format!("there is nothing at {path}")));
        }
    };
    let answer: Answer<'_> = match (route.method, route.path, segments.as_slice()) {
        ("POST", "/v1/events", _) => Box::pin(events_door::publish(visit)),
        ("POST", "/v1/tokens", _) => Box::pin(tokens_door::issue(visit)),
        ("GET", "/v1/tasks", _) => Box::pin(owner_door::list_tasks(&visit)),
        ("GET", "/v1/tasks/{id}", [id]) => Box::pin(owner_door::read_task(&visit, id)),
        ("GET", "/v1/spend", _) => Box::pin(owner_door::read_spend(&visit)),
        ("GET", "/v1/history", _) => Box::pin(owner_door::read_history(&visit)),
        ("GET", "/v1/realtime" | "/v1/realtime/connect", _) => Box::pin(realtime::serve(visit)),
        ("GET", "/v1/realtime/connections", _) => Box::pin(realtime::list(&visit)),
        ("DELETE", "/v1/realtime/connections/{id}", [id]) => Box::pin(realtime::end(&visit, id)),
        ("GET", "/v1/realtime/sessions", _) => Box::pin(realtime::list_past(&visit)),
        ("GET", "/v1/realtime/sessions/{id}/recording", [id]) => Box::pin(realtime::play(visit, id)),
        ("DELETE", "/v1/realtime/sessions/{id}/recording", [id]) => Box::pin(realtime::delete(&visit, id)),
        ("GET", "/v1/webhooks", _) => Box::pin(owner_door::list_webhooks(&visit)),
        ("POST", "/v1/webhooks/secret/rotate", _) => Box::pin(owner_door::rotate_webhook_secret(&visit)),
        ("POST", "/v1/admin/keys", _) => Box::pin(keys_door::create(visit)),
        ("GET", "/v1/admin/keys", _) => Box::pin(keys_door::list(visit)),
        ("GET", "/v1/admin/keys/{id}", [id]) => Box::pin(keys_door::read(&visit, id)),
        ("PATCH", "/v1/admin/keys/{id}", [id]) => Box::pin(keys_door::patch(visit, id)),
        ("DELETE", "/v1/admin/keys/{id}", [id]) => Box::pin(keys_door::delete(&visit, id)),
        ("POST", "/v1/admin/keys/{id}/rotate", [id]) => Box::pin(keys_door::rotate(visit, id)),
        ("POST", "/v1/admin/keys/{id}/disconnect", [id]) => Box::pin(keys_door::disconnect(&visit, id)),
        ("GET", "/v1/admin/keys/{id}/audit", [id]) => Box::pin(operating_door::key_audit(&visit, id)),
        ("GET", "/v1/admin/keys/{id}/realtime/sessions", [id]) => Box::pin(realtime::list_past_of(&visit, id)),
        ("GET", "/v1/admin/keys/{id}/realtime/sessions/{session}/recording", [id, session]) => {
            Box::pin(realtime::play_any(visit, id, session))
        }
        ("DELETE", "/v1/admin/keys/{id}/realtime/sessions/{session}/recording", [id, session]) => {
            Box::pin(realtime::delete_any(&visit, id, session))
        }
        ("POST", "/v1/admin/service-tokens", _) => Box::pin(service_tokens_door::create(visit)),
        ("GET", "/v1/admin/service-tokens", _) => Box::pin(service_tokens_door::list(&visit)),
        ("GET", "/v1/admin/service-tokens/{id}", [id]) => Box::pin(service_tokens_door::read(&visit, id)),
        ("DELETE", "/v1/admin/service-tokens/{id}", [id]) => Box::pin(service_tokens_door::revoke(&visit, id)),
        ("GET", "/v1/admin/providers", _) => Box::pin(providers_door::list(&visit)),
        ("GET", "/v1/admin/providers/{name}", [name]) => Box::pin(providers_door::read(&visit, name)),
        ("PUT", "/v1/admin/providers/{name}", [name]) => Box::pin(providers_door::put(visit, name)),
        ("DELETE", "/v1/admin/providers/{name}", [name]) => Box::pin(providers_door::delete(&visit, name)),
        ("GET", "/v1/admin/audit", _) => Box::pin(operating_door::audit(&visit)),
        ("GET", "/v1/admin/connections", _) => Box::pin(operating_door::connections(&visit)),
        ("GET", "/v1/admin/realtime/sessions", _) => Box::pin(realtime::list_all(&visit)),
        ("DELETE", "/v1/admin/realtime/sessions/{id}", [id]) => Box::pin(realtime::end_any(&visit, id)),
        ("GET", "/v1/admin/dead-letters", _) => Box::pin(dead_letters_door::list(&visit)),
        ("POST", "/v1/admin/dead-letters/replay", _) => Box::pin(dead_letters_door::replay_all(&visit)),
        ("GET", "/v1/admin/dead-letters/{id}", [id]) => Box::pin(dead_letters_door::read(&visit, id)),
        ("DELETE", "/v1/admin/dead-letters/{id}", [id]) => Box::pin(dead_letters_door::delete(&visit, id)),
        ("POST", "/v1/admin/dead-letters/{id}/replay", [id]) => Box::pin(dead_letters_door::replay(&visit, id)),
        ("GET", "/v1/admin/queues", _) => Box::pin(dead_letters_door::queues(&visit)),
        ("GET", "/metrics", _) => Box::pin(operating_door::metrics(&visit)),
        ("GET", "/health" | "/health/live" | "/health/ready" | "/health/signalr", _) => {
            Box::pin(health_door::serve(visit))
        }
        (
            "GET",
            "/openapi.json" | "/asyncapi.json" | "/js/conduit-signalr-service.js" | "/js/conduit-components.js",
            _,
        ) => Box::pin(descriptions::serve(visit)),
        _ => return Err(Refusal::Internal(format!("{route:?} is declared, and no door is there"))),
    };
    answer.await
}
