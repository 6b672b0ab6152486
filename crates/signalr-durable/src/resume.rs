//! Connections that outlive their sockets: how they begin, lose their line, and come back.

use std::{borrow::Cow, rc::Rc};

use signalr::{Failure, HubMessage, Protocol, handshake::HandshakeRequest, resume::Incoming};
use worker::Response;

use crate::{
    attachment::{Attachment, Role},
    call::ConnectionCall,
    clock,
    error::ServerError,
    identity::Identity,
    line::Line,
    log,
    outbox::RecordKind,
    server::Server,
    session::Session,
    table::{Entry, Slot},
};

/// The version of the handshake from which on clients number messages.
const STATEFUL_VERSION: i32 = 2;

/// How long after a message its Ack is sent, with those for all that came meanwhile: ASP.NET Core's interval.
const ACK_MILLIS: u64 = 1_000;

/// The close code for a socket that another one has replaced.
const REPLACED: u16 = 1_000;

impl Server {
    /// Begins to keep a connection whose handshake is done, if it is one that outlives its sockets.
    pub(crate) fn begin_session(&self, slot: Slot, handshake: HandshakeRequest) -> worker::Result<()> {
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(slot) else { return Ok(()) };
        if entry.live.may_be_stateful && handshake.version >= STATEFUL_VERSION {
            let number = self.sessions.next_number();
            entry.live.session = Some(Session::new(number, self.options.stateful_buffer_bytes, true));
        }
        let Some(session) = &entry.live.session else { return Ok(()) };
        let number = session.number;
        self.session_slots.borrow_mut().insert(number, slot);
        // From here on the groups are in storage, one row each.
        self.spill.put_groups(&entry.identity.id, entry.groups.iter())?;
        entry.live.spilled.groups = true;
        let text = self.session_text(entry);
        drop(table);
        self.sessions.put(number, &text)
    }

    /// What storage remembers of a session's connection.
    pub(crate) fn session_text(&self, entry: &Entry<crate::live::Live>) -> String {
        let hub = self.hub(entry.identity.hub).map_or("", |(name, _)| *name);
        let attachment = Attachment {
            handshake: entry.handshake.map(|handshake| (Cow::Borrowed(handshake.protocol.name()), handshake.version)),
            role: if entry.live.session.as_ref().is_some_and(Session::is_stateful) {
                Role::Stateful
            } else {
                Role::Poll
            },
            spilled: true,
            ..Attachment::of(&entry.identity, hub)
        };
        serde_json::to_string(&attachment).unwrap_or_default()
    }

