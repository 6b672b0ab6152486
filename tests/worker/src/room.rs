//! `/room-NAME`: one object for each room, with a hub that does what no real one should.
//!
//! The query of the request that connects is the connection's claims. `POST /room-NAME` without an id sends its body as
//! the argument of the client method `Event` to everybody there, and answers how many they are. A room named
//! `/room-sr-…` or `/room-hold-…` offers stateful reconnect; one named `/room-slow-…` closes slow readers after little; in `/room-hold-…`
//! events that follow each other wait for a minute, in `/room-short-…` for a moment, and in `/room-off-…` never.

use std::{panic::RefUnwindSafe, rc::Rc};

use serde_json::json;
use signalr_durable::{
    ConnectionCall, InvocationRate, Server, ServerOptions, SlowReaders,
    edge::{Endpoint, EndpointOptions, Refused, Route},
};
use worker::{
    DurableObject, Env, Method, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage, durable_object,
};

use crate::{
    alarm::Alarm,
    claims::is_protocols,
    host::{Guests, Users, token_key},
    plain,
    test_hub::TestHub,
};

const HUB: &str = "test";

/// Answers a request below `/room`.
pub(crate) async fn serve(request: Request, env: &Env, path: &str) -> Result<Response> {
    let end = path.get(1..).and_then(|rest| rest.find('/')).map_or(path.len(), |end| end + 1);
    let (name, rest) = path.split_at(end);
    let Some(route) = Route::of(rest) else { return plain(404, "") };
    let url = request.url()?;
    let has_id = url.query_pairs().any(|(key, _)| key == "id");
    if route == Route::Hub && request.method() == Method::Post && !has_id {
        return env.durable_object("ROOM")?.get_by_name(name)?.fetch_with_request(request).await;
    }
    let claims = url.query().unwrap_or_default().split('&');
    let claims = claims.filter(|pair| !is_protocols(pair.split('=').next().unwrap_or_default()));
    let guests = Guests {
        env,
        binding: "ROOM",
        object: name.to_owned(),
        id_ending: String::new(),
        users: Users::Always("user"),
        claims: claims.collect::<Vec<_>>().join("&"),
    };
    let options = EndpointOptions {
        stateful_reconnect: ["/room-sr-", "/room-hold-"].iter().any(|kind| name.starts_with(kind)),
        events_probe_millis: Some(200),
        ..EndpointOptions::default()
    };
    let endpoint = Endpoint { hub: HUB, options: &options, key: &token_key()? };
    endpoint.serve(route, &request, &guests).await.or_else(Refused::into_response)
}

fn server_options(name: &str) -> ServerOptions {
    let defaults = ServerOptions::default();
    let slow_readers = if name.starts_with("/room-slow-") {
        SlowReaders { probe_bytes: 16_384, spare_bytes: 65_536, close_bytes: 262_144 }
    } else {
        defaults.slow_readers
    };
    let coalesce_millis = match name.strip_prefix("/room-").and_then(|rest| rest.split('-').next()) {
        Some("hold") => 60_000,
        Some("short") => 200,
        Some("off") => 0,
        _ => defaults.coalesce_millis,
    };
    ServerOptions {
        max_message_bytes: 32_768,
        handshake_timeout_millis: 1_000,
        max_groups_per_connection: 1_000,
        invocation_rate: InvocationRate { per_minute: 600, burst: 2_000 },
        slow_readers,
        coalesce_millis,
        ..defaults
    }
}

/// The object of one room.
#[durable_object]
pub struct Room {
    state: State,
    server: Rc<Server>,
    hub: Rc<TestHub>,
    alarm: Alarm,
}

impl RefUnwindSafe for Room {}

impl DurableObject for Room {
    fn new(state: State, _env: Env) -> Self {
        let hub = Rc::new(TestHub::default());
        let options = server_options(&state.id().name().unwrap_or_default());
        let server = Server::builder(&state, options).hub(HUB, hub.clone()).build();
        Self { state, server, hub, alarm: Alarm::default() }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        self.hub.woke();
        if let Ok(call) = ConnectionCall::of(&request) {
            let answer = self.server.serve(&call, request).await;
            self.alarm.set(&self.state, &self.server).await?;
            return answer.or_else(|error| plain(500, &error.to_string()));
        }
        let text = request.text().await?;
        let clients = self.server.clients(HUB);
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
        self.alarm.rings(&self.state, &self.server).await?;
        Response::empty()
    }
}
