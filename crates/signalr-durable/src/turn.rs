//! The end of a turn of the event loop: what waits is kept, sent, remembered, closed, in that order.

use std::time::Duration;

use signalr::Protocol;
use wasm_bindgen_futures::spawn_local;
use worker::Delay;

use crate::{
    clock,
    line::Line,
    live::Live,
    log,
    outbox::{FRAME_BYTES, Record, RecordKind},
    server::Server,
    session::{Kept, Session},
    session_store::{Checkpoint, MAX_RECORD_BYTES, TurnDraft},
    socket::{self, Socket},
    table::{Entry, Slot},
};

impl Server {
    /// Has the attachment written, and the connection closed if it is closing, when the turn ends.
    pub(crate) fn mark_changed(&self, slot: Slot) {
        if let Some(entry) = self.table.borrow_mut().get_mut(slot)
            && !std::mem::replace(&mut entry.live.is_attachment_stale, true)
        {
            self.changed.borrow_mut().push(slot);
        }
        self.schedule_flush();
    }

    /// Has storage told what changed of a session when the turn ends.
    pub(crate) fn touch_session(&self, slot: Slot) {
        if let Some(entry) = self.table.borrow_mut().get_mut(slot)
            && let Some(session) = &mut entry.live.session
            && !std::mem::replace(&mut session.is_touched, true)
        {
            self.touched_sessions.borrow_mut().push(slot);
        }
        self.schedule_flush();
    }

    /// Ends the turn in a microtask: when what runs now awaits something or is done.
    pub(crate) fn schedule_flush(&self) {
        if !self.is_flush_scheduled.replace(true)
            && let Some(server) = self.rc()
        {
            spawn_local(async move { server.flush() });
        }
    }

    /// Ends the turn: sends what waits, unless it may wait for more, writes the attachments that changed, closes what is
    /// closing.
    pub fn flush(&self) {
        self.is_flush_scheduled.set(false);
        if let Some(links) = &self.links {
            links.begin_turn_end();
        }
        // A client that is found to read too slowly is sent a last record, hence more than one round.
        while !self.outbox.borrow().is_empty() {
            let mut over = Vec::new();
            for (slot, records) in self.flush_outbox(&mut over) {
                self.keep(slot, records);
            }
            for slot in over {
                self.look_at_reader(slot);
            }
        }
        let touched = self.touched_sessions.take();
        if !touched.is_empty() {
            self.store(&touched);
            for slot in touched {
                self.transmit(slot, Vec::new());
            }
        }
        for slot in self.changed.take() {
            self.settle(slot);
        }
        if let Some(links) = &self.links {
            links.seal();
        }
    }

    /// Sends what goes out at once and returns what is to be kept; `over` is told of clients that may read slowly.
    fn flush_outbox(&self, over: &mut Vec<Slot>) -> Vec<(Slot, Vec<Record>)> {
        let probe_bytes = self.options.slow_readers.probe_bytes;
        let now_millis = clock::now_millis();
        let flushed = self.outbox.borrow_mut().flush(
            now_millis,
            |slot, turn_end| {
                let mut table = self.table.borrow_mut();
                let entry = table.get_mut(slot)?;
                if entry.live.line.socket().is_some_and(Socket::is_relayed) {
                    // The way to the relay is window enough, and nothing is to be in memory alone.
                    entry.waiting.hurry();
                }
                Some(entry.waiting.take(entry.live.session.is_some(), turn_end))
            },
            socket::frame,
            |slot, frame, bytes| {
                let mut table = self.table.borrow_mut();
                let Some(entry) = table.get_mut(slot) else { return };
                match &mut entry.live.line {
                    Line::Socket(socket) => socket.send(frame),
                    Line::Events(bridge) => {
                        bridge.socket.send_alone(frame);
                        bridge.sent(bytes);
                    }
                    Line::Poll(_) | Line::Lost => return,
                }
                entry.live.written_at_millis = now_millis;
                entry.live.reading.sent(bytes);
                if entry.live.reading.unread_bytes() >= probe_bytes {
                    over.push(slot);
                }
            },
        );
        if let Some(millis) = flushed.window_ends_in_millis {
            self.end_window_after(millis);
        }
        flushed.kept
    }

    /// Starts the one timer of a window that has opened.
    fn end_window_after(&self, millis: f64) {
        let delay = Delay::from(Duration::from_secs_f64(millis / 1_000.0));
        self.spawn(move |server| async move {
            delay.await;
            server.outbox.borrow_mut().end_window();
            server.flush();
        });
    }

