//! What only the server knows, or can be asked for.
//!
//! | request | |
//! |---|---|
//! | `GET /-/journal?id=CONNECTION` | `{"entries": […]}`: what the hub saw of the connection, in order |
//! | `POST /-/close?id=CONNECTION` | closes it, and its client may come back |
//! | `GET /clientresult/CONNECTION` | asks its client `Result()`, and answers the number that it returns, or an error's text |

use worker::{Headers, Method, Request, RequestInit, Response, Result, Url};

use super::{BINDING, Place, object, profiles};
use crate::plain;

/// What the ids of connections in an object of that set end in.
pub(super) fn id_ending(set: &str) -> String {
    if set == profiles::PLAIN_SET { String::new() } else { format!(".{set}") }
}

pub(super) async fn serve(place: &Place<'_>, request: &Request, path: &str) -> Result<Response> {
    let url = request.url()?;
    let id = url.query_pairs().find(|(name, _)| name == "id").map(|(_, id)| id.into_owned()).unwrap_or_default();
    match (request.method(), path) {
        (Method::Get, "/journal") => ask(place, "journal", &id).await,
        (Method::Post, "/close") => ask(place, "close", &id).await,
        _ => plain(404, ""),
    }
}

pub(super) async fn client_result(place: &Place<'_>, id: &str) -> Result<Response> {
    ask(place, "clientresult", id).await
}

/// Asks the object that has, or had, the connection.
async fn ask(place: &Place<'_>, what: &str, id: &str) -> Result<Response> {
    let set = profiles::set(id.rsplit_once('.').map_or("", |(_, set)| set));
    let object = place.env.durable_object(BINDING)?.get_by_name(&object::name(place.room, set))?;
    let url = Url::parse_with_params(&format!("https://object/{what}"), [("id", id)])?;
    let mut init = RequestInit::new();
    init.with_headers(Headers::new());
    object.fetch_with_request(Request::new_with_init(url.as_str(), &init)?).await
}
