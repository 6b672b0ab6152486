//! `/v1/admin/providers`: the providers, how they are looked after, and how they are.

use contract::{Page, Problem, ProblemKind, ProviderInput, ProviderName, Rejection};
use durable_objects::{DeleteProvider, ListProviders, PutProvider, ReadProvider};
use worker::Response;

use crate::{
    door::Visit,
    keys_door::{author, operator},
    owner_door::decoded,
    refusal::Refusal,
};

pub(crate) async fn list(visit: &Visit) -> Result<Response, Refusal> {
    operator(visit).await?;
    let items = durable_objects::ask(&visit.env, &ListProviders {}).await?;
    Ok(Response::from_json(&Page { items, next: None })?)
}

pub(crate) async fn read(visit: &Visit, name: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    let name = decoded(name);
    match durable_objects::ask(&visit.env, &ReadProvider { name: name.clone() }).await? {
        Some(provider) => Ok(Response::from_json(&provider)?),
        None => Err(unknown(&name)),
    }
}

pub(crate) async fn put(mut visit: Visit, name: &str) -> Result<Response, Refusal> {
    operator(&visit).await?;
    let name = ProviderName::new(decoded(name))
        .map_err(|error| Problem::from(Rejection::of_field("name", error.to_string())))?;
    let input = ProviderInput::from_json(&visit.small_body().await?).map_err(Problem::from)?;
    let settings = input.into_settings(name, visit.configuration.allow_private_targets).map_err(Problem::from)?;
    let input = ProviderInput { health_url: settings.health_url };
    let put = PutProvider { author: author(&visit), name: settings.name.as_str().to_owned(), input };
    let (provider, is_new) = durable_objects::ask(&visit.env, &put).await?;
    Ok(Response::from_json(&provider)?.with_status(if is_new { 201 } else { 200 }))
}

pub(crate) async fn delete(visit: &Visit, name: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    let name = decoded(name);
    let delete = DeleteProvider { author: author(visit), name: name.clone() };
    if durable_objects::ask(&visit.env, &delete).await? {
        return Ok(Response::empty()?.with_status(204));
    }
    Err(unknown(&name))
}

fn unknown(name: &str) -> Refusal {
    Refusal::problem(ProblemKind::NotFound, format!("there is no provider {name}"))
}