    /// Takes what was sent to a connection with a session: numbered records wait for the end of the turn, others
    /// leave with them or, where stateful reconnect does not number them, before or after.
    fn keep(&self, slot: Slot, records: Vec<Record>) {
        let mut before = Vec::new();
        let mut after = Vec::new();
        let mut is_too_large = false;
        {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return };
            let Some(session) = &mut entry.live.session else { return };
            let is_stateful = session.is_stateful();
            let mut has_counted = false;
            for record in records {
                match record.kind {
                    RecordKind::Control if is_stateful && has_counted => after.extend_from_slice(&record.bytes),
                    RecordKind::Control | RecordKind::Sequence if is_stateful => {
                        before.extend_from_slice(&record.bytes);
                    }
                    _ => {
                        has_counted = true;
                        is_too_large |= record.bytes.len() > MAX_RECORD_BYTES;
                        session.outgoing.push(Kept(record.bytes));
                    }
                }
            }
        }
        if is_too_large {
            let text = "Connection closed with an error. The message is too large to be kept.";
            self.close_slot(slot, Some(text), true);
        }
        self.touch_session(slot);
        self.send_directly(slot, &before);
        if !after.is_empty() {
            // What follows the numbered records must not overtake them.
            self.store(&[slot]);
            self.transmit(slot, after);
        }
        let is_too_much = self
            .table
            .borrow()
            .get(slot)
            .is_some_and(|entry| entry.live.unread_bytes() > self.options.slow_readers.close_bytes);
        if is_too_much {
            self.close_slow_reader(slot);
        }
    }

    /// Has storage told of sessions, before what they are sent leaves: the platform holds that back until it is safe.
    fn store(&self, slots: &[Slot]) {
        if let Err(error) = self.store_sessions(slots) {
            log::error("what sessions were sent could not be stored", &error);
        }
    }

    fn send_directly(&self, slot: Slot, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let table = self.table.borrow();
        let Some(entry) = table.get(slot) else { return };
        if let (Line::Socket(socket), Some(protocol)) = (&entry.live.line, entry.protocol()) {
            socket.send(&socket::frame(protocol, bytes));
        }
    }

    /// Writes what changed of sessions: one row for all stateful ones, one for each long-polling one that has no
    /// poll to send it by.
    fn store_sessions(&self, slots: &[Slot]) -> worker::Result<()> {
        let mut shared = TurnDraft::default();
        for slot in slots {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(*slot) else { continue };
            let open = entry.live.open_calls();
            let is_shaken = entry.handshake.is_some();
            let waits_for_poll = !matches!(&entry.live.line, Line::Poll(poll) if poll.carries.is_none());
            let Some(session) = &mut entry.live.session else { continue };
            session.is_touched = false;
            let last_id = session.outgoing.last_id();
            let is_new = last_id > session.stored_until;
            if session.is_stateful() {
                let is_changed = session.received() != session.stored_received || open != session.stored_open;
                if is_new || is_changed {
                    add(&mut shared, session, open.clone());
                    session.stored_received = session.received();
                    session.stored_open = open;
                }
                if shared.is_large() {
                    self.sessions.write(std::mem::take(&mut shared), None)?;
                }
            } else if is_new && waits_for_poll && is_shaken {
                let mut own = TurnDraft::default();
                add(&mut own, session, Vec::new());
                self.sessions.write(own, Some(session.number))?;
            }
        }
        if !shared.is_empty() {
            self.sessions.write(shared, None)?;
        }
        Ok(())
    }

    /// Sends a session's client what it may be sent now, then `after`.
    pub(crate) fn transmit(&self, slot: Slot, after: Vec<u8>) {
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(slot) else { return };
        let protocol = entry.protocol().unwrap_or(Protocol::Json);
        let live = &mut entry.live;
        let Some(session) = &mut live.session else { return };
        match &mut live.line {
            Line::Socket(socket) => {
                let mut frame = Vec::new();
                while let Some(Kept(record)) = session.outgoing.transmit() {
                    if !frame.is_empty() && frame.len() + record.len() > FRAME_BYTES {
                        socket.send(&socket::frame(protocol, &frame));
                        frame.clear();
                    }
                    frame.extend_from_slice(record);
                }
                frame.extend(after);
                if !frame.is_empty() {
                    socket.send(&socket::frame(protocol, &frame));
                }
            }
            Line::Poll(poll) if poll.carries.is_none() => {
                let mut frame = Vec::new();
                let mut carries = session.outgoing.first_id() - 1;
                while let Some(Kept(record)) = session.outgoing.transmit() {
                    frame.extend_from_slice(record);
                    carries += 1;
                }
                if !frame.is_empty() {
                    poll.socket.send_alone(&socket::frame(Protocol::MessagePack, &frame));
                    poll.carries = Some(carries);
                }
            }
            Line::Poll(_) | Line::Events(_) | Line::Lost => {}
        }
    }

    /// Takes note that records of a stateful connection were acknowledged.
    pub(crate) fn acknowledged(&self, slot: Slot, sequence_id: i64) {
        {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return };
            let Some(session) = &mut entry.live.session else { return };
            session.outgoing.acknowledge(sequence_id);
            entry.live.reading.tell();
        }
        self.transmit(slot, Vec::new());
        let table = self.table.borrow();
        let slots = self.session_slots.borrow();
        let find = |number: i64| slots.get(&number).and_then(|slot| table.get(*slot));
        let compacted = self.sessions.compact(
            |number, last_id| {
                let session = find(number).and_then(|entry| entry.live.session.as_ref());
                session.is_none_or(|session| session.outgoing.first_id() > last_id)
            },
            |number| checkpoint(number, find(number)?),
        );
        if let Err(error) = compacted {
            log::error("acknowledged rows could not be removed", &error);
        }
    }
}

/// How far a stateful session is; none if it is of another kind.
fn checkpoint(number: i64, entry: &Entry<Live>) -> Option<Checkpoint> {
    let session = entry.live.session.as_ref().filter(|session| session.is_stateful())?;
    let (next_id, received) = (session.outgoing.first_id(), session.received());
    Some(Checkpoint { session: number, next_id, received, open: entry.live.open_calls() })
}

/// Adds to a draft what a session was sent since it was stored last.
fn add(draft: &mut TurnDraft, session: &mut Session, open: Vec<(String, String)>) {
    let first_id = session.stored_until.max(session.outgoing.first_id() - 1) + 1;
    let records = session.outgoing.since(first_id);
    draft.add(session.number, first_id, records, session.received(), open);
    session.stored_until = session.outgoing.last_id();
}
