//! Leases of realtime sessions. Each is a WebSocket that the Worker holds while its session goes on, one to the key's
//! object and one to the directory's first shard: whatever becomes of the Worker, they are gone with it, so sessions are
//! counted by live sockets and never by rows.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use contract::{Money, RealtimeConnection, RealtimeSessionState, time::Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use wasm_bindgen::{JsCast, JsValue};
use worker::{
    Env, Error, Headers, Request, RequestInit, Response, Result, State, WebSocket, WebSocketPair,
    worker_sys::DurableObjectState,
};

use crate::{directory::calls::directory_name, identifiers::now_millis, virtual_key::calls::virtual_key_name};

/// Where both objects take leases.
pub(crate) const LEASE_PATH: &str = "/realtime/lease";

/// Tells the sockets of leases from all others.
const TAG: &str = "realtime-lease";

/// Carries what the Worker asks.
const HEADER: &str = "x-lease";

/// Why a lease is given back whose session never began: there was no place among those of all keys.
pub const NOT_BEGUN: &str = "not_begun";

/// Asks the key's object for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakeLease {
    /// The key.
    pub virtual_key_id: String,
    /// The session.
    pub connection_id: String,
    /// The model, by the client's name of it.
    pub model: String,
    /// The provider that is called first.
    pub provider: String,
}

/// Why there is no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeaseRefusal {
    /// No such key, or a deleted one: nobody learns which.
    Unknown,
    /// The operator turned the key off.
    Disabled,
    /// The key is past its time.
    Expired,
    /// The key does not open realtime sessions.
    NoRealtime,
    /// The key may not use this model.
    OtherModel,
    /// The budget of the key is spent.
    BudgetSpent,
    /// The key has as many sessions as it may have.
    TooManySessions {
        /// That many.
        limit: u64,
    },
    /// All keys together have as many sessions as they may have.
    SystemFull {
        /// That many.
        limit: u64,
    },
}

/// Why the key's object ends a session: what it says on the lease before it closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LeaseEnd {
    /// The key is disabled, deleted, past its time, or opens realtime sessions no more.
    KeyShut,
    /// The budget is spent.
    BudgetSpent,
    /// Its owner ended it.
    Owner,
    /// The operator did.
    Operator,
}

impl LeaseEnd {
    /// What the session's record says of it.
    pub(crate) fn reason(self) -> &'static str {
        match self {
            Self::KeyShut => "key_disabled",
            Self::BudgetSpent => "budget_spent",
            Self::Owner => "ended_by_owner",
            Self::Operator => "ended_by_operator",
        }
    }
}

/// What a session was lent of its key's budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credit {
    /// All that it may cost, from its beginning on.
    pub total: Money,
    /// There is no more: others hold the rest, or nobody does.
    pub is_last: bool,
}

/// What an object says on a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LeaseWord {
    /// What the session may cost has changed; none where there is no budget any more.
    Credit(Option<Credit>),
    /// The session ends.
    End(LeaseEnd),
}

/// What comes with a lease.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Granted {
    /// What the session may cost; none where there is no budget.
    pub credit: Option<Credit>,
    /// Whether it is recorded.
    pub is_recorded: bool,
}

/// What a lease's socket remembers while its object sleeps. No attachment of another socket looks like this.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Leased {
    /// The session.
    pub(crate) lease: String,
    pub(crate) virtual_key_id: String,
    pub(crate) model: String,
    pub(crate) provider: String,
    pub(crate) since_millis: i64,
}

impl Leased {
    /// A session that begins now.
    pub(crate) fn new(take: TakeLease) -> Self {
        let TakeLease { virtual_key_id, connection_id, model, provider } = take;
        Self { lease: connection_id, virtual_key_id, model, provider, since_millis: now_millis() }
    }

    /// As its owner reads it.
    pub(crate) fn view(self) -> RealtimeConnection {
        RealtimeConnection {
            connection_id: self.lease,
            model: self.model,
            provider: self.provider,
            connected_at: Timestamp(self.since_millis),
            state: RealtimeSessionState::Active,
        }
    }
}

/// The leases of an object.
pub(crate) struct Leases {
    state: State,
}

impl Leases {
    pub(crate) fn new(state: &State) -> Self {
        let raw: &JsValue = state.as_raw().unchecked_ref();
        Self { state: State::from(raw.clone().unchecked_into::<DurableObjectState>()) }
    }

    /// Takes one, and answers with the Worker's end of its socket.
    pub(crate) fn accept(&self, leased: &Leased, granted: Granted) -> Result<Response> {
        let pair = WebSocketPair::new()?;
        self.state.as_raw().accept_websocket_with_tags(pair.server.as_ref(), vec![TAG.into()])?;
        pair.server.serialize_attachment(leased)?;
        let response = Response::from_websocket(pair.client)?;
        response.headers().set(HEADER, &serde_json::to_string(&granted)?)?;
        Ok(response)
    }

