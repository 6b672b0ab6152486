//! `/openapi.json` and `/asyncapi.json`: what the routes, the hubs and the events are, made from their declarations
//! (`node scripts/describe.mjs`); and the client and the components for pages. All are files that are served as they are.

use worker::Response;

use crate::{door::Visit, refusal::Refusal};

pub(crate) async fn serve(visit: Visit) -> Result<Response, Refusal> {
    Ok(visit.env.assets("ASSETS")?.fetch_request(visit.request).await?)
}
