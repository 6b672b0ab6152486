//! `/v1/realtime/connections` and `/v1/admin/realtime/sessions`: the sessions that go on, listed and ended; and
//! `/v1/realtime/sessions` and `/v1/admin/keys/{id}/realtime/sessions`: those that are over.

use contract::{Page, ProblemKind, RealtimeConnections};
use durable_objects::{EndAnySession, EndSession, ListAllSessions, ListPastSessions, ListSessions, session_cursor};
use worker::Response;

use super::door::holder;
use crate::{
    authentication::Credential,
    door::Visit,
    keys_door::operator,
    owner_door::{decoded, unusable},
    page::{limit, parameter},
    refusal::Refusal,
};

/// `GET /v1/realtime/connections`: the key's own.
pub(crate) async fn list(visit: &Visit) -> Result<Response, Refusal> {
    let virtual_key_id = owner(visit).await?;
    let list = ListSessions { virtual_key_id };
    let active_connections = durable_objects::ask(&visit.env, &list).await?.ok_or_else(unusable)?;
    Ok(Response::from_json(&RealtimeConnections { virtual_key_id: list.virtual_key_id, active_connections })?)
}

/// `DELETE /v1/realtime/connections/{id}`: ends one of the key's own.
pub(crate) async fn end(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    let end = EndSession { virtual_key_id: owner(visit).await?, connection_id: decoded(id) };
    ended(durable_objects::ask(&visit.env, &end).await?, &end.connection_id)
}

/// `GET /v1/admin/realtime/sessions?after=&limit=`: those of all keys.
pub(crate) async fn list_all(visit: &Visit) -> Result<Response, Refusal> {
    operator(visit).await?;
    let limit = limit(visit)?;
    let list = ListAllSessions { after: parameter(visit, "after"), limit: limit + 1 };
    let sessions = durable_objects::ask(&visit.env, &list).await?;
    Ok(Response::from_json(&Page::of(sessions, limit, |session| session.connection.connection_id.clone()))?)
}

/// `DELETE /v1/admin/realtime/sessions/{id}`: ends one of any key.
pub(crate) async fn end_any(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    let end = EndAnySession { connection_id: decoded(id) };
    ended(durable_objects::ask(&visit.env, &end).await?, &end.connection_id)
}

/// `GET /v1/realtime/sessions?after=&limit=`: the key's own that are over, the last one first.
pub(crate) async fn list_past(visit: &Visit) -> Result<Response, Refusal> {
    past(visit, owner(visit).await?, false).await
}

/// `GET /v1/admin/keys/{id}/realtime/sessions?after=&limit=`: the same of any key.
pub(crate) async fn list_past_of(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    past(visit, decoded(id), true).await
}

async fn past(visit: &Visit, virtual_key_id: String, for_operator: bool) -> Result<Response, Refusal> {
    let limit = limit(visit)?;
    let after = parameter(visit, "after");
    let list = ListPastSessions { virtual_key_id, for_operator, after, limit: limit + 1 };
    let sessions = durable_objects::ask(&visit.env, &list).await?.ok_or_else(unusable)?;
    Ok(Response::from_json(&Page::of(sessions, limit, session_cursor))?)
}

pub(super) async fn owner(visit: &Visit) -> Result<String, Refusal> {
    holder(visit, Credential::of(&visit.request, &visit.url, false)).await
}

fn ended(was_there: bool, id: &str) -> Result<Response, Refusal> {
    if was_there {
        return Ok(Response::empty()?.with_status(204));
    }
    Err(Refusal::problem(ProblemKind::NotFound, format!("there is no realtime session {id}")))
}
