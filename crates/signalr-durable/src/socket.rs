//! A hibernating WebSocket as the object sees it: the calls that `worker` lacks or that panic in it.

use std::{cell::OnceCell, rc::Rc};

use js_sys::{JsString, Uint8Array};
use signalr::Protocol;
use wasm_bindgen::prelude::*;
use worker::{State, WebSocket};

use crate::{
    relay::{links::Links, wire::Channel},
    table::Slot,
};

#[wasm_bindgen]
extern "C" {
    /// The server's end of a socket, with errors as values and payloads that many sockets share.
    #[derive(Clone)]
    type RawSocket;

    #[wasm_bindgen(method, catch)]
    fn send(this: &RawSocket, payload: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn close(this: &RawSocket, code: u16, reason: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = close)]
    fn close_without_code(this: &RawSocket) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = serializeAttachment)]
    fn serialize_attachment(this: &RawSocket, value: &JsValue) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = deserializeAttachment)]
    fn deserialize_attachment(this: &RawSocket) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, js_name = readyState)]
    fn ready_state(this: &RawSocket) -> u16;

    /// A mark on the JavaScript object that finds its connection without reading the attachment. It is
    /// gone after hibernation, when the table is built anew as well.
    #[wasm_bindgen(method, getter, structural, js_name = signalrSlot)]
    fn slot(this: &RawSocket) -> Option<f64>;

    #[wasm_bindgen(method, setter, structural, js_name = signalrSlot)]
    fn set_slot(this: &RawSocket, slot: f64);
}

#[wasm_bindgen]
extern "C" {
    /// The object's state, for the call that `worker` lacks.
    type AutoResponses;

    #[wasm_bindgen(method, catch, js_name = getWebSocketAutoResponseTimestamp)]
    fn timestamp(this: &AutoResponses, socket: &RawSocket) -> Result<Option<js_sys::Date>, JsValue>;
}

/// The socket of one connection: the object's own, or one that a relay holds.
#[derive(Clone)]
pub(crate) enum Socket {
    Own(OwnSocket),
    Relayed(RelayedSocket),
}

/// A socket that this object has accepted.
#[derive(Clone)]
pub(crate) struct OwnSocket(RawSocket);

/// A socket that a relay has accepted.
#[derive(Clone)]
pub(crate) struct RelayedSocket {
    pub(crate) links: Rc<Links>,
    pub(crate) relay: u32,
    pub(crate) channel: Channel,
}

impl OwnSocket {
    pub(crate) fn new(socket: &WebSocket) -> Self {
        let value: &JsValue = socket.as_ref().as_ref();
        Self(value.clone().unchecked_into())
    }

    /// Has the object take the server's end of a pair, to sleep while it is idle.
    pub(crate) fn accept(state: &State, socket: &WebSocket, tags: &[&str]) -> Result<Self, JsValue> {
        let tags = tags.iter().map(|tag| JsValue::from_str(tag)).collect();
        state.as_raw().accept_websocket_with_tags(socket.as_ref(), tags)?;
        Ok(Self::new(socket))
    }

    /// Hands a frame to the platform. A socket that is closed meanwhile fails, and its close event
    /// tells the rest.
    pub(crate) fn send(&self, payload: &JsValue) {
        let _closed_meanwhile = self.0.send(payload);
    }

    /// Starts, or answers, the close handshake. The reason is cut to the 123 bytes a close frame holds.
    pub(crate) fn close(&self, code: u16, reason: &str) {
        let _closed_already = self.0.close(code, cut(reason, 123));
    }

    /// Answers a close frame: one without a code by one without a code, an abnormal end not at all.
    pub(crate) fn answer_close(&self, code: u16, reason: &str) {
        match code {
            1005 => {
                let _closed_already = self.0.close_without_code();
            }
            1006 | 1015 => {}
            _ => self.close(code, reason),
        }
    }

    pub(crate) fn attach(&self, text: &str) -> Result<(), JsValue> {
        self.0.serialize_attachment(&JsValue::from_str(text))
    }

    pub(crate) fn attachment(&self) -> Option<String> {
        self.0.deserialize_attachment().ok()?.as_string()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.ready_state() == web_sys::WebSocket::OPEN
    }

    /// When the platform answered a ping for the object last, in milliseconds since the epoch.
    pub(crate) fn answered_at_millis(&self, state: &State) -> Option<f64> {
        let state: &AutoResponses = state.as_raw().unchecked_ref();
        Some(state.timestamp(&self.0).ok()??.get_time())
    }
}

impl Socket {
    pub(crate) fn new(socket: &WebSocket) -> Self {
        Self::Own(OwnSocket::new(socket))
    }

