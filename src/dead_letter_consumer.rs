//! The consumer of dead letters: the registry keeps them for the operator.

use contract::{DeadLetter, DeadLetterKind, time::Timestamp};
use durable_objects::{RecordDeadLetters, log, now_millis};
use serde_json::{json, value::RawValue};
use worker::Env;

use crate::{event_message::EventMessage, queue_message::Message};

/// How long letters wait in their queue while the registry has no room for them, or does not answer: the longer, the
/// more often they came. 100 times an hour are four days.
const SHORTEST_DELAY_SECONDS: u32 = 2;
const LONGEST_DELAY_SECONDS: u32 = 3_600;

pub(crate) async fn consume(messages: Vec<Message>, env: &Env) {
    let letters = messages.iter().map(|message| letter(&message.id(), message.text())).collect();
    match durable_objects::ask(env, &RecordDeadLetters { letters }).await {
        Ok(true) => messages.iter().for_each(Message::ack),
        Ok(false) => {
            log::error(
                "there is no room for dead letters: replay or delete some",
                json!({ "letters": messages.len() }),
            );
            put_off(&messages);
        }
        Err(error) => {
            log::error("the registry did not take dead letters", json!({ "error": error.to_string() }));
            put_off(&messages);
        }
    }
}

fn put_off(messages: &[Message]) {
    for message in messages {
        let delay_seconds = SHORTEST_DELAY_SECONDS.saturating_pow(message.attempts());
        message.retry_after(delay_seconds.min(LONGEST_DELAY_SECONDS));
    }
}

/// The letter that a message is, or is made into: what the platform gave up, or nothing here wrote, comes as it is.
fn letter(id: &str, text: Option<String>) -> DeadLetter {
    let text = text.unwrap_or_default();
    if let Ok(letter) = serde_json::from_str(&text) {
        return letter;
    }
    let at = Timestamp(now_millis());
    if let Ok(message) = serde_json::from_str::<EventMessage>(&text) {
        let cause = "the consumer failed, or was not there: the log of that time has more";
        return message.into_dead_letter(id.to_owned(), at, cause, 0);
    }
    DeadLetter {
        id: id.to_owned(),
        at,
        kind: DeadLetterKind::Unreadable,
        virtual_key_id: None,
        cause: "not a message of this Worker".to_owned(),
        attempts: 0,
        body: serde_json::value::to_raw_value(&text).unwrap_or_else(|_| RawValue::NULL.to_owned()),
    }
}
