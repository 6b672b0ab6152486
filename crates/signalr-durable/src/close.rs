//! How connections end: by their client, by this side, or by the network.

use std::{cell::RefCell, rc::Rc};

use signalr::{Protocol, Transport};
use worker::WebSocket;

use crate::{
    attachment::Attachment,
    edge::bridge::EVENTS_END,
    identity::Identity,
    line::Line,
    live::{Stage, Work, WorkQueue},
    log,
    server::{Ended, Server},
    session::Session,
    socket::{OwnSocket, Socket},
    table::Slot,
};

/// The end that a client takes for a regular one (RFC 6455, 7.4.1). ASP.NET Core closes so also after a
/// Close record that carries an error.
const NORMAL_CLOSURE: u16 = 1_000;

/// Ended connections that are remembered: who hands out ids lets them expire within seconds.
const MOST_ENDED: usize = 1_024;

/// What an end without a close frame is put down to.
const CONNECTION_LOST: &str = "The connection was lost.";

/// What the platform reports where no close frame came.
pub(crate) const ABNORMAL_CLOSURE: u16 = 1_006;

impl Server {
    /// Takes the platform's word that a WebSocket closed, and answers its close frame.
    pub async fn closed(self: &Rc<Self>, socket: &WebSocket, code: usize, reason: &str) {
        self.restore();
        let socket = OwnSocket::new(socket);
        let code = u16::try_from(code).unwrap_or(ABNORMAL_CLOSURE);
        socket.answer_close(code, reason);
        self.socket_closed(&Socket::Own(socket), code).await;
    }

    /// Has a connection end, or wait for its client, whose socket closed.
    pub(crate) async fn socket_closed(self: &Rc<Self>, socket: &Socket, code: u16) {
        // A close frame is the client's wish; without one it may come back.
        let is_lost = code == ABNORMAL_CLOSURE;
        if let Some(slot) = self.find(socket) {
            let (is_poll, is_stateful) = {
                let table = self.table.borrow();
                let Some(entry) = table.get(slot) else { return };
                let is_stateful = entry.live.session.as_ref().is_some_and(Session::is_stateful);
                (matches!(entry.live.line, Line::Poll(_)), is_stateful && !entry.live.is_closing)
            };
            if is_poll {
                self.poll_closed(slot);
                self.flush();
            } else if is_stateful && is_lost {
                self.line_lost(slot);
            } else {
                if is_lost {
                    self.put_end_down_to(slot, CONNECTION_LOST);
                }
                if let Some((identity, queue)) = self.take_out(slot) {
                    self.work_off(&identity, &queue).await;
                }
            }
            return;
        }
        // The object slept until this close woke it, so the socket was not open any more when the table
        // was built. One that this side closed has no attachment left.
        let Some(attached) = socket.attachment() else { return };
        let Some(attachment) = Attachment::from_text(&attached) else { return };
        if attachment.role.has_session() {
            let found = self.table.borrow().find(&attachment.id);
            let is_over = !is_lost && attachment.role == crate::attachment::Role::Stateful;
            if let Some(slot) = found.filter(|_| is_over)
                && let Some((identity, queue)) = self.take_out(slot)
            {
                self.work_off(&identity, &queue).await;
            }
            return;
        }
        let Some(identity) = self.identity(&attachment) else { return };
        let error: Option<Rc<str>> = is_lost.then(|| CONNECTION_LOST.into());
        self.note_end(&identity, error.as_deref());
        if attachment.handshake().is_some() {
            self.run_disconnected(&identity, error).await;
        }
    }

    /// Takes the platform's word that a WebSocket broke.
    pub async fn broken(self: &Rc<Self>, socket: &WebSocket) {
        self.closed(socket, usize::from(ABNORMAL_CLOSURE), "").await;
    }

    fn note_end(&self, identity: &Identity, error: Option<&str>) {
        if let (Some(on_end), Some((hub, _))) = (&self.on_end, self.hub(identity.hub)) {
            let Identity { id, claims, remote_address, .. } = identity;
            on_end(&Ended { hub, connection_id: id, claims, remote_address: remote_address.as_deref(), error });
        }
    }

