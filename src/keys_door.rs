//! `/v1/admin/keys`: the operator's view of virtual keys.

use contract::{
    AuditEntry, Disconnected, KeyCreation, KeyPatch, KeyRecord, KeySecret, KeyView, Money, Problem, ProblemKind,
    Rejection, Rotation,
};
use durable_objects::{
    Author, CreateKey, DeleteKey, Disconnect, Inspect, KeyChange, ListKeys, PatchKey, ReadKey, RecordAudit, RotateKey,
    now_millis, random_bytes, ulid,
};
use worker::Response;

use crate::{
    authentication::{Credential, Principal, principal_of},
    door::Visit,
    key_lookup,
    owner_door::decoded,
    page::{limit, parameter},
    refusal::Refusal,
};

/// How long the old secret of a key is good after it was given another one, where the caller does not say: a day.
const GRACE_SECONDS: u64 = 86_400;
/// The longest time for that: 30 days.
const LONGEST_GRACE_SECONDS: u64 = 30 * 86_400;

pub(crate) async fn create(mut visit: Visit) -> Result<Response, Refusal> {
    operator(&visit).await?;
    let creation = KeyCreation::from_json(&visit.small_body().await?).map_err(Problem::from)?;
    let random = |error: getrandom::Error| Refusal::Internal(format!("no randomness: {error}"));
    let secret = KeySecret::from_random(random_bytes().map_err(random)?);
    let created_at_millis = now_millis();
    // A key that is taken over keeps its secret, which nobody here knows.
    let is_imported = creation.key_sha256.is_some();
    let create = CreateKey {
        author: author(&visit),
        id: match &creation.id {
            Some(id) => id.as_str().to_owned(),
            None => ulid(created_at_millis, random_bytes().map_err(random)?).to_string(),
        },
        key_sha256: creation.key_sha256.as_ref().map_or_else(|| secret.sha256_hex(), |known| known.as_str().to_owned()),
        creation,
        created_at_millis,
    };
    let record = match durable_objects::ask(&visit.env, &create).await? {
        KeyChange::Applied { record, .. } | KeyChange::Pending(record) => record,
        KeyChange::Taken => {
            let detail = format!("there is a virtual key {} already, or one with this secret", create.id);
            return Err(Refusal::problem(ProblemKind::Conflict, detail));
        }
        KeyChange::Unknown => return Err(Refusal::Internal("the registry lost a new key".to_owned())),
    };
    key_lookup::remember(&visit.env, &create.key_sha256, &create.id, None).await;
    let key = (!is_imported).then(|| secret.expose());
    let view = KeyView { record: &record, current_spend: Some(Money::ZERO), connections: Some(0), key };
    Ok(Response::from_json(&view)?.with_status(201))
}

pub(crate) async fn list(visit: Visit) -> Result<Response, Refusal> {
    operator(&visit).await?;
    let page = durable_objects::ask(&visit.env, &ListKeys { after: parameter(&visit, "after"), limit: limit(&visit)? })
        .await?;
    Ok(Response::from_json(&page)?)
}

pub(crate) async fn read(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    let id = decoded(id);
    let id = id.as_str();
    operator(visit).await?;
    let found = durable_objects::ask(&visit.env, &ReadKey { id: id.to_owned() }).await?;
    let record = found.ok_or_else(|| unknown(id))?;
    view(visit, &record).await
}

pub(crate) async fn patch(mut visit: Visit, id: &str) -> Result<Response, Refusal> {
    let id = decoded(id);
    let id = id.as_str();
    operator(&visit).await?;
    let patch = KeyPatch::from_json(&visit.small_body().await?).map_err(Problem::from)?;
    let patch = PatchKey { author: author(&visit), id: id.to_owned(), patch };
    match durable_objects::ask(&visit.env, &patch).await? {
        KeyChange::Applied { record, .. } => view(&visit, &record).await,
        KeyChange::Pending(_) => Err(pending()),
        KeyChange::Unknown | KeyChange::Taken => Err(unknown(id)),
    }
}

/// A key with what its own object knows.
async fn view(visit: &Visit, record: &KeyRecord) -> Result<Response, Refusal> {
    let inspection = durable_objects::ask(&visit.env, &Inspect { virtual_key_id: record.id.clone() }).await?;
    let view = KeyView {
        record,
        current_spend: Some(inspection.current_spend),
        connections: Some(inspection.connections),
        key: None,
    };
    Ok(Response::from_json(&view)?)
}

