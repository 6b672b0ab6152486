//! Looking after the whole: who did what, who is connected, and how much is going on.

use contract::{AuditEntry, MetricsSnapshot, OnlineKey, Page, prometheus};
use durable_objects::{ListOnline, REQUESTS_AT_ONCE, ReadAudit, ReadFigures, ReadKeyAudit, SHARDS};
use futures::{StreamExt, TryStreamExt, stream};
use worker::Response;

use crate::{
    door::Visit,
    keys_door::operator,
    owner_door::decoded,
    page::{limit, parameter},
    refusal::Refusal,
};

/// `GET /v1/admin/audit?before=&limit=`: what operators did, newest first.
pub(crate) async fn audit(visit: &Visit) -> Result<Response, Refusal> {
    operator(visit).await?;
    let limit = limit(visit)?;
    let read = ReadAudit { before: parameter(visit, "before"), limit: limit + 1 };
    trail(visit, durable_objects::ask(&visit.env, &read).await?, limit)
}

/// `GET /v1/admin/keys/{id}/audit?before=&limit=`: the key's connections and subscriptions, newest first.
pub(crate) async fn key_audit(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    let limit = limit(visit)?;
    let read = ReadKeyAudit { virtual_key_id: decoded(id), before: parameter(visit, "before"), limit: limit + 1 };
    trail(visit, durable_objects::ask(&visit.env, &read).await?, limit)
}

/// A page of an audit trail: JSON, or NDJSON for whoever exports it, with the next page's address in `Link` (RFC 8288).
fn trail(visit: &Visit, entries: Vec<AuditEntry>, limit: u32) -> Result<Response, Refusal> {
    let page = Page::of(entries, limit, |entry: &AuditEntry| entry.id.clone());
    let accept = visit.request.headers().get("accept").ok().flatten().unwrap_or_default();
    if !accept.contains("application/x-ndjson") && !accept.contains("application/ndjson") {
        return Ok(Response::from_json(&page)?);
    }
    let mut lines = String::new();
    for entry in &page.items {
        lines.push_str(&serde_json::to_string(entry)?);
        lines.push('\n');
    }
    let mut response = Response::ok(lines)?;
    let headers = response.headers_mut();
    headers.set("content-type", "application/x-ndjson")?;
    if let Some(next) = &page.next {
        headers.set("link", &format!("<{}?before={next}&limit={limit}>; rel=\"next\"", visit.url.path()))?;
    }
    Ok(response)
}

/// `GET /v1/admin/connections?after=&limit=`: the keys that have anybody connected, in the order of their ids.
pub(crate) async fn connections(visit: &Visit) -> Result<Response, Refusal> {
    operator(visit).await?;
    let (after, limit) = (parameter(visit, "after"), limit(visit)?);
    let shards = stream::iter(0..SHARDS).map(|shard| {
        let list = ListOnline { shard, after: after.clone(), limit: limit + 1, with_arriving: false };
        async move { durable_objects::ask(&visit.env, &list).await }
    });
    let pages: Vec<Vec<OnlineKey>> = shards.buffer_unordered(REQUESTS_AT_ONCE).try_collect().await?;
    let mut keys: Vec<OnlineKey> = pages.into_iter().flatten().collect();
    keys.sort_unstable_by(|one, other| one.virtual_key_id.cmp(&other.virtual_key_id));
    Ok(Response::from_json(&Page::of(keys, limit, |key: &OnlineKey| key.virtual_key_id.clone()))?)
}

/// `GET /metrics`: the figures of the whole system, as Prometheus reads them.
pub(crate) async fn metrics(visit: &Visit) -> Result<Response, Refusal> {
    operator(visit).await?;
    let figures: MetricsSnapshot = durable_objects::ask(&visit.env, &ReadFigures {}).await?;
    let mut response = Response::ok(prometheus::prometheus(&figures))?;
    response.headers_mut().set("content-type", prometheus::CONTENT_TYPE)?;
    Ok(response)
}
