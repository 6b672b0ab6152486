//! The object of one connection.

use std::{cell::Cell, panic::RefUnwindSafe, rc::Rc, time::Duration};

use futures::{
    future::{Either, select},
    stream,
};
use signalr::sse;
use worker::{
    Delay, DurableObject, Env, Headers, Method, Request, Response, Result, State, WebSocket, WebSocketIncomingMessage,
    WebSocketPair, durable_object,
};

use super::pipe::Pipe;
use crate::plain;

const POLL_TIMEOUT: Duration = Duration::from_secs(90);

#[durable_object]
pub struct Echo {
    state: State,
    pipe: Rc<Pipe>,
    /// A client has opened its transport, and not ended it.
    is_open: Cell<bool>,
}

impl RefUnwindSafe for Echo {}

impl DurableObject for Echo {
    fn new(state: State, _env: Env) -> Self {
        Self { state, pipe: Rc::default(), is_open: Cell::new(false) }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let header = |name| request.headers().get(name).map(Option::unwrap_or_default);
        match request.method() {
            Method::Get if header("upgrade")?.eq_ignore_ascii_case("websocket") => {
                let WebSocketPair { client, server } = WebSocketPair::new()?;
                self.state.accept_web_socket(&server);
                Response::from_websocket(client)
            }
            Method::Get if header("accept")?.contains("text/event-stream") => {
                self.is_open.set(true);
                self.events()
            }
            Method::Get => self.poll().await,
            _ if !self.is_open.get() => plain(404, "No Connection with that ID"),
            Method::Post => {
                self.pipe.push(request.bytes().await?);
                plain(200, "")
            }
            Method::Delete => {
                self.is_open.set(false);
                self.pipe.end();
                plain(202, "")
            }
            _ => plain(405, ""),
        }
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> Result<()> {
        match message {
            WebSocketIncomingMessage::String(text) => socket.send_with_str(text),
            WebSocketIncomingMessage::Binary(bytes) => socket.send_with_bytes(bytes),
        }
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, reason: String, _was_clean: bool) -> Result<()> {
        let _closed_already = socket.close(u16::try_from(code).ok(), Some(reason));
        Ok(())
    }
}

impl Echo {
    fn events(&self) -> Result<Response> {
        let headers = Headers::new();
        headers.set("content-type", "text/event-stream")?;
        headers.set("content-encoding", "identity")?;
        let preamble = stream::iter([Ok::<_, worker::Error>(sse::PREAMBLE.to_vec())]);
        let chunks = stream::unfold(self.pipe.clone(), async |pipe| {
            let mut event = Vec::new();
            sse::write_event(&pipe.next().await?, &mut event);
            Some((Ok(event), pipe))
        });
        Ok(Response::from_stream(futures::StreamExt::chain(preamble, chunks))?.with_headers(headers))
    }

    /// The first poll opens the connection and is answered at once.
    async fn poll(&self) -> Result<Response> {
        if !self.is_open.replace(true) {
            return plain(200, "");
        }
        let next = Box::pin(self.pipe.next());
        match select(next, Delay::from(POLL_TIMEOUT)).await {
            Either::Left((Some(chunk), _)) => Response::from_bytes(chunk),
            Either::Left((None, _)) => Ok(Response::empty()?.with_status(204)),
            Either::Right(_) => plain(200, ""),
        }
    }
}