    /// A stateful connection has lost its socket, and time to find another.
    pub(crate) fn line_lost(&self, slot: Slot) {
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            entry.live.line = Line::Lost;
        }
        self.await_return(slot);
    }

    /// Gives a client time to come back.
    pub(crate) fn await_return(&self, slot: Slot) {
        let identity = {
            let table = self.table.borrow();
            let Some(entry) = table.get(slot).filter(|entry| entry.handshake.is_some()) else { return };
            entry.identity.clone()
        };
        let timer = self.after(self.options.disconnect_timeout_millis, move |server| server.stayed_away(&identity));
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            entry.live.stop_timer();
            entry.live.timer = Some(timer);
        }
    }

    fn stayed_away(self: &Rc<Self>, identity: &Rc<Identity>) {
        let Some(slot) = self.slot_of(identity) else { return };
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            entry.live.is_abandoned = true;
        }
        self.put_end_down_to(slot, "The client did not come back in time.");
        self.end_quietly(slot);
        self.flush();
    }

    /// Gives a stateful connection a new socket, in place of the one it has if it has one.
    pub(crate) fn resume(&self, slot: Slot, call: &ConnectionCall) -> Result<Response, ServerError> {
        let attachment = Attachment {
            id: Cow::Borrowed(&call.connection_id),
            hub: Cow::Borrowed(&call.hub),
            role: Role::Stateful,
            ..Attachment::default()
        };
        let attached = attachment.to_text().map_err(ServerError::IdentityTooLarge)?;
        let (socket, answer) = self.open(call, &attached)?;
        socket.mark(slot);
        let sequence = {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return Ok(answer) };
            let old = std::mem::replace(&mut entry.live.line, Line::Socket(socket));
            if let Some(old) = old.socket() {
                let _closed_already = old.attach("");
                old.close(REPLACED, "");
            }
            entry.live.stop_timer();
            if let Some(HandshakeRequest { protocol, version }) = entry.handshake {
                // What the lost socket brought of a record is lost with it.
                let options = self.connection_options(entry.identity.transport);
                entry.live.connection = signalr::Connection::restore(options, protocol, version, Vec::new());
                entry.live.spilled.partial_bytes = 0;
            }
            let protocol = entry.protocol().unwrap_or(Protocol::Json);
            entry.live.session.as_mut().map(|session| {
                if let Some(incoming) = &mut session.incoming {
                    incoming.resume();
                }
                (protocol, session.outgoing.resume())
            })
        };
        let _cleaned_later = self.spill.remove_partial(&call.connection_id);
        self.heard(slot);
        if let Some((protocol, sequence_id)) = sequence {
            self.enqueue_message(slot, protocol, &HubMessage::Sequence { sequence_id }, RecordKind::Sequence);
        }
        self.touch_session(slot);
        if let Some(counters) = self.hub_index(&call.hub).and_then(|hub| self.counters(hub)) {
            counters.count_resumed();
        }
        Ok(answer)
    }

    /// Whether a message is to be handled. A stateful connection counts what it receives, and drops what it has seen.
    pub(crate) fn is_expected(&self, slot: Slot, message: &HubMessage) -> bool {
        let outcome = {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return false };
            let incoming = entry.live.session.as_mut().and_then(|session| session.incoming.as_mut());
            let Some(incoming) = incoming else { return true };
            if !incoming.accept(message) {
                drop(table);
                // A client that sends again what was received may have missed the Ack.
                if message.is_counted() {
                    self.schedule_ack(slot);
                }
                return false;
            }
            match message {
                HubMessage::Sequence { sequence_id } => incoming.sequence(*sequence_id),
                _ => Ok(()),
            }
        };
        if let Err(error) = outcome {
            self.fail(slot, Failure::Internal { name: error.exception_name(), message: &error.to_string() });
            return false;
        }
        if message.is_counted() {
            self.touch_session(slot);
            self.schedule_ack(slot);
        }
        true
    }

    fn schedule_ack(&self, slot: Slot) {
        let identity = {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return };
            let Some(session) = &mut entry.live.session else { return };
            if std::mem::replace(&mut session.is_ack_scheduled, true) {
                return;
            }
            entry.identity.clone()
        };
        let _runs_by_itself = self.after(ACK_MILLIS, move |server| server.acknowledge(&identity));
    }

    fn acknowledge(&self, identity: &Rc<Identity>) {
        let Some(slot) = self.slot_of(identity) else { return };
        let ack = {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return };
            let is_open = matches!(entry.live.line, Line::Socket(_));
            let protocol = entry.protocol().unwrap_or(Protocol::Json);
            let Some(session) = &mut entry.live.session else { return };
            session.is_ack_scheduled = false;
            let incoming = session.incoming.as_mut().filter(|_| is_open);
            incoming.and_then(Incoming::ack).map(|sequence_id| (protocol, sequence_id))
        };
        if let Some((protocol, sequence_id)) = ack {
            self.enqueue_message(slot, protocol, &HubMessage::Ack { sequence_id }, RecordKind::Control);
        }
        self.flush();
    }

    pub(crate) fn enqueue_message(&self, slot: Slot, protocol: Protocol, message: &HubMessage, kind: RecordKind) {
        let mut record = Vec::new();
        match protocol.encode(message, &mut record) {
            Ok(()) => self.enqueue(slot, protocol, record, kind),
            Err(error) => log::error("a message could not be written", &error),
        }
    }

    /// When the client was heard last: now.
    pub(crate) fn heard(&self, slot: Slot) {
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            entry.live.heard_at_millis = clock::now_millis();
        }
    }
}
