//! A hibernating WebSocket as the object sees it: the calls that `worker` lacks or that panic in it.

use js_sys::{JsString, Uint8Array};
use signalr::Protocol;
use wasm_bindgen::prelude::*;
use worker::{State, WebSocket};

use crate::table::Slot;

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

/// The socket of one connection.
#[derive(Clone)]
pub(crate) struct Socket(RawSocket);

impl Socket {
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

    pub(crate) fn mark(&self, slot: Slot) {
        self.0.set_slot(f64::from(slot));
    }

    // A slot was written by `mark`, from a u32.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(crate) fn marked(&self) -> Option<Slot> {
        self.0.slot().map(|slot| slot as Slot)
    }

    pub(crate) fn is_open(&self) -> bool {
        self.0.ready_state() == web_sys::WebSocket::OPEN
    }

    /// When the platform answered a ping for the object last, in milliseconds since the epoch.
    pub(crate) fn answered_at_millis(&self, state: &State) -> Option<f64> {
        let state: &AutoResponses = state.as_raw().unchecked_ref();
        Some(state.timestamp(&self.0).ok()??.get_time())
    }

    /// Whether both are the same JavaScript object.
    pub(crate) fn is(&self, other: &Socket) -> bool {
        js_sys::Object::is(self.0.as_ref(), other.0.as_ref())
    }
}

/// The JavaScript value that carries a frame: made once, sent to many.
pub(crate) fn payload(protocol: Protocol, frame: &[u8]) -> JsValue {
    match (protocol, std::str::from_utf8(frame)) {
        (Protocol::Json, Ok(text)) => JsString::from(text).into(),
        _ => Uint8Array::from(frame).into(),
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
