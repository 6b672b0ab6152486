//! `POST /v1/events`: domain events from backends, checked one by one and handed to the keys they name.

use std::collections::HashMap;

use contract::{Arrival, MAX_BODY_BYTES, Problem, ProblemKind, ingest};
use durable_objects::{Publish, Published, log};
use futures::{StreamExt, stream};
use serde::Serialize;
use serde_json::json;
use worker::{Env, Response};

use crate::{door::Visit, keys_door, refusal::Refusal};

/// Objects asked at once: the platform opens six connections for an invocation (Workers limits).
const OBJECTS_AT_ONCE: usize = 6;

/// What became of one event, in the order of the request.
#[derive(Debug, Default, Serialize)]
struct EventResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipients: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<EventError>,
}

#[derive(Debug, Serialize)]
struct EventError {
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    message: String,
}

pub(crate) async fn publish(mut visit: Visit) -> Result<Response, Refusal> {
    keys_door::operator(&visit).await?;
    let arrivals = arrivals(&mut visit).await?;

    // One call for each key, with its events in the order in which they came.
    let mut results = Vec::with_capacity(arrivals.len());
    let mut calls: Vec<(Publish, Vec<usize>)> = Vec::new();
    let mut call_of_key: HashMap<String, usize> = HashMap::new();
    for (position, arrival) in arrivals.into_iter().enumerate() {
        match arrival {
            Err(rejected) => results.push(EventResult {
                id: rejected.id,
                status: "rejected",
                error: Some(EventError { field: rejected.rejection.field, message: rejected.rejection.message }),
                ..EventResult::default()
            }),
            Ok(event) => {
                results.push(EventResult { id: Some(event.id.clone()), ..EventResult::default() });
                let key = event.virtual_key_id.as_str().to_owned();
                let index = *call_of_key.entry(key.clone()).or_insert_with(|| {
                    calls.push((Publish { virtual_key_id: key, events: Vec::new() }, Vec::new()));
                    calls.len() - 1
                });
                if let Some((call, positions)) = calls.get_mut(index) {
                    call.events.push(event);
                    positions.push(position);
                }
            }
        }
    }

    let env = &visit.env;
    let answers: Vec<_> = stream::iter(calls)
        .map(|(call, positions)| hand_over(env, call, positions))
        .buffer_unordered(OBJECTS_AT_ONCE)
        .collect()
        .await;
    let mut all_answered = true;
    for (positions, outcome) in answers {
        all_answered &= outcome.is_some();
        for (nth, position) in positions.into_iter().enumerate() {
            if let Some(result) = results.get_mut(position) {
                fill(result, outcome.as_ref().map(|published| published.as_ref().and_then(|all| all.get(nth))));
            }
        }
    }
    respond(&results, all_answered)
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

/// Hands a key's events to its object. None: it did not take them. Some(None): there is no such key.
async fn hand_over(env: &Env, call: Publish, positions: Vec<usize>) -> (Vec<usize>, Option<Option<Vec<Published>>>) {
    match durable_objects::ask(env, &call).await {
        Ok(published) => (positions, Some(published)),
        Err(error) => {
            let line =
                json!({ "virtualKeyId": call.virtual_key_id, "events": call.events.len(), "error": error.to_string() });
            log::error("a key's object did not take its events", line);
            (positions, None)
        }
    }
}

/// `outcome`: None, the object did not answer; Some(None), it knows no such key.
fn fill(result: &mut EventResult, outcome: Option<Option<&Published>>) {
    match outcome {
        None => {
            result.status = "unavailable";
            result.reason = Some("the key's object does not answer now; send the event again".to_owned());
        }
        Some(None) => {
            result.status = "rejected";
            let message = "there is no such virtual key".to_owned();
            result.error = Some(EventError { field: Some("virtualkeyid".to_owned()), message });
        }
        Some(Some(Published::Delivered { recipients })) => {
            result.status = "delivered";
            result.recipients = Some(*recipients);
        }
        Some(Some(Published::Duplicate)) => result.status = "duplicate",
        Some(Some(Published::Ignored(reason))) => {
            result.status = "ignored";
            result.reason = Some(reason.clone());
        }
    }
}

fn respond(results: &[EventResult], all_answered: bool) -> Result<Response, Refusal> {
    if !all_answered {
        // Never a false 200: what was taken is taken once, however often the batch is sent again.
        let detail = "not every event could be handed over; send the batch again, events that were taken count once";
        let mut problem = serde_json::to_value(Problem::new(ProblemKind::Unavailable, detail))?;
        problem["results"] = serde_json::to_value(results)?;
        let mut response = Response::from_json(&problem)?.with_status(503);
        response.headers_mut().set("content-type", "application/problem+json")?;
        response.headers_mut().set("retry-after", "1")?;
        return Ok(response);
    }
    let all_rejected = results.iter().all(|result| result.status == "rejected");
    Ok(Response::from_json(&json!({ "results": results }))?.with_status(if all_rejected { 400 } else { 200 }))
}
