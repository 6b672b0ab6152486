//! `/api/…`: Azure's REST API for the connections of a room.
//!
//! Its access keys are the one of [`crate::bearer`], so that a client token which it makes is good here, and another.

use signalr_durable::{
    azure::{Action, Member, Operation, Outcome, Target},
    edge::azure::{AccessKeys, Ask, RestRequest},
};
use worker::{Date, Error, Headers, Method, Request, RequestInit, Response, Result};

use super::{BINDING, Place, object, profiles};
use crate::{bearer, plain};

/// The path of an operation on its way to an object.
pub(super) const OPERATION_PATH: &str = "/azure";

const SECONDARY_KEY: &str = "a-secondary-access-key-that-everybody-knows";

pub(super) async fn serve(place: &Place<'_>, request: &Request, path: &str) -> Result<Response> {
    let failed = |error: &dyn std::fmt::Display| Error::RustError(error.to_string());
    let keys = AccessKeys::new([bearer::KEY, SECONDARY_KEY]).map_err(|error| failed(&error))?;
    let asked = match RestRequest::read(request, path, &keys).await {
        Ok(asked) => asked,
        Err(error) => return error.into_response(&request.method()),
    };
    match &asked.ask {
        Ask::Health => asked.answer(Outcome::Done),
        Ask::ClientToken { hub, user_id, minutes } => {
            let expires_at_millis = Date::now().as_millis() + u64::from(*minutes) * 60_000;
            let expires_at_millis = i64::try_from(expires_at_millis).unwrap_or(i64::MAX);
            let token = keys.client_token(asked.url(), hub, user_id.as_deref(), expires_at_millis);
            match token.map_err(|error| failed(&error))? {
                Some(token) => asked.answer_token(&token),
                None => plain(500, ""),
            }
        }
        Ask::Operation(operation) => asked.answer(hand_over(place, operation).await?),
    }
}

/// Has the object that has the connections do it: the one that a connection's id names, else that of `conf`.
async fn hand_over(place: &Place<'_>, operation: &Operation) -> Result<Outcome> {
    let set =
        profiles::set(connection(&operation.action).and_then(|id| id.rsplit_once('.')).map_or("", |(_, set)| set));
    let stub = place.env.durable_object(BINDING)?.get_by_name(&object::name(place.room, set))?;
    let mut init = RequestInit::new();
    let body = serde_json::to_string(operation)?;
    init.with_method(Method::Post).with_headers(Headers::new()).with_body(Some(body.into()));
    let request = Request::new_with_init(&format!("https://object{OPERATION_PATH}"), &init)?;
    Ok(serde_json::from_str(&stub.fetch_with_request(request).await?.text().await?)?)
}

fn connection(action: &Action) -> Option<&str> {
    match action {
        Action::Invoke { connection, .. } => Some(connection),
        Action::Send { to: Target::Connection(id), .. }
        | Action::Close { of: Target::Connection(id), .. }
        | Action::Exists(Target::Connection(id))
        | Action::Join { member: Member::Connection(id), .. }
        | Action::Leave { member: Member::Connection(id), .. }
        | Action::LeaveAll(Member::Connection(id)) => Some(id),
        _ => None,
    }
}
