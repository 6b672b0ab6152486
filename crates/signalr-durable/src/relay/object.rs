//! An object that holds sockets for a server in another object.
//!
//! It answers pings, and passes all else on: what clients send, in order, in numbered requests of which one is under way at a
//! time; and what the server has for them, frame by frame. It keeps no timer and no socket to the server, so both sleep.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    rc::{Rc, Weak},
    time::Duration,
};

use serde::Serialize;
use signalr::Protocol;
use wasm_bindgen::{JsCast, JsValue};
use worker::{
    Delay, Error, Headers, Method, Request, RequestInit, Response, Result, State, Stub, WebSocket,
    WebSocketIncomingMessage, WebSocketPair, WebSocketRequestResponsePair, worker_sys::DurableObjectState,
};

use super::{
    DownHead, HEAD, MOST_TRIES, OPENED, RELAYED_PATH, REQUEST_BYTES, RESTARTED, UpAnswer, UpHead, Via, wait_millis,
    wire::{self, Channel, Happening, Operation},
};
use crate::{
    call::{ConnectionCall, HEADER},
    clock,
    close::ABNORMAL_CLOSURE,
    edge::{CONNECTIONS_PATH, ascii},
    error::ServerError,
    log, millis,
    options::ServerOptions,
    outbox::FRAME_BYTES,
    socket::{self, OwnSocket},
};

/// How often dead sockets are looked for.
const CHECK_MILLIS: i64 = 30 * 60_000;

/// A ping is due at the end of the client's interval, and the answer to it a little later.
const GRACE_MILLIS: f64 = 1_000.0;

/// What may wait for the server, in bytes. Past it the connections are given up.
const MOST_WAITING_BYTES: usize = 33_554_432;

const CREATE: &str = "CREATE TABLE IF NOT EXISTS signalr_applied (only INTEGER PRIMARY KEY, number INTEGER NOT NULL)";

/// Holds sockets for a [`Server`](crate::Server) in another object. Build it in the object's constructor and hand it the
/// object's requests, WebSocket events and alarms.
///
/// | of the object | to the relay |
/// |---|---|
/// | `fetch` at [`CONNECTIONS_PATH`] and [`RELAY_PATH`](crate::RELAY_PATH) | [`serve`](Self::serve) |
/// | `websocket_message` | [`receive`](Self::receive) |
/// | `websocket_close` | [`closed`](Self::closed) |
/// | `websocket_error` | [`broken`](Self::broken) |
/// | `alarm` | [`check`](Self::check) |
pub struct Relay {
    this: Weak<Relay>,
    state: State,
    number: u32,
    reach_server: Box<dyn Fn() -> Result<Stub>>,
    client_timeout_millis: u64,
    /// The platform answers pings, unless somebody is to hear them.
    answers_pings: bool,
    is_restored: Cell<bool>,
    is_alarm_set: Cell<bool>,
    sockets: RefCell<BTreeMap<Channel, Held>>,
    last_channel: Cell<Channel>,
    /// The number of the last batch that was done; none while nobody looked.
    applied: Cell<Option<u64>>,
    upward: RefCell<Upward>,
}

struct Held {
    socket: OwnSocket,
    /// When the client was last heard by this memory, in milliseconds since the epoch.
    heard_at_millis: f64,
}

/// Frames for the same sockets that follow each other, which leave as one: a frame costs about as much as sixteen records
/// in it.
#[derive(Default)]
struct Joined {
    channels: Vec<Channel>,
    is_text: bool,
    may_join: bool,
    bytes: Vec<u8>,
}

impl Joined {
    /// Takes a frame in, or gives back what comes after this one.
    fn join<'a>(&mut self, operation: Operation<'a>) -> Option<Operation<'a>> {
        match operation {
            Operation::Send { channels, is_text, may_join: true, bytes }
                if self.may_join
                    && is_text == self.is_text
                    && channels == self.channels
                    && self.bytes.len() + bytes.len() <= FRAME_BYTES =>
            {
                self.bytes.extend_from_slice(bytes);
                None
            }
            other => Some(other),
        }
    }
}

