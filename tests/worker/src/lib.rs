//! A Worker of its own for tests: a hub that panics, waits and counts on demand, so that what the server
//! does about it can be seen from outside. It is never deployed.
//!
//! `GET /{room}` with an upgrade connects to the object `{room}`, the query being the connection's claims;
//! `POST /{room}` sends its body as the argument of the client method `Event` to everybody there, and answers
//! how many they are.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

mod test_hub;

use std::{panic::RefUnwindSafe, rc::Rc};

use serde_json::json;
use signalr_durable::{Acceptance, InvocationRate, Server, ServerOptions};
use worker::{
    DurableObject, Env, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage, durable_object, event,
};

use crate::test_hub::TestHub;

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: worker::Context) -> Result<Response> {
    let room = request.path();
    env.durable_object("ROOM")?.get_by_name(&room)?.fetch_with_request(request).await
}

/// The object of one room.
#[durable_object]
pub struct Room {
    server: Rc<Server>,
    hub: Rc<TestHub>,
}

impl RefUnwindSafe for Room {}

impl DurableObject for Room {
    fn new(state: State, _env: Env) -> Self {
        let options = ServerOptions {
            max_message_bytes: 32_768,
            handshake_timeout_millis: 1_000,
            max_groups_per_connection: 1_000,
            invocation_rate: InvocationRate { per_minute: 600, burst: 2_000 },
            ..ServerOptions::default()
        };
        let hub = Rc::new(TestHub::default());
        let server = Server::builder(&state, options).hub("test", hub.clone()).build();
        Self { server, hub }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        self.hub.woke();
        if request.headers().get("upgrade")?.is_some() {
            let id = worker::Date::now().as_millis().to_string() + &js_random();
            let url = request.url()?;
            let claims = url.query().unwrap_or_default();
            let acceptance = Acceptance { hub: "test", connection_id: &id, user_id: Some("user"), claims, variant: 0 };
            return self.server.accept(acceptance).or_else(|error| Response::error(error.to_string(), 500));
        }
        let text = request.text().await?;
        let clients = self.server.clients("test");
        let recipients = clients.map_or(Ok(0), |clients| clients.all().send(("Event", (text,))));
        Response::from_json(&json!({ "recipients": recipients.unwrap_or(0), "instance": self.hub.instance() }))
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        self.hub.woke();
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
        Response::empty()
    }
}

fn js_random() -> String {
    format!("-{}", worker::js_sys::Math::random().to_bits())
}
