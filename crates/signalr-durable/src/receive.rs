//! What arrives at a connection: frames into records.

use std::rc::Rc;

use signalr::{
    Protocol, Received, close_text,
    handshake::{ACCEPTED, HandshakeError, HandshakeRequest},
};
use worker::{WebSocket, WebSocketIncomingMessage};

use crate::{
    attachment::{Attachment, Role},
    clock,
    identity::Identity,
    line::Line,
    live::Work,
    log,
    outbox::RecordKind,
    server::Server,
    socket::{self, OwnSocket, Socket},
    table::Slot,
};

impl Server {
    /// Takes a WebSocket message. Returns when all that it asked for is done, or waits behind what an
    /// earlier message of the same connection asked for.
    pub async fn receive(self: &Rc<Self>, socket: &WebSocket, message: WebSocketIncomingMessage) {
        let socket = OwnSocket::new(socket);
        let (frame, is_text) = match &message {
            WebSocketIncomingMessage::String(text) => (text.as_bytes(), true),
            WebSocketIncomingMessage::Binary(bytes) => (bytes.as_slice(), false),
        };
        if !self.is_restored.get() && answer_ping_asleep(&socket, frame) {
            return;
        }
        self.restore();
        if let Some(identity) = self.take(&Socket::Own(socket), frame, is_text) {
            self.work_and_conclude(&identity).await;
        }
    }

    /// Reads a frame, and gives the connection for which something may be to do now.
    pub(crate) fn take(self: &Rc<Self>, socket: &Socket, frame: &[u8], is_text: bool) -> Option<Rc<Identity>> {
        let slot = self.find(socket)?;
        let identity = {
            let mut table = self.table.borrow_mut();
            let entry = table.get_mut(slot)?;
            let text = std::str::from_utf8(frame).ok().filter(|_| is_text);
            match (&mut entry.live.line, text) {
                (Line::Socket(_), _) => {}
                (Line::Events(bridge), Some(text)) => {
                    let bytes = bridge.confirm(text.parse().unwrap_or(0));
                    entry.live.reading.confirmed(bytes);
                    return None;
                }
                (Line::Poll(_), Some(text)) => {
                    drop(table);
                    self.poll_message(slot, text);
                    self.flush();
                    return None;
                }
                _ => return None,
            }
            if entry.live.is_closing {
                return None;
            }
            entry.identity.clone()
        };
        self.heard(slot);
        self.read(slot, &identity, frame);
        Some(identity)
    }

    /// Works off what a connection asked for. Where its last message ends it, that comes after what the ones before it
    /// have led to at once.
    pub(crate) async fn work_and_conclude(self: &Rc<Self>, identity: &Rc<Identity>) {
        let is_ending = |server: &Self| {
            let table = server.table.borrow();
            let entry = table.find(&identity.id).and_then(|slot| table.get(slot));
            entry.is_some_and(|entry| entry.live.last_record.is_some())
        };
        if !is_ending(self) {
            return self.work(identity).await;
        }
        let mut work = std::pin::pin!(self.work(identity));
        let is_done = futures::poll!(&mut work).is_ready();
        if let Some(slot) = self.slot_of(identity) {
            let record = self.table.borrow_mut().get_mut(slot).and_then(|entry| entry.live.last_record.take());
            if let Some(record) = record {
                self.end(slot, self.protocol(slot).unwrap_or(Protocol::Json), record);
            }
        }
        if !is_done {
            work.await;
        }
    }

    /// Has a connection end with this record, once what came before is worked off.
    pub(crate) fn end_after_work(&self, slot: Slot, last_record: Vec<u8>) {
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            entry.live.last_record.get_or_insert(last_record);
        }
    }

    /// The connection of a socket: by its mark, or by its attachment where the mark is gone.
    pub(crate) fn find(&self, socket: &Socket) -> Option<Slot> {
        let table = self.table.borrow();
        let is_its = |slot: &Slot| table.get(*slot).is_some_and(|entry| entry.live.line.is(socket));
        socket.marked().filter(is_its).or_else(|| {
            let attached = socket.attachment()?;
            table.find(&Attachment::from_text(&attached)?.id).filter(is_its)
        })
    }

    pub(crate) fn read(self: &Rc<Self>, slot: Slot, identity: &Rc<Identity>, frame: &[u8]) {
        let mut all_received = Vec::new();
        let mut is_changed = false;
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            let connection = &mut entry.live.connection;
            let expected_bytes = connection.partial().len() + frame.len();
            connection.receive(frame, |received| all_received.push(received));
            let has_ended_a_record = connection.partial().len() < expected_bytes;
            is_changed = !connection.partial().is_empty();
            // What is kept of a record ends with the record.
            if has_ended_a_record && std::mem::take(&mut entry.live.spilled.partial_bytes) > 0 {
                is_changed = true;
                let _cleaned_later = self.spill.remove_partial(&identity.id);
            }
        }
        if is_changed {
            self.mark_changed(slot);
        }
        for received in all_received {
            match received {
                Received::Handshake { protocol, version } => {
                    self.handshake_done(slot, HandshakeRequest { protocol, version });
                }
                Received::HandshakeRejected { answer } => self.end_after_work(slot, answer),
                Received::Message(message) => self.record(slot, identity, message),
                Received::Fault { close, detail } => {
                    worker::console_warn!(
                        "{}",
                        serde_json::json!({
                            "level": "warn", "message": "connection closed for bad input",
                            "connection": *identity.id, "error": detail,
                        })
                    );
                    self.put_end_down_to(slot, &detail);
                    self.end_after_work(slot, close);
                }
            }
        }
    }

    fn handshake_done(&self, slot: Slot, handshake: HandshakeRequest) {
        let identity = self.table.borrow_mut().get_mut(slot).map(|entry| {
            entry.handshake = Some(handshake);
            entry.live.stop_timer();
            entry.live.work.borrow_mut().waiting.push_back(Work::Connected);
            entry.identity.clone()
        });
        if let Some(identity) = identity {
            self.join_groups_of_user(&identity);
        }
        if let Err(error) = self.begin_session(slot, handshake) {
            log::error("a session could not be stored", &error);
            self.close_slot(slot, Some(close_text::CLOSED_WITH_ERROR), true);
            return;
        }
        self.enqueue(slot, handshake.protocol, ACCEPTED.to_vec(), RecordKind::Control);
        self.mark_changed(slot);
    }

    pub(crate) fn handshake_timed_out(&self, identity: &Rc<Identity>) {
        let Some(slot) = self.slot_of(identity) else { return };
        if self.protocol(slot).is_none() {
            self.end(slot, Protocol::Json, HandshakeError::Canceled.answer(self.options.detailed_errors));
            self.flush();
        }
    }
}

/// Answers the ping of a MessagePack client that woke the object, before anything else is woken.
/// (JSON pings are answered by the platform while the object sleeps.)
fn answer_ping_asleep(socket: &OwnSocket, frame: &[u8]) -> bool {
    let ping = Protocol::MessagePack.ping();
    if frame != ping {
        return false;
    }
    let Some(attached) = socket.attachment() else { return false };
    let Some(mut attachment) = Attachment::from_text(&attached) else { return false };
    let is_plain = !attachment.spilled
        && attachment.role == Role::Socket
        && attachment.handshake().is_some_and(|handshake| handshake.protocol == Protocol::MessagePack);
    if is_plain {
        attachment.pinged_at_millis = Some(clock::now_millis());
        if let Ok(text) = attachment.to_text() {
            let _closed_meanwhile = socket.attach(&text);
        }
        socket.send(&socket::payload(false, ping));
    }
    is_plain
}
