//! A poll as the Worker holds it.

use std::time::Duration;

use futures::future::{Either, select};
use worker::{Delay, Headers, Request, Response, Result};

use crate::connect::{plain, polled};

use super::{
    bridge::{Bridge, BridgeEvent, POLL_REPLACED},
    events::Aborted,
};

/// Answers a poll when the object has something for it, or after `timeout`.
pub(crate) async fn poll(request: &Request, answer: Response, timeout: Duration) -> Result<Response> {
    if answer.status_code() != 101 {
        return with_poll_headers(answer);
    }
    let Some(socket) = answer.websocket() else { return Response::error("the object answered without a socket", 502) };
    let mut bridge = Bridge::open(&socket)?;
    let aborted = Aborted::of(request);
    let mut gone = std::pin::pin!(aborted.wait());
    let mut time = Some(Delay::from(timeout));
    loop {
        let event = {
            let next = Box::pin(bridge.next());
            let waited = async {
                match time.as_mut() {
                    Some(time) => time.await,
                    None => std::future::pending().await,
                }
            };
            match select(select(next, gone.as_mut()), Box::pin(waited)).await {
                Either::Left((Either::Left((event, _)), _)) => Some(event),
                // Nobody reads the answer; what the object sent waits for the next poll.
                Either::Left((Either::Right(_), _)) => return with_poll_headers(Response::empty()?.with_status(204)),
                Either::Right(_) => None,
            }
        };
        match event {
            None => {
                time = None;
                bridge.time_out();
            }
            Some(BridgeEvent::Frame(frame)) => {
                bridge.confirm();
                return with_poll_headers(polled(frame)?);
            }
            Some(BridgeEvent::Closed(POLL_REPLACED)) => {
                return with_poll_headers(Response::empty()?.with_status(204));
            }
            // It has waited long enough, or the object is gone and the next poll wakes it.
            Some(BridgeEvent::Closed(_)) => {
                return with_poll_headers(plain(200, "")?);
            }
        }
    }
}

/// No cache may keep the answer to a poll.
fn with_poll_headers(answer: Response) -> Result<Response> {
    let status = answer.status_code();
    let headers = Headers::new();
    for (name, value) in answer.headers().entries() {
        headers.append(&name, &value)?;
    }
    if status < 300 {
        headers.set("cache-control", "no-cache, no-store")?;
        headers.set("pragma", "no-cache")?;
        headers.set("expires", "Thu, 01 Jan 1970 00:00:00 GMT")?;
    }
    Ok(answer.with_headers(headers))
}
