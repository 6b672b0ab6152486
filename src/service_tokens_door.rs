//! `/v1/admin/service-tokens`: what backends send events with instead of the master key.

use contract::{
    MadeServiceToken, Page, Problem, ProblemKind, Rejection, ServiceTokenCreation, ServiceTokenRecord,
    ServiceTokenSecret,
};
use durable_objects::{
    CreateServiceToken, ListServiceTokens, ReadServiceToken, RevokeServiceToken, ServiceTokenMade, now_millis,
    random_bytes, ulid,
};
use worker::Response;

use crate::{
    door::Visit,
    keys_door::{author, operator},
    owner_door::decoded,
    page::{limit, parameter},
    refusal::Refusal,
    service_token_lookup,
};

pub(crate) async fn create(mut visit: Visit) -> Result<Response, Refusal> {
    operator(&visit).await?;
    let created_at_millis = now_millis();
    let body = visit.small_body().await?;
    let creation = ServiceTokenCreation::from_json(&body, created_at_millis).map_err(Problem::from)?;
    let random = |error: getrandom::Error| Refusal::Internal(format!("no randomness: {error}"));
    let secret = ServiceTokenSecret::from_random(random_bytes().map_err(random)?);
    let create = CreateServiceToken {
        author: author(&visit),
        id: ulid(created_at_millis, random_bytes().map_err(random)?).to_string(),
        token_sha256: secret.sha256_hex(),
        creation,
        created_at_millis,
    };
    let record = match durable_objects::ask(&visit.env, &create).await? {
        ServiceTokenMade::Made(record) => record,
        ServiceTokenMade::UnknownKey(position) => {
            let field = format!("virtualKeyIds[{position}]");
            return Err(Problem::from(Rejection::of_field(field, "there is no such virtual key")).into());
        }
    };
    service_token_lookup::remember(&visit.env, &create.token_sha256).await;
    let made = MadeServiceToken { record: &record, token: secret.expose() };
    let mut response = Response::from_json(&made)?.with_status(201);
    // RFC 6750, 5.3: nobody in between keeps a token.
    response.headers_mut().set("cache-control", "no-store")?;
    Ok(response)
}

pub(crate) async fn list(visit: &Visit) -> Result<Response, Refusal> {
    operator(visit).await?;
    let limit = limit(visit)?;
    let list = ListServiceTokens { after: parameter(visit, "after"), limit: limit + 1 };
    let tokens = durable_objects::ask(&visit.env, &list).await?;
    Ok(Response::from_json(&Page::of(tokens, limit, |token: &ServiceTokenRecord| token.id.clone()))?)
}

pub(crate) async fn read(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    let id = decoded(id);
    match durable_objects::ask(&visit.env, &ReadServiceToken { id: id.clone() }).await? {
        Some(record) => Ok(Response::from_json(&record)?),
        None => Err(unknown(&id)),
    }
}

pub(crate) async fn revoke(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    let id = decoded(id);
    let revoke = RevokeServiceToken { author: author(visit), id: id.clone() };
    let token_sha256 = durable_objects::ask(&visit.env, &revoke).await?.ok_or_else(|| unknown(&id))?;
    service_token_lookup::forget(&visit.env, &token_sha256).await;
    Ok(Response::empty()?.with_status(204))
}

fn unknown(id: &str) -> Refusal {
    Refusal::problem(ProblemKind::NotFound, format!("there is no service token {id}"))
}
