//! Whether a hub answers: a connection of its own, on which a message goes there and back.

use worker::{Result, Stub};

use super::{
    bridge::{Bridge, BridgeEvent},
    forward::forward,
};
use crate::call::{Action, ConnectionCall};

/// What a client of version 1 says first.
const HANDSHAKE: &str = "{\"protocol\":\"json\",\"version\":1}\u{1e}";
/// A method that no hub has: the answer to it has been through the hub, and has changed nothing.
const INVOCATION: &str = "{\"type\":1,\"invocationId\":\"probe\",\"target\":\" \",\"arguments\":[]}\u{1e}";
/// How the answer begins.
const COMPLETION: &str = "{\"type\":3,\"invocationId\":\"probe\"";

/// Opens a connection to a hub of an object, as a client would, and has a message go there and back.
///
/// The application is told of the connection as of any other; `claims` may tell it that this is no client's.
///
/// # Errors
///
/// The object does not take the connection, or ends it before it has answered.
pub async fn probe(object: &Stub, hub: &str, connection_id: &str, claims: &str) -> Result<()> {
    let call = ConnectionCall {
        action: Action::WebSocket,
        hub: hub.to_owned(),
        connection_id: connection_id.to_owned(),
        may_begin: true,
        is_stateful: false,
        user_id: None,
        claims: claims.to_owned(),
        variant: 0,
        expires_at_millis: None,
        remote_address: None,
        region: None,
        via: None,
    };
    let answer = forward(object, &call, None).await?;
    let status = answer.status_code();
    let refused = || worker::Error::RustError(format!("the object answered {status}"));
    let socket = answer.websocket().ok_or_else(refused)?;
    let mut bridge = Bridge::open(&socket)?;
    bridge.say(HANDSHAKE);
    bridge.say(INVOCATION);
    loop {
        match bridge.next().await {
            BridgeEvent::Frame(frame) if String::from_utf8_lossy(&frame).contains(COMPLETION) => return Ok(()),
            BridgeEvent::Frame(_) => {}
            BridgeEvent::Closed(code) => {
                return Err(worker::Error::RustError(format!("the connection was closed with {code}")));
            }
        }
    }
}
