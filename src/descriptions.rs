//! `/openapi.json` and `/asyncapi.json`: what the routes, the hubs and the events are, made from their declarations
//! (`node scripts/describe.mjs`).

use worker::Response;

use crate::refusal::Refusal;

const OPENAPI: &str = include_str!("openapi.json");
const ASYNCAPI: &str = include_str!("asyncapi.json");

pub(crate) fn openapi() -> Result<Response, Refusal> {
    description(OPENAPI)
}

pub(crate) fn asyncapi() -> Result<Response, Refusal> {
    description(ASYNCAPI)
}

fn description(text: &str) -> Result<Response, Refusal> {
    let mut response = Response::ok(text)?;
    response.headers_mut().set("content-type", "application/json")?;
    response.headers_mut().set("cache-control", "public, max-age=300")?;
    Ok(response)
}
