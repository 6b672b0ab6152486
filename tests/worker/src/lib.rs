//! A Worker of its own for tests. It is never deployed.
//!
//! | path | what is there |
//! |---|---|
//! | `/room-…` | [`room`]: a hub that panics, waits and counts on demand, so that what the server does about it can be seen |
//! | `[/@ROOM]/conf…` | [`conformance`]: the hub that the conformance cases are written for, under many options |
//! | `[/@ROOM]/testhub`, … | [`official`]: the hosts that the test suites of official clients expect |
//! | `[/@ROOM]/api/…` | [`conformance::azure`]: Azure's REST API for the hub of the conformance cases |
//! | `[/@ROOM]/-/…` | [`conformance::control`]: what only the server knows, or can be asked for |

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

mod alarm;
mod bearer;
mod claims;
mod conformance;
mod cors;
mod host;
mod official;
mod room;
mod test_hub;
mod value;

use signalr_durable::Clients;
use worker::{Env, Request, Response, Result, Url, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: worker::Context) -> Result<Response> {
    if let Some(answer) = cors::preflight(&request)? {
        return Ok(answer);
    }
    let origin = request.headers().get("origin")?;
    let path = request.path();
    let answer = if path.starts_with("/room") {
        room::serve(request, &env, &path).await?
    } else if let Some(target) = official::find(&path) {
        official::serve(request, &env, target).await?
    } else {
        conformance::serve(request, &env, &path).await?
    };
    cors::allow(answer, origin.as_deref())
}

/// An answer with a text.
fn plain(status: u16, text: &str) -> Result<Response> {
    let headers = worker::Headers::new();
    headers.set("content-type", "text/plain")?;
    Ok(Response::ok(text)?.with_status(status).with_headers(headers))
}

/// The connection that a request to an object names in its query; none is the empty name, which nobody has.
fn connection_in(url: &Url) -> String {
    url.query_pairs().find(|(name, _)| name == "id").map(|(_, id)| id.into_owned()).unwrap_or_default()
}

/// Asks the client of a connection for its `Result`, and answers what it returns or why it does not.
async fn client_result(clients: &Clients, id: &str) -> Result<Response> {
    match clients.invoke::<i32>(id, "Result", ()).await {
        Ok(result) => plain(200, &result.to_string()),
        Err(error) => plain(200, &error.to_string()),
    }
}