/// What the server has not been told.
struct Upward {
    waiting: VecDeque<Happening>,
    waiting_bytes: usize,
    is_sending: bool,
    life: String,
    number: u64,
    taken_by: Option<String>,
}

impl Relay {
    /// A relay under this number, for the server that `reach_server` gives the object of. The options are the server's.
    #[must_use]
    pub fn new(
        state: &State,
        options: &ServerOptions,
        number: u32,
        reach_server: impl Fn() -> Result<Stub> + 'static,
    ) -> Rc<Self> {
        let state =
            State::from(state.as_raw().unchecked_ref::<JsValue>().clone().unchecked_into::<DurableObjectState>());
        let mut life = [0; 8];
        if getrandom::fill(&mut life).is_err() {
            life = clock::now_millis().to_be_bytes();
        }
        let upward = Upward {
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            is_sending: false,
            life: format!("{:016x}", u64::from_be_bytes(life)),
            number: 0,
            taken_by: None,
        };
        Rc::new_cyclic(|this| Self {
            this: this.clone(),
            state,
            number,
            reach_server: Box::new(reach_server),
            client_timeout_millis: options.client_timeout_millis,
            answers_pings: !options.times_clients(),
            is_restored: Cell::new(false),
            is_alarm_set: Cell::new(false),
            sockets: RefCell::default(),
            last_channel: Cell::new(0),
            applied: Cell::new(None),
            upward: RefCell::new(upward),
        })
    }

    /// Answers a request: of the Worker for a client, or of the server.
    ///
    /// # Errors
    ///
    /// [`ServerError`] where the request is neither, or the platform refuses.
    pub async fn serve(&self, request: Request) -> std::result::Result<Response, ServerError> {
        self.restore();
        if request.path() == CONNECTIONS_PATH { self.open(&request).await } else { self.obey(request).await }
    }

    /// Opens a socket for a client, if the server takes the connection.
    async fn open(&self, request: &Request) -> std::result::Result<Response, ServerError> {
        let mut call = ConnectionCall::of(request)?;
        if !self.is_alarm_set.replace(true) && self.state.storage().get_alarm().await?.is_none() {
            self.state.storage().set_alarm(CHECK_MILLIS).await?;
        }
        let channel = self.next_channel();
        let pair = WebSocketPair::new()?;
        let socket = OwnSocket::accept(&self.state, &pair.server, &[]).map_err(Error::from)?;
        socket.attach(&channel.to_string()).map_err(Error::from)?;
        // It is there before the server knows of it: what the server sends at once may overtake its answer.
        let oldest = {
            let mut sockets = self.sockets.borrow_mut();
            sockets.insert(channel, Held { socket, heard_at_millis: clock::now_millis() });
            sockets.first_key_value().map_or(channel, |(oldest, _)| *oldest)
        };
        call.via = Some(Via { relay: self.number, channel, oldest });
        let answer = self.ask_server(&call).await;
        match &answer {
            Ok(answer) if answer.headers().get(OPENED)?.is_some() => return Ok(Response::from_websocket(pair.client)?),
            // The server may have taken it nonetheless.
            Err(_) => self.tell(Happening::Closed { channel, code: ABNORMAL_CLOSURE }),
            Ok(_) => {}
        }
        self.drop_socket(channel, RESTARTED);
        Ok(answer?)
    }

    async fn ask_server(&self, call: &ConnectionCall) -> Result<Response> {
        let headers = Headers::new();
        headers.set(HEADER, &ascii(&serde_json::to_string(call)?))?;
        let mut init = RequestInit::new();
        init.with_headers(headers);
        let request = Request::new_with_init(&format!("https://object{CONNECTIONS_PATH}"), &init)?;
        (self.reach_server)()?.fetch_with_request(request).await
    }

