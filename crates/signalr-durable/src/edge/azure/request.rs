//! Reading a request: its token, its names, its body.

use worker::{Request, Url};

use super::{
    access_keys::AccessKeys,
    error::RestError,
    query::Query,
    route::{Generation, Kind, Route, Subject},
};
use crate::{
    azure::{Action, Member, Message, MessageError, Operation, Target},
    clock,
    edge::body::body_of,
};

/// The largest body: Azure's limit.
const MAX_BODY_BYTES: usize = 1_048_576;

/// The versions whose routes are served.
const VERSIONS: [&str; 4] = ["2022-06-01", "2022-11-01", "2023-07-01", "2024-12-01"];

const MAX_HUB_BYTES: usize = 128;
const MAX_GROUP_CHARACTERS: usize = 1_024;

/// Connections on a page, where the caller does not say, and at the most.
const DEFAULT_PAGE: u32 = 100;
const LARGEST_PAGE: u32 = 1_000;

/// How long a client token lasts, where the caller does not say.
const DEFAULT_TOKEN_MINUTES: u32 = 60;

/// What a request asks for.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Whether the service is there. It needs no token.
    Health,
    /// Something for the object that holds a hub's connections.
    Operation(Operation),
    /// A token with which a client may come.
    ClientToken {
        /// The hub that it opens.
        hub: String,
        /// Whose it is.
        user_id: Option<String>,
        /// How long it is to last.
        minutes: u32,
    },
}

/// A request that was understood, and whose access token is good.
pub struct RestRequest {
    /// What it asks for.
    pub ask: Ask,
    pub(super) kind: Kind,
    pub(super) generation: Generation,
    pub(super) is_about_connection: bool,
    /// Of a list: how many connections were asked for in all.
    pub(super) top: Option<u32>,
    pub(super) url: Url,
}

impl RestRequest {
    /// Reads a request. `path` is that of its address from `/api` on.
    ///
    /// # Errors
    ///
    /// What is answered instead.
    pub async fn read(request: &Request, path: &str, keys: &AccessKeys) -> Result<Self, RestError> {
        let failed = |error: worker::Error| RestError::new(400, "Error.Request.Invalid", error.to_string());
        let route = Route::find(&request.method(), path)?;
        let url = request.url().map_err(failed)?;
        let header = |name| request.headers().get(name).ok().flatten();
        if header("content-length").and_then(|length| length.parse().ok()).is_some_and(is_too_large) {
            return Err(RestError::too_large(MAX_BODY_BYTES));
        }
        if route.kind == Kind::Health {
            return Ok(Self::of(Ask::Health, &route, url, None));
        }
        let authorization = header("authorization").unwrap_or_default();
        let token = bearer_token(&authorization).ok_or_else(|| RestError::unauthorized("it has none"))?;
        keys.check(token, &url, now_millis()).map_err(RestError::unauthorized)?;

        let query = Query::of(&url);
        check_version(&route, &query)?;
        check_names(&route, &query)?;
        let message = match route.kind {
            Kind::Send | Kind::Invoke => {
                let content_type = header("content-type").unwrap_or_default();
                Some(message(&content_type, &body_of(request).await.map_err(failed)?)?)
            }
            _ => None,
        };
        let top = number(&query, "top")?;
        Ok(Self::of(ask(&route, &query, message, top)?, &route, url, top))
    }

    fn of(ask: Ask, route: &Route, url: Url, top: Option<u32>) -> Self {
        let is_about_connection = matches!(route.subject, Subject::Connection(_) | Subject::ConnectionInGroup(..));
        Self { ask, kind: route.kind, generation: route.generation, is_about_connection, top, url }
    }

