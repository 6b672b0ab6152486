//! Who may begin a session, the upgrade, and how one is refused: before it with a status, or, where the key came by
//! subprotocol, after it with an error event and a close, since a browser shows its page nothing else.

use std::collections::VecDeque;

use contract::{ClientAccess, ProblemKind};
use durable_objects::{LeaseRefusal, Recordings, TakeLease, new_connection_id, now_millis};
use realtime::{
    client::{
        ServerEvent,
        negotiation::{Negotiated, negotiate},
    },
    close::{Close, POLICY_VIOLATION, TRY_AGAIN_LATER},
    identifiers::Identifiers,
    model::{Problem, ProblemKind as SessionProblem},
    session::{Session, SessionOptions},
};
use rust_decimal::Decimal;
use worker::{Response, WebSocket, WebSocketPair};

use super::{
    bill::Biller,
    leases::{Leases, NoLease},
    providers,
    pump::{Parts, Pump},
    purse::Purse,
    recorder::Recorder,
};
use crate::{
    authentication::{Credential, Principal, principal_of},
    door::Visit,
    keys_door::only_sends_events,
    page::parameter,
    refusal::Refusal,
};

/// The longest name of a model, in bytes: that of a model in a key's list.
const MAX_MODEL_BYTES: usize = 200;

/// `GET /v1/realtime?model=`.
pub(crate) async fn serve(visit: Visit) -> Result<Response, Refusal> {
    let header = |name| visit.request.headers().get(name).ok().flatten();
    if !header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket")) {
        return Err(Refusal::problem(
            ProblemKind::InvalidParameter,
            "this route opens a WebSocket: ask for an upgrade",
        ));
    }
    let negotiated = negotiate(header("sec-websocket-protocol").as_deref(), header("openai-beta").as_deref());
    let credential = Credential::of(&visit.request, &visit.url, true);
    let is_browser = credential.is_none() && negotiated.key.is_some();
    let credential = credential.or_else(|| negotiated.key.as_ref().map(|key| Credential::of_subprotocol(key.expose())));
    let begun = match begin(&visit, &negotiated, credential).await {
        Err(refusal) if !is_browser => return Err(refusal),
        begun => begun,
    };
    let pair = WebSocketPair::new()?;
    match begun {
        Ok(mut pump) => {
            pump.attend(&pair.server)?;
            visit.context.wait_until(pump.run());
        }
        Err(refusal) => refuse_on(&pair.server, &negotiated, &refusal)?,
    }
    let response = Response::from_websocket(pair.client)?;
    if let Some(subprotocol) = &negotiated.subprotocol {
        response.headers().set("sec-websocket-protocol", subprotocol)?;
    }
    Ok(response)
}

/// Makes the session of whoever may have one.
async fn begin(visit: &Visit, negotiated: &Negotiated, credential: Option<Credential>) -> Result<Pump, Refusal> {
    let virtual_key_id = holder(visit, credential).await?;
    let model = match parameter(visit, "model") {
        None => visit.configuration.realtime_default_model.clone(),
        Some(model) if model.len() <= MAX_MODEL_BYTES => model,
        Some(_) => {
            let detail = format!("model must have at most {MAX_MODEL_BYTES} bytes");
            return Err(Refusal::problem(ProblemKind::InvalidParameter, detail));
        }
    };
    let candidates = providers::of_model(&visit.env, &visit.configuration, &model);
    let candidates = candidates
        .ok_or_else(|| Refusal::problem(ProblemKind::NotFound, format!("no provider answers the model {model:?}")))?;
    let mut candidates = VecDeque::from(candidates);
    let first = candidates.pop_front().ok_or_else(|| {
        Refusal::problem(ProblemKind::Unavailable, "no provider of this model has a key, which the operator sets")
    })?;

    let connection_id = new_connection_id(Some(&virtual_key_id))?;
    let take = TakeLease {
        virtual_key_id: virtual_key_id.clone(),
        connection_id: connection_id.clone(),
        model: model.clone(),
        provider: first.name.clone(),
    };
    let (leases, granted) = Leases::take(&visit.env, &take).await.map_err(no_lease)?;
    let prices = providers::prices(visit.configuration.model_prices.of(&model));
    let mut options = SessionOptions::new(connection_id.clone(), negotiated.protocol, model.clone(), first.provider);
    options.prices = prices;
    options.is_recorded = granted.is_recorded;
    options.idle_timeout_millis = visit.configuration.realtime_timeout_minutes * 60_000;
    let recorder = granted.is_recorded.then(|| {
        let recordings = Recordings::of(&visit.env);
        let now_millis = u64::try_from(now_millis()).unwrap_or(0);
        Recorder::new(recordings, virtual_key_id.clone(), connection_id.clone(), now_millis)
    });
    let biller = Biller { virtual_key_id, connection_id, model, provider: first.name, credit: Decimal::ZERO };
    Ok(Pump::new(Parts {
        env: visit.env.clone(),
        session: Session::new(options),
        biller,
        additions: first.additions,
        candidates,
        leases,
        purse: Purse::new(granted.credit, prices.session_per_minute),
        recorder,
        prices,
    }))
}

