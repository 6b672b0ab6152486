//! A hub's endpoint: which request means what, and the answers of ASP.NET Core to those that mean nothing.

use std::time::Duration;

use serde_json::json;
use signalr::{
    Transport, TransportSet,
    negotiate::{NegotiateOptions, NegotiateRequest},
};
use worker::{Method, Request, Response, Url};

use super::{
    body::body_of,
    events::events,
    forward::forward,
    host::{Host, Reserved, Visitor},
    polling::poll,
    region::region_of,
    token::{ConnectionToken, TokenKey},
};
use crate::{
    call::{Action, ConnectionCall},
    clock,
    connect::{NO_CONNECTION, plain},
    relay::{ELSEWHERE, MISDIRECTED},
};

/// An object says at most once that a connection is to begin elsewhere.
const MOST_DIRECTIONS: usize = 2;

/// What an endpoint offers, with ASP.NET Core's defaults.
#[derive(Debug, Clone)]
pub struct EndpointOptions {
    /// The transports that clients may use.
    pub transports: TransportSet,
    /// The lowest version of negotiation that is answered (`MinimumProtocolVersion`).
    pub minimum_version: i32,
    /// Whether connections can be resumed after their socket was lost (`AllowStatefulReconnects`).
    pub stateful_reconnect: bool,
    /// Whether clients can renew their authentication, and are told how long it lasts.
    pub authentication_refresh: bool,
    /// How long a client may take from negotiation to its first request: the disconnect timeout.
    pub begin_within_seconds: u64,
    /// How long a poll waits for data (`LongPolling.PollTimeout`).
    pub poll_timeout_millis: u64,
    /// After how long without an event a ping is written to Server-Sent Events (`KeepAliveInterval`).
    pub keep_alive_millis: u64,
    /// How often a comment is written to Server-Sent Events that have nothing to say. The platform tells of a client
    /// that has gone only when something is written; without this, that is at the next event or ping.
    pub events_probe_millis: Option<u64>,
}

impl Default for EndpointOptions {
    fn default() -> Self {
        Self {
            transports: TransportSet::ALL,
            minimum_version: 0,
            stateful_reconnect: false,
            authentication_refresh: false,
            begin_within_seconds: 15,
            poll_timeout_millis: 90_000,
            keep_alive_millis: 15_000,
            events_probe_millis: None,
        }
    }
}

/// What a request's path asks for, below the hub's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The hub itself.
    Hub,
    /// `/negotiate`.
    Negotiate,
    /// `/refresh`.
    Refresh,
}

impl Route {
    /// Reads what follows the hub's path: nothing, or one of the two words.
    pub fn of(rest: &str) -> Option<Self> {
        match rest {
            "" | "/" => Some(Self::Hub),
            "/negotiate" => Some(Self::Negotiate),
            "/refresh" => Some(Self::Refresh),
            _ => None,
        }
    }
}

/// A hub at some path.
pub struct Endpoint<'a> {
    /// The name under which the object's server knows the hub.
    pub hub: &'a str,
    /// What is offered.
    pub options: &'a EndpointOptions,
    /// Signs connection tokens.
    pub key: &'a TokenKey,
}

/// A request whose visitor is known.
struct Visit {
    visitor: Visitor,
    /// The connection that it is about, and whether it may begin with it.
    token: Option<(ConnectionToken, bool)>,
}