    /// Notes what a connection's end is put down to, unless something is noted already.
    pub(crate) fn put_end_down_to(&self, slot: Slot, error: &str) {
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            entry.live.end_error.get_or_insert_with(|| error.into());
        }
    }

    pub(crate) fn close_slot(&self, slot: Slot, error: Option<&str>, allow_reconnect: bool) {
        let protocol = self.protocol(slot);
        let mut record = Vec::new();
        if let Some(protocol) = protocol {
            protocol.encode_close(error, allow_reconnect, &mut record);
        }
        self.end(slot, protocol.unwrap_or(Protocol::Json), record);
    }

    /// Sends a last record, then closes the transport; nothing is read or sent after it.
    pub(crate) fn end(&self, slot: Slot, protocol: Protocol, last_record: Vec<u8>) {
        if !last_record.is_empty() {
            self.enqueue(slot, protocol, last_record, crate::outbox::RecordKind::Control);
        }
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            entry.live.is_closing = true;
            self.outbox.borrow_mut().hurry(slot, &mut entry.waiting);
        }
        self.mark_changed(slot);
    }

    /// Ends a connection without a word.
    pub(crate) fn end_quietly(&self, slot: Slot) {
        self.end(slot, Protocol::Json, Vec::new());
    }

    /// Does at the end of a turn what a change of the connection asks for: closes it, or remembers it.
    pub(crate) fn settle(&self, slot: Slot) {
        let is_closing = self.table.borrow().get(slot).is_some_and(|entry| entry.live.is_closing);
        if !is_closing {
            if let Err(error) = self.remember(slot) {
                log::error("a connection could not be remembered", &error);
            }
            return;
        }
        if let Some((identity, queue)) = self.take_out(slot) {
            self.spawn(|server| async move { server.work_off(&identity, &queue).await });
        }
    }

    /// Takes a connection out of the table, and back what storage and its attachment remember. What is
    /// owed to it is still to be worked off.
    pub(crate) fn take_out(&self, slot: Slot) -> Option<(Rc<Identity>, Rc<RefCell<WorkQueue>>)> {
        let mut entry = self.table.borrow_mut().remove(slot)?;
        let id = entry.identity.id.clone();
        let line = std::mem::replace(&mut entry.live.line, Line::Lost);
        let session = entry.live.session.take();
        if entry.live.spilled.any() || session.is_some() {
            // What stays behind is cleaned up at the next wake.
            let _cleaned_later = self.spill.remove(&id);
        }
        if let Some(session) = &session {
            let mut slots = self.session_slots.borrow_mut();
            slots.remove(&session.number);
            // One that never shook hands was never stored.
            if entry.handshake.is_some() {
                let _cleaned_later = self.sessions.remove(session.number, slots.is_empty());
            }
        }
        if entry.identity.transport == Transport::LongPolling && !entry.live.is_abandoned {
            self.leave_over(id.clone(), &line, session);
        } else if let Some(socket) = line.socket() {
            let _closed_already = socket.attach("");
            if entry.live.is_closing {
                socket.close(if matches!(line, Line::Events(_)) { EVENTS_END } else { NORMAL_CLOSURE }, "");
            }
        }
        let mut ended = self.ended.borrow_mut();
        if ended.len() >= MOST_ENDED {
            ended.pop_front();
        }
        ended.push_back(id.clone());
        drop(ended);
        self.questions.disconnected(&id);

        let queue = entry.live.work.clone();
        let identity = entry.identity.clone();
        let error = entry.live.end_error.clone();
        self.note_end(&identity, error.as_deref());
        if is_disconnected_due(&queue, error.as_ref()) {
            // It does not wait for methods that still run.
            let identity = identity.clone();
            self.spawn(|server| async move { server.run_disconnected(&identity, error).await });
        }
        Some((identity, queue))
    }
}

/// Drops what a connection asked for and did not get, and says whether `disconnected` is due now: it is once
/// `connected` has run, and waits behind that while it runs.
fn is_disconnected_due(queue: &RefCell<WorkQueue>, error: Option<&Rc<str>>) -> bool {
    let mut queue = queue.borrow_mut();
    queue.waiting.clear();
    queue.streaming.clear();
    let stage = std::mem::take(&mut queue.stage);
    if stage == Stage::Connecting {
        queue.waiting.push_back(Work::Disconnected(error.cloned()));
    }
    stage == Stage::Connected
}
