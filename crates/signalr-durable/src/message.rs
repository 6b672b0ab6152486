//! What the messages of a client lead to: work for the hub, items for its uploads, answers, the end.

use std::rc::Rc;

use signalr::{Failure, HubMessage, Invocation, Protocol, StreamItem, error_text};

use crate::{
    cancellation::Cancellation,
    clock,
    identity::Identity,
    live::{Call, Work},
    outbox::RecordKind,
    server::Server,
    socket::Socket,
    table::Slot,
    upload::UploadBuffer,
};

/// What a client may post ahead of what the hub reads, before its requests are answered late.
const PIPE_BYTES: usize = 65_536;

impl Server {
    /// Takes a message: at once, or behind those that wait for room in an upload.
    pub(crate) fn record(self: &Rc<Self>, slot: Slot, identity: &Rc<Identity>, message: HubMessage) {
        if !self.is_expected(slot, &message) {
            return;
        }
        let is_behind_others = self.table.borrow().get(slot).is_some_and(|entry| !entry.live.waiting.is_empty());
        let message = if is_behind_others { Some(message) } else { self.handle(slot, identity, message) };
        let Some(message) = message else { return };
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(slot) else { return };
        entry.live.waiting_bytes += weight(&message);
        let is_too_much = entry.live.waiting_bytes > self.options.max_waiting_bytes;
        entry.live.waiting.push_back(message);
        drop(table);
        if is_too_much {
            let error = Failure::Internal {
                name: "InvalidOperationException",
                message: "The client sends more than the hub reads.",
            };
            self.fail(slot, error);
        }
    }