impl Endpoint<'_> {
    /// Answers a request.
    ///
    /// # Errors
    ///
    /// What the host answers instead, and what the platform fails with.
    pub async fn serve<H: Host>(&self, route: Route, request: &Request, host: &H) -> Result<Response, H::Error> {
        let url = request.url()?;
        match route {
            Route::Hub => self.dispatch(request, &url, host).await,
            Route::Negotiate => self.negotiate(request, &url, host).await,
            Route::Refresh if self.options.authentication_refresh => self.refresh(request, &url, host).await,
            Route::Refresh => answer(404, ""),
        }
    }

    async fn negotiate<H: Host>(&self, request: &Request, url: &Url, host: &H) -> Result<Response, H::Error> {
        if request.method() != Method::Post {
            return answer(405, "");
        }
        let visitor = host.identify(request, None).await?;
        let offered = NegotiateOptions {
            minimum_version: self.options.minimum_version,
            transports: self.options.transports,
            allow_stateful_reconnect: self.options.stateful_reconnect,
        };
        let body = match NegotiateRequest::from_query(url.query().unwrap_or_default()).decide(&offered) {
            Err(error) => error.body(),
            Ok(mut grant) => {
                let Reserved { connection_id, relay } = host.reserve(request, &visitor).await?;
                if self.options.authentication_refresh {
                    grant.token_lifetime_seconds = lifetime_seconds(&visitor);
                }
                let token = ConnectionToken {
                    fingerprint: visitor.fingerprint,
                    version: grant.version,
                    is_stateful: grant.stateful_reconnect,
                    relay,
                    ..ConnectionToken::new(visitor.object, self.hub, connection_id.clone())
                };
                let begin_within_millis = i64::try_from(self.options.begin_within_seconds).unwrap_or(15) * 1_000;
                let token = token.sign(self.key, now_millis() + begin_within_millis).map_err(worker::Error::from)?;
                // Version 0 knows one id for both: what the client brings back must be the token.
                let id = if grant.version == 0 { &token } else { &connection_id };
                grant.body(id, &token)
            }
        };
        json_answer(200, body)
    }

    async fn dispatch<H: Host>(&self, request: &Request, url: &Url, host: &H) -> Result<Response, H::Error> {
        let Some(action) = action(request) else { return answer(405, "") };
        let id = query(url, "id");
        let visit = self.visit(request, id.as_deref(), host).await?;
        let Some(transport) = action.transport() else {
            return match (id, visit.token) {
                (None, _) => answer(400, "Connection ID required"),
                (_, None) => answer(404, NO_CONNECTION),
                (_, Some(token)) => {
                    let body = if action == Action::Send { Some(body_of(request).await) } else { None };
                    let Ok(body) = body.transpose() else { return answer(400, "") };
                    let mut call = self.call(action, request, &visit.visitor, token);
                    call.may_begin &= self.options.transports.contains(Transport::LongPolling);
                    Ok(forward(&host.object(&visit.visitor)?, &call, body).await?)
                }
            };
        };
        let token = match (id, visit.token) {
            (Some(_), None) => return answer(404, NO_CONNECTION),
            (None, _) if action != Action::WebSocket => return answer(400, "Connection ID required"),
            (Some(_), Some(token)) => Some(token),
            (None, _) => None,
        };
        if !self.options.transports.contains(transport) {
            return answer(404, &format!("{} transport not supported by this end point type", transport.name()));
        }
        let token = if let Some(token) = token {
            token
        } else {
            // Negotiation was skipped.
            let id = host.connection_id(&visit.visitor)?;
            (ConnectionToken::new(visit.visitor.object.clone(), self.hub, id), true)
        };
        let relay = token.0.relay;
        let call = self.call(action, request, &visit.visitor, token);
        let opened = open(host, &visit.visitor, relay, &call).await?;
        Ok(match transport {
            Transport::WebSockets => opened,
            Transport::ServerSentEvents => {
                let probe = self.options.events_probe_millis.map(Duration::from_millis);
                events(request, opened, Duration::from_millis(self.options.keep_alive_millis), probe)?
            }
            Transport::LongPolling => {
                poll(request, opened, Duration::from_millis(self.options.poll_timeout_millis)).await?
            }
        })
    }

    async fn refresh<H: Host>(&self, request: &Request, url: &Url, host: &H) -> Result<Response, H::Error> {
        if request.method() != Method::Post {
            return answer(405, "");
        }
        let id = query(url, "id");
        let Visit { visitor, token } = self.visit(request, id.as_deref(), host).await?;
        if id.is_none() {
            return Ok(refresh_refused(400, "missing_connection_token")?);
        }
        let Some(token) = token else { return Ok(refresh_refused(404, "connection_not_found")?) };
        if token.0.version == 0 {
            return Ok(refresh_refused(400, "unsupported_negotiate_version")?);
        }
        let call = self.call(Action::Refresh, request, &visitor, token);
        let refreshed = forward(&host.object(&visitor)?, &call, None).await?;
        match refreshed.status_code() {
            200 => match lifetime_seconds(&visitor) {
                Some(seconds) => json_answer(200, json!({ "tokenLifetimeSeconds": seconds }).to_string()),
                None => json_answer(200, "{}".to_owned()),
            },
            404 => Ok(refresh_refused(404, "connection_not_found")?),
            _ => Ok(refreshed),
        }
    }

    /// Finds out who asks, and about which connection. A token of another visitor's object is none.
    async fn visit<H: Host>(&self, request: &Request, id: Option<&str>, host: &H) -> Result<Visit, H::Error> {
        let token = id.and_then(|id| ConnectionToken::verify(id, self.key, now_millis()));
        let token = token.filter(|(token, _)| token.hub == self.hub);
        let visitor = host.identify(request, token.as_ref().map(|(token, _)| token)).await?;
        let token = token.filter(|(token, _)| token.object == visitor.object);
        Ok(Visit { visitor, token })
    }

    fn call(
        &self,
        action: Action,
        request: &Request,
        visitor: &Visitor,
        (token, is_fresh): (ConnectionToken, bool),
    ) -> ConnectionCall {
        ConnectionCall {
            action,
            hub: self.hub.to_owned(),
            connection_id: token.connection_id,
            may_begin: is_fresh,
            is_stateful: token.is_stateful && self.options.stateful_reconnect,
            user_id: visitor.user_id.clone(),
            claims: visitor.claims.clone(),
            variant: visitor.variant,
            expires_at_millis: visitor.expires_at_millis.map(as_f64),
            remote_address: request.headers().get("cf-connecting-ip").ok().flatten(),
            region: action.transport().and_then(|_| region_of(request)).map(str::to_owned),
            via: None,
        }
    }
}

