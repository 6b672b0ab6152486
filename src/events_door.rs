//! `POST /v1/events`: domain events from backends, checked one by one and handed to the keys they name.

use std::collections::HashMap;

use contract::{
    AcceptedEvent, Arrival, EventResult, EventResults, EventStatus, MAX_BODY_BYTES, PROBLEM_CONTENT_TYPE, Problem,
    ProblemKind, Rejection, UnavailableProblem, ingest,
};
use durable_objects::{Publish, PublishBroadcasts, Published, log, now_millis};
use futures::{StreamExt, stream};
use serde_json::{json, value::RawValue};
use worker::{Env, Response};

use crate::{door::Visit, refusal::Refusal, sender};

/// Objects asked at once: the platform opens six connections for an invocation (Workers limits).
const OBJECTS_AT_ONCE: usize = 6;

pub(crate) async fn publish(mut visit: Visit) -> Result<Response, Refusal> {
    let access = sender::authorize(&visit).await?;
    let arrivals = arrivals(&mut visit).await?.into_iter().map(|arrival| access.admit(arrival));
    let accepted_at_millis = now_millis();

    // One call for each key, with its events in the order in which they came.
    let mut results = Vec::with_capacity(arrivals.len());
    let mut calls: Vec<(Publish, Vec<usize>)> = Vec::new();
    let mut call_of_key: HashMap<String, usize> = HashMap::new();
    let mut broadcasts = Vec::new();
    let mut broadcast_positions = Vec::new();
    for (position, arrival) in arrivals.enumerate() {
        match arrival {
            Err(rejected) => results.push(EventResult {
                id: rejected.id,
                status: EventStatus::Rejected,
                error: Some(rejected.rejection),
                ..EventResult::default()
            }),
            Ok(AcceptedEvent { event, json }) => {
                results.push(EventResult { id: Some(event.id), ..EventResult::default() });
                let Some(key) = event.virtual_key_id.map(|key| key.as_str().to_owned()) else {
                    broadcasts.push(json);
                    broadcast_positions.push(position);
                    continue;
                };
                let index = *call_of_key.entry(key.clone()).or_insert_with(|| {
                    calls.push((Publish { virtual_key_id: key, accepted_at_millis, events: Vec::new() }, Vec::new()));
                    calls.len() - 1
                });
                if let Some((call, positions)) = calls.get_mut(index) {
                    call.events.push(json);
                    positions.push(position);
                }
            }
        }
    }

    let env = &visit.env;
    let mut handed_over: Vec<_> = stream::iter(calls)
        .map(|(call, positions)| hand_over(env, call, positions))
        .buffer_unordered(OBJECTS_AT_ONCE)
        .collect()
        .await;
    if !broadcasts.is_empty() {
        handed_over.push(announce(env, broadcasts, broadcast_positions).await);
    }
    let is_unavailable = handed_over.iter().any(|(_, outcome)| matches!(outcome, Outcome::Unavailable));
    for (positions, outcome) in handed_over {
        for (nth, position) in positions.into_iter().enumerate() {
            if let Some(result) = results.get_mut(position) {
                fill(result, &outcome, nth);
            }
        }
    }
    respond(&results, is_unavailable)
}

/// What became of the events of one key.
enum Outcome {
    /// Its object took them; one entry each.
    Taken(Vec<Published>),
    /// There is no such key.
    UnknownKey,
    /// Its object did not answer.
    Unavailable,
}

async fn arrivals(visit: &mut Visit) -> Result<Vec<Arrival>, Refusal> {
    let header = |name| visit.request.headers().get(name).ok().flatten();
    let declared_bytes = header("content-length").and_then(|length| length.parse::<usize>().ok());
    let content_type = header("content-type").unwrap_or_default();
    if declared_bytes.is_some_and(|bytes| bytes > MAX_BODY_BYTES) {
        let detail = format!("the body may have {MAX_BODY_BYTES} bytes; send smaller batches");
        return Err(Refusal::problem(ProblemKind::ContentTooLarge, detail));
    }
    let body = visit.request.bytes().await?;
    ingest(&content_type, &body).map_err(|error| Problem::from(error).into())
}

/// Hands a key's events to its object.
async fn hand_over(env: &Env, call: Publish, positions: Vec<usize>) -> (Vec<usize>, Outcome) {
    let outcome = match durable_objects::ask(env, &call).await {
        Ok(Some(published)) => Outcome::Taken(published),
        Ok(None) => Outcome::UnknownKey,
        Err(error) => {
            let line =
                json!({ "virtualKeyId": call.virtual_key_id, "events": call.events.len(), "error": error.to_string() });
            log::error("a key's object did not take its events", line);
            Outcome::Unavailable
        }
    };
    (positions, outcome)
}

/// Hands over the events that are for everybody.
async fn announce(env: &Env, events: Vec<Box<RawValue>>, positions: Vec<usize>) -> (Vec<usize>, Outcome) {
    let outcome = match durable_objects::ask(env, &PublishBroadcasts { events }).await {
        Ok(published) => Outcome::Taken(published),
        Err(error) => {
            log::error("the registry did not take events for everybody", json!({ "error": error.to_string() }));
            Outcome::Unavailable
        }
    };
    (positions, outcome)
}

/// Writes what became of the `nth` event of an object.
fn fill(result: &mut EventResult, outcome: &Outcome, nth: usize) {
    match outcome {
        Outcome::Unavailable => {
            result.status = EventStatus::Unavailable;
            result.reason = Some("the object that takes it does not answer now; send the event again".to_owned());
        }
        Outcome::UnknownKey => {
            result.status = EventStatus::Rejected;
            result.error = Some(Rejection::of_field("virtualkeyid", "there is no such virtual key"));
        }
        Outcome::Taken(published) => match published.get(nth) {
            Some(Published::Delivered { recipients }) => {
                result.status = EventStatus::Delivered;
                result.recipients = *recipients;
            }
            Some(Published::Duplicate) => result.status = EventStatus::Duplicate,
            Some(Published::Ignored(reason)) => {
                result.status = EventStatus::Ignored;
                result.reason = Some(reason.clone());
            }
            // The object answers for every event; a shorter answer is another version's.
            None => result.status = EventStatus::Unavailable,
        },
    }
}

fn respond(results: &[EventResult], is_unavailable: bool) -> Result<Response, Refusal> {
    if is_unavailable {
        // Never a false 200: what was taken is taken once, however often the batch is sent again.
        let detail = "not every event could be handed over; send the batch again, events that were taken count once";
        let problem = UnavailableProblem { problem: Problem::new(ProblemKind::Unavailable, detail), results };
        let mut response = Response::from_json(&problem)?.with_status(503);
        response.headers_mut().set("content-type", PROBLEM_CONTENT_TYPE)?;
        response.headers_mut().set("retry-after", "1")?;
        return Ok(response);
    }
    let all_rejected = !results.is_empty() && results.iter().all(|result| result.status == EventStatus::Rejected);
    Ok(Response::from_json(&EventResults { results })?.with_status(if all_rejected { 400 } else { 200 }))
}
