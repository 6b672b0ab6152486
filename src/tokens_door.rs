//! `POST /v1/tokens`: client tokens, for whoever holds a key.

use contract::{IssuedToken, KeyKind, Problem, ProblemKind, Rejection, TokenRequest, time::Timestamp};
use durable_objects::{Admission, Refusal as KeyRefusal, Reserve, now_millis};
use worker::{Env, Response};

use crate::{
    authentication::{Credential, Principal, principal_of},
    client_token::{self, ClientToken},
    door::Visit,
    keys_door::only_sends_events,
    refusal::Refusal,
    token_key::TokenKey,
};

pub(crate) async fn issue(mut visit: Visit) -> Result<Response, Refusal> {
    let own_key = holder(&visit).await?;
    let request = TokenRequest::from_json(&visit.small_body().await?).map_err(Problem::from)?;
    let named_key = request.virtual_key_id.as_ref().map(|id| id.as_str().to_owned());
    let virtual_key_id = match (own_key, named_key) {
        (Some(_), Some(_)) => return Err(forbidden("only the master key may name a virtual key")),
        (Some(id), None) => {
            check(&visit.env, &id).await?.map_err(|why| Refusal::problem(ProblemKind::Unauthorized, why))?;
            Some(id)
        }
        (None, Some(id)) => {
            let wrong = |why| Refusal::from(Problem::from(Rejection::of_field("virtualKeyId", why)));
            check(&visit.env, &id).await?.map_err(wrong)?;
            Some(id)
        }
        (None, None) => None,
    };
    let key_kind = if virtual_key_id.is_some() { KeyKind::Virtual } else { KeyKind::Master };
    let access = request.access(key_kind).map_err(Problem::from)?;

    let key = TokenKey::read(&visit.env)?;
    let signed = ClientToken::new(virtual_key_id, access).sign(&key, now_millis(), request.ttl_seconds())?;
    let (bytes, limit) = (signed.text.len(), client_token::MAX_BYTES);
    if bytes > limit {
        let detail = format!("the token would have {bytes} bytes, more than {limit}: name fewer hubs, tasks or types");
        return Err(Refusal::problem(ProblemKind::ContentTooLarge, detail));
    }
    let view = IssuedToken { token: signed.text, expires_at: Timestamp(signed.expires_at_millis) };
    let mut response = Response::from_json(&view)?;
    // RFC 6750, 5.3: nobody in between keeps a token.
    response.headers_mut().set("cache-control", "no-store")?;
    Ok(response)
}

/// Whose key the request carries: a virtual key's id, or none for the operator.
async fn holder(visit: &Visit) -> Result<Option<String>, Refusal> {
    let unauthorized = |detail: &str| Refusal::problem(ProblemKind::Unauthorized, detail);
    let credential = Credential::of(&visit.request, &visit.url, false)
        .ok_or_else(|| unauthorized("this route needs a virtual key or the master key, as a bearer token"))?;
    match principal_of(visit, &credential).await? {
        Some(Principal::Operator) => Ok(None),
        Some(Principal::VirtualKey { id, expires_at_millis: None, .. }) => Ok(Some(id)),
        Some(Principal::VirtualKey { .. } | Principal::MasterHubs { .. }) => {
            Err(forbidden("a client token makes no other: this route takes the key itself"))
        }
        Some(Principal::Service { .. }) => Err(only_sends_events()),
        None => Err(unauthorized("the key is unknown")),
    }
}

/// Asks the key's own object, which has the final say, whether the key opens anything. That it may have no more
/// connections now says nothing of later.
pub(crate) async fn check(env: &Env, id: &str) -> Result<Result<(), &'static str>, Refusal> {
    let admission = durable_objects::ask(env, &Reserve { virtual_key_id: id.to_owned(), region: None }).await?;
    Ok(match admission {
        Admission::Refused(KeyRefusal::Unknown) => Err("there is no such virtual key"),
        Admission::Refused(KeyRefusal::Disabled) => Err("the virtual key is disabled"),
        Admission::Refused(KeyRefusal::Expired) => Err("the virtual key is past its time"),
        Admission::Admitted { .. }
        | Admission::Refused(KeyRefusal::TooManyConnections { .. } | KeyRefusal::SystemFull { .. }) => Ok(()),
    })
}

fn forbidden(detail: &str) -> Refusal {
    Refusal::problem(ProblemKind::Forbidden, detail)
}
