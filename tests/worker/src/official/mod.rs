//! The hosts that the test suites of official clients expect: any of them can be pointed at this Worker.
//!
//! | path | whose suite needs it |
//! |---|---|
//! | `/testhub`, `/testhub-nowebsockets`, `/uncreatable`, `/echo`, `/echoredirect`, `/redirect?baseUrl=` | TypeScript |
//! | `/default`, `/default-nowebsockets`, `/dynamic`, `/hubT`, `/authorizedhub2`, `/redirect`, `/negotiateProtocolVersion…` | .NET |
//! | `/authorizedhub`, `/generateJwtToken[/NAME]`, `/clientresult/CONNECTION`, `/bad-negotiate` | both |
//! | `/test` | Swift |
//! | `/chathub`, `/authhub`, `/users/authenticate` | Python (signalrcore) |
//!
//! Paths match in any case, and may begin with `/@ROOM`. [`hosts`] says which hub a path stands for, [`hubs`] has the
//! hubs, [`object`] holds their connections; [`echo`] needs no hub; [`pages`] answers what is no connection.

mod cookies;
mod echo;
mod hosts;
mod hubs;
mod object;
mod pages;

use signalr_durable::edge::{Endpoint, Refused, Route};
use worker::{Env, Request, Response, Result};

use self::hosts::HubHost;
use crate::{
    claims::ConnectRequest,
    host::{Guests, token_key},
};

const BINDING: &str = "OFFICIAL";

/// What the ids of connections of these hosts end in: by it they are told from others.
const ID_ENDING: &str = ".official";

/// Where a path leads.
pub(crate) struct Target<'a> {
    room: &'a str,
    what: What<'a>,
}

/// What is there.
enum What<'a> {
    Hub(HubHost, Route),
    Echo(Route),
    /// To `/echo`, by status 307; with what follows in the path.
    EchoRedirect(&'a str),
    Redirect,
    /// A token for somebody.
    Token(&'a str),
    BadNegotiate,
    /// Asks the client of a connection.
    ClientResult(&'a str),
    Login,
}

/// Where a path leads; none if to nothing here.
pub(crate) fn find(path: &str) -> Option<Target<'_>> {
    let (room, path) = match path.strip_prefix("/@") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("default", path),
    };
    let path = path.strip_prefix('/')?;
    let (first, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let route = Route::of(&rest.to_ascii_lowercase());
    let below = rest.strip_prefix('/').unwrap_or_default();
    let what = match first.to_ascii_lowercase().as_str() {
        "echo" => What::Echo(route?),
        "echoredirect" => What::EchoRedirect(rest),
        "redirect" => What::Redirect,
        "generatejwttoken" => What::Token(if below.is_empty() { "testuser" } else { below }),
        "bad-negotiate" => What::BadNegotiate,
        "clientresult" if below.ends_with(ID_ENDING) => What::ClientResult(below),
        "users" if below.eq_ignore_ascii_case("authenticate") => What::Login,
        name => What::Hub(hosts::find(name)?, route?),
    };
    Some(Target { room, what })
}

/// Answers a request for what [`find`] found.
pub(crate) async fn serve(request: Request, env: &Env, target: Target<'_>) -> Result<Response> {
    let Target { room, what } = target;
    let url = request.url()?;
    let answer = match what {
        What::Hub(host, route) => connect(&request, env, room, &host, route).await?,
        What::Echo(route) => echo::serve(request, env, room, route).await?,
        What::EchoRedirect(rest) => return pages::echo_redirect(&url, room, rest),
        What::Redirect => return pages::redirect(&url, room),
        What::Token(name) => return pages::token(name),
        What::BadNegotiate => pages::bad_negotiate()?,
        What::ClientResult(id) => return object::client_result(env, room, id).await,
        What::Login => return pages::login(request).await,
    };
    if url.path().to_ascii_lowercase().ends_with("/negotiate") { cookies::set(answer, &url) } else { Ok(answer) }
}

async fn connect(request: &Request, env: &Env, room: &str, host: &HubHost, route: Route) -> Result<Response> {
    let guests = Guests {
        env,
        binding: BINDING,
        object: room.to_owned(),
        id_ending: ID_ENDING.to_owned(),
        users: host.users,
        claims: ConnectRequest::claims_of(request, &request.url()?, host.hub)?,
    };
    let endpoint = Endpoint { hub: host.hub, options: &host.endpoint, key: &token_key()? };
    endpoint.serve(route, request, &guests).await.or_else(Refused::into_response)
}
