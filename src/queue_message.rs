//! One message of a queue: its text, how often it was tried, and what becomes of it.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// A batch as the platform hands it over
    /// (<https://developers.cloudflare.com/queues/configuration/javascript-apis/#messagebatch>).
    pub(crate) type MessageBatch;

    #[wasm_bindgen(method, getter)]
    fn queue(this: &MessageBatch) -> String;

    #[wasm_bindgen(method, getter)]
    fn messages(this: &MessageBatch) -> js_sys::Array;

    type RawMessage;

    #[wasm_bindgen(method, getter)]
    fn id(this: &RawMessage) -> String;

    #[wasm_bindgen(method, getter)]
    fn body(this: &RawMessage) -> JsValue;

    #[wasm_bindgen(method, getter)]
    fn attempts(this: &RawMessage) -> f64;

    #[wasm_bindgen(method, catch)]
    fn ack(this: &RawMessage) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn retry(this: &RawMessage, options: JsValue) -> Result<(), JsValue>;
}

/// The longest delay of a message, in seconds: 12 hours (Queues limits).
const LONGEST_DELAY_SECONDS: u32 = 43_200;

impl MessageBatch {
    /// The name of the queue.
    pub(crate) fn queue_name(&self) -> String {
        self.queue()
    }

    /// Its messages, in no particular order.
    pub(crate) fn all(&self) -> Vec<Message> {
        self.messages().iter().map(|message| Message { raw: message.unchecked_into() }).collect()
    }
}

/// A message. Whoever neither acknowledges it nor puts it off has it acknowledged when the batch is done.
pub(crate) struct Message {
    raw: RawMessage,
}

impl Message {
    /// What the platform calls it, however often it comes.
    pub(crate) fn id(&self) -> String {
        self.raw.id()
    }

    /// Its text; none where it is something else.
    pub(crate) fn text(&self) -> Option<String> {
        self.raw.body().as_string()
    }

    /// How often it came, this time included.
    // A count of at most 101.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(crate) fn attempts(&self) -> u32 {
        self.raw.attempts() as u32
    }

    /// It is done: it does not come again.
    pub(crate) fn ack(&self) {
        // The platform refuses this only of a batch that is over.
        let _ = self.raw.ack();
    }

    /// It comes again after so many seconds.
    pub(crate) fn retry_after(&self, seconds: u32) {
        let options = js_sys::Object::new();
        let delay = JsValue::from(seconds.min(LONGEST_DELAY_SECONDS));
        let _ = js_sys::Reflect::set(&options, &"delaySeconds".into(), &delay);
        let _ = self.raw.retry(options.into());
    }
}
