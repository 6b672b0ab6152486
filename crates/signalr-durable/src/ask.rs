//! Asking clients: for results that a hub awaits, and for a sign that they read.

use std::{rc::Rc, time::Duration};

use futures::{
    FutureExt,
    channel::oneshot,
    future::{Either, select},
};
use signalr::{Completion, EncodeError, Failure, Outcome, Payload, Protocol, error_text};
use worker::Delay;

use crate::{
    clock,
    error::HubError,
    identity::Identity,
    line::Line,
    outbox::RecordKind,
    questions::Asked,
    server::Server,
    socket,
    sockets::{Answer, EncodeQuestion, HubIndex},
    table::Slot,
};

/// A client method that nobody has. Official clients answer a question to it with an error.
const PROBE: &str = "signalr.areYouReading";

impl Server {
    pub(crate) fn ask_client(&self, hub: HubIndex, connection: &str, question: EncodeQuestion<'_>) -> Answer {
        self.restore();
        let asked = self.asked(hub, connection, question);
        let (id, answered) = match asked {
            Ok(asked) => asked,
            Err(error) => return std::future::ready(Err(error)).boxed_local(),
        };
        let Some(server) = self.rc() else { return std::future::ready(Err(withdrawn())).boxed_local() };
        let timeout = Duration::from_millis(self.options.client_result_timeout_millis);
        let asked = Asked { server, id };
        async move {
            let outcome = match select(answered, Box::pin(Delay::from(timeout))).await {
                Either::Left((answer, _)) => answer.unwrap_or_else(|_| Err(withdrawn())),
                Either::Right(_) => Err(withdrawn()),
            };
            drop(asked);
            outcome
        }
        .boxed_local()
    }

    #[allow(clippy::type_complexity, reason = "named by its parts")]
    fn asked(
        &self,
        hub: HubIndex,
        connection: &str,
        question: EncodeQuestion<'_>,
    ) -> Result<(String, oneshot::Receiver<Result<Payload, HubError>>), HubError> {
        let unknown = || HubError::refused(error_text::connection_does_not_exist(connection));
        let (slot, connection_id, protocol) = {
            let table = self.table.borrow();
            let slot = table.find(connection).ok_or_else(unknown)?;
            let entry = table.get(slot).filter(|entry| entry.identity.hub == hub).ok_or_else(unknown)?;
            let protocol = entry.protocol().filter(|_| !entry.live.is_closing).ok_or_else(unknown)?;
            (slot, entry.identity.id.clone(), protocol)
        };
        let id = self.questions.next_id(clock::now_millis());
        let mut record = Vec::new();
        question(protocol, &id, &mut record).map_err(HubError::internal)?;
        self.enqueue(slot, protocol, record, RecordKind::Counted);
        let answered = self.questions.ask(id.clone(), connection_id, protocol);
        Ok((id, answered))
    }

    /// Takes a completion: the end of an upload, or an answer.
    pub(crate) fn completion(&self, slot: Slot, identity: &Rc<Identity>, completion: Completion) {
        let Completion { invocation_id, outcome, .. } = completion;
        {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return };
            if let Some(upload) = entry.live.uploads.remove(&invocation_id) {
                upload.end(match outcome {
                    Outcome::Error(text) => Err(HubError::refused(text)),
                    Outcome::Void | Outcome::Result(_) => Ok(()),
                });
                return;
            }
            if entry.live.reading.answered(&invocation_id) {
                return;
            }
        }
        self.questions.answer(&identity.id, &invocation_id, outcome);
    }

    /// A client has much to read that it has not shown to have read: it is asked for a sign, or given up.
    pub(crate) fn look_at_reader(&self, slot: Slot) {
        let limits = self.options.slow_readers;
        let protocol = {
            let table = self.table.borrow();
            let Some(entry) = table.get(slot).filter(|entry| !entry.live.is_closing) else { return };
            if entry.live.reading.unread_bytes() >= limits.close_bytes {
                drop(table);
                return self.close_slow_reader(slot);
            }
            // What goes through a Worker is confirmed by it.
            match (&entry.live.line, entry.protocol()) {
                (Line::Socket(_), Some(protocol)) if !entry.live.reading.is_probed() => protocol,
                _ => return,
            }
        };
        let id = self.questions.next_id(clock::now_millis());
        let Ok(record) = probe(protocol, &id) else { return };
        {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return };
            if let Line::Socket(socket) = &entry.live.line {
                socket.send(&socket::frame(protocol, &record));
            }
            entry.live.reading.probe(id);
        }
        // After a sleep the object should still know.
        self.mark_changed(slot);
    }

    pub(crate) fn close_slow_reader(&self, slot: Slot) {
        let bytes = self.table.borrow().get(slot).map_or(0, |entry| entry.live.unread_bytes());
        let message = format!("The client reads too slowly: {bytes} bytes wait for it.");
        let failure = Failure::Hub(&message);
        self.fail(slot, failure);
    }
}

fn probe(protocol: Protocol, id: &str) -> Result<Vec<u8>, EncodeError> {
    let mut record = Vec::new();
    protocol.encode_invocation_with_id(id, PROBE, &(), &mut record)?;
    Ok(record)
}

fn withdrawn() -> HubError {
    HubError::refused(error_text::CLIENT_RESULT_CANCELED)
}
