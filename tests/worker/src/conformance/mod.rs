//! The conformance hub, for cases that pin down what a SignalR server does on the wire.
//!
//! | module | |
//! |---|---|
//! | [`profiles`] | which options a path stands for |
//! | [`hub`], [`members`] | the hub |
//! | [`object`] | the object that it is in |
//! | [`journal`], [`watched`] | what the hub saw of a connection |
//! | [`control`] | asking the objects of a room |
//! | [`azure`] | the second door: Azure's REST API |
//! | [`faulty`] | an application that fails |
//!
//! Any path may begin with `/@ROOM`: rooms have nothing to do with each other. Profiles with the same options of the
//! server share an object, so that their connections reach one another.

mod azure;
mod control;
mod faulty;
mod hub;
mod journal;
mod members;
mod object;
mod profiles;
mod watched;

use signalr_durable::edge::{Endpoint, Refused, Route, refresh_refused};
use worker::{Env, Method, Request, Response, Result, Url};

use self::profiles::Profile;
use crate::{
    claims::ConnectRequest,
    host::{Guests, token_key},
    plain,
};

const HUB: &str = "conf";
const BINDING: &str = "CONFORMANCE";

/// Answers a request that is for no room of [`crate::room`].
pub(crate) async fn serve(request: Request, env: &Env, path: &str) -> Result<Response> {
    let (room, path) = match path.strip_prefix("/@") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("default", path),
    };
    let place = Place { env, room };
    let (first, rest) = split(path);
    match first {
        "api" => azure::serve(&place, &request, path).await,
        "-" => control::serve(&place, &request, rest).await,
        "clientresult" => control::client_result(&place, rest.trim_start_matches('/')).await,
        _ => match (profiles::find(first), Route::of(rest)) {
            (Some(profile), Some(route)) => endpoint(&place, &request, &profile, route).await,
            _ => plain(404, ""),
        },
    }
}

/// The first segment of a path, and what follows it.
fn split(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_at(path.find('/').unwrap_or(path.len()))
}

/// Where a request is for.
struct Place<'a> {
    env: &'a Env,
    room: &'a str,
}

async fn endpoint(place: &Place<'_>, request: &Request, profile: &Profile, route: Route) -> Result<Response> {
    let url = request.url()?;
    match (profile.name, route) {
        ("redirect", Route::Negotiate) if request.method() == Method::Post => return redirect(place, &url),
        ("faulty", Route::Hub) => return faulty::serve(request),
        _ => {}
    }
    let guests = Guests {
        env: place.env,
        binding: BINDING,
        object: object::name(place.room, profile.set),
        id_ending: control::id_ending(profile.set),
        users: profile.users,
        claims: ConnectRequest::claims_of(request, &url, profile.name)?,
    };
    let endpoint = Endpoint { hub: HUB, options: &profile.endpoint, key: &token_key()? };
    let answer = endpoint.serve(route, request, &guests).await.or_else(Refused::into_response)?;
    if route == Route::Refresh && answer.status_code() == 401 {
        return refresh_refused(401, "invalid_token");
    }
    Ok(answer)
}

fn redirect(place: &Place<'_>, url: &Url) -> Result<Response> {
    let origin = url.origin().ascii_serialization();
    let room = if place.room == "default" { String::new() } else { format!("/@{}", place.room) };
    let target = format!("{origin}{room}/conf?numRedirects=1");
    let mut answer = Response::ok(signalr::negotiate::redirect(&target, None))?;
    answer.headers_mut().set("content-type", "application/json")?;
    Ok(answer)
}
