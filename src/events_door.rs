//! `POST /v1/events`: domain events from backends, checked one by one and handed over.

use contract::{
    Arrival, EventResult, EventResults, EventStatus, HEADER_PREFIX, MAX_BODY_BYTES, PROBLEM_CONTENT_TYPE, Problem,
    ProblemKind, Rejection, UnavailableProblem, read_request,
};
use durable_objects::Published;
use worker::Response;

use crate::{
    body,
    door::Visit,
    handover::{Handed, Way, hand_over},
    page::parameter,
    refusal::Refusal,
    sender,
};

pub(crate) async fn publish(mut visit: Visit) -> Result<Response, Refusal> {
    let access = sender::authorize(&visit).await?;
    let way = way(&visit)?;
    let mut results = Vec::new();
    let mut events = Vec::new();
    let mut places = Vec::new();
    let trace_parent = visit.request.headers().get("traceparent").ok().flatten();
    for (place, arrival) in arrivals(&mut visit).await?.into_iter().enumerate() {
        match access.admit(arrival) {
            Err(rejected) => results.push(EventResult {
                id: rejected.id,
                status: EventStatus::Rejected,
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

/// `?delivery=queue` sends all of them through the queue.
fn way(visit: &Visit) -> Result<Way, Refusal> {
    match parameter(visit, "delivery").as_deref() {
        None => Ok(Way::Straight),
        Some("queue") => Ok(Way::Queued),
        Some(_) => Err(Refusal::problem(ProblemKind::InvalidParameter, "delivery can only be queue")),
    }
}

async fn arrivals(visit: &mut Visit) -> Result<Vec<Arrival>, Refusal> {
    let headers = visit.request.headers();
    let content_type = headers.get("content-type").ok().flatten().unwrap_or_default();
    let attributes: Vec<_> = headers.entries().filter(|(name, _)| name.starts_with(HEADER_PREFIX)).collect();
    let body = body::read(&mut visit.request, MAX_BODY_BYTES).await?;
    let arrivals = read_request(&content_type, &attributes, &body).map_err(Problem::from)?;
    let allow_private = visit.configuration.allow_private_targets;
    Ok(arrivals.into_iter().map(|arrival| arrival.and_then(|event| event.with_target_checked(allow_private))).collect())
}

/// Writes what became of an event.
fn fill(result: &mut EventResult, handed: Handed) {
    match handed {
        Handed::Queued | Handed::Taken(Published::Queued) => result.status = EventStatus::Queued,
        Handed::Taken(Published::Delivered { recipients }) => {
            result.status = EventStatus::Delivered;
            result.recipients = recipients;
        }
        Handed::Taken(Published::Duplicate) => result.status = EventStatus::Duplicate,
        Handed::Taken(Published::Ignored(reason)) => {
            result.status = EventStatus::Ignored;
            result.reason = Some(reason);
        }
        Handed::Taken(Published::Rejected(reason)) => {
            result.status = EventStatus::Rejected;
            result.error = Some(Rejection::of_whole(reason));
        }
        Handed::Rejected(rejection) => {
            result.status = EventStatus::Rejected;
            result.error = Some(rejection);
        }
        Handed::Unavailable(reason) => {
            result.status = EventStatus::Unavailable;
            result.reason = Some(reason.to_owned());
        }
    }
}

/// 503 where anything was not taken, 202 where anything was queued, 400 where all was rejected, else 200.
fn respond(results: &[EventResult]) -> Result<Response, Refusal> {
    let any = |status| results.iter().any(|result| result.status == status);
    if any(EventStatus::Unavailable) {
        // Never a false 200: what was taken is taken once, however often the batch is sent again.
        let detail = "not every event could be handed over; send the batch again, events that were taken count once";
        let problem = UnavailableProblem { problem: Problem::new(ProblemKind::Unavailable, detail), results };
        let mut response = Response::from_json(&problem)?.with_status(503);
        response.headers_mut().set("content-type", PROBLEM_CONTENT_TYPE)?;
        response.headers_mut().set("retry-after", "1")?;
        return Ok(response);
    }
    let all_rejected = !results.is_empty() && results.iter().all(|result| result.status == EventStatus::Rejected);
    let status = match (any(EventStatus::Queued), all_rejected) {
        (true, _) => 202,
        (false, true) => 400,
        (false, false) => 200,
    };
    Ok(Response::from_json(&EventResults { results })?.with_status(status))
}
