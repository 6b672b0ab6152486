//! `POST /v1/events`: domain events from backends, checked one by one and handed over.

use contract::{Arrival, MAX_BODY_BYTES, Problem, ProblemKind, Rejection, ingest};
use durable_objects::Published;
use serde::Serialize;
use serde_json::json;
use worker::Response;

use crate::{
    body,
    door::Visit,
    handover::{Handed, Way, hand_over},
    keys_door,
    page::parameter,
    refusal::Refusal,
};

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
    error: Option<Rejection>,
}

/// A problem that tells of every event.
#[derive(Serialize)]
struct UnavailableProblem<'a> {
    #[serde(flatten)]
    problem: Problem,
    results: &'a [EventResult],
}

pub(crate) async fn publish(mut visit: Visit) -> Result<Response, Refusal> {
    keys_door::operator(&visit).await?;
    let way = way(&visit)?;
    let mut results = Vec::new();
    let mut events = Vec::new();
    let mut places = Vec::new();
    let trace_parent = visit.request.headers().get("traceparent").ok().flatten();
    for (place, arrival) in arrivals(&mut visit).await?.into_iter().enumerate() {
        match arrival {
            Err(rejected) => results.push(EventResult {
                id: rejected.id,
                status: REJECTED,
                error: Some(rejected.rejection),
                ..EventResult::default()
            }),
            Ok(accepted) => {
                results.push(EventResult { id: Some(accepted.event.id.clone()), ..EventResult::default() });
                events.push(match &trace_parent {
                    Some(trace_parent) => accepted.traced(trace_parent),
                    None => accepted,
                });
                places.push(place);
            }
        }
    }
    for (place, handed) in places.into_iter().zip(hand_over(&visit.env, events, way).await) {
        if let Some(result) = results.get_mut(place) {
            fill(result, handed);
        }
    }
    respond(&results)
}

const REJECTED: &str = "rejected";
const QUEUED: &str = "queued";
const UNAVAILABLE: &str = "unavailable";

/// `?delivery=queue` sends all of them through the queue.
fn way(visit: &Visit) -> Result<Way, Refusal> {
    match parameter(visit, "delivery").as_deref() {
        None => Ok(Way::Straight),
        Some("queue") => Ok(Way::Queued),
        Some(_) => Err(Refusal::problem(ProblemKind::InvalidParameter, "delivery can only be queue")),
    }
}

async fn arrivals(visit: &mut Visit) -> Result<Vec<Arrival>, Refusal> {
    let content_type = visit.request.headers().get("content-type").ok().flatten().unwrap_or_default();
    let body = body::read(&mut visit.request, MAX_BODY_BYTES).await?;
    let arrivals = ingest(&content_type, &body).map_err(Problem::from)?;
    let allow_private = visit.configuration.allow_private_targets;
    Ok(arrivals.into_iter().map(|arrival| arrival.and_then(|event| event.with_target_checked(allow_private))).collect())
}

/// Writes what became of an event.
fn fill(result: &mut EventResult, handed: Handed) {
    match handed {
        Handed::Queued | Handed::Taken(Published::Queued) => result.status = QUEUED,
        Handed::Taken(Published::Delivered { recipients }) => {
            result.status = "delivered";
            result.recipients = recipients;
        }
        Handed::Taken(Published::Duplicate) => result.status = "duplicate",
        Handed::Taken(Published::Ignored(reason)) => {
            result.status = "ignored";
            result.reason = Some(reason);
        }
        Handed::Taken(Published::Rejected(reason)) => {
            result.status = REJECTED;
            result.error = Some(Rejection::of_whole(reason));
        }
        Handed::Rejected(rejection) => {
            result.status = REJECTED;
            result.error = Some(rejection);
        }
        Handed::Unavailable(reason) => {
            result.status = UNAVAILABLE;
            result.reason = Some(reason.to_owned());
        }
    }
}

/// 503 where anything was not taken, 202 where anything was queued, 400 where all was rejected, else 200.
fn respond(results: &[EventResult]) -> Result<Response, Refusal> {
    let any = |status| results.iter().any(|result| result.status == status);
    if any(UNAVAILABLE) {
        // Never a false 200: what was taken is taken once, however often the batch is sent again.
        let detail = "not every event could be handed over; send the batch again, events that were taken count once";
        let problem = UnavailableProblem { problem: Problem::new(ProblemKind::Unavailable, detail), results };
        let mut response = Response::from_json(&problem)?.with_status(503);
        response.headers_mut().set("content-type", "application/problem+json")?;
        response.headers_mut().set("retry-after", "1")?;
        return Ok(response);
    }
    let all_rejected = !results.is_empty() && results.iter().all(|result| result.status == REJECTED);
    let status = match (any(QUEUED), all_rejected) {
        (true, _) => 202,
        (false, true) => 400,
        (false, false) => 200,
    };
    Ok(Response::from_json(&json!({ "results": results }))?.with_status(status))
}
