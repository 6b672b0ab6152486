//! Long polling: each poll is a WebSocket of the Worker that holds the client's request, and ends with the one frame
//! that the request is answered with. What the Worker has not confirmed waits for the next poll.

use std::{borrow::Cow, rc::Rc};

use worker::Response;

use crate::{
    attachment::{Attachment, Role},
    call::ConnectionCall,
    clock,
    connect::{plain, polled},
    edge::bridge::{POLL_REPLACED, POLL_TIMED_OUT},
    error::ServerError,
    line::{Line, Poll},
    log,
    server::Server,
    session::{Kept, Session},
    table::Slot,
};

/// What a client has to fetch of a connection that has ended: the rest of what it was sent, then the end.
pub(crate) struct Leftover {
    connection: Rc<str>,
    bytes: Vec<u8>,
    until_millis: f64,
}

/// Connections that ended of which clients may still fetch the rest.
const MOST_LEFTOVERS: usize = 1_024;

impl Server {
    /// Holds a poll; one that is held already is over.
    pub(crate) fn poll(&self, slot: Slot, call: &ConnectionCall) -> Result<Response, ServerError> {
        let attachment = Attachment {
            id: Cow::Borrowed(&call.connection_id),
            hub: Cow::Borrowed(&call.hub),
            role: Role::Poll,
            ..Attachment::default()
        };
        let attached = attachment.to_text().map_err(ServerError::IdentityTooLarge)?;
        let (socket, answer) = self.open(call, &attached)?;
        self.end_poll(slot, POLL_REPLACED);
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            if entry.handshake.is_some() {
                entry.live.stop_timer();
            }
            entry.live.line = Line::Poll(Poll { socket: socket.clone(), carries: None });
        }
        socket.mark(slot);
        self.heard(slot);
        self.transmit(slot, Vec::new());
        Ok(answer)
    }

    /// What the Worker says of the poll that it holds.
    pub(crate) fn poll_message(&self, slot: Slot, text: &str) {
        if text == crate::edge::bridge::TIME_OUT {
            // Unless it was given its frame meanwhile, which is on its way.
            let is_empty = self
                .table
                .borrow()
                .get(slot)
                .is_some_and(|entry| matches!(&entry.live.line, Line::Poll(poll) if poll.carries.is_none()));
            if is_empty {
                self.end_poll(slot, POLL_TIMED_OUT);
                self.await_return(slot);
            }
            return;
        }
        let mut confirmed = None;
        if let Some(entry) = self.table.borrow_mut().get_mut(slot)
            && let Line::Poll(Poll { carries: Some(carries), .. }) = entry.live.line
            && let Some(session) = &mut entry.live.session
        {
            session.outgoing.acknowledge(carries);
            confirmed = Some((session.number, carries));
            entry.live.reading.tell();
        }
        if let Some((number, carries)) = confirmed {
            if let Err(error) = self.sessions.remove_confirmed(number, carries) {
                log::error("confirmed rows could not be removed", &error);
            }
            self.end_poll(slot, POLL_REPLACED);
            self.await_return(slot);
        }
    }

    /// Ends the poll that is held, if one is. What it carried and was not confirmed waits for the next.
    pub(crate) fn end_poll(&self, slot: Slot, code: u16) {
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(slot) else { return };
        if let Line::Poll(poll) = &entry.live.line {
            let _closed_already = poll.socket.attach("");
            poll.socket.close(code, "");
            entry.live.line = Line::Lost;
            if let Some(session) = &mut entry.live.session {
                session.outgoing.resume();
            }
        }
    }

    /// The poll's WebSocket closed: its client or its Worker went, or was answered.
    pub(crate) fn poll_closed(&self, slot: Slot) {
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            entry.live.line = Line::Lost;
            if let Some(session) = &mut entry.live.session {
                session.outgoing.resume();
            }
        }
        self.touch_session(slot);
        self.await_return(slot);
    }

    /// Keeps the rest of what an ended connection was sent, for the polls that fetch it.
    pub(crate) fn leave_over(&self, connection: Rc<str>, line: &Line, session: Option<Session>) {
        let mut bytes = Vec::new();
        if let Some(mut session) = session {
            let is_carried = matches!(line, Line::Poll(Poll { carries: Some(_), .. }));
            if !is_carried {
                session.outgoing.resume();
            }
            while let Some(Kept(record)) = session.outgoing.transmit() {
                bytes.extend_from_slice(record);
            }
        }
        if let Line::Poll(poll) = line {
            let _closed_already = poll.socket.attach("");
            if !bytes.is_empty() && poll.carries.is_none() {
                let frame = std::mem::take(&mut bytes);
                poll.socket.send_alone(&crate::socket::frame(signalr::Protocol::MessagePack, &frame));
            }
            poll.socket.close(POLL_REPLACED, "");
        }
        let until_millis = clock::now_millis() + crate::millis(self.options.disconnect_timeout_millis);
        let mut leftovers = self.leftovers.borrow_mut();
        leftovers.retain(|leftover| leftover.until_millis > clock::now_millis());
        if leftovers.len() >= MOST_LEFTOVERS {
            leftovers.pop_front();
        }
        leftovers.push_back(Leftover { connection, bytes, until_millis });
    }

    pub(crate) fn has_leftover(&self, connection: &str) -> bool {
        let now_millis = clock::now_millis();
        let is_its = |leftover: &Leftover| *leftover.connection == *connection && leftover.until_millis > now_millis;
        self.leftovers.borrow().iter().any(is_its)
    }

    /// Answers a poll of a connection that has ended: with what is left, or with its end.
    pub(crate) fn poll_leftover(&self, connection: &str) -> Result<Response, ServerError> {
        let mut leftovers = self.leftovers.borrow_mut();
        let place = leftovers.iter().position(|leftover| *leftover.connection == *connection);
        let Some(leftover) = place.and_then(|place| leftovers.get_mut(place)) else {
            return plain(404, crate::connect::NO_CONNECTION);
        };
        let bytes = std::mem::take(&mut leftover.bytes);
        if bytes.is_empty() {
            if let Some(place) = place {
                leftovers.remove(place);
            }
            return Ok(Response::empty()?.with_status(204));
        }
        polled(bytes)
    }
}
