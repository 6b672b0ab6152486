//! Server-to-client streams: as fast as the client reads, until they end, are cancelled, or nobody is there.

use std::{rc::Rc, time::Duration};

use futures::{
    FutureExt, StreamExt,
    future::{Either, select},
};
use signalr::{Protocol, error_text};
use worker::Delay;

use crate::{
    cancellation::Cancellation,
    error::HubError,
    identity::Identity,
    methods::{CallError, Items},
    outbox::RecordKind,
    server::Server,
    work::{contained, log_failure},
};

/// After so many items or bytes a stream lets others have their turn, whether or not it has more to say.
const ITEMS_A_TURN: usize = 64;
const BYTES_A_TURN: usize = 65_536;

/// A client that gives no sign of reading may have no way to: its stream goes on, slowly.
const PATIENCE: Duration = Duration::from_secs(1);

impl Server {
    /// Sends a stream's items, and then its one completion.
    #[allow(clippy::too_many_arguments)]
    pub(crate) async fn stream(
        self: &Rc<Self>,
        identity: &Rc<Identity>,
        protocol: Protocol,
        id: &str,
        hub: &str,
        target: &str,
        mut items: Items,
        cancellation: &Rc<Cancellation>,
    ) {
        let (mut turn_items, mut turn_bytes) = (0, 0);
        loop {
            let next = contained(items.next().map(Option::transpose));
            let next = match select(Box::pin(next), Box::pin(cancellation.clone().cancelled())).await {
                Either::Left((next, _)) => next,
                Either::Right(_) => Ok(None),
            };
            let Some(slot) = self.slot_of(identity).filter(|slot| !self.is_closing(*slot)) else { return };
            match next {
                Ok(Some(record)) if !cancellation.is_cancelled() => {
                    turn_items += 1;
                    turn_bytes += record.len();
                    self.enqueue(slot, protocol, record, RecordKind::Counted);
                }
                Ok(_) => {
                    let mut record = Vec::new();
                    protocol.encode_completion_void(id, &mut record);
                    self.enqueue(slot, protocol, record, RecordKind::Counted);
                    return;
                }
                Err(CallError::Encode(error)) => return self.fail_to_write(slot, &error),
                Err(CallError::Hub(error)) => {
                    if let HubError::Internal { .. } = error {
                        log_failure(hub, target, identity, &error);
                    }
                    let text = error_text::stream_failed(error.failure(), self.options.detailed_errors);
                    return self.refuse(slot, protocol, Some(id), &text);
                }
            }
            if turn_items >= ITEMS_A_TURN || turn_bytes >= BYTES_A_TURN {
                (turn_items, turn_bytes) = (0, 0);
                Delay::from(Duration::ZERO).await;
                self.await_reader(identity, cancellation).await;
            }
        }
    }

    /// Waits while a client has much to read that it has not shown to have read.
    async fn await_reader(&self, identity: &Rc<Identity>, cancellation: &Rc<Cancellation>) {
        while let Some(sign) = self.awaited_sign(identity) {
            let is_stateful_or_polls = self.has_session(identity);
            let over = Box::pin(cancellation.clone().cancelled());
            let patience =
                async { if is_stateful_or_polls { std::future::pending().await } else { Delay::from(PATIENCE).await } };
            match select(select(sign, Box::pin(patience)), over).await {
                Either::Left((Either::Left((Ok(()), _)), _)) => {}
                _ => return,
            }
        }
    }

    fn awaited_sign(&self, identity: &Identity) -> Option<futures::channel::oneshot::Receiver<()>> {
        let mut table = self.table.borrow_mut();
        let slot = table.find(&identity.id)?;
        let live = &mut table.get_mut(slot)?.live;
        let limit = match &live.session {
            Some(session) if session.is_stateful() => self.options.stateful_buffer_bytes,
            _ => self.options.slow_readers.probe_bytes,
        };
        (live.unread_bytes() >= limit).then(|| live.reading.sign())
    }

    fn has_session(&self, identity: &Identity) -> bool {
        let table = self.table.borrow();
        let entry = table.find(&identity.id).and_then(|slot| table.get(slot));
        entry.is_some_and(|entry| entry.live.session.is_some())
    }
}
