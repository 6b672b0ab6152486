//! `/asyncapi.json`: what the hubs and the events are, made from their declarations (`node scripts/describe.mjs`).

use worker::Response;

use crate::refusal::Refusal;

const ASYNCAPI: &str = include_str!("asyncapi.json");

pub(crate) fn asyncapi() -> Result<Response, Refusal> {
    let mut response = Response::ok(ASYNCAPI)?;
    response.headers_mut().set("content-type", "application/json")?;
    response.headers_mut().set("cache-control", "public, max-age=300")?;
    Ok(response)
}
