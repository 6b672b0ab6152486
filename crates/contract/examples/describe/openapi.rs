//! `public/openapi.json`: an `OpenAPI` 3.1 document of every route of the Worker.

use std::error::Error;

use contract::{ProblemKind, routes::ROUTES};
use serde_json::{Map, Value, json};

use crate::{
    catalogue::Catalogue,
    openapi_operation::{Operations, problem_response, response_name},
    openapi_security,
};

const DESCRIPTION: &str = "The real-time layer of the Conduit LLM gateway. Backends send what happens as CloudEvents to \
    `/v1/events`; clients of SignalR hear of it at `/hubs/*`, which `/asyncapi.json` describes. Errors are problems of \
    RFC 9457 whose `type` never changes, with `field` where one is wrong. Every answer of the Worker has `x-request-id`, \
    which the log has too. Where `AZURE_ACCESS_KEY` is set, `/api` is Azure SignalR's data-plane REST API, version \
    2024-12-01, as Microsoft describes it. Another method than those that a path has is answered 405 with `Allow`; where `GET` is taken, \
    `HEAD` is.";

/// The document.
pub(crate) fn document(catalogue: &Catalogue) -> Result<Value, Box<dyn Error>> {
    let mut operations = Operations::new(catalogue);
    let mut paths: Map<String, Value> = Map::new();
    let mut tags: Vec<&str> = Vec::new();
    for route in ROUTES {
        let operation = operations.operation(&route.description)?;
        let methods = paths.entry(route.path.to_owned()).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods.insert(route.method.to_lowercase(), operation);
        }
        if !tags.contains(&route.description.tag) {
            tags.push(route.description.tag);
        }
    }
    let responses: Map<String, Value> =
        ProblemKind::ALL.iter().map(|kind| (response_name(*kind), problem_response(&[*kind]))).collect();
    let mut paths = Value::Object(paths);
    let types = operations.into_types(&mut paths);
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Conduit Edge",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
        },
        "servers": [{ "url": "/", "description": "Where this document is served." }],
        "tags": tags.iter().map(|tag| json!({ "name": tag })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": types,
            "responses": responses,
            "securitySchemes": openapi_security::schemes(),
        },
    }))
}
