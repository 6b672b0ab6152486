//! Sleeping and waking: the table from the sockets and from storage, and their memory of the table.

use std::rc::Rc;

use signalr::{
    Connection, Failure, HubMessage, Protocol, Transport, error_text,
    handshake::HandshakeRequest,
    resume::{Incoming, Outgoing},
};
use worker::WebSocketRequestResponsePair;

use crate::{
    attachment::{Attachment, Role},
    clock,
    identity::Identity,
    line::{Bridge, Line, Poll},
    live::Spilled,
    log,
    outbox::RecordKind,
    server::Server,
    session::Session,
    session_store::Stored,
    socket::Socket,
    table::Slot,
    take_in::NewConnection,
};

/// The end that a client takes for "come again" (RFC 6455, 7.4.1).
const GOING_AWAY: u16 = 1_001;

/// What a client reads of a call that ended with the object's memory.
const LOST_CALL: Failure<'_> = Failure::Hub("The server was restarted while the call ran.");

impl Server {
    /// Builds the table from what outlived the last sleep, or the last life, once in the object's life.
    pub(crate) fn restore(&self) {
        if self.is_restored.replace(true) {
            return;
        }
        self.answer_pings_asleep();
        match self.sessions.restore() {
            Ok(sessions) => sessions.into_iter().for_each(|stored| self.restore_session(stored)),
            Err(error) => log::error("sessions could not be read", &error),
        }
        if let Ok(sockets) = self.state.as_raw().get_websockets() {
            for socket in sockets {
                let socket = Socket::new(&socket.into());
                if let Some(attached) = socket.attachment() {
                    self.restore_socket(&socket, &attached);
                }
            }
        }
        self.restore_relayed();
        let lost: Vec<Slot> = {
            let table = self.table.borrow();
            table.slots().into_iter().filter(|slot| is_lost(&table, *slot)).collect()
        };
        for slot in lost {
            self.await_return(slot);
        }
        if let Err(error) = self.spill.retain(|id| self.table.borrow().find(id).is_some()) {
            log::error("clean-up failed", &error);
        }
        self.watch();
    }

    /// Has the platform answer JSON pings, which are all the same text, without waking the object.
    fn answer_pings_asleep(&self) {
        // A timer that watches for silence must hear them.
        if self.options.times_clients() {
            return;
        }
        let Ok(ping) = std::str::from_utf8(Protocol::Json.ping()) else { return };
        if let Ok(pair) = WebSocketRequestResponsePair::new(ping, ping) {
            self.state.set_websocket_auto_response(&pair);
        }
    }

    fn restore_session(&self, stored: Stored) {
        let Stored { number, identity, first_id, records, received, open } = stored;
        let attachment = Attachment::from_text(&identity);
        let restored = attachment.as_ref().and_then(|attachment| {
            let identity = self.identity(attachment)?;
            Some((identity, attachment.handshake()?, attachment.role == Role::Stateful))
        });
        let Some((identity, handshake, is_stateful)) = restored else {
            // A hub that a deploy has taken away.
            let _cleaned_later = self.sessions.remove(number, false);
            return;
        };
        let window_bytes = if is_stateful { self.options.stateful_buffer_bytes } else { usize::MAX };
        let outgoing = Outgoing::restore(window_bytes, first_id, records);
        let session = Session {
            stored_until: outgoing.last_id(),
            stored_received: received,
            outgoing,
            incoming: is_stateful.then(|| Incoming::restore(received)),
            ..Session::new(number, window_bytes, is_stateful)
        };
        let id = identity.id.clone();
        let partial = self.spill.partial(&id).unwrap_or_default();
        let groups = self.spill.groups(&id).unwrap_or_default();
        let options = self.connection_options(identity.transport);
        let HandshakeRequest { protocol, version } = handshake;
        let slot = self.take_in(
            identity,
            Some(handshake),
            NewConnection {
                spilled: Spilled { groups: true, partial_bytes: partial.len() },
                connection: Connection::restore(options, protocol, version, partial),
                session: Some(session),
                ..NewConnection::default()
            },
        );
        self.session_slots.borrow_mut().insert(number, slot);
        for group in groups {
            self.table.borrow_mut().join(slot, &group);
        }
        self.end_lost_calls(slot, protocol, &open);
    }

