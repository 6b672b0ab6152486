//! `/api/*`: Azure SignalR's data-plane REST API, for backends that use Azure's management SDKs.
//!
//! A hub is called as its route, a user is a virtual key, and a group is one of a key: `{virtualKeyId}:{group}`. What is
//! sent are events of the contract, which take the way of all events; who is there, who is in which group and who is to
//! go is asked of the key's own object, and of no other.
//!
//! | room | what it is for |
//! |---|---|
//! | `events` | what is sent |
//! | `subject` | whose object an operation is for |
//! | `everybody` | closing all connections of a hub |

mod events;
mod everybody;
mod subject;

use contract::{AuditEntry, ClientAccess, Hub, KeyKind};
use durable_objects::{ApplyOperation, CallError, RecordAudit, log, now_millis, outcome_of_nobody};
use serde_json::json;
use signalr_durable::{
    azure::{Action, Missing, Operation, Outcome, Target},
    edge::azure::{AccessKeys, Ask, RestError, RestRequest},
};
use worker::{Env, Response};

use crate::{
    auth_failures, client_token::ClientToken, door::Visit, keys_door, refusal::Refusal, token_key::TokenKey,
    tokens_door,
};

/// A client token lasts no longer.
const MOST_TOKEN_MINUTES: u32 = 60;

/// Who acts, for the audit trail.
const ACTOR: &str = "backend";

pub(crate) async fn serve(visit: Visit) -> Result<Response, Refusal> {
    let method = visit.request.method();
    match answer(&visit).await {
        Ok(response) => Ok(response),
        Err(error) => Ok(error.into_response(&method)?),
    }
}

async fn answer(visit: &Visit) -> Result<Response, RestError> {
    let keys = access_keys(&visit.env)?;
    let asked = match RestRequest::read(&visit.request, visit.url.path(), &keys).await {
        Err(error) if error.is_unauthenticated() => {
            // Who brings nothing guesses nothing.
            if visit.request.headers().has("authorization").unwrap_or(false) {
                auth_failures::charge(visit).await.map_err(rest_error)?;
            }
            return Err(error);
        }
        read => read?,
    };
    let answered = match &asked.ask {
        Ask::Health => asked.answer(Outcome::Done),
        Ask::ClientToken { hub, user_id, minutes } => {
            asked.answer_token(&client_token(visit, hub, user_id.as_deref(), *minutes).await?)
        }
        Ask::Operation(Operation { hub, action }) => asked.answer(match find_hub(visit, hub) {
            Some(hub) => perform(visit, hub, action).await?,
            None => Outcome::NotFound(Missing::Hub),
        }),
    };
    answered.map_err(|error| rest_error(error.into()))
}

/// The access keys, separated by commas. Without any the door is closed.
fn access_keys(env: &Env) -> Result<AccessKeys, RestError> {
    let secret = env.secret("AZURE_ACCESS_KEY").map(|secret| secret.to_string()).unwrap_or_default();
    let keys: Vec<&str> = secret.split(',').map(str::trim).filter(|key| !key.is_empty()).collect();
    if keys.is_empty() {
        return Err(RestError::new(
            404,
            "Error.Request.NotFound",
            "there is nothing here: AZURE_ACCESS_KEY is not set",
        ));
    }
    AccessKeys::new(keys).map_err(|error| rest_error(Refusal::Internal(format!("AZURE_ACCESS_KEY: {error}"))))
}

/// The hub at that route. Azure's names of hubs have no hyphen, so an underscore stands for it.
fn find_hub(visit: &Visit, name: &str) -> Option<&'static Hub> {
    contract::hub::find(&name.replace('_', "-")).filter(|hub| visit.configuration.serves(hub))
}

