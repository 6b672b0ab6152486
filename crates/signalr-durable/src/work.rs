//! Running what connections asked for: methods one at a time for each connection, streams beside them, and none of
//! them able to take the others down.

use std::{cell::RefCell, panic::AssertUnwindSafe, rc::Rc};

use futures::{FutureExt, future::Either};
use signalr::{EncodeError, Failure, Invocation, close_text, error_text};

use crate::{
    caller::{Caller, Occasion},
    cancellation::Cancellation,
    error::HubError,
    identity::Identity,
    live::{Call, NO_ID, RunningCall, Stage, Work, WorkQueue},
    methods::{Call as StartedCall, CallError, Kind, Start},
    outbox::RecordKind,
    server::Server,
    table::Slot,
};

impl Server {
    /// Works off what waits for a connection, unless somebody does already.
    pub(crate) async fn work(self: &Rc<Self>, identity: &Rc<Identity>) {
        let Some(slot) = self.slot_of(identity) else { return };
        let Some(queue) = self.table.borrow().get(slot).map(|entry| entry.live.work.clone()) else { return };
        self.work_off(identity, &queue).await;
    }

    /// As [`work`](Self::work), for a connection that may have left the table.
    pub(crate) async fn work_off(self: &Rc<Self>, identity: &Rc<Identity>, queue: &Rc<RefCell<WorkQueue>>) {
        self.start_streaming(identity, queue);
        if std::mem::replace(&mut queue.borrow_mut().is_busy, true) {
            return;
        }
        loop {
            // The borrow must end before the work is awaited.
            let next = self.next(&mut queue.borrow_mut());
            match next {
                Some(Work::Connected) => {
                    queue.borrow_mut().stage = Stage::Connecting;
                    self.run_connected(identity).await;
                    queue.borrow_mut().stage = Stage::Connected;
                    self.start_streaming(identity, queue);
                }
                Some(Work::Invocation(call)) if self.options.max_parallel_invocations > 1 => {
                    queue.borrow_mut().running += 1;
                    let (identity, queue) = (identity.clone(), queue.clone());
                    self.spawn(|server| async move {
                        server.run(&identity, call).await;
                        queue.borrow_mut().running -= 1;
                        server.work_off(&identity, &queue).await;
                    });
                }
                Some(Work::Invocation(call)) => self.run(identity, call).await,
                Some(Work::Disconnected(error)) => self.run_disconnected(identity, error).await,
                None => break,
            }
        }
        queue.borrow_mut().is_busy = false;
    }

    fn next(&self, queue: &mut WorkQueue) -> Option<Work> {
        let is_full = queue.running >= self.options.max_parallel_invocations.max(1);
        match queue.waiting.front()? {
            Work::Invocation(_) if is_full => None,
            _ => queue.waiting.pop_front(),
        }
    }

    /// Starts the calls that stream, whatever else runs: they take no turn. They come after `connected` all the same.
    fn start_streaming(&self, identity: &Rc<Identity>, queue: &RefCell<WorkQueue>) {
        let mut queue = queue.borrow_mut();
        if queue.stage == Stage::Connected {
            for call in queue.streaming.drain(..) {
                let identity = identity.clone();
                self.spawn(|server| async move { server.run(&identity, call).await });
            }
        }
    }

    async fn run_connected(self: &Rc<Self>, identity: &Rc<Identity>) {
        let Some((name, hub)) = self.hub(identity.hub) else { return };
        let caller = self.caller(identity, Occasion::Connecting, self.gone(identity));
        let connected = contained(async { Ok(hub.connected(caller).await?) }).await;
        let Err(error) = connected else { return };
        let error = hub_error(error);
        log_failure(name, "connected", identity, &error);
        if let Some(slot) = self.slot_of(identity) {
            let text = close_text::failed(error.failure(), self.options.detailed_errors);
            self.put_end_down_to(slot, &error.to_string());
            self.close_slot(slot, Some(&text), false);
        }
    }

    pub(crate) async fn run_disconnected(self: &Rc<Self>, identity: &Rc<Identity>, end_error: Option<Rc<str>>) {
        let Some((name, hub)) = self.hub(identity.hub) else { return };
        let gone = Rc::new(Cancellation::default());
        gone.cancel();
        let caller = self.caller(identity, Occasion::Disconnected, gone).with_disconnect_error(end_error);
        let disconnected = contained(async {
            hub.disconnected(caller).await;
            Ok(())
        });
        if let Err(error) = disconnected.await {
            log_failure(name, "disconnected", identity, &hub_error(error));
        }
    }

