//! The object of one virtual key: its connections, its tasks, and what it may do. Nothing of another key
//! is ever in its memory or storage.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

mod admission;
pub(crate) mod calls;
mod deduplication;
mod draft;
mod key_state;
mod publish;
mod retention;
pub(crate) mod task_event;
mod task_hub;
mod task_store;
mod tasks;

use std::{panic::RefUnwindSafe, rc::Rc};

use contract::ClientAccess;
use signalr_durable::{InvocationRate, Server, ServerOptions, edge::CONNECTIONS_PATH};
use worker::{
    DurableObject, Env, Request, Response, Result, State, Storage, WebSocket, WebSocketIncomingMessage, durable_object,
};

use self::{
    calls::{ApplyKey, Inspect, Inspection, Ping, Publish, Reserve},
    deduplication::Deduplication,
    key_state::{KeyState, StoredKey},
    task_hub::TaskHub,
    task_store::TaskStore,
    tasks::Tasks,
};
use crate::{
    alarm_clock::AlarmClock,
    call::{self, ObjectCall},
    configuration::{Configuration, ConfigurationError},
    identifiers::now_millis,
};

/// The object of one virtual key.
#[durable_object]
pub struct VirtualKey {
    storage: Storage,
    server: Rc<Server>,
    key: StoredKey,
    tasks: Rc<Tasks>,
    deduplication: Deduplication,
    alarm_clock: AlarmClock,
    configuration: std::result::Result<Configuration, ConfigurationError>,
}

// A panic leaves no half-done state behind: what is stored is written in transactions, and what memory
// holds beside it is a cache or belongs to the call that panicked.
impl RefUnwindSafe for VirtualKey {}

impl DurableObject for VirtualKey {
    fn new(state: State, env: Env) -> Self {
        let storage = state.storage();
        let configuration = Configuration::read(&env);
        let tasks = Rc::new(Tasks::new(TaskStore::new(storage.sql())));
        let options = configuration.as_ref().map(server_options).unwrap_or_default();
        let server = Server::builder(&state, options)
            .hub(contract::hub::TASK_HUB.name, Rc::new(TaskHub::new(tasks.clone())))
            .refresh_policy(keeps_permissions)
            .build();
        Self {
            server,
            tasks,
            key: StoredKey::new(storage.sql(), env),
            deduplication: Deduplication::new(storage.sql()),
            alarm_clock: AlarmClock::new(state.storage()),
            storage,
            configuration,
        }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        match request.path().as_str() {
            Publish::PATH => {
                let publish: Publish = call::read(&mut request).await?;
                call::answer::<Publish>(&self.publish(publish).await?)
            }
            CONNECTIONS_PATH => self.serve_client(request).await,
            Reserve::PATH => {
                let reserve: Reserve = call::read(&mut request).await?;
                call::answer::<Reserve>(&self.reserve(&reserve).await?)
            }
            ApplyKey::PATH => {
                let apply: ApplyKey = call::read(&mut request).await?;
                call::answer::<ApplyKey>(&self.apply(apply).await?)
            }
            Inspect::PATH => {
                let _inspect: Inspect = call::read(&mut request).await?;
                self.server.check();
                call::answer::<Inspect>(&Inspection { connections: self.server.connection_count() })
            }
            Ping::PATH => call::answer::<Ping>(&()),
            _ => Response::error("no such call", 404),
        }
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        self.server.receive(&socket, message).await;
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, reason: String, _was_clean: bool) -> Result<()> {
        self.server.closed(&socket, code, &reason).await;
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: worker::Error) -> Result<()> {
        self.server.broken(&socket).await;
        Ok(())
    }

    async fn alarm(&self) -> Result<Response> {
        self.alarm_clock.rang();
        self.server.check();
        self.ring().await?;
        self.wind_check().await?;
        Response::empty()
    }
}

impl VirtualKey {
    fn configuration(&self) -> Result<&Configuration> {
        self.configuration.as_ref().map_err(|error| worker::Error::RustError(error.to_string()))
    }

    /// Takes what the registry says of the key, and acts on it at once.
    async fn apply(&self, apply: ApplyKey) -> Result<()> {
        let may_connect = apply.record.as_ref().is_some_and(|record| record.enabled);
        let is_deleted = apply.record.is_none();
        let state = apply.record.map_or(KeyState::Deleted { since_millis: now_millis() }, KeyState::Known);
        if !self.key.apply(state, apply.revision)? {
            return Ok(());
        }
        if !may_connect {
            self.server.close_all(None, false);
        }
        if is_deleted {
            self.keep_until_erased().await?;
        }
        Ok(())
    }
}

/// A refreshed client token may not take away what its connection was allowed: it has joined groups by that.
fn keeps_permissions(old: &str, new: &str) -> bool {
    match (ClientAccess::from_claims(old), ClientAccess::from_claims(new)) {
        (Ok(old), Ok(new)) => new.covers(&old),
        _ => false,
    }
}

// Limits that are counts of things in memory fit a usize.
#[allow(clippy::cast_possible_truncation)]
fn server_options(configuration: &Configuration) -> ServerOptions {
    let per_minute = configuration.invocations_per_minute as u32;
    ServerOptions {
        max_message_bytes: configuration.max_message_bytes as usize,
        handshake_timeout_millis: configuration.handshake_timeout_seconds * 1_000,
        keep_alive_millis: configuration.keep_alive_seconds * 1_000,
        client_timeout_millis: configuration.client_timeout_seconds * 1_000,
        close_on_authentication_expiration: configuration.close_on_authentication_expiration,
        max_groups_per_connection: configuration.max_subscriptions_per_connection as usize,
        max_groups: configuration.max_groups_per_key as usize,
        invocation_rate: InvocationRate { per_minute, burst: per_minute.saturating_mul(2) },
        ..ServerOptions::default()
    }
}