/// Asks for a connection's transport: its relay if it has one, else its object, which may name a relay for it.
async fn open<H: Host>(
    host: &H,
    visitor: &Visitor,
    mut relay: Option<u32>,
    call: &ConnectionCall,
) -> Result<Response, H::Error> {
    for _ in 0..MOST_DIRECTIONS {
        let object = match relay {
            Some(relay) => host.relay(visitor, relay, call.region.as_deref())?,
            None => host.object(visitor)?,
        };
        let opened = forward(&object, call, None).await?;
        if opened.status_code() != MISDIRECTED {
            return Ok(opened);
        }
        let elsewhere = opened.headers().get(ELSEWHERE)?;
        relay = elsewhere.and_then(|number| number.parse().ok());
    }
    answer(503, "")
}

/// An answer of `/refresh` that refuses, by the codes of .NET 11.
///
/// # Errors
///
/// The platform's.
pub fn refresh_refused(status: u16, code: &str) -> worker::Result<Response> {
    Ok(Response::from_json(&json!({ "error": code }))?.with_status(status))
}

/// What a request to the hub itself means.
fn action(request: &Request) -> Option<Action> {
    let header = |name| request.headers().get(name).ok().flatten();
    match request.method() {
        Method::Get if header("upgrade").is_some_and(|value| value.eq_ignore_ascii_case("websocket")) => {
            Some(Action::WebSocket)
        }
        Method::Get if header("accept").is_some_and(|accept| accept.contains("text/event-stream")) => {
            Some(Action::Events)
        }
        Method::Get => Some(Action::Poll),
        Method::Post => Some(Action::Send),
        Method::Delete => Some(Action::Delete),
        _ => None,
    }
}

/// How long the visitor's authentication lasts, in whole seconds; none if it does not expire.
fn lifetime_seconds(visitor: &Visitor) -> Option<i32> {
    let millis = visitor.expires_at_millis? - now_millis();
    Some(i32::try_from((millis / 1_000).max(0)).unwrap_or(i32::MAX))
}

fn query(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.into_owned())
}

// Times are far below 2^52.
#[allow(clippy::cast_precision_loss)]
fn as_f64(millis: i64) -> f64 {
    millis as f64
}

// Times are positive and far below 2^63.
#[allow(clippy::cast_possible_truncation)]
fn now_millis() -> i64 {
    clock::now_millis() as i64
}

/// A public id: 128 random bits in hexadecimal, of unreserved characters only.
pub(super) fn random_id() -> worker::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| worker::Error::RustError(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn answer<E: From<worker::Error>>(status: u16, text: &str) -> Result<Response, E> {
    plain(status, text).map_err(|error| worker::Error::from(error).into())
}

fn json_answer<E: From<worker::Error>>(status: u16, body: String) -> Result<Response, E> {
    let mut response = Response::ok(body)?.with_status(status);
    response.headers_mut().set("content-type", "application/json")?;
    Ok(response)
}
