//! The Durable Object of a room. It hands everything to its SignalR server; what is left is an alarm now and then.

use std::{cell::Cell, panic::RefUnwindSafe, rc::Rc};

use signalr_durable::{ConnectionCall, InvocationRate, Server, ServerOptions, edge::CONNECTIONS_PATH};
use worker::{
    DurableObject, Env, Error, Request, Response, Result, ScheduledTime, State, Storage, WebSocket,
    WebSocketIncomingMessage, durable_object, js_sys,
};

use crate::{chat::Chat, records::Records};

/// The hub's name. Sleeping sockets remember it: under another one, their connections would be lost.
pub(crate) const HUB: &str = "chat";

/// A room: its connections, its messages, and who is there.
#[durable_object]
pub struct Room {
    storage: Storage,
    server: Rc<Server>,
    chat: Rc<Chat>,
    is_tidy: Cell<bool>,
}

// After a panic, what is stored is whole, and the only state in memory is one flag.
impl RefUnwindSafe for Room {}

impl DurableObject for Room {
    fn new(state: State, _env: Env) -> Self {
        let options = ServerOptions {
            max_message_bytes: 16_384,
            // Who has not voted by then abstains.
            client_result_timeout_millis: 30_000,
            invocation_rate: InvocationRate { per_minute: 240, burst: 120 },
            ..ServerOptions::default()
        };
        let storage = state.storage();
        let chat = Rc::new(Chat::new(Records::new(storage.sql())));
        let server = Server::builder(&state, options).hub(HUB, chat.clone()).build();
        Self { storage, server, chat, is_tidy: Cell::new(false) }
    }

    async fn fetch(&self, request: Request) -> Result<Response> {
        if request.path() != CONNECTIONS_PATH {
            return Response::error("no such call", 404);
        }
        self.tidy()?;
        let call = ConnectionCall::of(&request)?;
        let answer = self.server.serve(&call, request).await?;
        self.wind().await?;
        Ok(answer)
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        self.server.receive(&socket, message).await;
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, reason: String, _was_clean: bool) -> Result<()> {
        self.server.closed(&socket, code, &reason).await;
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: Error) -> Result<()> {
        self.server.broken(&socket).await;
        Ok(())
    }

    async fn alarm(&self) -> Result<Response> {
        self.server.check();
        self.wind().await?;
        Response::empty()
    }
}

impl Room {
    /// Sets the alarm for the server's next look at silent connections. It is set only where none is: each setting of
    /// it is billed as a row written.
    async fn wind(&self) -> Result<()> {
        let Some(at_millis) = self.server.next_check_millis() else { return Ok(()) };
        if self.storage.get_alarm().await?.is_none() {
            let at = js_sys::Date::new(&at_millis.into());
            self.storage.set_alarm(ScheduledTime::new(at)).await?;
        }
        Ok(())
    }

    /// Strikes off, once in the object's life, whose connections ended with its machine: nobody was told of their end.
    fn tidy(&self) -> Result<()> {
        if !self.is_tidy.replace(true)
            && let Some(clients) = self.server.clients(HUB)
        {
            self.chat.strike_off(&clients, |connection| !self.server.has_connection(connection))?;
        }
        Ok(())
    }
}