    /// Tells a client that calls of it ended with the object's memory.
    fn end_lost_calls(&self, slot: Slot, protocol: Protocol, open: &[(String, String)]) {
        for (id, target) in open {
            let text = error_text::invocation_failed(target, LOST_CALL, self.options.detailed_errors);
            self.refuse(slot, protocol, Some(id), &text);
        }
        if !open.is_empty() {
            self.mark_changed(slot);
            self.touch_session(slot);
        }
    }

    pub(crate) fn restore_socket(&self, socket: &Socket, attached: &str) {
        if !socket.is_open() {
            return;
        }
        let Some(attachment) = Attachment::from_text(attached) else { return };
        if attachment.role.has_session() {
            return self.restore_line(socket, &attachment);
        }
        let Some(identity) = self.identity(&attachment) else {
            // A hub that a deploy has taken away.
            socket.close(GOING_AWAY, "");
            return;
        };

        let id = identity.id.clone();
        let (stored_groups, partial) = if attachment.spilled {
            (self.spill.groups(&id).unwrap_or_default(), self.spill.partial(&id).unwrap_or_default())
        } else {
            Default::default()
        };
        let options = self.connection_options(identity.transport);
        let handshake = attachment.handshake();
        let line = match attachment.role {
            Role::Events => Line::Events(Bridge::new(socket.clone())),
            _ => Line::Socket(socket.clone()),
        };
        let spilled = Spilled { groups: !stored_groups.is_empty(), partial_bytes: partial.len() };
        let connection = match handshake {
            Some(HandshakeRequest { protocol, version }) => Connection::restore(options, protocol, version, partial),
            None => Connection::restore_handshake(options, partial),
        };
        let slot = self.take_in(
            identity,
            handshake,
            NewConnection {
                line,
                connection,
                spilled,
                session: None,
                is_stateful: false,
                // The row of a relay's socket says only that there was a ping.
                pinged_at_millis: attachment
                    .pinged_at_millis
                    .map(|at| if socket.is_relayed() { clock::now_millis() } else { at }),
                unread_bytes: attachment.unread_bytes,
            },
        );
        {
            let mut table = self.table.borrow_mut();
            for group in attachment.groups.iter().chain(&stored_groups) {
                table.join(slot, group);
            }
        }
        if let Some(handshake) = handshake {
            self.end_lost_calls(slot, handshake.protocol, &attachment.open);
        }
    }

