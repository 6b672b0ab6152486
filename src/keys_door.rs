//! `/v1/admin/keys`: the operator's view of virtual keys.

use contract::{KeyCreation, KeyPatch, KeyRecord, KeySecret, Problem, ProblemKind};
use durable_objects::{
    CreateKey, DeleteKey, Inspect, KeyChange, ListKeys, PatchKey, ReadKey, now_millis, random_bytes, ulid,
};
use serde::Serialize;
use worker::Response;

use crate::{
    authentication::{Credential, Principal, principal_of},
    door::Visit,
    key_lookup,
    refusal::Refusal,
};

/// A key as the operator reads it.
#[derive(Serialize)]
struct KeyView<'a> {
    #[serde(flatten)]
    record: &'a KeyRecord,
    /// Open connections, where the key's object was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    connections: Option<usize>,
    /// The secret, in the one answer that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
}

/// Keys on a page, where the caller does not say.
const DEFAULT_PAGE: u32 = 100;
/// Keys on a page at the most.
const LARGEST_PAGE: u32 = 1_000;

pub(crate) async fn create(mut visit: Visit) -> Result<Response, Refusal> {
    operator(&visit).await?;
    let creation = KeyCreation::from_json(&visit.small_body().await?).map_err(Problem::from)?;
    let random = |error: getrandom::Error| Refusal::Internal(format!("no randomness: {error}"));
    let secret = KeySecret::from_random(random_bytes().map_err(random)?);
    let created_at_millis = now_millis();
    let create = CreateKey {
        id: ulid(created_at_millis, random_bytes().map_err(random)?).to_string(),
        key_sha256: secret.sha256_hex(),
        creation,
        created_at_millis,
    };
    let change = durable_objects::ask(&visit.env, &create).await?;
    let (KeyChange::Applied { record, .. } | KeyChange::Pending(record)) = change else {
        return Err(Refusal::Internal("the registry lost a new key".to_owned()));
    };
    key_lookup::remember(&visit.env, &create.key_sha256, &create.id).await;
    let view = KeyView { record: &record, connections: Some(0), key: Some(secret.expose()) };
    Ok(Response::from_json(&view)?.with_status(201))
}

pub(crate) async fn list(visit: Visit) -> Result<Response, Refusal> {
    operator(&visit).await?;
    let query = |name: &str| visit.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let limit = match query("limit") {
        None => DEFAULT_PAGE,
        Some(text) => text.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit)).ok_or_else(|| {
            let detail = format!("limit must be a whole number from 1 to {LARGEST_PAGE}");
            Refusal::problem(ProblemKind::InvalidParameter, detail)
        })?,
    };
    let page = durable_objects::ask(&visit.env, &ListKeys { after: query("after"), limit }).await?;
    Ok(Response::from_json(&page)?)
}

pub(crate) async fn read(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    let found = durable_objects::ask(&visit.env, &ReadKey { id: id.to_owned() }).await?;
    let record = found.ok_or_else(|| unknown(id))?;
    let inspection = durable_objects::ask(&visit.env, &Inspect { virtual_key_id: id.to_owned() }).await?;
    let view = KeyView { record: &record, connections: Some(inspection.connections), key: None };
    Ok(Response::from_json(&view)?)
}

pub(crate) async fn patch(mut visit: Visit, id: &str) -> Result<Response, Refusal> {
    operator(&visit).await?;
    let patch = KeyPatch::from_json(&visit.small_body().await?).map_err(Problem::from)?;
    match durable_objects::ask(&visit.env, &PatchKey { id: id.to_owned(), patch }).await? {
        KeyChange::Applied { record, .. } => Ok(Response::from_json(&record)?),
        KeyChange::Pending(_) => Err(pending()),
        KeyChange::Unknown => Err(unknown(id)),
    }
}

pub(crate) async fn delete(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    match durable_objects::ask(&visit.env, &DeleteKey { id: id.to_owned() }).await? {
        KeyChange::Applied { key_sha256, .. } => {
            key_lookup::forget(&visit.env, &key_sha256).await;
            Ok(Response::empty()?.with_status(204))
        }
        KeyChange::Pending(_) => Err(pending()),
        KeyChange::Unknown => Err(unknown(id)),
    }
}

/// Lets nobody but the operator pass.
///
/// # Errors
///
/// 401 without a key that is anybody's, 403 with a virtual key or a client token.
pub(crate) async fn operator(visit: &Visit) -> Result<(), Refusal> {
    let unauthorized = |detail: &str| Refusal::problem(ProblemKind::Unauthorized, detail);
    let credential = Credential::of(&visit.request, &visit.url, false)
        .ok_or_else(|| unauthorized("this route needs the master key, as a bearer token or in X-Master-Key"))?;
    match principal_of(visit, &credential).await? {
        Some(Principal::Operator) => Ok(()),
        Some(Principal::VirtualKey { .. } | Principal::MasterHubs { .. }) => {
            let detail = "this route takes the master key, neither a virtual key nor a client token";
            Err(Refusal::problem(ProblemKind::Forbidden, detail))
        }
        None => Err(unauthorized("the key is unknown")),
    }
}

fn unknown(id: &str) -> Refusal {
    Refusal::problem(ProblemKind::NotFound, format!("there is no virtual key {id}"))
}

fn pending() -> Refusal {
    let detail = "the change is stored, but the key's object does not answer now; it is told as soon as it does";
    Refusal::problem(ProblemKind::Unavailable, detail)
}
