//! One hub: its connection, and what a new one owes to who had the old one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde::Deserialize;
use serde_json::Value;
use signalr::Arguments;
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, timeout};

use super::history::Api;
use super::metrics::HubMetrics;
use super::seen::Seen;
use super::subscriptions::Subscriptions;
use super::{ConnectionStateChanged, HubConnectionInfo, HubName};
use crate::commands::payloads;
use crate::event::Handlers;
use crate::{ConnectionState, ConnectionStatus, Error, Event, HubConnection};

/// Events that are held while what was missed goes before them.
const MOST_HELD: usize = 16_384;

/// A hub as the program sees it.
pub(super) struct HubSession {
    pub(super) hub: HubName,
    pub(super) handlers: Handlers,
    status: watch::Sender<ConnectionStatus>,
    changes: broadcast::Sender<ConnectionStateChanged>,
    /// Whoever calls waits for a connection in turn, so that calls go out in the order in which they were made.
    turn: tokio::sync::Mutex<()>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    connection: Option<HubConnection>,
    subscriptions: Subscriptions,
    seen: Seen,
    metrics: HubMetrics,
    resume_token: Option<String>,
    /// Where what was missed can be read.
    api: Option<Api>,
    /// What waits until what was missed has gone before it.
    held: Option<Vec<Event>>,
    /// How many calls are under way that have the hub tell again where things stand.
    repeats_wanted: usize,
    /// When connecting began, or the connection was lost.
    since: Option<Instant>,
    has_been_connected: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResumeToken {
    resume_token: String,
}

#[derive(Deserialize)]
struct Resumed {
    recovered: bool,
}

impl HubSession {
    pub(super) fn new(hub: HubName, changes: broadcast::Sender<ConnectionStateChanged>) -> Self {
        let (status, _) = watch::channel(ConnectionStatus::default());
        Self {
            hub,
            handlers: Handlers::default(),
            status,
            changes,
            turn: tokio::sync::Mutex::default(),
            inner: Mutex::default(),
        }
    }

    /// Where it stands.
    pub(super) fn info(&self) -> HubConnectionInfo {
        HubConnectionInfo { hub: self.hub.clone(), status: self.status.borrow().clone(), metrics: self.lock().metrics }
    }

    /// Takes a connection, starts it and waits until it is there, with all that was before. Whoever asks while one is
    /// there, or on its way, waits for that.
    pub(super) async fn connect(
        self: &Arc<Self>,
        make: impl FnOnce() -> Result<(HubConnection, Option<Api>), Error> + Send,
    ) -> Result<(), Error> {
        let fresh = {
            let mut inner = self.lock();
            let is_idle = matches!(self.status.borrow().state, ConnectionState::Disconnected | ConnectionState::Failed);
            if is_idle {
                let (connection, api) = make()?;
                self.listen(&connection);
                inner.api = api;
                inner.held = None;
                inner.connection = Some(connection.clone());
                inner.since = Some(Instant::now());
                // Under the lock: who asks at the same time must find that it is on its way.
                self.enter(
                    ConnectionStatus { state: ConnectionState::Connecting, ..ConnectionStatus::default() },
                    None,
                );
                Some(connection)
            } else {
                None
            }
        };
        if let Some(connection) = fresh {
            tokio::spawn(follow(Arc::downgrade(self), connection.clone()));
            connection.start().await?;
        }
        self.ready().await.map(drop)
    }

    /// Ends the connection, and forgets whose it was.
    pub(super) async fn disconnect(&self) {
        let connection = {
            let mut inner = self.lock();
            inner.resume_token = None;
            inner.seen.forget();
            inner.has_been_connected = false;
            inner.connection.take()
        };
        if let Some(connection) = connection {
            connection.stop().await;
        }
        if self.status.borrow().state != ConnectionState::Disconnected {
            self.enter(ConnectionStatus::default(), None);
        }
    }

    /// Calls a method as soon as there is a connection, and again where that does no harm and the connection was lost.
    pub(super) async fn invoke<T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        arguments: &(impl Arguments + ?Sized + Sync),
    ) -> Result<T, Error> {
        let concerns_subscriptions = Subscriptions::concern(method);
        let begins = Subscriptions::begin(method);
        if begins {
            self.lock().repeats_wanted += 1;
        }
        let result = loop {
            let result = self.invoke_once(method, arguments).await;
            let is_to_repeat = concerns_subscriptions && matches!(result, Err(Error::Lost(_)));
            if !is_to_repeat {
                break result;
            }
        };
        let mut inner = self.lock();
        if begins {
            inner.repeats_wanted -= 1;
        }
        if concerns_subscriptions
            && result.is_ok()
            && let Some(connection) = &inner.connection
        {
            let values: Result<Vec<Value>, _> =
                payloads(connection.protocol(), arguments)?.iter().map(signalr::Payload::decode).collect();
            if let Ok(values) = values {
                inner.subscriptions.accepted(method, &values);
            }
        }
        result
    }

