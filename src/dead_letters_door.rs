//! `/v1/admin/dead-letters` and `/v1/admin/queues`: what could not be delivered, and what is on its way.

use contract::{
    DeadLetter, DeadLetterKind, Identifier, ProblemKind, QueueView, QueuesView, Replayed, ReplayedAll,
    UndeliveredWebhook,
};
use durable_objects::{
    CountDeadLetters, ListDeadLetters, Queue, ReadDeadLetter, Redeliver, Redelivery, RemoveDeadLetters, backlog,
    now_millis,
};
use serde_json::{json, value::RawValue};
use worker::{Env, Response};

use crate::{
    door::Visit,
    handover::{Handed, enqueue},
    keys_door::{author, operator},
    owner_door::decoded,
    page::{limit, parameter},
    refusal::Refusal,
};

/// Letters that are read at once for a replay.
const LETTERS_AT_ONCE: u32 = 20;

/// Letters replayed by one request: whoever has more asks again.
const MOST_LETTERS: usize = 500;

/// `GET /v1/admin/dead-letters?kind=&virtualKeyId=&after=&limit=`: oldest first.
pub(crate) async fn list(visit: &Visit) -> Result<Response, Refusal> {
    operator(visit).await?;
    let after = parameter(visit, "after")
        .map(|after| after.parse())
        .transpose()
        .map_err(|_| Refusal::problem(ProblemKind::InvalidParameter, "after must be the next of the page before"))?;
    let list = ListDeadLetters { after: after.unwrap_or(0), limit: limit(visit)?, ..filter(visit)? };
    Ok(Response::from_json(&durable_objects::ask(&visit.env, &list).await?)?)
}

pub(crate) async fn read(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    Ok(Response::from_json(&find(visit, id).await?)?)
}

/// `DELETE /v1/admin/dead-letters/{id}`: throws one away.
pub(crate) async fn delete(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    match forget(visit, vec![decoded(id)], "dead-letter.deleted").await? {
        0 => Err(unknown(id)),
        _ => Ok(Response::empty()?.with_status(204)),
    }
}

/// `POST /v1/admin/dead-letters/{id}/replay`: sends one on its way again.
pub(crate) async fn replay(visit: &Visit, id: &str) -> Result<Response, Refusal> {
    operator(visit).await?;
    let letter = find(visit, id).await?;
    let id = letter.id.clone();
    send_again(&visit.env, letter).await.map_err(|cause| Refusal::problem(ProblemKind::Conflict, cause))?;
    forget(visit, vec![id], REPLAYED).await?;
    Ok(Response::from_json(&Replayed { replayed: 1 })?.with_status(202))
}

/// `POST /v1/admin/dead-letters/replay?kind=&virtualKeyId=`: sends all of them on their way again, up to 500. What cannot be
/// sent stays, and is counted.
pub(crate) async fn replay_all(visit: &Visit) -> Result<Response, Refusal> {
    operator(visit).await?;
    let (mut replayed, mut failed) = (0, 0);
    let mut next = Some(0);
    while let Some(after) = next
        && replayed + failed < MOST_LETTERS
    {
        let list = ListDeadLetters { after, limit: LETTERS_AT_ONCE, ..filter(visit)? };
        let page = durable_objects::ask(&visit.env, &list).await?;
        let mut sent = Vec::new();
        for letter in page.items {
            let id = letter.id.clone();
            if send_again(&visit.env, letter).await.is_ok() {
                sent.push(id);
            } else {
                failed += 1;
            }
        }
        replayed += sent.len();
        forget(visit, sent, REPLAYED).await?;
        next = page.next.and_then(|next| next.parse().ok());
    }
    let has_more = next.is_some();
    Ok(Response::from_json(&ReplayedAll { replayed, failed, has_more })?.with_status(202))
}

const REPLAYED: &str = "dead-letter.replayed";