    /// Does what the server says.
    async fn obey(&self, mut request: Request) -> std::result::Result<Response, ServerError> {
        let head = request.headers().get(HEAD)?.unwrap_or_default();
        let head: DownHead = serde_json::from_str(&head).map_err(|error| ServerError::NoCall(error.to_string()))?;
        let channels = match head {
            DownHead::Operations => {
                let body = request.bytes().await?;
                self.apply(&body)?
            }
            DownHead::Check => {
                self.close_silent();
                self.sockets.borrow().keys().copied().collect()
            }
        };
        let mut answer = Vec::new();
        wire::put_channels(&channels, &mut answer);
        Ok(Response::from_bytes(answer)?)
    }

    /// Does the batches that were not done before, and gives the channels in them that are not there.
    fn apply(&self, body: &[u8]) -> std::result::Result<Vec<Channel>, ServerError> {
        let garbled = || ServerError::NoCall("no batches".to_owned());
        let mut gone = Vec::new();
        let applied = self.applied()?;
        let mut last = applied;
        let mut frame = Joined::default();
        for (number, batch) in wire::batches(body).ok_or_else(garbled)? {
            if number <= last {
                continue;
            }
            for operation in wire::operations(batch).ok_or_else(garbled)? {
                let Some(operation) = frame.join(operation) else { continue };
                self.send(&frame, &mut gone);
                frame = Joined::default();
                match operation {
                    Operation::Send { channels, is_text, may_join, bytes } => {
                        frame = Joined { channels, is_text, may_join, bytes: bytes.to_vec() };
                    }
                    Operation::Close { channel, code } => self.drop_socket(channel, code),
                    Operation::CloseUntil { last } => self.drop_until(last),
                }
            }
            last = number;
        }
        self.send(&frame, &mut gone);
        if last > applied {
            // After what was sent, which thus leaves at once: whoever has not stored this has lost its sockets as well.
            self.state.storage().sql().exec(CREATE, None)?;
            let row = vec![i64::try_from(last).unwrap_or(i64::MAX).into()];
            self.state.storage().sql().exec("INSERT OR REPLACE INTO signalr_applied VALUES (1, ?)", row)?;
            self.applied.set(Some(last));
        }
        gone.sort_unstable();
        gone.dedup();
        Ok(gone)
    }

    fn send(&self, frame: &Joined, gone: &mut Vec<Channel>) {
        if frame.channels.is_empty() {
            return;
        }
        let payload = socket::payload(frame.is_text, &frame.bytes);
        let sockets = self.sockets.borrow();
        for channel in &frame.channels {
            match sockets.get(channel) {
                Some(held) => held.socket.send(&payload),
                None => gone.push(*channel),
            }
        }
    }

    fn drop_until(&self, last: Channel) {
        let channels: Vec<Channel> = self.sockets.borrow().range(..=last).map(|(channel, _)| *channel).collect();
        for channel in channels {
            self.drop_socket(channel, RESTARTED);
        }
    }

