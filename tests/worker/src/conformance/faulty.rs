//! An application that fails as soon as it hears something: no hub, whose failures the server would report to the client.
//!
//! What the host does then is seen on WebSockets, which close with 1011. Server-Sent Events just end, and polls answer
//! 204: the connection is over.

use futures::StreamExt;
use wasm_bindgen_futures::spawn_local;
use worker::{Request, Response, Result, WebSocketPair};

use crate::plain;

/// The end of a WebSocket whose server failed (RFC 6455, 7.4.1).
const INTERNAL_ERROR: u16 = 1_011;

pub(super) fn serve(request: &Request) -> Result<Response> {
    let header = |name| request.headers().get(name);
    if header("accept")?.is_some_and(|accept| accept.contains("text/event-stream")) {
        let mut answer = plain(200, ":\r\n")?;
        answer.headers_mut().set("content-type", "text/event-stream")?;
        return Ok(answer);
    }
    if header("upgrade")?.is_none() {
        return Ok(Response::empty()?.with_status(204));
    }
    let WebSocketPair { client, server } = WebSocketPair::new()?;
    server.accept()?;
    spawn_local(async move {
        if let Ok(mut events) = server.events() {
            let _heard = events.next().await;
        }
        let _closed_already = server.close(Some(INTERNAL_ERROR), Some(""));
    });
    Response::from_websocket(client)
}