    async fn invoke_once<T: serde::de::DeserializeOwned>(
        &self,
        method: &str,
        arguments: &(impl Arguments + ?Sized + Sync),
    ) -> Result<T, Error> {
        loop {
            let turn = self.turn.lock().await;
            let connection = self.ready().await?;
            let started = Instant::now();
            let begun = connection.begin(method, arguments, None).await;
            drop(turn);
            let result = match begun {
                Ok(pending) => {
                    self.lock().metrics.messages_sent += 1;
                    pending.result().await
                }
                Err(error) => Err(error),
            };
            match result {
                // The connection was lost before the call was sent: the next one takes it, if there is to be one.
                Err(Error::NotConnected) => tokio::task::yield_now().await,
                Ok(value) => {
                    self.lock().metrics.latency.record(started.elapsed());
                    return Ok(value);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// As [`invoke`](Self::invoke), for calls that nobody answers.
    pub(super) async fn send(&self, method: &str, arguments: impl Arguments + Send + Sync) -> Result<(), Error> {
        loop {
            let _turn = self.turn.lock().await;
            match self.ready().await?.send(method, &arguments).await {
                // Lost meanwhile: the next one takes it.
                Err(Error::NotConnected) => tokio::task::yield_now().await,
                Ok(()) => {
                    self.lock().metrics.messages_sent += 1;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// The connection, as soon as it is there with all that was before.
    pub(super) async fn ready(&self) -> Result<HubConnection, Error> {
        let Some(after) = self.lock().connection.as_ref().map(HubConnection::patience) else {
            return Err(Error::UnknownHub(self.hub.route().to_owned()));
        };
        let mut statuses = self.status.subscribe();
        let is_settled = |status: &ConnectionStatus| {
            !matches!(status.state, ConnectionState::Connecting | ConnectionState::Reconnecting)
        };
        let settled = timeout(after, statuses.wait_for(is_settled)).await;
        let settled = settled.map_err(|_| Error::TimedOut { what: "a connection", after })?;
        let settled = settled.map_err(|_| Error::NotConnected)?.clone();
        let connection = self.lock().connection.clone();
        match (settled.state, connection) {
            (ConnectionState::Connected, Some(connection)) => Ok(connection),
            _ => Err(settled.error.unwrap_or(Error::NotConnected)),
        }
    }

    /// Passes events on: each once.
    fn listen(self: &Arc<Self>, connection: &HubConnection) {
        let session = Arc::downgrade(self);
        connection.on_any(move |event| {
            if let Some(session) = session.upgrade() {
                session.receive(event);
            }
        });
    }

    fn receive(&self, event: &Event) {
        let is_held = {
            let mut inner = self.lock();
            let room = inner.held.as_mut().filter(|held| held.len() < MOST_HELD);
            room.map(|held| held.push(event.clone())).is_some()
        };
        if !is_held {
            // Too many to hold: better out of turn than not at all.
            self.release();
            self.tell(event);
        }
    }

    fn tell(&self, event: &Event) {
        {
            let mut inner = self.lock();
            if !inner.seen.is_new(event) && inner.repeats_wanted == 0 {
                inner.metrics.duplicates += 1;
                return;
            }
            inner.metrics.messages_received += 1;
        }
        self.handlers.tell(event);
    }

    /// A connection is there: what was lost comes back, before anybody else may call. Says whether the server has brought
    /// everything that was missed.
    async fn recover(&self, connection: &HubConnection) -> Result<bool, Error> {
        let (token, last, is_first) = {
            let inner = self.lock();
            (inner.resume_token.clone(), inner.seen.before_gap(), !inner.has_been_connected)
        };
        let is_resumed = match token {
            None => false,
            Some(token) => match connection.invoke::<Resumed>("Resume", (token, last.since_token)).await {
                Ok(Resumed { recovered }) => recovered,
                // It counts once: it may have been used by a connection that was lost before it had another.
                Err(Error::Invocation { .. }) => false,
                Err(error) => return Err(error),
            },
        };
        let mut is_complete = is_resumed || (is_first && last.event.is_none());
        if !is_resumed {
            self.lock().held = last.event.as_ref().map(|_| Vec::new());
            let begun = self.begin_again(connection, last.event.as_deref()).await;
            self.release();
            is_complete |= begun?;
        }
        {
            let mut inner = self.lock();
            inner.resume_token = None;
            inner.seen.begin_token();
        }
        match connection.invoke::<ResumeToken>("GetResumeToken", ()).await {
            Ok(given) => self.lock().resume_token = Some(given.resume_token),
            // A hub that is not Conduit's need not have it.
            Err(Error::Invocation { .. }) => {}
            Err(error) => return Err(error),
        }
        self.lock().seen.close_gap();
        Ok(is_complete)
    }

    /// Subscribes anew and reads what came after an event from the history. Says whether that brought everything.
    async fn begin_again(&self, connection: &HubConnection, since: Option<&str>) -> Result<bool, Error> {
        let (subscriptions, api) = {
            let inner = self.lock();
            (inner.subscriptions.clone(), inner.api.clone())
        };
        for subscription in subscriptions.all() {
            match connection.invoke::<()>(&subscription.method, subscription.arguments).await {
                // What is gone meanwhile can't be subscribed to.
                Ok(()) | Err(Error::Invocation { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let (Some(api), Some(class), Some(since)) = (api, self.hub.class(), since) else {
            return Ok(false);
        };
        let Ok(missed) = api.missed(class, since, &subscriptions, connection.protocol()).await else {
            // The history reaches not that far, or does not answer: the program is told that something is missing.
            return Ok(false);
        };
        for event in missed {
            self.tell(&event);
        }
        Ok(true)
    }

    /// Passes on what was held.
    fn release(&self) {
        let held = self.lock().held.take();
        for event in held.into_iter().flatten() {
            self.tell(&event);
        }
    }

    /// Notes what became of the connection.
    async fn note(&self, connection: &HubConnection, status: ConnectionStatus) {
        match status.state {
            ConnectionState::Connected => {
                let recovered = match self.recover(connection).await {
                    Ok(recovered) => recovered,
                    // The hub does not answer in time, and the connection is there all the same.
                    Err(_) if connection.status() == status => {
                        self.lock().seen.close_gap();
                        false
                    }
                    // Where it is lost meanwhile, the next one recovers.
                    Err(_) => return,
                };
                let is_reconnect = {
                    let mut inner = self.lock();
                    let is_reconnect = std::mem::replace(&mut inner.has_been_connected, true);
                    inner.metrics.reconnects += u64::from(is_reconnect);
                    if let Some(since) = inner.since.take() {
                        inner.metrics.connection_time.record(since.elapsed());
                    }
                    is_reconnect
                };
                self.enter(status, is_reconnect.then_some(recovered));
            }
            ConnectionState::Reconnecting => {
                {
                    let mut inner = self.lock();
                    inner.seen.open_gap();
                    inner.since.get_or_insert_with(Instant::now);
                }
                self.enter(status, None);
            }
            _ => self.enter(status, None),
        }
    }

    fn enter(&self, status: ConnectionStatus, recovered: Option<bool>) {
        let previous = self.status.send_replace(status.clone());
        if (previous.state, previous.attempt) == (status.state, status.attempt) {
            return;
        }
        let change =
            ConnectionStateChanged { hub: self.hub.clone(), previous_state: previous.state, status, recovered };
        // Nobody need listen.
        drop(self.changes.send(change));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has(&self, connection: &HubConnection) -> bool {
        self.lock().connection.as_ref().is_some_and(|own| own.is_same(connection))
    }
}

/// Follows a connection until it ends, or another one takes its place.
async fn follow(session: Weak<HubSession>, connection: HubConnection) {
    let mut statuses = connection.statuses();
    let connection = connection.downgrade();
    let mut noted = (ConnectionState::Disconnected, 0, 0);
    loop {
        let status = statuses.borrow_and_update().clone();
        let mark = (status.state, status.generation, status.attempt);
        // Replaced sockets change nothing here.
        if mark != noted {
            noted = mark;
            let is_over = matches!(status.state, ConnectionState::Disconnected | ConnectionState::Failed);
            let Some(session) = session.upgrade() else { return };
            let Some(connection) = connection.upgrade() else { return };
            if !session.has(&connection) {
                return;
            }
            session.note(&connection, status).await;
            if is_over {
                return;
            }
        }
        if statuses.changed().await.is_err() {
            return;
        }
    }
}
