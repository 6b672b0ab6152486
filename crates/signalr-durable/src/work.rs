//! Running what connections asked for: one thing at a time for each connection, and none of them able to
//! take the others down.

use std::{panic::AssertUnwindSafe, rc::Rc};

use futures::FutureExt;
use signalr::{Invocation, close_text, error_text};

use crate::{caller::Caller, error::HubError, live::Work, methods::NotStarted, server::Server, table::Identity};

impl Server {
    /// Works off what waits for a connection, unless somebody does already.
    pub(crate) async fn work(self: &Rc<Self>, identity: &Rc<Identity>) {
        let Some(slot) = self.slot_of(identity) else { return };
        let Some(queue) = self.table.borrow().get(slot).map(|entry| entry.live.work.clone()) else { return };
        self.work_off(identity, &queue).await;
    }

    /// As [`work`](Self::work), for a connection that may have left the table.
    pub(crate) async fn work_off(
        self: &Rc<Self>,
        identity: &Rc<Identity>,
        queue: &std::cell::RefCell<crate::live::WorkQueue>,
    ) {
        if std::mem::replace(&mut queue.borrow_mut().busy, true) {
            return;
        }
        loop {
            // The borrow must end before the work is awaited.
            let next = queue.borrow_mut().waiting.pop_front();
            match next {
                Some(Work::Connected) => {
                    queue.borrow_mut().connected = true;
                    self.run_connected(identity).await;
                }
                Some(Work::Invocation(invocation)) => self.run_invocation(identity, invocation).await,
                Some(Work::Disconnected) => self.run_disconnected(identity).await,
                None => break,
            }
        }
        queue.borrow_mut().busy = false;
    }

    fn caller(self: &Rc<Self>, identity: &Rc<Identity>) -> Caller {
        Caller::new(self.clone(), identity.clone())
    }

    async fn run_connected(self: &Rc<Self>, identity: &Rc<Identity>) {
        let Some((name, hub)) = self.hub(identity.hub) else { return };
        let caller = self.caller(identity);
        let connected = contained(async { hub.connected(caller).await }).await;
        let Err(error) = connected else { return };
        log_failure(name, "connected", identity, &error);
        if let Some(slot) = self.slot_of(identity) {
            let text = close_text::failed(error.failure(), self.options.detailed_errors);
            self.close_slot(slot, Some(&text), false);
        }
    }

    async fn run_disconnected(self: &Rc<Self>, identity: &Rc<Identity>) {
        let Some((name, hub)) = self.hub(identity.hub) else { return };
        let caller = self.caller(identity);
        let disconnected = contained(async {
            hub.disconnected(caller).await;
            Ok(())
        });
        if let Err(error) = disconnected.await {
            log_failure(name, "disconnected", identity, &error);
        }
    }

    async fn run_invocation(self: &Rc<Self>, identity: &Rc<Identity>, invocation: Invocation) {
        let Some((name, hub)) = self.hub(identity.hub) else { return };
        let Some(protocol) = self.slot_of(identity).and_then(|slot| self.protocol(slot)) else { return };
        let target = invocation.target.clone();
        let invocation_id = invocation.invocation_id.clone();
        let caller = self.caller(identity);

        // The call starts inside, too: what reads the arguments is the application's code.
        let outcome = contained(async {
            match hub.start(caller, protocol, invocation) {
                Ok(call) => call.await.map(Ok),
                Err(not_started) => Ok(Err(not_started)),
            }
        })
        .await;
        // The connection may have ended while the method ran; its events and completion went with it.
        let Some(slot) = self.slot_of(identity) else { return };
        let detailed_errors = self.options.detailed_errors;
        let error = match outcome {
            Ok(Ok(record)) => {
                if !record.is_empty() {
                    self.enqueue(slot, protocol, record);
                }
                return;
            }
            Ok(Err(NotStarted::NoSuchMethod)) => error_text::unknown_method(&target),
            Ok(Err(NotStarted::Binding(error))) => error_text::binding_failed(&target, &error, detailed_errors),
            Err(error) => {
                if let HubError::Internal { .. } = error {
                    log_failure(name, &target, identity, &error);
                }
                error_text::invocation_failed(&target, error.failure(), detailed_errors)
            }
        };
        self.refuse(slot, protocol, invocation_id.as_deref(), &error);
    }
}

/// Runs application code; a panic in it is an error of this call and of nothing else.
async fn contained<T>(code: impl Future<Output = Result<T, HubError>>) -> Result<T, HubError> {
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
            Err(HubError::exception("Panic", text))
        }
    }
}

fn log_failure(hub: &str, method: &str, identity: &Identity, error: &HubError) {
    worker::console_error!(
        "{}",
        serde_json::json!({
            "level": "error", "message": "hub method failed", "hub": hub, "method": method,
            "connection": *identity.id, "error": error.to_string(),
        })
    );
}