    fn caller(self: &Rc<Self>, identity: &Rc<Identity>, occasion: Occasion, cancellation: Rc<Cancellation>) -> Caller {
        Caller::new(self.clone(), identity.clone(), occasion, cancellation)
    }

    fn gone(&self, identity: &Identity) -> Rc<Cancellation> {
        let table = self.table.borrow();
        let entry = table.find(&identity.id).and_then(|slot| table.get(slot));
        entry.map(|entry| entry.live.gone.clone()).unwrap_or_default()
    }

    /// Runs a call from its checks to its completion.
    async fn run(self: &Rc<Self>, identity: &Rc<Identity>, call: Call) {
        let stream_ids = call.invocation.stream_ids.clone();
        let invocation_id = call.invocation.invocation_id.clone();
        let cancellation = call.cancellation.clone();
        if let Err(error) = self.start(identity, call).await
            && let Some(slot) = self.slot_of(identity)
            && let Some(protocol) = self.protocol(slot)
        {
            self.refuse(slot, protocol, invocation_id.as_deref(), &error);
        }
        if let Some(slot) = self.slot_of(identity) {
            self.forget_call(slot, invocation_id.as_deref(), &cancellation, &stream_ids);
        }
    }

    fn forget_call(
        self: &Rc<Self>,
        slot: Slot,
        invocation_id: Option<&str>,
        cancellation: &Rc<Cancellation>,
        stream_ids: &[String],
    ) {
        let (is_registered, identity) = {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return };
            for id in stream_ids {
                if let Some(upload) = entry.live.uploads.remove(id) {
                    upload.end(Ok(()));
                }
            }
            let known = entry.live.calls.len();
            let is_its = |call: &RunningCall| Rc::ptr_eq(&call.cancellation, cancellation);
            match invocation_id {
                Some(id) if entry.live.calls.get(id).is_none_or(|call| !is_its(call)) => {}
                Some(id) => drop(entry.live.calls.remove(id)),
                None => entry.live.calls.retain(|_, call| !is_its(call)),
            }
            let is_registered = entry.live.calls.len() < known;
            (is_registered, entry.identity.clone())
        };
        if is_registered {
            self.mark_changed(slot);
            self.touch_session(slot);
        }
        if !stream_ids.is_empty() {
            // What waited for room in them has nothing to wait for.
            self.take_waiting(&identity);
        }
    }

    /// Checks and starts a call, and sees it through; gives the text of the error that it ends with, if it does.
    async fn start(self: &Rc<Self>, identity: &Rc<Identity>, call: Call) -> Result<(), String> {
        let Call { invocation, method, is_streamed, uploads, cancellation } = call;
        let Invocation { target, arguments, invocation_id, stream_ids, .. } = invocation;
        let Some((name, hub)) = self.hub(identity.hub) else { return Ok(()) };
        let Some(slot) = self.slot_of(identity) else { return Ok(()) };
        let Some(protocol) = self.protocol(slot) else { return Ok(()) };
        let detailed_errors = self.options.detailed_errors;

        let Some(method) = method else { return Err(error_text::unknown_method(&target)) };
        let signature = method.signature;
        match (signature.kind, is_streamed) {
            (Kind::Stream, false) => return Err(error_text::streaming_method_invoked(&target)),
            (Kind::Plain, true) => return Err(error_text::plain_method_streamed(&target)),
            _ => {}
        }
        let arguments = arguments.map_err(|error| error_text::binding_failed(&target, &error, detailed_errors))?;
        let caller = self.caller(identity, Occasion::Invocation, cancellation.clone());
        if !hub.authorizes(method, &caller) {
            return Err(error_text::unauthorized(&target));
        }
        if stream_ids.len() != signature.uploads {
            return Err(error_text::stream_count_mismatch(&target, stream_ids.len(), signature.uploads));
        }
        // Calls that stream were registered when they came.
        if let Some(id) = &invocation_id
            && signature.takes_turn()
            && self.is_running(slot, id)
        {
            return Err(error_text::invocation_id_in_use(id));
        }

        let start = Start { caller, protocol, invocation_id: invocation_id.clone(), arguments, uploads };
        // The call starts inside, too: what reads the arguments is the application's code.
        let outcome = contained(async {
            match hub.start(method, start) {
                None => Ok(Err(error_text::unknown_method(&target))),
                Some(Err(error)) => Ok(Err(error_text::binding_failed(&target, &error, detailed_errors))),
                Some(Ok(started)) => {
                    let mut running = match started {
                        StartedCall::Plain(future) => Either::Left(future.map(|done| done.map(Either::Left))),
                        StartedCall::Stream(future) => Either::Right(future.map(|items| items.map(Either::Right))),
                    };
                    // Most methods end at once, and then nobody can cancel them or ask for them.
                    if let std::task::Poll::Ready(done) = futures::poll!(&mut running) {
                        return done.map(Ok);
                    }
                    if signature.takes_turn()
                        && let Some(slot) = self.slot_of(identity)
                    {
                        self.register_call(slot, invocation_id.as_deref(), &target, &cancellation);
                    }
                    running.await.map(Ok)
                }
            }
        })
        .await;
        match outcome {
            Ok(Err(text)) => Err(text),
            Ok(Ok(Either::Left(record))) => {
                // The connection may have ended while the method ran; its events and completion went with it.
                if let Some(slot) = self.slot_of(identity)
                    && !record.is_empty()
                {
                    self.enqueue(slot, protocol, record, RecordKind::Counted);
                }
                Ok(())
            }
            Ok(Ok(Either::Right(items))) => {
                let id = invocation_id.unwrap_or_default();
                self.stream(identity, protocol, &id, name, &target, items, &cancellation).await;
                Ok(())
            }
            Err(CallError::Encode(error)) => {
                if let Some(slot) = self.slot_of(identity) {
                    self.fail_to_write(slot, &error);
                }
                Ok(())
            }
            Err(CallError::Hub(HubError::NoStream)) => Err(error_text::not_a_stream(&target)),
            Err(CallError::Hub(error)) => {
                if let HubError::Internal { .. } = error {
                    log_failure(name, &target, identity, &error);
                }
                Err(error_text::invocation_failed(&target, error.failure(), detailed_errors))
            }
        }
    }

    /// Makes a call known to those who may cancel it, and to the attachment, so that its client is told if it is lost.
    pub(crate) fn register_call(
        &self,
        slot: Slot,
        invocation_id: Option<&str>,
        target: &str,
        cancellation: &Rc<Cancellation>,
    ) {
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            // A call without an id is cancelled by the end of its connection alone.
            let id = match invocation_id {
                Some(id) => id.to_owned(),
                None => format!("{NO_ID}{:p}", Rc::as_ptr(cancellation)),
            };
            let call = RunningCall { target: target.into(), cancellation: cancellation.clone() };
            entry.live.calls.insert(id, call);
        }
        self.mark_changed(slot);
        self.touch_session(slot);
    }

    /// What a hub gave cannot be written: the connection ends, as in ASP.NET Core.
    pub(crate) fn fail_to_write(&self, slot: Slot, error: &EncodeError) {
        let name = match error {
            EncodeError::MessagePack(_) => "MessagePackSerializationException",
            _ => "JsonException",
        };
        let message = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        self.fail(slot, Failure::Internal { name, message: &message });
    }

    /// Closes a connection for something that went wrong; the client may come again.
    pub(crate) fn fail(&self, slot: Slot, failure: Failure<'_>) {
        self.put_end_down_to(slot, &close_text::failed(failure, true));
        let text = close_text::failed(failure, self.options.detailed_errors);
        self.close_slot(slot, Some(&text), true);
    }
}

fn hub_error(error: CallError) -> HubError {
    match error {
        CallError::Hub(error) => error,
        CallError::Encode(error) => HubError::internal(error),
    }
}

/// Runs application code; a panic in it is an error of this call and of nothing else.
pub(crate) async fn contained<T>(code: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
    // Nothing of the server is borrowed while application code runs, and what the code itself left half
    // done is the application's own.
    match AssertUnwindSafe(code).catch_unwind().await {
        Ok(outcome) => outcome,
        Err(panic) => {
            let text = panic
                .downcast_ref::<&str>()
                .map(ToString::to_string)
                .or_else(|| panic.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            Err(HubError::exception("Panic", text).into())
        }
    }
}

pub(crate) fn log_failure(hub: &str, method: &str, identity: &Identity, error: &HubError) {
    worker::console_error!(
        "{}",
        serde_json::json!({
            "level": "error", "message": "hub method failed", "hub": hub, "method": method,
            "connection": *identity.id, "error": error.to_string(),
        })
    );
}
