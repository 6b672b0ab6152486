//! The consumer of events that went through the queue: each key's go to its object in one call, and no key waits for
//! another's.

use std::collections::BTreeMap;

use contract::{Identifier, time::Timestamp};
use durable_objects::{
    Arrive, Configuration, NumberedEvents, PublishBroadcasts, Queue, REQUESTS_AT_ONCE, in_time, log, now_millis,
};
use futures::{StreamExt, stream};
use serde_json::json;
use worker::Env;

use crate::{event_message::EventMessage, handover, queue_message::Message};

/// The delay behind the first failed try, in seconds, doubled by each that follows, up to the longest.
const FIRST_DELAY_SECONDS: u32 = 1;
const LONGEST_DELAY_SECONDS: u32 = 600;

/// Bytes of events that are handed over in one call.
const BYTES_AT_ONCE: usize = 1_048_576;

/// A message that was understood.
struct Arrived {
    message: Message,
    content: EventMessage,
}

pub(crate) async fn consume(messages: Vec<Message>, env: &Env, configuration: &Configuration) {
    let mut by_key: BTreeMap<Option<String>, Vec<Arrived>> = BTreeMap::new();
    for message in messages {
        let text = message.text().unwrap_or_default();
        match serde_json::from_str::<EventMessage>(&text) {
            Ok(content) => {
                let key = content.virtual_key_id.as_ref().map(|key| key.as_str().to_owned());
                by_key.entry(key).or_default().push(Arrived { message, content });
            }
            Err(_) => bury(env, &[text], &[message]).await,
        }
    }
    let most_attempts = configuration.queue_max_attempts;
    let lots = by_key.into_values().flat_map(calls);
    stream::iter(lots).for_each_concurrent(REQUESTS_AT_ONCE, |arrived| hand_over(env, arrived, most_attempts)).await;
}

/// Cuts a key's messages into lots that are handed over in one call, in the order of their places.
fn calls(mut arrived: Vec<Arrived>) -> Vec<Vec<Arrived>> {
    arrived.sort_by_key(|one| (one.content.number.is_none(), one.content.number, one.content.accepted_at_millis));
    let mut lots: Vec<Vec<Arrived>> = Vec::new();
    let mut room_bytes = 0;
    for one in arrived {
        let bytes: usize = one.content.events.iter().map(|event| event.get().len()).sum();
        match lots.last_mut() {
            Some(lot) if bytes <= room_bytes => lot.push(one),
            _ => {
                room_bytes = BYTES_AT_ONCE;
                lots.push(vec![one]);
            }
        }
        room_bytes = room_bytes.saturating_sub(bytes);
    }
    lots
}

/// Hands one lot over; its messages are acknowledged, put off, or given up.
async fn hand_over(env: &Env, arrived: Vec<Arrived>, most_attempts: u64) {
    let key = arrived.first().and_then(|one| one.content.virtual_key_id.clone());
    match deliver(env, key.as_ref(), &arrived).await {
        Ok(true) => arrived.iter().for_each(|one| one.message.ack()),
        Ok(false) => {
            for one in arrived {
                give_up(env, one, "there is no such virtual key").await;
            }
        }
        Err(error) => {
            let line = json!({ "virtualKeyId": key, "messages": arrived.len(), "error": error });
            log::error("an object did not take events from the queue", line);
            for one in arrived {
                if u64::from(one.message.attempts()) >= most_attempts {
                    give_up(env, one, &error).await;
                } else {
                    one.message.retry_after(delay_seconds(one.message.attempts()));
                }
            }
        }
    }
}

/// True where the object took all of them, false where there is no such key.
async fn deliver(env: &Env, key: Option<&Identifier>, arrived: &[Arrived]) -> Result<bool, String> {
    let Some(key) = key else {
        let events = arrived.iter().flat_map(|one| one.content.events.clone()).collect();
        let publish = PublishBroadcasts { events };
        let published = in_time(handover::PATIENCE, durable_objects::ask(env, &publish)).await;
        return published.map(|_| true).map_err(|error| error.to_string());
    };
    let batches = arrived.iter().map(|Arrived { content, .. }| NumberedEvents {
        number: content.number,
        accepted_at_millis: content.accepted_at_millis,
        events: content.events.clone(),
    });
    let arrive = Arrive { virtual_key_id: key.as_str().to_owned(), batches: batches.collect() };
    in_time(handover::PATIENCE, durable_objects::ask(env, &arrive)).await.map_err(|error| error.to_string())
}

/// Makes a message a dead letter, and lets what waited for it go on.
async fn give_up(env: &Env, arrived: Arrived, cause: &str) {
    let Arrived { message, content } = arrived;
    let (key, number) = (content.virtual_key_id.clone(), content.number);
    let letter = content.into_dead_letter(message.id(), Timestamp(now_millis()), cause, message.attempts());
    match serde_json::to_string(&letter) {
        Ok(text) => bury(env, &[text], &[message]).await,
        Err(_) => message.retry_after(LONGEST_DELAY_SECONDS),
    }
    handover::give_up(env, key.as_ref(), number.into_iter().collect()).await;
}

/// Sends texts to the dead letters; where even that fails, the messages come again.
async fn bury(env: &Env, texts: &[String], messages: &[Message]) {
    match durable_objects::send(env, Queue::DeadLetters, texts).await {
        Ok(()) => messages.iter().for_each(Message::ack),
        Err(error) => {
            log::error("the queue did not take dead letters", json!({ "error": error.to_string() }));
            for message in messages {
                message.retry_after(LONGEST_DELAY_SECONDS);
            }
        }
    }
}

fn delay_seconds(attempts: u32) -> u32 {
    let doublings = attempts.saturating_sub(1).min(31);
    FIRST_DELAY_SECONDS.saturating_mul(1 << doublings).min(LONGEST_DELAY_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_twice_as_long_as_the_one_before_up_to_ten_minutes() {
        let delays: Vec<u32> = (1..=12).map(delay_seconds).collect();
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
        assert_eq!(delay_seconds(u32::MAX), 600);
    }
}