/// `POST /v1/admin/keys/{id}/rotate`, `{graceSeconds?}`: another secret, shown once. The old one is good for a while.
pub(crate) async fn rotate(mut visit: Visit, id: &str) -> Result<Response, Refusal> {
    let id = decoded(id);
    let id = id.as_str();
    operator(&visit).await?;
    let body = visit.small_body().await?;
    let grace =
        if body.is_empty() { Rotation::default() } else { Rotation::from_json(&body).map_err(Problem::from)? };
    let random = |error: getrandom::Error| Refusal::Internal(format!("no randomness: {error}"));
    let secret = KeySecret::from_random(random_bytes().map_err(random)?);
    let seconds = grace.grace_seconds.unwrap_or(GRACE_SECONDS);
    if seconds > LONGEST_GRACE_SECONDS {
        let message = format!("must be at most {LONGEST_GRACE_SECONDS} seconds (30 days)");
        return Err(Problem::from(Rejection::of_field("graceSeconds", message)).into());
    }
    let old_until_millis = now_millis() + i64::try_from(seconds * 1_000).unwrap_or(0);
    let rotate =
        RotateKey { author: author(&visit), id: id.to_owned(), key_sha256: secret.sha256_hex(), old_until_millis };
    let rotated = durable_objects::ask(&visit.env, &rotate).await?;
    for ended in &rotated.ended {
        key_lookup::forget(&visit.env, ended).await;
    }
    let (record, secrets) = match rotated.change {
        KeyChange::Applied { record, secrets } => (record, secrets),
        // The registry knows the new secret: to keep it from the caller would lose it.
        KeyChange::Pending(record) => (record, Vec::new()),
        KeyChange::Unknown | KeyChange::Taken => return Err(unknown(id)),
    };
    key_lookup::remember(&visit.env, &rotate.key_sha256, id, None).await;
    for old in secrets.iter().filter(|secret| **secret != rotate.key_sha256) {
        key_lookup::remember(&visit.env, old, id, Some(old_until_millis)).await;
    }
    let view = KeyView { record: &record, current_spend: None, connections: None, key: Some(secret.expose()) };
    Ok(Response::from_json(&view)?)
}

/// `POST /v1/admin/keys/{id}/disconnect`: closes the key's connections, whose clients may come back.
pub(crate) async fn disconnect(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    let id = decoded(id);
    let id = id.as_str();
    operator(visit).await?;
    let found = durable_objects::ask(&visit.env, &ReadKey { id: id.to_owned() }).await?;
    found.ok_or_else(|| unknown(id))?;
    let disconnected = durable_objects::ask(&visit.env, &Disconnect { virtual_key_id: id.to_owned() }).await?;
    let author = author(visit);
    let entry = AuditEntry::new(author.actor, "key.disconnected").to(id).from(author.from);
    durable_objects::ask(&visit.env, &RecordAudit { entry }).await?;
    Ok(Response::from_json(&Disconnected { disconnected })?)
}

pub(crate) async fn delete(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    let id = decoded(id);
    let id = id.as_str();
    operator(visit).await?;
    match durable_objects::ask(&visit.env, &DeleteKey { author: author(visit), id: id.to_owned() }).await? {
        KeyChange::Applied { secrets, .. } => {
            for secret in &secrets {
                key_lookup::forget(&visit.env, secret).await;
            }
            Ok(Response::empty()?.with_status(204))
        }
        KeyChange::Pending(_) => Err(pending()),
        KeyChange::Unknown | KeyChange::Taken => Err(unknown(id)),
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
        Some(Principal::Service { .. }) => Err(only_sends_events()),
        None => Err(unauthorized("the key is unknown")),
    }
}

/// What a service token is told everywhere but at `POST /v1/events`.
pub(crate) fn only_sends_events() -> Refusal {
    Refusal::problem(ProblemKind::Forbidden, "a service token opens POST /v1/events and nothing else")
}

/// Who changes something, for the audit trail.
pub(crate) fn author(visit: &Visit) -> Author {
    Author { actor: "operator".to_owned(), from: visit.remote_address() }
}

fn unknown(id: &str) -> Refusal {
    Refusal::problem(ProblemKind::NotFound, format!("there is no virtual key {id}"))
}

fn pending() -> Refusal {
    let detail = "the change is stored, but the key's object does not answer now; it is told as soon as it does";
    Refusal::problem(ProblemKind::Unavailable, detail)
}