    /// Takes what waits for room in an upload, as far as there is room now.
    pub(crate) fn take_waiting(self: &Rc<Self>, identity: &Rc<Identity>) {
        loop {
            let Some(slot) = self.slot_of(identity) else { return };
            let message = {
                let mut table = self.table.borrow_mut();
                let Some(entry) = table.get_mut(slot) else { return };
                entry.live.waiting.pop_front()
            };
            let Some(message) = message else { break };
            let bytes = weight(&message);
            let left = self.handle(slot, identity, message);
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return };
            if let Some(message) = left {
                entry.live.waiting.push_front(message);
                return;
            }
            entry.live.waiting_bytes -= bytes;
            entry.live.reading.tell();
        }
        if let Some(slot) = self.slot_of(identity)
            && let Some(entry) = self.table.borrow_mut().get_mut(slot)
        {
            entry.live.reading.tell();
        }
    }

    /// Does what a message asks for, or gives it back if it has to wait.
    fn handle(self: &Rc<Self>, slot: Slot, identity: &Rc<Identity>, message: HubMessage) -> Option<HubMessage> {
        let protocol = self.protocol(slot)?;
        let is_control = matches!(message, HubMessage::Ping | HubMessage::Ack { .. } | HubMessage::Sequence { .. });
        if let Some(counters) = self.counters(identity.hub).filter(|_| !is_control) {
            counters.count_received();
        }
        match message {
            HubMessage::Ping => self.pinged(slot, protocol),
            HubMessage::Invocation(invocation) => self.invocation(slot, identity, protocol, invocation, false),
            HubMessage::StreamInvocation(invocation) => self.invocation(slot, identity, protocol, invocation, true),
            HubMessage::StreamItem(item) => return self.item(slot, item).map(HubMessage::StreamItem),
            HubMessage::Completion(completion) => self.completion(slot, identity, completion),
            HubMessage::CancelInvocation { invocation_id, .. } => self.cancel(slot, &invocation_id),
            HubMessage::Close { error, .. } => {
                if let Some(error) = error {
                    self.put_end_down_to(slot, &error);
                }
                let mut close = Vec::new();
                protocol.encode_close(None, false, &mut close);
                self.end_after_work(slot, close);
            }
            HubMessage::Ack { sequence_id } => self.acknowledged(slot, sequence_id),
            // A Sequence has had its effect when it came.
            _ => {}
        }
        None
    }

    fn pinged(&self, slot: Slot, protocol: Protocol) {
        let (is_first, is_relayed) = {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return };
            let is_relayed = entry.live.line.socket().is_some_and(Socket::is_relayed);
            (!std::mem::replace(&mut entry.live.has_pinged, true), is_relayed)
        };
        self.enqueue(slot, protocol, protocol.ping().to_vec(), RecordKind::Control);
        // What the platform does not answer by itself leaves its time where it outlives the object's memory; for a relay's
        // socket that is a row, and too dear for every ping.
        if is_first || !(is_relayed || self.options.times_clients()) {
            self.mark_changed(slot);
        }
    }

    fn item(&self, slot: Slot, item: StreamItem) -> Option<StreamItem> {
        let upload = {
            let table = self.table.borrow();
            table.get(slot)?.live.uploads.get(&item.invocation_id)?.clone()
        };
        if upload.is_full() {
            return Some(item);
        }
        upload.push(item.item);
        None
    }

    fn invocation(
        self: &Rc<Self>,
        slot: Slot,
        identity: &Rc<Identity>,
        protocol: Protocol,
        invocation: Invocation,
        is_streamed: bool,
    ) {
        let rate = self.invocation_rate();
        let is_allowed = self
            .table
            .borrow_mut()
            .get_mut(slot)
            .is_some_and(|entry| entry.live.invocations.take(rate, clock::now_millis()));
        if !is_allowed {
            let failure = Failure::Hub("Rate limit exceeded. Please try again later.");
            let error = error_text::invocation_failed(&invocation.target, failure, self.options.detailed_errors);
            self.refuse(slot, protocol, invocation.invocation_id.as_deref(), &error);
            return;
        }
        let method = self.hub(identity.hub).and_then(|(_, hub)| hub.find(&invocation.target));
        let takes_turn = !is_streamed && method.is_none_or(|method| method.signature.takes_turn());
        let cancellation = Rc::new(Cancellation::default());
        let mut call = Call { invocation, method, is_streamed, uploads: Vec::new(), cancellation };
        if !takes_turn {
            let Invocation { invocation_id, target, stream_ids, .. } = &call.invocation;
            if let Some(id) = invocation_id {
                if self.is_running(slot, id) {
                    return self.refuse(slot, protocol, Some(id), &error_text::invocation_id_in_use(id));
                }
                self.register_call(slot, Some(id), target, &call.cancellation);
            }
            call.uploads = self.take_uploads(slot, identity, stream_ids);
        }
        if let Some(entry) = self.table.borrow().get(slot) {
            let mut work = entry.live.work.borrow_mut();
            if takes_turn {
                work.waiting.push_back(Work::Invocation(call));
            } else {
                work.streaming.push(call);
            }
        }
    }

    /// Cancels a call, whether it runs or waits for its turn. One that is not there has ended.
    fn cancel(&self, slot: Slot, invocation_id: &str) {
        let table = self.table.borrow();
        let Some(entry) = table.get(slot) else { return };
        if let Some(call) = entry.live.calls.get(invocation_id) {
            return call.cancellation.cancel();
        }
        for work in &entry.live.work.borrow().waiting {
            if let Work::Invocation(call) = work
                && call.invocation.invocation_id.as_deref() == Some(invocation_id)
            {
                call.cancellation.cancel();
            }
        }
    }

    pub(crate) fn is_running(&self, slot: Slot, invocation_id: &str) -> bool {
        self.table.borrow().get(slot).is_some_and(|entry| entry.live.calls.contains_key(invocation_id))
    }

    /// Makes room for the streams that a call announces: their items may come in the same frame.
    fn take_uploads(
        self: &Rc<Self>,
        slot: Slot,
        identity: &Rc<Identity>,
        stream_ids: &[String],
    ) -> Vec<Rc<UploadBuffer>> {
        let mut uploads = Vec::with_capacity(stream_ids.len());
        for id in stream_ids {
            let (server, identity) = (Rc::downgrade(self), identity.clone());
            let on_room = move || {
                // In a turn of its own: the hub that reads is in the midst of something.
                let (server, identity) = (server.clone(), identity.clone());
                wasm_bindgen_futures::spawn_local(async move {
                    if let Some(server) = server.upgrade() {
                        server.take_waiting(&identity);
                        server.work_and_conclude(&identity).await;
                    }
                });
            };
            let capacity = self.options.stream_buffer_capacity;
            let upload = Rc::new(UploadBuffer::new(capacity, self.options.detailed_errors, on_room));
            if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
                entry.live.uploads.insert(id.clone(), upload.clone());
            }
            uploads.push(upload);
        }
        uploads
    }

    /// Answers an invocation with an error, if an answer is awaited.
    pub(crate) fn refuse(&self, slot: Slot, protocol: Protocol, invocation_id: Option<&str>, error: &str) {
        let Some(invocation_id) = invocation_id else { return };
        let mut record = Vec::new();
        protocol.encode_completion_error(invocation_id, error, &mut record);
        self.enqueue(slot, protocol, record, RecordKind::Counted);
    }

    /// Waits while as much of a connection waits for room in an upload as ASP.NET Core's pipe would hold.
    pub(crate) async fn room(&self, slot: Slot) {
        loop {
            let sign = {
                let mut table = self.table.borrow_mut();
                match table.get_mut(slot) {
                    Some(entry) if entry.live.waiting_bytes >= PIPE_BYTES => entry.live.reading.sign(),
                    _ => return,
                }
            };
            // An error is the connection's end.
            if sign.await.is_err() {
                return;
            }
        }
    }
}

/// About how many bytes a waiting message has.
fn weight(message: &HubMessage) -> usize {
    const HEAD: usize = 64;
    HEAD + match message {
        HubMessage::StreamItem(StreamItem { item: Ok(payload), .. }) => payload.as_bytes().len(),
        HubMessage::Invocation(invocation) | HubMessage::StreamInvocation(invocation) => {
            invocation.arguments.iter().flatten().map(|payload| payload.as_bytes().len()).sum()
        }
        _ => 0,
    }
}
