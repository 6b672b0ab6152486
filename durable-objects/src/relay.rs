//! A relay of a virtual key: sockets that the key's own object has no room for. What they are for, that object knows.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

use std::{panic::RefUnwindSafe, rc::Rc};

use signalr_durable::Relay as SignalrRelay;
use worker::{
    DurableObject, Env, Error, Request, Response, Result, State, Stub, WebSocket, WebSocketIncomingMessage,
    durable_object,
};

use crate::{configuration, server_options, virtual_key::calls::virtual_key_name};

const BINDING: &str = "RELAY";

/// What stands between the name of a key's object and the number of its relay.
const SEPARATOR: &str = "/relay-";

/// A relay of a virtual key, by its number; created near the region that is named, if there is none yet.
///
/// # Errors
///
/// The platform's.
pub fn relay_stub(env: &Env, virtual_key_id: &str, number: u32, region: Option<&str>) -> Result<Stub> {
    named(env, &virtual_key_name(virtual_key_id), number, region.unwrap_or_default())
}

/// As [`relay_stub`], of the object of that name.
pub(crate) fn named(env: &Env, key_object: &str, number: u32, region: &str) -> Result<Stub> {
    let relays = env.durable_object(BINDING)?;
    let name = format!("{key_object}{SEPARATOR}{number}");
    if region.is_empty() { relays.get_by_name(&name) } else { relays.get_by_name_with_location_hint(&name, region) }
}

/// A relay of a virtual key.
#[durable_object]
pub struct Relay {
    relay: Rc<SignalrRelay>,
}

// A panic leaves no half-done state behind: what memory holds is a cache of the sockets, or belongs to what panicked.
impl RefUnwindSafe for Relay {}

impl DurableObject for Relay {
    fn new(state: State, env: Env) -> Self {
        let options = configuration::read(&env).as_ref().map(server_options::of).unwrap_or_default();
        let name = state.id().name().unwrap_or_default();
        let (key_object, number) = name.rsplit_once(SEPARATOR).unwrap_or_default();
        let key_object = key_object.to_owned();
        let relay = SignalrRelay::new(&state, &options, number.parse().unwrap_or(0), move || {
            if key_object.is_empty() {
                return Err(Error::RustError("the relay is no key's".to_owned()));
            }
            env.durable_object("VIRTUAL_KEY")?.get_by_name(&key_object)
        });
        Self { relay }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        Ok(self.relay.serve(request).await?)
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        self.relay.receive(&socket, message);
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, reason: String, _was_clean: bool) -> Result<()> {
        self.relay.closed(&socket, code, &reason);
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: worker::Error) -> Result<()> {
        self.relay.broken(&socket);
        Ok(())
    }

    async fn alarm(&self) -> Result<Response> {
        self.relay.check().await?;
        Response::empty()
    }
}
