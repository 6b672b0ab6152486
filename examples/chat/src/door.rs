//! `/chat?room=NAME`: anybody may come in, and the room's name says which object holds the connection.

use signalr_durable::edge::{ConnectionToken, Endpoint, EndpointOptions, Host, Refused, Route, TokenKey, Visitor};
use worker::{Env, Error, Request, Response, Result, Stub};

use crate::{limits, room::HUB};

/// Answers a request of a SignalR client, by any transport.
pub(crate) async fn serve(route: Route, request: &Request, env: &Env) -> Result<Response> {
    let secret = env.secret("TOKEN_SIGNING_KEY")?.to_string();
    let key = TokenKey::new(secret.as_bytes()).map_err(|error| Error::RustError(error.to_string()))?;
    let options = EndpointOptions {
        // A client whose socket breaks, or whose object is replaced by a deploy, resumes its connection and misses
        // nothing.
        stateful_reconnect: true,
        // Those who leave a room are to be missed at once, by Server-Sent Events too.
        events_probe_millis: Some(1_000),
        ..EndpointOptions::default()
    };
    let endpoint = Endpoint { hub: HUB, options: &options, key: &key };
    endpoint.serve(route, request, &Door { env }).await.or_else(Refused::into_response)
}

struct Door<'a> {
    env: &'a Env,
}

impl Host for Door<'_> {
    type Error = Refused;

    /// A chat with accounts would look at the request's credentials here, and set `user_id` and `claims`.
    async fn identify(&self, request: &Request, _token: Option<&ConnectionToken>) -> Result<Visitor, Refused> {
        let url = request.url()?;
        let room = url.query_pairs().find(|(name, _)| name == "room").map(|(_, room)| room.into_owned());
        match room.filter(|room| limits::is_room(room)) {
            Some(object) => Ok(Visitor { object, ..Visitor::default() }),
            None => Err(Refused::plain(400, limits::ROOM)),
        }
    }

    fn object(&self, visitor: &Visitor) -> Result<Stub, Refused> {
        Ok(self.env.durable_object("ROOM")?.get_by_name(&visitor.object)?)
    }
}
