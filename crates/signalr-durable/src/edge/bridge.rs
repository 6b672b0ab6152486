//! The WebSocket between the Worker that holds a client's HTTP response and the object that holds its connection.
//!
//! The object sends frames of whole records. The Worker says, as text, how many of them it has passed on since the
//! socket opened, or that a poll has waited long enough. The object closes the socket with a code that says what becomes
//! of the response.

use futures::{StreamExt, channel::mpsc};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BinaryType, CloseEvent, MessageEvent};
use worker::Result;

/// The connection has ended: Server-Sent Events end with their response.
pub(crate) const EVENTS_END: u16 = 4_000;

/// A poll has waited long enough: 200 without a body, and the client polls again.
pub(crate) const POLL_TIMED_OUT: u16 = 4_200;

/// Another poll has taken this one's place, or the connection has ended: 204.
pub(crate) const POLL_REPLACED: u16 = 4_204;

/// What the Worker says when a poll has waited long enough.
pub(crate) const TIME_OUT: &str = "timeout";

/// The Worker's end. The socket closes when it is dropped.
pub(crate) struct Bridge {
    socket: web_sys::WebSocket,
    events: mpsc::UnboundedReceiver<BridgeEvent>,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_close: Closure<dyn FnMut(CloseEvent)>,
    received: u64,
}

/// What the object did.
pub(crate) enum BridgeEvent {
    /// It sent a frame.
    Frame(Vec<u8>),
    /// It closed the socket, or is gone.
    Closed(u16),
}

impl Bridge {
    /// Takes up the socket that the object answered with.
    pub(crate) fn open(socket: &worker::WebSocket) -> Result<Self> {
        let raw = socket.as_ref().clone();
        // Binary frames would arrive as blobs, which cannot be read at once.
        raw.set_binary_type(BinaryType::Arraybuffer);
        let (sender, events) = mpsc::unbounded();
        let closing = sender.clone();
        let on_message: Box<dyn FnMut(MessageEvent)> = Box::new(move |event: MessageEvent| {
            let data = event.data();
            let frame = data.as_string().map_or_else(|| js_sys::Uint8Array::new(&data).to_vec(), String::into_bytes);
            let _nobody_listens = sender.unbounded_send(BridgeEvent::Frame(frame));
        });
        let on_close: Box<dyn FnMut(CloseEvent)> = Box::new(move |event: CloseEvent| {
            let _nobody_listens = closing.unbounded_send(BridgeEvent::Closed(event.code()));
        });
        let on_message = Closure::wrap_assert_unwind_safe(on_message);
        let on_close = Closure::wrap_assert_unwind_safe(on_close);
        raw.add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref())?;
        raw.add_event_listener_with_callback("close", on_close.as_ref().unchecked_ref())?;
        socket.accept()?;
        Ok(Self { socket: raw, events, on_message, on_close, received: 0 })
    }

    /// Waits for the object.
    pub(crate) async fn next(&mut self) -> BridgeEvent {
        let event = self.events.next().await.unwrap_or(BridgeEvent::Closed(1_006));
        if let BridgeEvent::Frame(_) = event {
            self.received += 1;
        }
        event
    }

    /// Sends the object some text.
    pub(crate) fn say(&self, text: &str) {
        let _closed_meanwhile = self.socket.send_with_str(text);
    }

    /// Tells the object that all frames until now were passed on.
    pub(crate) fn confirm(&self) {
        self.say(&self.received.to_string());
    }

    /// Asks the object to end the poll.
    pub(crate) fn time_out(&self) {
        self.say(TIME_OUT);
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let (message, close) = (self.on_message.as_ref(), self.on_close.as_ref());
        let _gone = self.socket.remove_event_listener_with_callback("message", message.unchecked_ref());
        let _gone = self.socket.remove_event_listener_with_callback("close", close.unchecked_ref());
        let _closed_already = self.socket.close_with_code(1_000);
    }
}
