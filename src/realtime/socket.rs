//! A WebSocket whose events are read in order, and that is closed when nobody holds it any more.

use futures::channel::mpsc;
use realtime::{close::Close, transport::Frame};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{BinaryType, CloseEvent, MessageEvent};
use worker::Result;

/// What came from a socket.
pub(super) enum Incoming {
    /// A message, whole.
    Message(Frame),
    /// It is closed; without a close frame the code is 1006.
    Closed { code: u16, reason: String },
}

/// One end of a socket. When it is dropped, by an end or by a panic, the other end is closed.
pub(super) struct Socket {
    raw: web_sys::WebSocket,
    on_message: Closure<dyn FnMut(MessageEvent)>,
    on_close: Closure<dyn FnMut(CloseEvent)>,
    /// How it is closed, if nobody says otherwise.
    at_last: Close,
}

impl Socket {
    /// Accepts a socket; what comes from it is sent to the channel, as `tagged` makes it.
    pub(super) fn accept<T: 'static>(
        socket: &worker::WebSocket,
        channel: &mpsc::UnboundedSender<T>,
        at_last: Close,
        tagged: impl Fn(Incoming) -> T + Clone + 'static,
    ) -> Result<Self> {
        let raw = socket.as_ref().clone();
        // Binary frames would arrive as blobs, which cannot be read at once.
        raw.set_binary_type(BinaryType::Arraybuffer);
        let (messages, last) = (channel.clone(), channel.clone());
        let tag_close = tagged.clone();
        let on_message: Box<dyn FnMut(MessageEvent)> = Box::new(move |event: MessageEvent| {
            let data = event.data();
            let frame = match data.as_string() {
                Some(text) => Frame::Text(text),
                None => Frame::Binary(js_sys::Uint8Array::new(&data).to_vec()),
            };
            let _nobody_listens = messages.unbounded_send(tagged(Incoming::Message(frame)));
        });
        let on_close: Box<dyn FnMut(CloseEvent)> = Box::new(move |event: CloseEvent| {
            let closed = Incoming::Closed { code: event.code(), reason: event.reason() };
            let _nobody_listens = last.unbounded_send(tag_close(closed));
        });
        let on_message = Closure::wrap_assert_unwind_safe(on_message);
        let on_close = Closure::wrap_assert_unwind_safe(on_close);
        raw.add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref())?;
        raw.add_event_listener_with_callback("close", on_close.as_ref().unchecked_ref())?;
        socket.accept()?;
        Ok(Self { raw, on_message, on_close, at_last })
    }

    /// Sends a message. On a socket that is closed meanwhile it is lost, and its close tells the rest.
    pub(super) fn send(&self, frame: &Frame) {
        let _closed_meanwhile = match frame {
            Frame::Text(text) => self.raw.send_with_str(text),
            Frame::Binary(bytes) => self.raw.send_with_js_u8_array(&js_sys::Uint8Array::from(bytes.as_slice())),
        };
    }

    /// Closes it.
    pub(super) fn close(mut self, close: Close) {
        self.at_last = close;
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let (message, close) = (self.on_message.as_ref(), self.on_close.as_ref());
        let _gone = self.raw.remove_event_listener_with_callback("message", message.unchecked_ref());
        let _gone = self.raw.remove_event_listener_with_callback("close", close.unchecked_ref());
        let _closed_already = self.raw.close_with_code_and_reason(self.at_last.code, &self.at_last.reason);
    }
}
