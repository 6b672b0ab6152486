//! `/echo`: sends back the bytes that come, by each transport, with negotiation but without any hub protocol.
//!
//! Every connection has an object of its own, named by the connection's token.

mod object;
mod pipe;

use signalr::{TransportSet, negotiate::Grant};
use signalr_durable::edge::Route;
use worker::{Env, Method, Request, Response, Result};

use crate::{host::random_id, plain};

const BINDING: &str = "ECHO";

pub(super) async fn serve(request: Request, env: &Env, room: &str, route: Route) -> Result<Response> {
    match (route, request.method()) {
        (Route::Negotiate, Method::Post) => negotiate(),
        (Route::Hub, _) => {
            let id = request.url()?.query_pairs().find(|(name, _)| name == "id").map(|(_, id)| id.into_owned());
            let id = id.map_or_else(random_id, Ok)?;
            env.durable_object(BINDING)?.get_by_name(&format!("{room}/{id}"))?.fetch_with_request(request).await
        }
        _ => plain(404, ""),
    }
}

fn negotiate() -> Result<Response> {
    let grant =
        Grant { version: 1, stateful_reconnect: false, transports: TransportSet::ALL, token_lifetime_seconds: None };
    let mut answer = Response::ok(grant.body(&random_id()?, &random_id()?))?;
    answer.headers_mut().set("content-type", "application/json")?;
    Ok(answer)
}
