//! The door that messages of the queues come through: each queue has its consumer, which acknowledges one message at a time.

use std::panic::AssertUnwindSafe;

use durable_objects::{Queue, log};
use serde_json::json;
use wasm_bindgen::prelude::*;
use worker::Env;

use crate::{
    configuration, dead_letter_consumer, event_consumer,
    queue_message::{Message, MessageBatch},
};

/// How long messages wait that nobody can take now.
const RETRY_SECONDS: u32 = 60;

/// What the platform calls with a batch.
///
/// It is exported by hand: `worker`'s macro hides how often a message was tried, and panics where a handler fails.
///
/// # Errors
///
/// Never: a message that cannot be dealt with is put off, and the others are none the worse.
#[wasm_bindgen]
#[allow(unreachable_pub, private_interfaces, reason = "what is exported must be public, and nothing else is")]
pub async fn queue(batch: MessageBatch, env: Env, _context: JsValue) -> Result<JsValue, JsValue> {
    AssertUnwindSafe(consume(batch, env)).await;
    Ok(JsValue::UNDEFINED)
}

async fn consume(batch: MessageBatch, env: Env) {
    let name = batch.queue_name();
    let messages = batch.all();
    let configuration = match configuration::of(&env) {
        Ok(configuration) => configuration,
        Err(error) => {
            log::error("the queues wait for a right configuration", json!({ "error": error.to_string() }));
            put_off(&messages);
            return;
        }
    };
    match Queue::named(&name) {
        Some(Queue::Events) => event_consumer::consume(messages, &env, &configuration).await,
        Some(Queue::DeadLetters) => dead_letter_consumer::consume(messages, &env).await,
        Some(Queue::Webhooks) | None => {
            log::error("a queue has no consumer here", json!({ "queue": name, "messages": messages.len() }));
            put_off(&messages);
        }
    }
}

fn put_off(messages: &[Message]) {
    for message in messages {
        message.retry_after(RETRY_SECONDS);
    }
}