    // Numbers of batches are far below 2^53; the binding gives every number as a float.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn applied(&self) -> Result<u64> {
        if let Some(applied) = self.applied.get() {
            return Ok(applied);
        }
        let sql = self.state.storage().sql();
        let known = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'signalr_applied'", None)?;
        let mut applied = 0;
        if known.raw().next().is_some()
            && let Some(row) = sql.exec("SELECT number FROM signalr_applied", None)?.raw().next()
        {
            applied = match row?.into_iter().next() {
                Some(worker::SqlStorageValue::Integer(number)) => u64::try_from(number).unwrap_or(0),
                Some(worker::SqlStorageValue::Float(number)) => number as u64,
                _ => 0,
            };
        }
        self.applied.set(Some(applied));
        Ok(applied)
    }

    /// Takes a WebSocket message.
    pub fn receive(&self, socket: &WebSocket, message: WebSocketIncomingMessage) {
        self.restore();
        let Some(channel) = channel_of(&OwnSocket::new(socket)) else { return };
        if let Some(held) = self.sockets.borrow_mut().get_mut(&channel) {
            held.heard_at_millis = clock::now_millis();
        }
        let (is_text, bytes) = match message {
            WebSocketIncomingMessage::String(text) => (true, text.into_bytes()),
            WebSocketIncomingMessage::Binary(bytes) => (false, bytes),
        };
        self.tell(Happening::Frame { channel, is_text, bytes });
    }

    /// Takes the platform's word that a WebSocket closed, and answers its close frame.
    pub fn closed(&self, socket: &WebSocket, code: usize, reason: &str) {
        self.restore();
        let socket = OwnSocket::new(socket);
        let code = u16::try_from(code).unwrap_or(ABNORMAL_CLOSURE);
        socket.answer_close(code, reason);
        // One that the server had closed is nobody's any more.
        if let Some(channel) = channel_of(&socket) {
            self.forget(channel);
            self.tell(Happening::Closed { channel, code });
        }
    }

    /// Takes the platform's word that a WebSocket broke.
    pub fn broken(&self, socket: &WebSocket) {
        self.closed(socket, usize::from(ABNORMAL_CLOSURE), "");
    }

    /// Looks for silent clients, and goes if it holds no socket. Call it from the object's alarm, which it sets.
    ///
    /// # Errors
    ///
    /// The platform's.
    pub async fn check(&self) -> Result<()> {
        self.restore();
        self.close_silent();
        self.is_alarm_set.set(false);
        if self.sockets.borrow().is_empty() && self.upward.borrow().waiting.is_empty() {
            self.applied.set(None);
            return self.state.storage().delete_all().await;
        }
        self.is_alarm_set.set(true);
        self.state.storage().set_alarm(CHECK_MILLIS).await
    }

    /// A client that pings by what the platform answers, and does not any more, is gone.
    fn close_silent(&self) {
        let limit = clock::now_millis() - millis(self.client_timeout_millis) - GRACE_MILLIS;
        let silent: Vec<Channel> = {
            let sockets = self.sockets.borrow();
            let is_silent = |held: &Held| {
                let answered = held.socket.answered_at_millis(&self.state);
                answered.is_some_and(|at| at.max(held.heard_at_millis) < limit)
            };
            sockets.iter().filter(|(_, held)| is_silent(held)).map(|(channel, _)| *channel).collect()
        };
        for channel in silent {
            self.drop_socket(channel, 1_000);
            self.tell(Happening::Closed { channel, code: ABNORMAL_CLOSURE });
        }
    }

    /// Finds the sockets that outlived the last sleep, once in the object's life.
    fn restore(&self) {
        if self.is_restored.replace(true) {
            return;
        }
        if self.answers_pings
            && let Ok(ping) = std::str::from_utf8(Protocol::Json.ping())
            && let Ok(pair) = WebSocketRequestResponsePair::new(ping, ping)
        {
            self.state.set_websocket_auto_response(&pair);
        }
        // Later than all of the life before.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        self.last_channel.set((clock::now_millis() as u64) << 10);
        let Ok(sockets) = self.state.as_raw().get_websockets() else { return };
        for socket in sockets {
            let socket = OwnSocket::new(&socket.into());
            let channel = channel_of(&socket).filter(|_| socket.is_open());
            if let Some(channel) = channel {
                self.last_channel.set(self.last_channel.get().max(channel));
                self.sockets.borrow_mut().insert(channel, Held { socket, heard_at_millis: 0.0 });
            }
        }
    }

    fn next_channel(&self) -> Channel {
        self.last_channel.set(self.last_channel.get() + 1);
        self.last_channel.get()
    }

    fn forget(&self, channel: Channel) {
        if let Some(held) = self.sockets.borrow_mut().remove(&channel) {
            let _closed_already = held.socket.attach("");
        }
    }

    fn drop_socket(&self, channel: Channel, code: u16) {
        let held = self.sockets.borrow_mut().remove(&channel);
        if let Some(held) = held {
            let _closed_already = held.socket.attach("");
            held.socket.close(code, "");
        }
    }

    /// Has the server told.
    fn tell(&self, happening: Happening) {
        let is_too_much = {
            let mut upward = self.upward.borrow_mut();
            upward.waiting_bytes += happening.weight();
            upward.waiting.push_back(happening);
            upward.waiting_bytes > MOST_WAITING_BYTES
        };
        if is_too_much {
            self.give_up();
        }
        if !self.upward.borrow().is_sending
            && let Some(relay) = self.this.upgrade()
        {
            self.upward.borrow_mut().is_sending = true;
            self.state.wait_until(async move { relay.tell_all().await });
        }
    }

    /// Tells the server what happened, until nothing waits.
    async fn tell_all(&self) {
        loop {
            let mut told = Vec::new();
            let mut body = Vec::new();
            let mut head = {
                let mut upward = self.upward.borrow_mut();
                while let Some(happening) = upward.waiting.front()
                    && (body.is_empty() || body.len() + happening.weight() <= REQUEST_BYTES)
                {
                    wire::put_happening(happening, &mut body);
                    told.push(happening.channel());
                    if let Some(happening) = upward.waiting.pop_front() {
                        upward.waiting_bytes -= happening.weight();
                    }
                }
                if told.is_empty() {
                    upward.is_sending = false;
                    return;
                }
                upward.number += 1;
                UpHead {
                    relay: self.number,
                    life: upward.life.clone(),
                    number: upward.number,
                    taken_by: upward.taken_by.clone(),
                    is_retry: false,
                }
            };
            match self.send_up(&mut head, &body).await {
                Some(answer) => {
                    self.upward.borrow_mut().taken_by = Some(answer.taken_by);
                    if !answer.is_taken {
                        self.end(told);
                    }
                }
                None => self.give_up(),
            }
        }
    }

    async fn send_up(&self, head: &mut UpHead, body: &[u8]) -> Option<UpAnswer> {
        for tries in 1..=MOST_TRIES {
            let sent = match (self.reach_server)() {
                Ok(stub) => post(&stub, RELAYED_PATH, head, body).await,
                Err(error) => Err(error),
            };
            match sent.and_then(|answer| Ok(serde_json::from_slice(&answer)?)) {
                Ok(answer) => return Some(answer),
                Err(error) if tries == MOST_TRIES => log::error("the server of a relay did not answer", &error),
                Err(_) => Delay::from(Duration::from_millis(wait_millis(tries))).await,
            }
            head.is_retry = true;
        }
        None
    }

    /// Ends connections of which nobody knows what the server has done: their clients come again.
    fn end(&self, mut channels: Vec<Channel>) {
        channels.sort_unstable();
        channels.dedup();
        for channel in channels {
            self.drop_socket(channel, RESTARTED);
            self.tell(Happening::Closed { channel, code: ABNORMAL_CLOSURE });
        }
    }

    /// The server cannot be reached: its connections end. It learns of that when one begins here, or when it looks.
    fn give_up(&self) {
        {
            let mut upward = self.upward.borrow_mut();
            upward.waiting.clear();
            upward.waiting_bytes = 0;
        }
        let channels: Vec<Channel> = self.sockets.borrow().keys().copied().collect();
        for channel in channels {
            self.drop_socket(channel, RESTARTED);
        }
    }
}

/// The channel of a socket, unless it is nobody's any more.
fn channel_of(socket: &OwnSocket) -> Option<Channel> {
    socket.attachment()?.parse().ok()
}

/// Posts bytes to an object, and gives what it answers.
pub(super) async fn post(stub: &Stub, path: &str, head: &impl Serialize, body: &[u8]) -> Result<Vec<u8>> {
    let headers = Headers::new();
    headers.set(HEAD, &serde_json::to_string(head)?)?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_headers(headers).with_body(Some(JsValue::from(js_sys::Uint8Array::from(body))));
    // The host is never resolved: a stub takes any URL.
    let mut answer = stub.fetch_with_request(Request::new_with_init(&format!("https://object{path}"), &init)?).await?;
    let bytes = answer.bytes().await?;
    if answer.status_code() == 200 {
        Ok(bytes)
    } else {
        Err(Error::RustError(String::from_utf8_lossy(&bytes).into_owned()))
    }
}