async fn perform(visit: &Visit, hub: &'static Hub, action: &Action) -> Result<Outcome, RestError> {
    match action {
        Action::Send { to, message, excluded } => return events::send(visit, hub, to, message, excluded).await,
        Action::Invoke { .. } => {
            return Err(RestError::invalid("hub", format!("clients of {} answer no questions", hub.name)));
        }
        _ if hub.key == KeyKind::Master => {
            let message = format!("{} is the operators': events can be sent to all of it, and nothing else", hub.name);
            return Err(RestError::invalid("hub", message));
        }
        _ => {}
    }
    let outcome = match (action, subject::of(hub, action)?) {
        (Action::Close { of: Target::All, reason, excluded }, _) => {
            everybody::close(visit, hub, reason.as_deref(), excluded).await?
        }
        (_, Some((virtual_key_id, action))) => {
            let operation = Operation { hub: hub.name.to_owned(), action };
            durable_objects::ask(&visit.env, &ApplyOperation { virtual_key_id, operation })
                .await
                .map_err(unavailable)?
        }
        (_, None) => outcome_of_nobody(action),
    };
    if let (Action::Close { of, .. }, Outcome::Done) = (action, &outcome) {
        note_close(visit, hub, of).await?;
    }
    Ok(outcome)
}

/// Writes into the operators' audit trail who was disconnected.
async fn note_close(visit: &Visit, hub: &Hub, of: &Target) -> Result<(), RestError> {
    let of = match of {
        Target::All => hub.name.to_owned(),
        Target::User(user) => format!("{} user {user}", hub.name),
        Target::Group(group) => format!("{} group {group}", hub.name),
        Target::Connection(id) => format!("{} connection {id}", hub.name),
    };
    let entry = AuditEntry::new(ACTOR, "connections.closed").to(of).from(keys_door::author(visit).from);
    durable_objects::ask(&visit.env, &RecordAudit { entry }).await.map_err(unavailable)
}

/// A client token of a virtual key for one hub, as `POST /v1/tokens` makes them.
async fn client_token(visit: &Visit, hub: &str, user_id: Option<&str>, minutes: u32) -> Result<String, RestError> {
    let hub = find_hub(visit, hub).filter(|hub| hub.key == KeyKind::Virtual);
    let hub = hub.ok_or_else(|| RestError::invalid("hub", "there is no such hub of virtual keys"))?;
    let user_id = user_id.ok_or_else(|| RestError::invalid("userId", "missing: it names the virtual key"))?;
    if minutes > MOST_TOKEN_MINUTES {
        let message = format!("must be at most {MOST_TOKEN_MINUTES}");
        return Err(RestError::invalid("minutesToExpire", message));
    }
    let checked = tokens_door::check(&visit.env, user_id).await.map_err(rest_error)?;
    checked.map_err(|why| RestError::invalid("userId", why))?;
    let access = ClientAccess::of(Some([hub.name.to_owned()].into()), None, None);
    let key = TokenKey::read(&visit.env).map_err(rest_error)?;
    let seconds = u16::try_from(minutes * 60).unwrap_or(u16::MAX);
    let token = ClientToken::new(Some(user_id.to_owned()), access).sign(&key, now_millis(), seconds);
    Ok(token.map_err(rest_error)?.text)
}

/// An object did not answer: the same request may succeed later.
fn unavailable(error: CallError) -> RestError {
    rest_error(error.into())
}

/// What this door answers instead of a refusal in the form of other doors.
fn rest_error(refusal: Refusal) -> RestError {
    match refusal {
        Refusal::TooManyRequests { detail, retry_after_seconds } => RestError {
            retry_after_seconds: Some(retry_after_seconds),
            ..RestError::new(429, "Error.Request.TooMany", detail)
        },
        Refusal::Problem(problem) => RestError {
            retry_after_seconds: (problem.status == 503).then_some(1),
            ..RestError::new(problem.status, "Error.Request.Failed", problem.detail)
        },
        Refusal::Plain { .. }
        | Refusal::MethodNotAllowed(_)
        | Refusal::UnsupportedEncoding(_)
        | Refusal::Internal(_) => {
            log::error("a request failed", json!({ "cause": refusal.cause() }));
            RestError::new(500, "Error.Internal", "the request failed on our side")
        }
    }
}
