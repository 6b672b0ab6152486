//! Sleeping and waking: the table from the sockets, and the sockets' memory of the table.

use std::{borrow::Cow, rc::Rc};

use signalr::{Connection, Protocol, handshake::HandshakeRequest};
use worker::{WebSocketRequestResponsePair, console_error};

use crate::{
    attachment::Attachment,
    live::Spilled,
    server::Server,
    socket::Socket,
    table::{Identity, Slot},
};

/// The end that a client takes for "come again" (RFC 6455, 7.4.1).
const GOING_AWAY: u16 = 1_001;

impl Server {
    /// Builds the table from the sockets that outlived the last sleep, once in the object's life.
    pub(crate) fn restore(self: &Rc<Self>) {
        if self.restored.replace(true) {
            return;
        }
        self.answer_pings_asleep();
        let Ok(sockets) = self.state.as_raw().get_websockets() else { return };
        for socket in sockets {
            self.restore_socket(&Socket::new(&socket.into()));
        }
        let lost = self.spill.retain(|id| self.table.borrow().find(id).is_some());
        if let Err(error) = lost {
            console_error!(
                "{}",
                serde_json::json!({"level": "error", "message": "clean-up failed", "error": error.to_string()})
            );
        }
    }

    /// Has the platform answer JSON pings, which are all the same text, without waking the object.
    fn answer_pings_asleep(&self) {
        let Ok(ping) = std::str::from_utf8(Protocol::Json.ping()) else { return };
        if let Ok(pair) = WebSocketRequestResponsePair::new(ping, ping) {
            self.state.set_websocket_auto_response(&pair);
        }
    }

    fn restore_socket(self: &Rc<Self>, socket: &Socket) {
        if !socket.is_open() {
            return;
        }
        let Some(attached) = socket.attachment() else { return };
        let Some(attachment) = Attachment::from_text(&attached) else { return };
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
        let spilled = Spilled { groups: !stored_groups.is_empty(), partial_bytes: partial.len() };
        let options = self.connection_options();
        let handshake = attachment.handshake();
        let connection = match handshake {
            Some(HandshakeRequest { protocol, version }) => Connection::restore(options, protocol, version, partial),
            None => Connection::restore_handshake(options, partial),
        };
        let slot = self.take_in(identity, handshake, socket, connection, spilled);
        let mut table = self.table.borrow_mut();
        for group in attachment.groups.iter().chain(&stored_groups) {
            table.join(slot, group);
        }
    }

    /// Who an attachment says its connection is; none if the hub is not served any more.
    pub(crate) fn identity(&self, attachment: &Attachment<'_>) -> Option<Rc<Identity>> {
        Some(Rc::new(Identity {
            id: attachment.id.as_ref().into(),
            hub: self.hub_index(&attachment.hub)?,
            user: attachment.user.as_deref().map(Into::into),
            claims: attachment.claims.as_ref().into(),
            variant: attachment.variant,
        }))
    }

    /// Writes what changed of a connection to where it outlives the object's memory.
    pub(crate) fn remember(&self, slot: Slot) -> Result<(), worker::Error> {
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(slot) else { return Ok(()) };
        entry.live.attachment_stale = false;
        let id = entry.identity.id.clone();

        let partial = entry.live.connection.partial();
        let kept_bytes = entry.live.spilled.partial_bytes;
        if let Some(more) = partial.get(kept_bytes..).filter(|more| !more.is_empty()) {
            self.spill.append_partial(&id, kept_bytes, more)?;
        }
        entry.live.spilled.partial_bytes = partial.len();

        let Some((hub, _)) = self.hub(entry.identity.hub) else { return Ok(()) };
        let mut attachment = Attachment {
            id: Cow::Borrowed(&id),
            hub: Cow::Borrowed(hub),
            user: entry.identity.user.as_deref().map(Cow::Borrowed),
            claims: Cow::Borrowed(&entry.identity.claims),
            variant: entry.identity.variant,
            handshake: entry.handshake.map(|handshake| (Cow::Borrowed(handshake.protocol.name()), handshake.version)),
            groups: if entry.live.spilled.groups { Vec::new() } else { entry.groups.iter().cloned().collect() },
            spilled: entry.live.spilled.any(),
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
        let text = text.map_err(|bytes| worker::Error::RustError(format!("attachment of {bytes} bytes")))?;
        entry.live.socket.attach(&text)?;
        Ok(())
    }
}