/// Sends what a letter holds on its way again; it has its effect once, however often that happens.
async fn send_again(env: &Env, letter: DeadLetter) -> Result<(), String> {
    match letter.kind {
        DeadLetterKind::Event => {
            let events: Vec<Box<RawValue>> = serde_json::from_str(letter.body.get())
                .map_err(|error| format!("the letter holds no events: {error}"))?;
            let key = letter.virtual_key_id.map(Identifier::new).transpose().map_err(|error| error.to_string())?;
            for handed in enqueue(env, key, events, now_millis()).await {
                match handed {
                    Handed::Rejected(rejection) => return Err(rejection.to_string()),
                    Handed::Unavailable(reason) => return Err(reason.to_owned()),
                    Handed::Queued | Handed::Taken(_) => {}
                }
            }
            Ok(())
        }
        DeadLetterKind::Webhook => deliver_again(env, letter).await,
        DeadLetterKind::Unreadable => Err("nothing here can deliver what the letter holds".to_owned()),
    }
}

/// Has the key's object deliver a webhook again.
async fn deliver_again(env: &Env, letter: DeadLetter) -> Result<(), String> {
    let webhook: UndeliveredWebhook =
        serde_json::from_str(letter.body.get()).map_err(|error| format!("the letter holds no webhook: {error}"))?;
    let virtual_key_id = letter.virtual_key_id.ok_or("the letter names no virtual key")?;
    match durable_objects::ask(env, &Redeliver { virtual_key_id, letter: webhook }).await {
        Ok(Some(Redelivery::Armed | Redelivery::Pending)) => Ok(()),
        Ok(Some(Redelivery::Full)) => Err("too many webhooks of the virtual key wait already".to_owned()),
        Ok(None) => Err("there is no such virtual key".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// `GET /v1/admin/queues`: how much waits in each, and how many dead letters there are.
pub(crate) async fn queues(visit: &Visit) -> Result<Response, Refusal> {
    operator(visit).await?;
    let mut items = Vec::new();
    for queue in Queue::ALL {
        let backlog = backlog(&visit.env, queue).await?;
        // Milliseconds of an age are far below 2^53.
        #[allow(clippy::cast_precision_loss)]
        let oldest_age_seconds = backlog.oldest_at_millis.map(|at| (now_millis() - at).max(0) as f64 / 1_000.0);
        items.push(QueueView { name: queue.name(), depth: backlog.messages, bytes: backlog.bytes, oldest_age_seconds });
    }
    let dead_letters = durable_objects::ask(&visit.env, &CountDeadLetters {}).await?;
    let dead_letters = u64::try_from(dead_letters).unwrap_or(0);
    Ok(Response::from_json(&QueuesView { items, dead_letters })?)
}

/// What `?kind=` and `?virtualKeyId=` choose.
fn filter(visit: &Visit) -> Result<ListDeadLetters, Refusal> {
    let kind = match parameter(visit, "kind") {
        None => None,
        Some(name) => Some(serde_json::from_value(json!(name)).map_err(|_| {
            Refusal::problem(ProblemKind::InvalidParameter, "kind must be event, webhook or unreadable")
        })?),
    };
    Ok(ListDeadLetters { after: 0, limit: 0, kind, virtual_key_id: parameter(visit, "virtualKeyId") })
}

async fn find(visit: &Visit, id: &str) -> Result<DeadLetter, Refusal> {
    let found = durable_objects::ask(&visit.env, &ReadDeadLetter { id: decoded(id) }).await?;
    found.ok_or_else(|| unknown(id))
}

async fn forget(visit: &Visit, ids: Vec<String>, action: &str) -> Result<usize, Refusal> {
    let remove = RemoveDeadLetters { author: author(visit), action: action.to_owned(), ids };
    Ok(durable_objects::ask(&visit.env, &remove).await?)
}

fn unknown(id: &str) -> Refusal {
    Refusal::problem(ProblemKind::NotFound, format!("there is no dead letter {}", decoded(id)))
}