/// The key whose holder asks, or whoever has a client token of it that takes nothing away.
pub(super) async fn holder(visit: &Visit, credential: Option<Credential>) -> Result<String, Refusal> {
    let unauthorized = |detail: &str| Refusal::problem(ProblemKind::Unauthorized, detail);
    let forbidden = |detail: &str| Refusal::problem(ProblemKind::Forbidden, detail);
    let credential = credential.ok_or_else(|| unauthorized("this route needs a virtual key"))?;
    match principal_of(visit, &credential).await?.ok_or_else(|| unauthorized("the key is unknown"))? {
        Principal::VirtualKey { id, access, .. } if access == ClientAccess::unrestricted() => Ok(id),
        Principal::VirtualKey { .. } => {
            Err(forbidden("this token is for hubs or tasks, and opens no realtime session"))
        }
        Principal::Operator | Principal::MasterHubs { .. } => {
            Err(forbidden("this route takes a virtual key, not the master key"))
        }
        Principal::Service { .. } => Err(only_sends_events()),
    }
}

fn no_lease(reason: NoLease) -> Refusal {
    match reason {
        NoLease::Refused(refusal) => refused(refusal),
        NoLease::Failed(error) => error.into(),
    }
}

fn refused(refusal: LeaseRefusal) -> Refusal {
    let problem = |kind, detail: &str| Refusal::problem(kind, detail);
    let too_many = |detail: String, retry_after_seconds| Refusal::TooManyRequests { detail, retry_after_seconds };
    match refusal {
        LeaseRefusal::Unknown => problem(ProblemKind::Unauthorized, "the key is unknown"),
        LeaseRefusal::Disabled => problem(ProblemKind::Unauthorized, "the key is disabled"),
        LeaseRefusal::Expired => problem(ProblemKind::Unauthorized, "the key is past its time"),
        LeaseRefusal::NoRealtime => {
            problem(ProblemKind::Forbidden, "the virtual key does not have real-time audio permissions")
        }
        LeaseRefusal::OtherModel => problem(ProblemKind::Forbidden, "the virtual key may not use this model"),
        LeaseRefusal::BudgetSpent => {
            too_many("the budget of the virtual key is spent, or lent to its sessions".to_owned(), 60)
        }
        LeaseRefusal::TooManySessions { limit } => {
            too_many(format!("the virtual key has {limit} realtime sessions, as many as it may have"), 5)
        }
        LeaseRefusal::SystemFull { limit } => {
            too_many(format!("the system has {limit} realtime sessions, as many as it may have"), 30)
        }
    }
}

/// Says on the socket why there is no session, and closes it.
fn refuse_on(socket: &WebSocket, negotiated: &Negotiated, refusal: &Refusal) -> Result<(), Refusal> {
    let (status, detail) = match refusal {
        Refusal::Problem(problem) => (problem.status, problem.detail.clone()),
        Refusal::TooManyRequests { detail, .. } => (429, detail.clone()),
        _ => (500, "the session could not be begun".to_owned()),
    };
    let (error, code) = match status {
        401 => (Problem::invalid("invalid_api_key", detail.clone()), POLICY_VIOLATION),
        403 => (Problem::invalid("permission_denied", detail.clone()), POLICY_VIOLATION),
        404 => (Problem::invalid("model_not_found", detail.clone()), POLICY_VIOLATION),
        429 => (Problem::new(SessionProblem::RateLimit, "rate_limit_exceeded", detail.clone()), TRY_AGAIN_LATER),
        400..500 => (Problem::invalid("invalid_request", detail.clone()), POLICY_VIOLATION),
        _ => (Problem::server("unavailable", detail.clone()), TRY_AGAIN_LATER),
    };
    socket.accept()?;
    for frame in negotiated.protocol.write(&ServerEvent::Error { error }, &mut Identifiers::new("refused")) {
        if let realtime::transport::Frame::Text(text) = frame {
            socket.send_with_str(text)?;
        }
    }
    let close = Close::new(code, detail);
    socket.close(Some(close.code), Some(close.reason))?;
    Ok(())
}