    /// Those that are open, each with its socket.
    pub(crate) fn open(&self) -> Vec<(Leased, WebSocket)> {
        self.sockets().filter_map(|socket| Some((socket.deserialize_attachment().ok()??, socket))).collect()
    }

    /// Those whose sockets are there, open or being closed.
    pub(crate) fn held(&self) -> impl Iterator<Item = Leased> {
        let sockets = self.state.as_raw().get_websockets_with_tag(TAG).unwrap_or_default();
        sockets.into_iter().filter_map(|socket| WebSocket::from(socket).deserialize_attachment().ok()?)
    }

    /// How many are open.
    pub(crate) fn count(&self) -> u64 {
        self.sockets().count() as u64
    }

    /// Ends the session of that id. False where there is none.
    pub(crate) fn end(&self, connection_id: &str, why: LeaseEnd) -> bool {
        let found = self.open().into_iter().find(|(leased, _)| leased.lease == connection_id);
        found.is_some_and(|(_, socket)| {
            end(&socket, why);
            true
        })
    }

    /// The lease of a socket; none where it is another's socket.
    pub(crate) fn of(&self, socket: &WebSocket) -> Option<Leased> {
        let tags = self.state.as_raw().get_tags(socket.as_ref()).ok()?;
        tags.iter().any(|tag| tag == TAG).then(|| socket.deserialize_attachment().ok()?)?
    }

    fn sockets(&self) -> impl Iterator<Item = WebSocket> {
        let sockets = self.state.as_raw().get_websockets_with_tag(TAG).unwrap_or_default();
        let is_open = |socket: &web_sys::WebSocket| socket.ready_state() == web_sys::WebSocket::OPEN;
        sockets.into_iter().filter(is_open).map(WebSocket::from)
    }
}

/// Ends a session: says why, and closes its lease.
pub(crate) fn end(socket: &WebSocket, why: LeaseEnd) {
    if let Ok(text) = serde_json::to_string(&LeaseWord::End(why)) {
        let _closed_meanwhile = socket.send_with_str(text);
    }
    let _closed_meanwhile = socket.close(Some(1_000), Some("the session ends"));
}

/// Answers a close, which the platform does not do for sockets that sleep: one without a code by one without a code, a
/// lost socket not at all.
pub(crate) fn answer_close(socket: &WebSocket, code: usize) {
    let _closed_already = match code {
        1_005 => socket.close(None, None::<&str>),
        1_006 | 1_015 => Ok(()),
        code => socket.close(u16::try_from(code).ok(), None::<&str>),
    };
}

/// Answers why there is no lease.
pub(crate) fn refuse(refusal: &LeaseRefusal) -> Result<Response> {
    Ok(Response::from_json(refusal)?.with_status(422))
}

/// What the Worker asks.
///
/// # Errors
///
/// It asks nothing that this version understands, or for no socket.
pub(crate) fn asked<T: DeserializeOwned>(request: &Request) -> Result<T> {
    let headers = request.headers();
    let is_upgrade = headers.get("upgrade")?.is_some_and(|value| value.eq_ignore_ascii_case("websocket"));
    let header = headers.get(HEADER)?.filter(|_| is_upgrade);
    let json = header.and_then(|header| BASE64_URL_SAFE_NO_PAD.decode(header).ok());
    let json = json.ok_or_else(|| Error::RustError("this is no question for a lease".to_owned()))?;
    Ok(serde_json::from_slice(&json)?)
}

/// A lease, or why there is none.
type Taken = std::result::Result<(WebSocket, Granted), LeaseRefusal>;

impl TakeLease {
    /// Asks the key's object. The socket is not accepted yet.
    ///
    /// # Errors
    ///
    /// The object does not answer.
    pub async fn of_key(&self, env: &Env) -> Result<Taken> {
        self.ask(env, "VIRTUAL_KEY", &virtual_key_name(&self.virtual_key_id)).await
    }

    /// Asks the shard that counts the sessions of all keys.
    ///
    /// # Errors
    ///
    /// The object does not answer.
    pub async fn of_system(&self, env: &Env) -> Result<Taken> {
        self.ask(env, "DIRECTORY", &directory_name(0)).await
    }

    async fn ask(&self, env: &Env, binding: &str, name: &str) -> Result<Taken> {
        let headers = Headers::new();
        headers.set("upgrade", "websocket")?;
        headers.set(HEADER, &BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_string(self)?))?;
        let mut init = RequestInit::new();
        init.with_headers(headers);
        // The host is never resolved: a stub takes any URL.
        let request = Request::new_with_init(&format!("https://object{LEASE_PATH}"), &init)?;
        let mut response = env.durable_object(binding)?.get_by_name(name)?.fetch_with_request(request).await?;
        if response.status_code() == 422 {
            return Ok(Err(response.json().await?));
        }
        let status = response.status_code();
        let granted = response.headers().get(HEADER)?.and_then(|json| serde_json::from_str(&json).ok());
        let taken = response.websocket().zip(granted);
        taken.map(Ok).ok_or_else(|| Error::RustError(format!("{binding} object answered a lease with {status}")))
    }
}
