//! What arrives at a connection: frames into records, records into answers or work.

use std::rc::Rc;

use signalr::{
    Failure, HubMessage, Invocation, Protocol, Received, error_text,
    handshake::{ACCEPTED, HandshakeError, HandshakeRequest},
};
use worker::{WebSocket, WebSocketIncomingMessage};

use crate::{
    attachment::Attachment,
    clock,
    live::Work,
    server::Server,
    socket::{self, Socket},
    table::{Identity, Slot},
};

impl Server {
    /// Takes a WebSocket message. Returns when all that it asked for is done, or waits behind what an
    /// earlier message of the same connection asked for.
    pub async fn receive(self: &Rc<Self>, socket: &WebSocket, message: WebSocketIncomingMessage) {
        let socket = Socket::new(socket);
        let frame = match &message {
            WebSocketIncomingMessage::String(text) => text.as_bytes(),
            WebSocketIncomingMessage::Binary(bytes) => bytes.as_slice(),
        };
        if !self.restored.get() && answer_ping_asleep(&socket, frame) {
            return;
        }
        self.restore();
        let Some(slot) = self.find(&socket) else { return };
        let identity = match self.table.borrow().get(slot) {
            Some(entry) if !entry.live.closing => entry.identity.clone(),
            _ => return,
        };
        self.read(slot, &identity, frame);
        self.work(&identity).await;
    }

    /// The connection of a socket: by its mark, or by its attachment where the mark is gone.
    pub(crate) fn find(&self, socket: &Socket) -> Option<Slot> {
        let table = self.table.borrow();
        let is_its = |slot: &Slot| table.get(*slot).is_some_and(|entry| entry.live.socket.is(socket));
        socket.marked().filter(is_its).or_else(|| {
            let attached = socket.attachment()?;
            table.find(&Attachment::from_text(&attached)?.id).filter(is_its)
        })
    }

    fn read(self: &Rc<Self>, slot: Slot, identity: &Rc<Identity>, frame: &[u8]) {
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
                Received::HandshakeRejected { answer } => self.end(slot, Protocol::Json, answer),
                Received::Message(message) => self.record(slot, identity, message),
                Received::Fault { close, detail } => {
                    worker::console_warn!(
                        "{}",
                        serde_json::json!({
                            "level": "warn", "message": "connection closed for bad input",
                            "connection": *identity.id, "error": detail,
                        })
                    );
                    let protocol = self.protocol(slot).unwrap_or(Protocol::Json);
                    self.end(slot, protocol, close);
                }
            }
        }
    }

    pub(crate) fn protocol(&self, slot: Slot) -> Option<Protocol> {
        self.table.borrow().get(slot)?.protocol()
    }

    fn handshake_done(self: &Rc<Self>, slot: Slot, handshake: HandshakeRequest) {
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            entry.handshake = Some(handshake);
            if let Some(timeout) = entry.live.handshake_timeout.take() {
                timeout.abort();
            }
            entry.live.work.borrow_mut().waiting.push_back(Work::Connected);
        }
        self.enqueue(slot, handshake.protocol, ACCEPTED.to_vec());
        self.mark_changed(slot);
    }

    pub(crate) fn handshake_timed_out(self: &Rc<Self>, identity: &Rc<Identity>) {
        let Some(slot) = self.slot_of(identity) else { return };
        if self.protocol(slot).is_none() {
            self.end(slot, Protocol::Json, HandshakeError::Canceled.answer(self.options.detailed_errors));
            self.flush();
        }
    }

    fn record(self: &Rc<Self>, slot: Slot, identity: &Rc<Identity>, message: HubMessage) {
        let Some(protocol) = self.protocol(slot) else { return };
        match message {
            HubMessage::Ping => self.enqueue(slot, protocol, protocol.ping().to_vec()),
            HubMessage::Invocation(invocation) => self.invocation(slot, protocol, invocation),
            HubMessage::StreamInvocation(invocation) => {
                let streamed = self.hub(identity.hub).is_some_and(|(_, hub)| hub.has_method(&invocation.target));
                let error = if streamed {
                    error_text::plain_method_streamed(&invocation.target)
                } else {
                    error_text::unknown_method(&invocation.target)
                };
                self.refuse(slot, protocol, invocation.invocation_id.as_deref(), &error);
            }
            HubMessage::Close { .. } => {
                let mut close = Vec::new();
                protocol.encode_close(None, false, &mut close);
                self.end(slot, protocol, close);
            }
            // Answers to questions that this server does not ask, and sequence numbers of a stateful
            // connection that was not agreed: ASP.NET Core ignores them too.
            _ => {}
        }
    }

    fn invocation(self: &Rc<Self>, slot: Slot, protocol: Protocol, invocation: Invocation) {
        let rate = self.options.invocation_rate;
        if let Some(entry) = self.table.borrow_mut().get_mut(slot)
            && entry.live.invocations.take(rate, clock::now_millis())
        {
            entry.live.work.borrow_mut().waiting.push_back(Work::Invocation(invocation));
            return;
        }
        let failure = Failure::Hub("Rate limit exceeded. Please try again later.");
        let error = error_text::invocation_failed(&invocation.target, failure, self.options.detailed_errors);
        self.refuse(slot, protocol, invocation.invocation_id.as_deref(), &error);
    }

    /// Answers an invocation with an error, if an answer is awaited.
    pub(crate) fn refuse(self: &Rc<Self>, slot: Slot, protocol: Protocol, invocation_id: Option<&str>, error: &str) {
        let Some(invocation_id) = invocation_id else { return };
        let mut record = Vec::new();
        protocol.encode_completion_error(invocation_id, error, &mut record);
        self.enqueue(slot, protocol, record);
    }
}

/// Answers the ping of a MessagePack client that woke the object, before anything else is woken.
/// (JSON pings are answered by the platform while the object sleeps.)
fn answer_ping_asleep(socket: &Socket, frame: &[u8]) -> bool {
    let ping = Protocol::MessagePack.ping();
    if frame != ping {
        return false;
    }
    let Some(attached) = socket.attachment() else { return false };
    let Some(attachment) = Attachment::from_text(&attached) else { return false };
    let is_plain = !attachment.spilled
        && attachment.handshake().is_some_and(|handshake| handshake.protocol == Protocol::MessagePack);
    if is_plain {
        socket.send(&socket::payload(Protocol::MessagePack, ping));
    }
    is_plain
}
