//! The object that holds the connections of a room's hubs.

use std::{panic::RefUnwindSafe, rc::Rc};

use signalr_durable::{ConnectionCall, InvocationRate, Server, ServerOptions};
use worker::{
    DurableObject, Env, Headers, Request, RequestInit, Response, Result, State, Url, WebSocket,
    WebSocketIncomingMessage, durable_object,
};

use super::{BINDING, hubs};
use crate::{alarm::Alarm, connection_in, plain};

/// Asks the client of a connection of the TypeScript suite's hub, and answers what it returns or why it does not.
pub(super) async fn client_result(env: &Env, room: &str, id: &str) -> Result<Response> {
    let url = Url::parse_with_params("https://object/clientresult", [("id", id)])?;
    let mut init = RequestInit::new();
    init.with_headers(Headers::new());
    let request = Request::new_with_init(url.as_str(), &init)?;
    env.durable_object(BINDING)?.get_by_name(room)?.fetch_with_request(request).await
}

#[durable_object]
pub struct Official {
    state: State,
    server: Rc<Server>,
    alarm: Alarm,
}

impl RefUnwindSafe for Official {}

impl DurableObject for Official {
    fn new(state: State, _env: Env) -> Self {
        let options = ServerOptions {
            detailed_errors: true,
            invocation_rate: InvocationRate { per_minute: 0, burst: 0 },
            ..ServerOptions::default()
        };
        let server = hubs::register(Server::builder(&state, options)).build();
        Self { state, server, alarm: Alarm::default() }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        let Ok(call) = ConnectionCall::of(&request) else { return self.ask(&request.url()?).await };
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

impl Official {
    async fn ask(&self, url: &Url) -> Result<Response> {
        let Some(clients) = self.server.clients(hubs::TYPESCRIPT) else { return plain(404, "") };
        crate::client_result(&clients, &connection_in(url)).await
    }
}
