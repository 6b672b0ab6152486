//! Handing accepted events over: straight to the objects that take them, or, where that fails or was not wanted, to the
//! queue. An event that was taken by either is never lost.

use std::{collections::HashMap, time::Duration};

use contract::{AcceptedEvent, Identifier, Rejection};
use durable_objects::{
    GiveUp, Numbers, Publish, PublishBroadcasts, Published, Queue, REQUESTS_AT_ONCE, TakeNumbers, in_time, log,
    now_millis,
};
use futures::{StreamExt, stream};
use serde_json::{json, value::RawValue};
use worker::{Env, Error};

use crate::event_message::{self, EventMessage};

/// How long an object may take before its events go through the queue, or wait in it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// How long an object that failed may take to say what comes after what.
const NUMBERS_PATIENCE: Duration = Duration::from_secs(2);

/// Which way events go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// To their objects, and through the queue only where these do not take them.
    Straight,
    /// Through the queue.
    Queued,
}

/// What became of an event.
#[derive(Debug)]
pub(crate) enum Handed {
    /// Its object took it.
    Taken(Published),
    /// The queue did.
    Queued,
    /// Nobody can take it.
    Rejected(Rejection),
    /// Neither its object nor the queue took it: it may be sent again.
    Unavailable(&'static str),
}

/// The events of a request that have one taker, with their places in the request.
struct Lot {
    /// None: they are for everybody.
    virtual_key_id: Option<Identifier>,
    events: Vec<Box<RawValue>>,
    places: Vec<usize>,
}

/// Hands events over: those of one key in one call, in order. The answer has one entry for each, in their order.
pub(crate) async fn hand_over(env: &Env, events: Vec<AcceptedEvent>, way: Way) -> Vec<Handed> {
    let accepted_at_millis = now_millis();
    let mut handed: Vec<Option<Handed>> = events.iter().map(|_| None).collect();
    let outcomes = stream::iter(lots(events)).map(|lot| async move {
        let outcome = hand_lot(env, lot.virtual_key_id, lot.events, accepted_at_millis, way).await;
        (lot.places, outcome)
    });
    let mut outcomes = outcomes.buffer_unordered(REQUESTS_AT_ONCE);
    while let Some((places, outcome)) = outcomes.next().await {
        for (place, one) in places.into_iter().zip(outcome) {
            if let Some(empty) = handed.get_mut(place) {
                *empty = Some(one);
            }
        }
    }
    // An object answers for every event; a shorter answer is another version's, as during a deploy.
    handed.into_iter().map(|one| one.unwrap_or(Handed::Unavailable(NO_ANSWER))).collect()
}

const NO_ANSWER: &str = "the object that takes it does not answer now; send the event again";

fn lots(events: Vec<AcceptedEvent>) -> Vec<Lot> {
    let mut lots: Vec<Lot> = Vec::new();
    let mut lot_of_key: HashMap<Option<Identifier>, usize> = HashMap::new();
    for (place, AcceptedEvent { event, json }) in events.into_iter().enumerate() {
        let index = *lot_of_key.entry(event.virtual_key_id).or_insert_with_key(|key| {
            lots.push(Lot { virtual_key_id: key.clone(), events: Vec::new(), places: Vec::new() });
            lots.len() - 1
        });
        if let Some(lot) = lots.get_mut(index) {
            lot.events.push(json);
            lot.places.push(place);
        }
    }
    lots
}

async fn hand_lot(
    env: &Env,
    key: Option<Identifier>,
    events: Vec<Box<RawValue>>,
    accepted_at_millis: i64,
    way: Way,
) -> Vec<Handed> {
    if way == Way::Queued {
        return enqueue(env, key, events, accepted_at_millis).await;
    }
    let count = events.len();
    match straight(env, key.as_ref(), events, accepted_at_millis).await {
        Ok(Some(published)) => published.into_iter().map(Handed::Taken).collect(),
        Ok(None) => all(count, unknown_key),
        Err((error, events)) => {
            let line = json!({ "virtualKeyId": key, "events": count, "error": error.to_string() });
            log::error("an object did not take its events: they go through the queue", line);
            enqueue(env, key, events, accepted_at_millis).await
        }
    }
}

/// Hands events to their object; none where there is no such key. The events come back where it does not take them.
async fn straight(
    env: &Env,
    key: Option<&Identifier>,
    events: Vec<Box<RawValue>>,
    accepted_at_millis: i64,
) -> Result<Option<Vec<Published>>, (Error, Vec<Box<RawValue>>)> {
    match key {
        None => {
            let call = PublishBroadcasts { events };
            let published = in_time(PATIENCE, durable_objects::ask(env, &call)).await;
            published.map(Some).map_err(|error| (error, call.events))
        }
        Some(key) => {
            let call = Publish { virtual_key_id: key.as_str().to_owned(), accepted_at_millis, events };
            let published = in_time(PATIENCE, durable_objects::ask(env, &call)).await;
            published.map_err(|error| (error, call.events))
        }
    }
}

/// Puts events into the queue, behind whatever of their key is there already.
pub(crate) async fn enqueue(
    env: &Env,
    key: Option<Identifier>,
    events: Vec<Box<RawValue>>,
    accepted_at_millis: i64,
) -> Vec<Handed> {
    let count = events.len();
    let lists = event_message::cut(events);
    let numbers = match numbers(env, key.as_ref(), lists.len()).await {
        Ok(Some(Numbers::Taken(numbers))) => numbers,
        Ok(Some(Numbers::LineIsFull)) => return all(count, || Handed::Unavailable(LINE_IS_FULL)),
        Ok(None) => return all(count, unknown_key),
        // Without numbers they are applied when they come, as far as that is still right.
        Err(_) => Vec::new(),
    };
    let mut texts = Vec::with_capacity(lists.len());
    for (index, events) in lists.into_iter().enumerate() {
        let number = numbers.get(index).copied();
        let message = EventMessage { virtual_key_id: key.clone(), number, accepted_at_millis, events };
        match serde_json::to_string(&message) {
            Ok(text) => texts.push(text),
            Err(_) => return all(count, || Handed::Unavailable(NO_QUEUE)),
        }
    }
    match durable_objects::send(env, Queue::Events, &texts).await {
        Ok(()) => all(count, || Handed::Queued),
        Err(error) => {
            log::error("the queue did not take events", json!({ "events": count, "error": error.to_string() }));
            give_up(env, key.as_ref(), numbers).await;
            all(count, || Handed::Unavailable(NO_QUEUE))
        }
    }
}

const NO_QUEUE: &str = "neither the object that takes it nor the queue answers now; send the event again";
const LINE_IS_FULL: &str = "too many events of this key are on their way; send the event again later";

/// Places in the key's line; events for everybody need none.
async fn numbers(env: &Env, key: Option<&Identifier>, count: usize) -> worker::Result<Option<Numbers>> {
    let Some(key) = key else { return Ok(Some(Numbers::Taken(Vec::new()))) };
    let take = TakeNumbers { virtual_key_id: key.as_str().to_owned(), count };
    in_time(NUMBERS_PATIENCE, durable_objects::ask(env, &take)).await
}

/// Tells a key's object that events with these numbers will not come. If it cannot be told, it finds out by waiting.
pub(crate) async fn give_up(env: &Env, key: Option<&Identifier>, numbers: Vec<i64>) {
    let Some(key) = key.filter(|_| !numbers.is_empty()) else { return };
    let give_up = GiveUp { virtual_key_id: key.as_str().to_owned(), numbers };
    if let Err(error) = durable_objects::ask(env, &give_up).await {
        let line = json!({ "virtualKeyId": key, "error": error.to_string() });
        log::warn("an object could not be told that events will not come", line);
    }
}

fn unknown_key() -> Handed {
    Handed::Rejected(Rejection::of_field("virtualkeyid", "there is no such virtual key"))
}

fn all(count: usize, one: impl Fn() -> Handed) -> Vec<Handed> {
    (0..count).map(|_| one()).collect()
}
