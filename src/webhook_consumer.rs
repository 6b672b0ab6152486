//! The consumer of webhooks that are due: asks the key's object what to send, sends it, and says what it came to. Providers
//! that are to be asked what they bill come the same way.
//!
//! The queue is a poke and nothing more, so messages are acknowledged before anything is sent, and a slow receiver holds up
//! none behind it: the object knows what is due, and an attempt that it hears no more of is made again.

use std::time::Duration;

use contract::AttemptOutcome;
use durable_objects::{AttemptToMake, BeginAttempt, FinishAttempt, Inquire, Poke, REQUESTS_AT_ONCE, log, now_millis};
use futures::{
    StreamExt,
    future::{Either, select},
    pin_mut, stream,
};
use serde_json::json;
use worker::{
    AbortController, Context, Delay, Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response,
    Result,
};

use crate::{queue_message::Message, realtime};

/// How long after each failed try an object is told again what an attempt came to.
const TELL_AGAIN_AFTER: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_secs(2)];

/// The longest `Retry-After` that is passed on, in bytes: a date has 29.
const MAX_RETRY_AFTER_BYTES: usize = 64;

pub(crate) fn consume(messages: Vec<Message>, env: &Env, context: &Context) {
    let mut pokes: Vec<Poke> = Vec::with_capacity(messages.len());
    let mut inquiries: Vec<Inquire> = Vec::new();
    for message in messages {
        message.ack();
        let text = message.text().unwrap_or_default();
        if let Ok(inquire) = serde_json::from_str(&text) {
            inquiries.push(inquire);
            continue;
        }
        match serde_json::from_str(&text) {
            Ok(poke) => pokes.push(poke),
            Err(error) => log::error("a webhook that is due was not understood", json!({ "error": error.to_string() })),
        }
    }
    let env = env.clone();
    context.wait_until(async move {
        stream::iter(pokes).for_each_concurrent(REQUESTS_AT_ONCE, |poke| attempt(&env, poke)).await;
        for inquire in inquiries {
            realtime::inquire(&env, inquire).await;
        }
    });
}

/// Makes an attempt, if the object says that it is still to be made.
async fn attempt(env: &Env, poke: Poke) {
    let Poke { virtual_key_id, delivery_id, attempt } = poke;
    let begin = BeginAttempt { virtual_key_id: virtual_key_id.clone(), delivery_id: delivery_id.clone(), attempt };
    let to_make = match durable_objects::ask(env, &begin).await {
        Ok(Some(to_make)) => to_make,
        Ok(None) => return,
        Err(error) => {
            let line = json!({ "virtualKeyId": virtual_key_id, "error": error.to_string() });
            return log::warn("a webhook could not be begun: its object tells of it again", line);
        }
    };
    let outcome = make(&to_make).await;
    let finish = FinishAttempt { virtual_key_id, delivery_id, attempt, outcome };
    let mut pauses = TELL_AGAIN_AFTER.into_iter();
    while let Err(error) = durable_objects::ask(env, &finish).await {
        let line = json!({ "virtualKeyId": finish.virtual_key_id, "error": error.to_string() });
        log::warn("an object did not take what a webhook came to", line);
        let Some(pause) = pauses.next() else { return };
        Delay::from(pause).await;
    }
}

/// Sends the request. A redirect is not followed, since it could lead anywhere, and the body of the answer is not read.
async fn make(to_make: &AttemptToMake) -> AttemptOutcome {
    let Ok(request) = request(to_make) else { return AttemptOutcome::Unreachable };
    let started_at_millis = now_millis();
    let controller = AbortController::default();
    let signal = controller.signal();
    let fetch = Fetch::Request(request);
    let outcome = {
        let asking = fetch.send_with_signal(&signal);
        let patience = Delay::from(Duration::from_millis(u64::try_from(to_make.timeout_millis).unwrap_or(0)));
        pin_mut!(asking, patience);
        match select(asking, patience).await {
            Either::Left((Ok(response), _)) => answered(&response, now_millis() - started_at_millis),
            Either::Left((Err(_), _)) => AttemptOutcome::Unreachable,
            Either::Right(_) => AttemptOutcome::TimedOut,
        }
    };
    // What is left of the answer, or of the wait for it.
    controller.abort();
    outcome
}

fn request(to_make: &AttemptToMake) -> Result<Request> {
    let headers = Headers::new();
    for (name, value) in &to_make.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(to_make.body.as_str().into()));
    Request::new_with_init(&to_make.url, &init)
}

fn answered(response: &Response, millis: i64) -> AttemptOutcome {
    let retry_after = response.headers().get("retry-after").ok().flatten();
    AttemptOutcome::Answered {
        status: response.status_code(),
        response_time_millis: u32::try_from(millis).unwrap_or(0),
        retry_after: retry_after.filter(|text| text.len() <= MAX_RETRY_AFTER_BYTES),
    }
}