    /// Sends a frame, by a relay when the turn ends: there it may become one with those before and after it.
    pub(crate) fn send(&self, frame: &Frame) {
        match self {
            Self::Own(socket) => socket.send(&frame.payload),
            Self::Relayed(RelayedSocket { links, relay, channel }) => links.send(*relay, *channel, frame, true),
        }
    }

    /// As [`send`](Self::send), to somebody who counts frames.
    pub(crate) fn send_alone(&self, frame: &Frame) {
        match self {
            Self::Own(socket) => socket.send(&frame.payload),
            Self::Relayed(RelayedSocket { links, relay, channel }) => links.send(*relay, *channel, frame, false),
        }
    }

    /// As [`OwnSocket::close`]; a relay's is closed when the turn ends.
    pub(crate) fn close(&self, code: u16, reason: &str) {
        match self {
            Self::Own(socket) => socket.close(code, reason),
            Self::Relayed(RelayedSocket { links, relay, channel }) => links.close(*relay, *channel, code),
        }
    }

    /// Keeps a text for as long as the socket is open, also while the object sleeps; an empty one says that the socket is
    /// no connection's any more.
    pub(crate) fn attach(&self, text: &str) -> Result<(), JsValue> {
        match self {
            Self::Own(socket) => socket.attach(text),
            Self::Relayed(RelayedSocket { links, relay, channel }) => {
                let kept = if text.is_empty() {
                    links.forget(*relay, *channel)
                } else {
                    links.remember(*relay, *channel, text)
                };
                kept.map_err(|error| JsValue::from_str(&error.to_string()))
            }
        }
    }

    /// What is attached to an own socket. Those of relays are all in the table.
    pub(crate) fn attachment(&self) -> Option<String> {
        match self {
            Self::Own(socket) => socket.attachment(),
            Self::Relayed(_) => None,
        }
    }

    pub(crate) fn mark(&self, slot: Slot) {
        match self {
            Self::Own(socket) => socket.0.set_slot(f64::from(slot)),
            Self::Relayed(RelayedSocket { links, relay, channel }) => links.mark(*relay, *channel, slot),
        }
    }

    // A slot was written by `mark`, from a u32.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(crate) fn marked(&self) -> Option<Slot> {
        match self {
            Self::Own(socket) => socket.0.slot().map(|slot| slot as Slot),
            Self::Relayed(RelayedSocket { links, relay, channel }) => links.marked(*relay, *channel),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Own(socket) => socket.is_open(),
            Self::Relayed(RelayedSocket { links, relay, channel }) => links.knows(*relay, *channel),
        }
    }

    pub(crate) fn is_relayed(&self) -> bool {
        matches!(self, Self::Relayed(_))
    }

    /// As [`OwnSocket::answered_at_millis`]. A relay looks after its own.
    pub(crate) fn answered_at_millis(&self, state: &State) -> Option<f64> {
        match self {
            Self::Own(socket) => socket.answered_at_millis(state),
            Self::Relayed(_) => None,
        }
    }

    /// Whether both are the same socket.
    pub(crate) fn is(&self, other: &Socket) -> bool {
        match (self, other) {
            (Self::Own(one), Self::Own(other)) => js_sys::Object::is(one.0.as_ref(), other.0.as_ref()),
            (Self::Relayed(one), Self::Relayed(other)) => one.relay == other.relay && one.channel == other.channel,
            _ => false,
        }
    }
}

/// A frame, made once and sent to many: the value that JavaScript sends and, once a relay needs them, its bytes.
pub(crate) struct Frame {
    pub(crate) payload: JsValue,
    bytes: OnceCell<Rc<[u8]>>,
}

impl Frame {
    pub(crate) fn is_text(&self) -> bool {
        self.payload.is_string()
    }

    pub(crate) fn bytes(&self) -> Rc<[u8]> {
        let read = || match self.payload.as_string() {
            Some(text) => text.into_bytes().into(),
            None => Uint8Array::new(&self.payload).to_vec().into(),
        };
        self.bytes.get_or_init(read).clone()
    }
}

/// The frame that clients of a protocol read.
pub(crate) fn frame(protocol: Protocol, bytes: &[u8]) -> Frame {
    Frame { payload: payload(protocol == Protocol::Json, bytes), bytes: OnceCell::new() }
}

/// The value that carries these bytes: text if they are meant to be and are.
pub(crate) fn payload(is_text: bool, bytes: &[u8]) -> JsValue {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_text => JsString::from(text).into(),
        _ => Uint8Array::from(bytes).into(),
    }
}

/// The longest beginning of a text that has at most so many bytes.
fn cut(text: &str, max_bytes: usize) -> &str {
    let end = (0..=max_bytes.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_reason_is_cut_at_a_character() {
        assert_eq!(cut("short", 123), "short");
        assert_eq!(cut("aяb", 2), "a");
        assert_eq!(cut("aяb", 3), "aя");
    }
}