    /// The address of the request.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

fn ask(route: &Route, query: &Query, message: Option<Message>, top: Option<u32>) -> Result<Ask, RestError> {
    let target = || match &route.subject {
        Subject::Hub => Target::All,
        Subject::User(user) | Subject::UserInGroup(user, _) => Target::User(user.clone()),
        Subject::Group(group) => Target::Group(group.clone()),
        Subject::Connection(id) | Subject::ConnectionInGroup(id, _) => Target::Connection(id.clone()),
    };
    let excluded = || query.all("excluded");
    let action = match (route.kind, &route.subject, message) {
        (Kind::Send, _, Some(message)) => Action::Send { to: target(), message, excluded: excluded() },
        (Kind::Invoke, Subject::Connection(id), Some(message)) => Action::Invoke { connection: id.clone(), message },
        (Kind::Close, ..) => {
            Action::Close { of: target(), reason: query.get("reason").map(str::to_owned), excluded: excluded() }
        }
        (Kind::Exists, ..) => Action::Exists(target()),
        (Kind::List, Subject::Group(group), _) => {
            let largest = number(query, "maxpagesize")?.unwrap_or(DEFAULT_PAGE).min(LARGEST_PAGE);
            let limit = top.map_or(largest, |top| largest.min(top));
            Action::List { group: group.clone(), after: query.get("continuationToken").map(str::to_owned), limit }
        }
        (Kind::Join, Subject::ConnectionInGroup(id, group), _) => {
            Action::Join { member: Member::Connection(id.clone()), group: group.clone(), ttl_seconds: None }
        }
        (Kind::Join, Subject::UserInGroup(user, group), _) => {
            let ttl_seconds = match query.get("ttl") {
                None => None,
                Some(ttl) => Some(ttl.parse().map_err(|_| RestError::invalid("ttl", "must be a number of seconds"))?),
            };
            Action::Join { member: Member::User(user.clone()), group: group.clone(), ttl_seconds }
        }
        (Kind::Leave, Subject::ConnectionInGroup(id, group), _) => {
            Action::Leave { member: Member::Connection(id.clone()), group: group.clone() }
        }
        (Kind::Leave, Subject::UserInGroup(user, group), _) => {
            Action::Leave { member: Member::User(user.clone()), group: group.clone() }
        }
        (Kind::LeaveAll, Subject::Connection(id), _) => Action::LeaveAll(Member::Connection(id.clone())),
        (Kind::LeaveAll, Subject::User(user), _) => Action::LeaveAll(Member::User(user.clone())),
        (Kind::IsInGroup, Subject::UserInGroup(user, group), _) => {
            Action::IsInGroup { user: user.clone(), group: group.clone() }
        }
        (Kind::GenerateToken, ..) => {
            let user_id = query.get("userId").map(str::to_owned);
            let minutes = number(query, "minutesToExpire")?.unwrap_or(DEFAULT_TOKEN_MINUTES);
            let hub = hub_of(route, query);
            return Ok(Ask::ClientToken { hub, user_id, minutes });
        }
        (Kind::Unsupported, ..) => {
            return Err(RestError::new(501, "Error.Request.NotSupported", "this server has no such operation"));
        }
        _ => return Err(RestError::nothing_here()),
    };
    Ok(Ask::Operation(Operation { hub: hub_of(route, query), action }))
}

/// A hub of an application has the application's name before its own.
fn hub_of(route: &Route, query: &Query) -> String {
    match query.get("application") {
        Some(application) => format!("{application}_{}", route.hub),
        None => route.hub.clone(),
    }
}

/// A positive whole number.
fn number(query: &Query, name: &str) -> Result<Option<u32>, RestError> {
    let Some(text) = query.get(name) else { return Ok(None) };
    let number = text.parse().ok().filter(|number| *number > 0);
    number.map(Some).ok_or_else(|| RestError::invalid(name, "must be a positive whole number"))
}

fn check_version(route: &Route, query: &Query) -> Result<(), RestError> {
    let version = query.get("api-version");
    let is_known = || version.is_some_and(|version| VERSIONS.contains(&version));
    if route.generation == Generation::One || is_known() {
        return Ok(());
    }
    Err(RestError::invalid("api-version", format!("must be one of {}", VERSIONS.join(", "))))
}

fn check_names(route: &Route, query: &Query) -> Result<(), RestError> {
    let is_hub = |name: &str| {
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_`,.[]".contains(&byte);
        let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic());
        begins && name.len() <= MAX_HUB_BYTES && name.bytes().all(is_inner)
    };
    // As it is in the path, a hyphen is allowed as well: routes of hubs have some.
    if !is_hub(&route.hub.replace('-', "_")) {
        return Err(RestError::invalid("hub", "is no name of a hub"));
    }
    if query.get("application").is_some_and(|application| !is_hub(application)) {
        return Err(RestError::invalid("application", "is no name of an application"));
    }
    let group = match &route.subject {
        Subject::Group(group) | Subject::ConnectionInGroup(_, group) | Subject::UserInGroup(_, group) => group,
        Subject::Hub | Subject::User(_) | Subject::Connection(_) => return Ok(()),
    };
    if group.trim().is_empty() || group.chars().count() > MAX_GROUP_CHARACTERS {
        let message = format!("must have 1 to {MAX_GROUP_CHARACTERS} characters, not all of them blank");
        return Err(RestError::invalid("group", message));
    }
    Ok(())
}

/// Reads a message: MessagePack where its type says so, else JSON.
fn message(content_type: &str, body: &[u8]) -> Result<Message, RestError> {
    if is_too_large(body.len()) {
        return Err(RestError::too_large(MAX_BODY_BYTES));
    }
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let read = match media_type.as_str() {
        "application/octet-stream" | "application/x-msgpack" => Message::from_messagepack(body),
        "" | "application/json" | "text/json" => Message::from_json(body),
        _ => {
            let message = "the body must be application/json, application/octet-stream or application/x-msgpack";
            return Err(RestError::new(415, "Error.Request.UnsupportedMediaType", message));
        }
    };
    read.map_err(|error| {
        let target = if error == MessageError::NoTarget { "target" } else { "body" };
        RestError::invalid(target, error.to_string())
    })
}

fn is_too_large(bytes: usize) -> bool {
    bytes > MAX_BODY_BYTES
}

/// The token of an `Authorization: Bearer` header (RFC 6750, 2.1; the scheme in any case: RFC 9110, 11.1).
fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

// Times are positive and far below 2^63.
#[allow(clippy::cast_possible_truncation)]
fn now_millis() -> i64 {
    clock::now_millis() as i64
}
