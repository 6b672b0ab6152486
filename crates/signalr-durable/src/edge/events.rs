//! Server-Sent Events as the Worker writes them.

use std::{cell::RefCell, rc::Rc, time::Duration};

use futures::{
    channel::oneshot,
    future::{Either, select},
    stream,
};
use signalr::{Protocol, sse};
use wasm_bindgen::{JsCast, closure::Closure};
use worker::{Delay, Headers, Request, Response, Result};

use super::bridge::{Bridge, BridgeEvent};

/// Answers with events until the connection ends or the client goes. A client that is sent nothing for `keep_alive` is
/// pinged, which is also how one is noticed that vanished.
///
/// With a `probe`, a comment is written that often in between.
pub(crate) fn events(
    request: &Request,
    answer: Response,
    keep_alive: Duration,
    probe: Option<Duration>,
) -> Result<Response> {
    if answer.status_code() != 101 {
        return Ok(answer);
    }
    let Some(socket) = answer.websocket() else { return Response::error("the object answered without a socket", 502) };
    let writer = Writer {
        bridge: Bridge::open(&socket)?,
        aborted: Aborted::of(request),
        keep_alive,
        probe: probe.filter(|probe| *probe < keep_alive),
        quiet: Duration::ZERO,
        step: Step::Start,
    };
    let headers = Headers::new();
    headers.set("content-type", "text/event-stream")?;
    headers.set("cache-control", "no-cache,no-store")?;
    headers.set("pragma", "no-cache")?;
    headers.set("content-encoding", "identity")?;
    Ok(Response::from_stream(stream::unfold(writer, Writer::next))?.with_headers(headers))
}

/// Writes a response piece by piece, each one when the last was taken.
struct Writer {
    bridge: Bridge,
    aborted: Aborted,
    keep_alive: Duration,
    probe: Option<Duration>,
    /// How long nothing but comments was written.
    quiet: Duration,
    step: Step,
}

#[derive(PartialEq, Eq)]
enum Step {
    Start,
    Quiet,
    /// A frame was written; that it is asked for more means that it was taken.
    Written,
}

impl Writer {
    async fn next(mut self) -> Option<(Result<Vec<u8>>, Self)> {
        match std::mem::replace(&mut self.step, Step::Quiet) {
            Step::Start => return Some((Ok(sse::PREAMBLE.to_vec()), self)),
            Step::Written => self.bridge.confirm(),
            Step::Quiet => {}
        }
        let until_ping = self.keep_alive.saturating_sub(self.quiet);
        let wait = self.probe.map_or(until_ping, |probe| probe.min(until_ping));
        let event = {
            let next = Box::pin(self.bridge.next());
            let gone = Box::pin(self.aborted.wait());
            match select(select(next, gone), Delay::from(wait)).await {
                Either::Left((Either::Left((event, _)), _)) => Some(event),
                Either::Left((Either::Right(_), _)) => return None,
                Either::Right(_) => None,
            }
        };
        let mut out = Vec::new();
        match event {
            Some(BridgeEvent::Frame(frame)) => {
                sse::write_event(&frame, &mut out);
                self.step = Step::Written;
                self.quiet = Duration::ZERO;
            }
            Some(BridgeEvent::Closed(_)) => return None,
            None if wait < until_ping => {
                out.extend_from_slice(sse::PREAMBLE);
                self.quiet += wait;
            }
            None => {
                sse::write_event(Protocol::Json.ping(), &mut out);
                self.quiet = Duration::ZERO;
            }
        }
        Some((Ok(out), self))
    }
}

/// Whether the client of a request has gone.
pub(crate) struct Aborted {
    signal: web_sys::AbortSignal,
    listener: Closure<dyn FnMut()>,
    told: Rc<RefCell<Vec<oneshot::Sender<()>>>>,
}

impl Aborted {
    pub(crate) fn of(request: &Request) -> Self {
        let signal = request.inner().signal();
        let told: Rc<RefCell<Vec<oneshot::Sender<()>>>> = Rc::default();
        let listening = told.clone();
        let listener: Box<dyn FnMut()> = Box::new(move || {
            for waiting in listening.take() {
                let _gone = waiting.send(());
            }
        });
        let listener = Closure::wrap_assert_unwind_safe(listener);
        let _never_told = signal.add_event_listener_with_callback("abort", listener.as_ref().unchecked_ref());
        Self { signal, listener, told }
    }

    /// Waits until the client is gone.
    pub(crate) async fn wait(&self) {
        if self.signal.aborted() {
            return;
        }
        let (sender, receiver) = oneshot::channel();
        {
            let mut told = self.told.borrow_mut();
            told.retain(|waiting| !waiting.is_canceled());
            told.push(sender);
        }
        if receiver.await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Aborted {
    fn drop(&mut self) {
        let listener = self.listener.as_ref().unchecked_ref();
        let _gone = self.signal.remove_event_listener_with_callback("abort", listener);
    }
}