    /// Gives a session the socket that outlived the sleep.
    fn restore_line(&self, socket: &Socket, attachment: &Attachment<'_>) {
        let found = self.table.borrow().find(&attachment.id);
        let Some(slot) = found else {
            socket.close(GOING_AWAY, "");
            return;
        };
        socket.mark(slot);
        let sequence = {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return };
            let protocol = entry.protocol().unwrap_or(Protocol::Json);
            entry.live.has_pinged = attachment.pinged_at_millis.is_some();
            let Some(session) = &mut entry.live.session else { return };
            if attachment.role == Role::Poll {
                entry.live.line = Line::Poll(Poll { socket: socket.clone(), carries: None });
                None
            } else {
                entry.live.line = Line::Socket(socket.clone());
                // The socket is still the same: what comes by it follows what came before.
                if let Some(incoming) = &mut session.incoming {
                    let _it_is_the_next = incoming.sequence(incoming.received() + 1);
                }
                // What was not acknowledged is sent again: it is not known how much of it went out.
                (!session.outgoing.is_empty()).then(|| (protocol, session.outgoing.first_id()))
            }
        };
        if let Some((protocol, sequence_id)) = sequence {
            self.enqueue_message(slot, protocol, &HubMessage::Sequence { sequence_id }, RecordKind::Sequence);
        }
        self.touch_session(slot);
    }

    /// Who an attachment says its connection is; none if the hub is not served any more.
    pub(crate) fn identity(&self, attachment: &Attachment<'_>) -> Option<Rc<Identity>> {
        Some(Rc::new(Identity {
            id: attachment.id.as_ref().into(),
            hub: self.hub_index(&attachment.hub)?,
            transport: match attachment.role {
                Role::Socket | Role::Stateful => Transport::WebSockets,
                Role::Events => Transport::ServerSentEvents,
                Role::Poll => Transport::LongPolling,
            },
            user: attachment.user.as_deref().map(Into::into),
            claims: attachment.claims.as_ref().into(),
            remote_address: attachment.remote_address.as_deref().map(Into::into),
            variant: attachment.variant,
            expires_at_millis: attachment.expires_at_millis,
        }))
    }

    /// Writes what changed of a connection to where it outlives the object's memory.
    pub(crate) fn remember(&self, slot: Slot) -> Result<(), worker::Error> {
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(slot) else { return Ok(()) };
        entry.live.is_attachment_stale = false;
        let id = entry.identity.id.clone();

        let partial = entry.live.connection.partial();
        let kept_bytes = entry.live.spilled.partial_bytes;
        if let Some(more) = partial.get(kept_bytes..).filter(|more| !more.is_empty()) {
            self.spill.append_partial(&id, kept_bytes, more)?;
        }
        entry.live.spilled.partial_bytes = partial.len();

        let Some((hub, _)) = self.hub(entry.identity.hub) else { return Ok(()) };
        let handshake = entry.handshake.map(|handshake| (handshake.protocol.name().into(), handshake.version));
        let pinged_at_millis = entry.live.has_pinged.then_some(entry.live.heard_at_millis);
        if let Some(session) = &mut entry.live.session {
            let role = if session.is_stateful() { Role::Stateful } else { Role::Poll };
            if std::mem::take(&mut session.is_identity_stale) {
                let number = session.number;
                let text = self.session_text(entry);
                self.sessions.put(number, &text)?;
            }
            if let Some(socket) = entry.live.line.socket() {
                let id = id.as_ref().into();
                let attachment = Attachment { id, hub: (*hub).into(), role, pinged_at_millis, ..Attachment::default() };
                socket.attach(&attachment.to_text().unwrap_or_default())?;
            }
            return Ok(());
        }
        let is_probed = entry.live.reading.is_probed();
        let mut attachment = Attachment {
            handshake,
            groups: if entry.live.spilled.groups { Vec::new() } else { entry.groups.iter().cloned().collect() },
            spilled: entry.live.spilled.any(),
            role: if matches!(entry.live.line, Line::Events(_)) { Role::Events } else { Role::Socket },
            pinged_at_millis,
            unread_bytes: if is_probed { entry.live.reading.unread_bytes() } else { 0 },
            open: entry.live.open_calls(),
            ..Attachment::of(&entry.identity, hub)
        };
        let mut text = attachment.to_text();
        if text.is_err() && !entry.live.spilled.groups {
            // From here on the groups are in storage, one row each.
            self.spill.put_groups(&id, entry.groups.iter())?;
            entry.live.spilled.groups = true;
            attachment.groups = Vec::new();
            attachment.spilled = true;
            text = attachment.to_text();
        }
        if text.is_err() {
            // So many calls at once that their names do not fit: their clients are not told if they are lost.
            attachment.open = Vec::new();
            text = attachment.to_text();
        }
        let text = text.map_err(|bytes| worker::Error::RustError(format!("attachment of {bytes} bytes")))?;
        if let Some(socket) = entry.live.line.socket() {
            socket.attach(&text)?;
        }
        Ok(())
    }
}

fn is_lost(table: &crate::table::Table<crate::live::Live>, slot: Slot) -> bool {
    table.get(slot).is_some_and(|entry| matches!(entry.live.line, Line::Lost))
}
