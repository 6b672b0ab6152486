//! What the holder of a key, or of a client token of it, reads: tasks, spend, history, webhooks.

use contract::{ClientAccess, Hub, Page, ProblemKind, StatisticsPeriod, hub};
use durable_objects::{ListTasks, ReadHistory, ReadSpend, ReadTask, ReadWebhooks, RotateWebhookSecret};
use percent_encoding::percent_decode_str;
use worker::Response;

use crate::{
    authentication::{Credential, Principal, principal_of},
    door::Visit,
    keys_door::only_sends_events,
    page::{limit, parameter},
    refusal::Refusal,
};

/// The states that a task can be in, as `?state=` names them.
const STATES: [&str; 6] = ["registered", "running", "completed", "failed", "cancelled", "timedOut"];

/// `GET /v1/tasks?type=&state=&after=&limit=`: the key's tasks, in the order of their ids.
pub(crate) async fn list_tasks(visit: &Visit) -> Result<Response, Refusal> {
    let (virtual_key_id, access) = owner(visit, &hub::TASK_HUB).await?;
    let state = parameter(visit, "state");
    if let Some(state) = state.as_ref().filter(|state| !STATES.iter().any(|known| known.eq_ignore_ascii_case(state))) {
        let detail = format!("state must be one of {}, not {state:?}", STATES.join(", "));
        return Err(Refusal::problem(ProblemKind::InvalidParameter, detail));
    }
    let list = ListTasks {
        virtual_key_id,
        access,
        task_type: parameter(visit, "type"),
        state,
        after: parameter(visit, "after"),
        limit: limit(visit)?,
    };
    let page = durable_objects::ask(&visit.env, &list).await?.ok_or_else(unusable)?;
    Ok(Response::from_json(&page)?)
}

/// `GET /v1/tasks/{id}`.
pub(crate) async fn read_task(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    let (virtual_key_id, access) = owner(visit, &hub::TASK_HUB).await?;
    let task_id = decoded(id);
    let read = ReadTask { virtual_key_id, access, task_id };
    let found = durable_objects::ask(&visit.env, &read).await?.ok_or_else(unusable)?;
    match found.task {
        Some(task) => Ok(Response::from_json(&task)?),
        None => Err(Refusal::problem(ProblemKind::NotFound, format!("there is no task {}", read.task_id))),
    }
}

/// `GET /v1/spend`: what the key has spent in its period.
pub(crate) async fn read_spend(visit: &Visit) -> Result<Response, Refusal> {
    let (virtual_key_id, _) = owner(visit, &hub::SPEND_HUB).await?;
    let view = durable_objects::ask(&visit.env, &ReadSpend { virtual_key_id }).await?.ok_or_else(unusable)?;
    Ok(Response::from_json(&view)?)
}

/// `GET /v1/history?hub=&after=&limit=`: what the key's clients were told, broadcasts included.
pub(crate) async fn read_history(visit: &Visit) -> Result<Response, Refusal> {
    let (virtual_key_id, access) = holder(visit).await?;
    let named = parameter(visit, "hub");
    let hub = named.as_deref().map(|name| {
        hub::named(name).ok_or_else(|| {
            let detail = format!("there is no hub {name:?}");
            Refusal::problem(ProblemKind::InvalidParameter, detail)
        })
    });
    let hub = hub.transpose()?.map(|hub| hub.name.to_owned());
    let read = ReadHistory { virtual_key_id, access, hub, after: parameter(visit, "after"), limit: limit(visit)? };
    let page = durable_objects::ask(&visit.env, &read).await?.ok_or_else(unusable)?;
    Ok(Response::from_json(&page)?)
}

/// `GET /v1/webhooks?period=&after=&limit=`: how the deliveries to each URL went.
pub(crate) async fn list_webhooks(visit: &Visit) -> Result<Response, Refusal> {
    let (virtual_key_id, _) = owner(visit, &hub::WEBHOOK_HUB).await?;
    let period = parameter(visit, "period").map(|text| {
        let wrong = |error| Refusal::problem(ProblemKind::InvalidParameter, format!("period {error}, not {text:?}"));
        text.parse::<StatisticsPeriod>().map_err(wrong)
    });
    let period = period.transpose()?;
    let limit = limit(visit)?;
    let read = ReadWebhooks { virtual_key_id, period, after: parameter(visit, "after"), limit: limit + 1 };
    let statistics = durable_objects::ask(&visit.env, &read).await?.ok_or_else(unusable)?;
    let page = Page::of(statistics, limit, |one| one.url.as_str().to_owned());
    Ok(Response::from_json(&page)?)
}

/// `POST /v1/webhooks/secret/rotate`: another secret to sign with, which this answer alone shows.
pub(crate) async fn rotate_webhook_secret(visit: &Visit) -> Result<Response, Refusal> {
    let Principal::VirtualKey { id: virtual_key_id, expires_at_millis: None, .. } = principal(visit).await? else {
        let detail = "this route takes the virtual key itself, neither a client token nor the master key";
        return Err(Refusal::problem(ProblemKind::Forbidden, detail));
    };
    let rotate = RotateWebhookSecret { virtual_key_id, from: visit.remote_address() };
    let rotated = durable_objects::ask(&visit.env, &rotate).await?.ok_or_else(unusable)?;
    let mut response = Response::from_json(&rotated)?;
    // Nobody in between keeps a secret.
    response.headers_mut().set("cache-control", "no-store")?;
    Ok(response)
}

/// The key whose holder asks, if it opens the hub that tells of the same.
async fn owner(visit: &Visit, hub: &Hub) -> Result<(String, ClientAccess), Refusal> {
    let (id, access) = holder(visit).await?;
    if access.allows_hub(hub.name) {
        return Ok((id, access));
    }
    let detail = format!("this token does not open {}, which tells of the same", hub.name);
    Err(Refusal::problem(ProblemKind::Forbidden, detail))
}

async fn holder(visit: &Visit) -> Result<(String, ClientAccess), Refusal> {
    match principal(visit).await? {
        Principal::VirtualKey { id, access, .. } => Ok((id, access)),
        Principal::Operator | Principal::MasterHubs { .. } => {
            Err(Refusal::problem(ProblemKind::Forbidden, "this route takes a virtual key, not the master key"))
        }
        Principal::Service { .. } => Err(only_sends_events()),
    }
}

async fn principal(visit: &Visit) -> Result<Principal, Refusal> {
    let unauthorized = |detail: &str| Refusal::problem(ProblemKind::Unauthorized, detail);
    let credential = Credential::of(&visit.request, &visit.url, false)
        .ok_or_else(|| unauthorized("this route needs a virtual key, as a bearer token or in X-API-Key"))?;
    principal_of(visit, &credential).await?.ok_or_else(|| unauthorized("the key is unknown"))
}

/// The key's own object, which has the final say, refused.
pub(crate) fn unusable() -> Refusal {
    Refusal::problem(ProblemKind::Unauthorized, "the key is unknown, disabled, or past its time")
}

/// A segment of a path as it was meant. One that is no text is nobody's id.
pub(crate) fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8().map(std::borrow::Cow::into_owned).unwrap_or_default()
}
