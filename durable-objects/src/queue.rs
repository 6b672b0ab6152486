//! The queues: what is put into them, and how much waits there.

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::{Env, Error, Result};

/// A queue of `wrangler.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Domain events that are to be handed to their objects.
    Events,
    /// Deliveries of webhooks that are due.
    Webhooks,
    /// What could not be delivered.
    DeadLetters,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Events, Self::Webhooks, Self::DeadLetters];

    /// The queue of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.name() == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Events => "conduit-events",
            Self::Webhooks => "conduit-webhooks",
            Self::DeadLetters => "conduit-dead-letters",
        }
    }

    fn binding(self) -> &'static str {
        match self {
            Self::Events => "EVENTS",
            Self::Webhooks => "WEBHOOKS",
            Self::DeadLetters => "DEAD_LETTERS",
        }
    }
}

/// The largest message, in bytes: 128 KB with about 100 bytes that the platform adds
/// (<https://developers.cloudflare.com/queues/platform/limits/>).
pub const MAX_MESSAGE_BYTES: usize = 127_000;

/// Messages, and their bytes, that are sent in one call (Queues limits: 100 messages, 256 KB).
const MESSAGES_AT_ONCE: usize = 100;
const BYTES_AT_ONCE: usize = 250_000;

/// What waits in a queue, as its producer is told; it may be some seconds old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backlog {
    /// Messages.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the oldest was sent, in milliseconds since the epoch; none where nothing waits.
    pub oldest_at_millis: Option<i64>,
}

#[wasm_bindgen]
extern "C" {
    /// <https://developers.cloudflare.com/queues/configuration/javascript-apis/>
    type Producer;

    #[wasm_bindgen(method, catch, js_name = sendBatch)]
    fn send_batch(this: &Producer, messages: js_sys::Array) -> std::result::Result<js_sys::Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn metrics(this: &Producer) -> std::result::Result<js_sys::Promise, JsValue>;
}

fn producer(env: &Env, queue: Queue) -> Result<Producer> {
    let binding = js_sys::Reflect::get(env.as_ref(), &queue.binding().into())?;
    if binding.is_undefined() {
        return Err(Error::BindingError(format!("`{}` is no queue", queue.binding())));
    }
    Ok(binding.unchecked_into())
}

/// Sends texts of at most [`MAX_MESSAGE_BYTES`], in as few calls as may be. Queues keep no order.
///
/// # Errors
///
/// The queue did not take them, or not all of them: whoever may be told something twice sends all again.
pub async fn send(env: &Env, queue: Queue, texts: &[String]) -> Result<()> {
    let producer = producer(env, queue)?;
    let mut rest = texts;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fitting = rest.iter().take(MESSAGES_AT_ONCE).take_while(|text| {
            bytes += text.len();
            bytes <= BYTES_AT_ONCE
        });
        let (batch, behind) = rest.split_at(fitting.count().max(1));
        let messages = js_sys::Array::new();
        for text in batch {
            let message = js_sys::Object::new();
            js_sys::Reflect::set(&message, &"body".into(), &text.into())?;
            js_sys::Reflect::set(&message, &"contentType".into(), &"text".into())?;
            messages.push(&message);
        }
        JsFuture::from(producer.send_batch(messages)?).await?;
        rest = behind;
    }
    Ok(())
}

/// What waits in a queue.
///
/// # Errors
///
/// The queue did not answer, or the platform's answer is another one than documented.
pub async fn backlog(env: &Env, queue: Queue) -> Result<Backlog> {
    let answer = JsFuture::from(producer(env, queue)?.metrics()?).await?;
    let figure = |name: &str| -> Result<Option<f64>> {
        let value = js_sys::Reflect::get(&answer, &name.into())?;
        // A moment comes as a `Date` or as milliseconds.
        Ok(value.dyn_ref::<js_sys::Date>().map_or_else(|| value.as_f64(), |date| Some(date.get_time())))
    };
    // Counts and moments are far below 2^53, and never below zero.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(Backlog {
        messages: figure("backlogCount")?.unwrap_or_default() as u64,
        bytes: figure("backlogBytes")?.unwrap_or_default() as u64,
        oldest_at_millis: figure("oldestMessageTimestamp")?.filter(|at| *at > 0.0).map(|at| at as i64),
    })
}
