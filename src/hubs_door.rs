//! `/hubs/*`: negotiation and the upgrade to a WebSocket, answered as ASP.NET Core answers.

use contract::{Hub, KeyKind};
use durable_objects::{Admission, Connect, Refusal as KeyRefusal, Reserve, connect, now_millis};
use signalr::{
    Transport, TransportSet,
    negotiate::{NegotiateOptions, NegotiateRequest},
};
use worker::{Method, Request, Response, Url};

use crate::{
    authentication::{Credential, Principal},
    connection_token::{ConnectionToken, TokenKey},
    door::Visit,
    refusal::Refusal,
};

pub(crate) async fn serve(visit: Visit) -> Result<Response, Refusal> {
    let path = visit.url.path().to_owned();
    let route = path.strip_prefix("/hubs/").unwrap_or_default();
    let (segment, is_negotiate) = match route.split_once('/') {
        None => (route, false),
        Some((segment, "negotiate")) => (segment, true),
        Some(_) => return Err(Refusal::plain(404, "")),
    };
    let hub = contract::hub::find(segment).ok_or_else(|| Refusal::plain(404, ""))?;
    if is_negotiate { negotiate(&visit, hub).await } else { dispatch(&visit, hub).await }
}

async fn negotiate(visit: &Visit, hub: &'static Hub) -> Result<Response, Refusal> {
    if visit.request.method() != Method::Post {
        return Err(Refusal::plain(405, ""));
    }
    let (virtual_key_id, credential) = authenticate(visit, hub).await?;
    let key = TokenKey::read(&visit.env)?;
    let reserve = Reserve { virtual_key_id: virtual_key_id.clone() };
    let connection_id = match durable_objects::ask(&visit.env, &reserve).await? {
        Admission::Admitted { connection_id } => connection_id,
        Admission::Refused(refusal) => return Err(key_refusal(refusal)),
    };
    let lifetime_seconds = visit.configuration.handshake_timeout_seconds;
    let expires_at_millis = now_millis() + 1_000 * i64::try_from(lifetime_seconds).unwrap_or(15);
    let token = ConnectionToken::new(virtual_key_id, hub.name, connection_id.clone(), credential.fingerprint());
    let token = token.sign(&key, expires_at_millis)?;

    let request = NegotiateRequest::from_query(visit.url.query().unwrap_or_default());
    let answer = match request.decide(&NEGOTIATION) {
        // Version 0 knows one id for both: what the client brings back must be the token.
        Ok(grant) if grant.version == 0 => grant.body(&token, &token),
        Ok(grant) => grant.body(&connection_id, &token),
        Err(error) => error.body(),
    };
    let mut response = Response::ok(answer)?;
    response.headers_mut().set("content-type", "application/json")?;
    Ok(response)
}

async fn dispatch(visit: &Visit, hub: &'static Hub) -> Result<Response, Refusal> {
    let id = query(&visit.url, "id");
    let is_upgrade = header(&visit.request, "upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    match visit.request.method() {
        Method::Get if is_upgrade => upgrade(visit, hub, id.as_deref()).await,
        method @ (Method::Get | Method::Post | Method::Delete) => {
            authenticate(visit, hub).await?;
            let id = id.ok_or_else(|| Refusal::plain(400, "Connection ID required"))?;
            known(visit, hub, &id).ok_or_else(no_such_connection)?;
            Err(match method {
                Method::Get
                    if header(&visit.request, "accept").is_some_and(|accept| accept.contains("text/event-stream")) =>
                {
                    Refusal::plain(404, "ServerSentEvents transport not supported by this end point type")
                }
                Method::Get => Refusal::plain(404, "LongPolling transport not supported by this end point type"),
                Method::Post => Refusal::plain(405, "POST requests are not allowed for WebSocket connections."),
                _ => Refusal::plain(400, "Cannot terminate this connection using the DELETE endpoint."),
            })
        }
        _ => Err(Refusal::plain(405, "")),
    }
}

async fn upgrade(visit: &Visit, hub: &'static Hub, id: Option<&str>) -> Result<Response, Refusal> {
    let (virtual_key_id, connection_id) = match id {
        None => (authenticate(visit, hub).await?.0, None),
        Some(id) => {
            let credential = credential(visit).ok_or_else(|| unauthenticated("no key was given"))?;
            let token = known(visit, hub, id).ok_or_else(no_such_connection)?;
            // Who negotiated needs no lookup a second time; another secret may be the same key's.
            if token.fingerprint != credential.fingerprint() {
                let (virtual_key_id, _) = authenticate(visit, hub).await?;
                if virtual_key_id != token.virtual_key_id {
                    return Err(no_such_connection());
                }
            }
            (token.virtual_key_id, Some(token.connection_id))
        }
    };
    let call = Connect {
        virtual_key_id,
        hub: hub.name.to_owned(),
        connection_id,
        meta: query(&visit.url, "meta").is_some_and(|meta| meta == "1"),
    };
    let mut response = connect(&visit.env, &call).await?;
    match response.status_code() {
        101 => Ok(response),
        409 => Err(Refusal::plain(409, "")),
        410 => Err(no_such_connection()),
        422 => Err(key_refusal(response.json().await?)),
        status => Err(Refusal::Internal(format!("the key's object answered {status}: {}", response.text().await?))),
    }
}

/// What is granted in negotiation.
const NEGOTIATION: NegotiateOptions = NegotiateOptions {
    minimum_version: 0,
    transports: TransportSet::NONE.with(Transport::WebSockets),
    allow_stateful_reconnect: false,
};

/// The connection that a token speaks of, if it is one of this hub.
fn known(visit: &Visit, hub: &Hub, id: &str) -> Option<ConnectionToken> {
    let key = TokenKey::read(&visit.env).ok()?;
    ConnectionToken::verify(id, &key, now_millis()).filter(|token| token.hub == hub.name)
}

fn credential(visit: &Visit) -> Option<Credential> {
    Credential::of(&visit.request, &visit.url, true)
}

/// The virtual key that a request may use this hub with.
async fn authenticate(visit: &Visit, hub: &Hub) -> Result<(String, Credential), Refusal> {
    let credential = credential(visit).ok_or_else(|| unauthenticated("no key was given"))?;
    match (credential.principal(&visit.env).await?, hub.key) {
        (Some(Principal::VirtualKey { id }), KeyKind::Virtual) => Ok((id, credential)),
        (Some(_), _) => Err(Refusal::plain(403, "")),
        (None, _) => Err(unauthenticated("the key is unknown")),
    }
}

fn unauthenticated(why: &str) -> Refusal {
    let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{why}\"");
    Refusal::Plain { status: 401, text: String::new(), header: Some(("www-authenticate", challenge)) }
}

fn key_refusal(refusal: KeyRefusal) -> Refusal {
    match refusal {
        KeyRefusal::Unknown => unauthenticated("the key is unknown"),
        KeyRefusal::Disabled => unauthenticated("the key is disabled"),
        KeyRefusal::TooManyConnections { limit } => Refusal::Plain {
            status: 429,
            text: format!("The virtual key has {limit} connections, as many as it may have."),
            header: Some(("retry-after", "5".to_owned())),
        },
    }
}

fn no_such_connection() -> Refusal {
    Refusal::plain(404, "No Connection with that ID")
}

fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
}

fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}
