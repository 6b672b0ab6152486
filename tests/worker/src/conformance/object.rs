//! The object that holds the connections of a room's profiles with the same options of the server.

use std::{panic::RefUnwindSafe, rc::Rc};

use serde_json::json;
use signalr_durable::{ConnectionCall, Server};
use worker::{
    DurableObject, Env, Request, Response, Result, State, Url, WebSocket, WebSocketIncomingMessage, durable_object,
};

use super::{HUB, azure, hub::ConfHub, profiles};
use crate::{alarm::Alarm, client_result, connection_in, plain};

/// What the object of a set in a room is called.
pub(super) fn name(room: &str, set: &str) -> String {
    format!("{room}/{set}")
}

#[durable_object]
pub struct Conformance {
    state: State,
    server: Rc<Server>,
    hub: Rc<ConfHub>,
    alarm: Alarm,
}

impl RefUnwindSafe for Conformance {}

impl DurableObject for Conformance {
    fn new(state: State, _env: Env) -> Self {
        let name = state.id().name().unwrap_or_default();
        let set = name.split_once('/').map_or("", |(_, set)| set);
        let hub = Rc::new(ConfHub::new(state.storage().sql()));
        let server = Server::builder(&state, profiles::server_options(set)).hub(HUB, hub.clone()).build();
        Self { state, server, hub, alarm: Alarm::default() }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        if request.path() == azure::OPERATION_PATH {
            let outcome = self.server.apply(&serde_json::from_str(&request.text().await?)?).await;
            self.alarm.set(&self.state, &self.server).await?;
            return Response::from_json(&outcome);
        }
        let Ok(call) = ConnectionCall::of(&request) else { return self.control(&request.url()?).await };
        let answer = self.server.serve(&call, request).await;
        self.alarm.set(&self.state, &self.server).await?;
        answer.or_else(|error| plain(500, &error.to_string()))
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
        self.alarm.rings(&self.state, &self.server).await?;
        Response::empty()
    }
}

impl Conformance {
    /// Does what [`super::control`] asks for.
    async fn control(&self, url: &Url) -> Result<Response> {
        let id = connection_in(url);
        let Some(clients) = self.server.clients(HUB) else { return plain(404, "") };
        match url.path() {
            "/journal" => Response::from_json(&json!({ "entries": self.hub.journal.entries(&id)? })),
            "/close" => {
                clients.close(&id, None, true);
                plain(200, "")
            }
            "/clientresult" => client_result(&clients, &id).await,
            _ => plain(404, ""),
        }
    }
}
