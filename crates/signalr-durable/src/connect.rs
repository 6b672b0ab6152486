//! Requests about connections: a transport that opens, records that are posted, an authentication that is refreshed.
//! The answers are those of ASP.NET Core's `HttpConnectionDispatcher`.

use std::rc::Rc;

use signalr::{Connection, Transport};
use worker::{Error, Headers, Request, Response, WebSocketPair};

use crate::{
    attachment::{Attachment, Role},
    call::{Action, ConnectionCall, HEADER},
    error::ServerError,
    identity::Identity,
    line::{Bridge, Line},
    server::Server,
    session::Session,
    socket::{OwnSocket, Socket},
    table::Slot,
    take_in::NewConnection,
};

/// Texts of ASP.NET Core's answers.
pub(crate) const NO_CONNECTION: &str = "No Connection with that ID";
const OTHER_TRANSPORT: &str = "Cannot change transports mid-connection";
const NO_POST: &str = "POST requests are not allowed for WebSocket connections.";
const NO_DELETE: &str = "Cannot terminate this connection using the DELETE endpoint.";

impl ConnectionCall {
    /// Reads what the Worker asks.
    ///
    /// # Errors
    ///
    /// [`ServerError::NoCall`] where the request does not say it.
    pub fn of(request: &Request) -> Result<Self, ServerError> {
        let header = request.headers().get(HEADER)?.ok_or_else(|| ServerError::NoCall("no header".to_owned()))?;
        serde_json::from_str(&header).map_err(|error| ServerError::NoCall(error.to_string()))
    }
}

impl Server {
    /// Does what the Worker asks for a client. The application has found that it may.
    ///
    /// # Errors
    ///
    /// [`ServerError`] where the hub is unknown, the identity is too large, or the platform accepts no more sockets
    /// (32,768 in an object). What is only wrong with the request is an answer.
    pub async fn serve(self: &Rc<Self>, call: &ConnectionCall, request: Request) -> Result<Response, ServerError> {
        self.restore();
        let known = self.table.borrow().find(&call.connection_id);
        if let Some(slot) = known
            && !self.may_change(slot, call)
        {
            return self.reject(slot, call);
        }
        let answer = match (call.action, known) {
            (Action::Send, Some(slot)) => self.post(slot, request).await,
            (Action::Delete, Some(slot)) => self.delete(slot),
            (Action::Refresh, Some(slot)) => self.refresh(slot, call),
            (Action::WebSocket | Action::Events | Action::Poll, Some(slot)) => self.reopen(slot, call),
            (Action::Poll, None) if self.has_leftover(&call.connection_id) => self.poll_leftover(&call.connection_id),
            (Action::WebSocket | Action::Events | Action::Poll, None) if self.may_begin(call) => {
                match self.elsewhere(call)? {
                    Some(elsewhere) => Ok(elsewhere),
                    None => self.begin(call),
                }
            }
            (Action::Send, None) if self.may_begin(call) => {
                // A client that posts before it polls (signalrcore does) means to poll.
                self.begin(call)?;
                let begun = self.table.borrow().find(&call.connection_id);
                match begun {
                    Some(slot) => self.post(slot, request).await,
                    None => plain(404, NO_CONNECTION),
                }
            }
            (Action::Delete, None) if self.may_begin(call) => plain(400, NO_DELETE),
            (_, None) => plain(404, NO_CONNECTION),
        }?;
        self.flush();
        Ok(answer)
    }

    fn may_begin(&self, call: &ConnectionCall) -> bool {
        call.may_begin && !self.ended.borrow().iter().any(|id| **id == *call.connection_id)
    }

    fn begin(&self, call: &ConnectionCall) -> Result<Response, ServerError> {
        let hub = self.hub_index(&call.hub).ok_or_else(|| ServerError::UnknownHub(call.hub.clone()))?;
        let transport = call.action.transport().unwrap_or(Transport::LongPolling);
        let identity = Rc::new(Identity {
            id: call.connection_id.as_str().into(),
            hub,
            transport,
            user: call.user_id.as_deref().map(Into::into),
            claims: call.claims.as_str().into(),
            remote_address: call.remote_address.as_deref().map(Into::into),
            variant: call.variant,
            expires_at_millis: call.expires_at_millis,
        });
        let role = if transport == Transport::ServerSentEvents { Role::Events } else { Role::Socket };
        let attached = Attachment { role, ..Attachment::of(&identity, &call.hub) };
        let attached = attached.to_text().map_err(ServerError::IdentityTooLarge)?;

        let (line, answer) = if transport == Transport::LongPolling {
            // The first poll is answered at once: the client learns that its connection is there.
            (Line::Lost, polled(Vec::new())?)
        } else {
            let (socket, answer) = self.open(call, &attached)?;
            (if role == Role::Events { Line::Events(Bridge::new(socket)) } else { Line::Socket(socket) }, answer)
        };
        let session =
            (transport == Transport::LongPolling).then(|| Session::new(self.sessions.next_number(), usize::MAX, false));
        let is_stateful = call.is_stateful && transport == Transport::WebSockets;
        let connection = Connection::new(self.connection_options(transport));
        self.take_in(
            identity,
            None,
            NewConnection { line, connection, session, is_stateful, ..NewConnection::default() },
        );
        self.watch();
        Ok(answer)
    }

    /// Accepts one end of a pair, to sleep while it is idle, and answers with the other; or takes up a relay's socket.
    pub(crate) fn open(&self, call: &ConnectionCall, attached: &str) -> Result<(Socket, Response), ServerError> {
        if let Some(via) = call.via {
            return self.open_relayed(via, call, attached);
        }
        let pair = WebSocketPair::new()?;
        let socket =
            OwnSocket::accept(&self.state, &pair.server, &[&call.connection_id, &call.hub]).map_err(Error::from)?;
        socket.attach(attached).map_err(Error::from)?;
        Ok((Socket::Own(socket), Response::from_websocket(pair.client)?))
    }

    /// A request that opens a transport of a connection that is there.
    fn reopen(self: &Rc<Self>, slot: Slot, call: &ConnectionCall) -> Result<Response, ServerError> {
        let table = self.table.borrow();
        let Some(entry) = table.get(slot) else { return plain(404, NO_CONNECTION) };
        if call.action.transport() != Some(entry.identity.transport) {
            return plain(400, OTHER_TRANSPORT);
        }
        let is_stateful = entry.live.session.as_ref().is_some_and(Session::is_stateful);
        let is_closing = entry.live.is_closing;
        drop(table);
        match call.action {
            _ if is_closing => plain(404, NO_CONNECTION),
            Action::Poll => {
                self.renew(slot, call);
                self.poll(slot, call)
            }
            Action::WebSocket if is_stateful => {
                self.renew(slot, call);
                self.resume(slot, call)
            }
            _ => plain(409, ""),
        }
    }

    async fn post(self: &Rc<Self>, slot: Slot, mut request: Request) -> Result<Response, ServerError> {
        let Some(identity) = self.table.borrow().get(slot).map(|entry| entry.identity.clone()) else {
            return plain(404, NO_CONNECTION);
        };
        if identity.transport == Transport::WebSockets {
            return plain(405, NO_POST);
        }
        let Ok(body) = request.bytes().await else { return plain(400, "") };
        // The connection may have ended, or another taken its slot, while the body came.
        let Some(slot) = self.slot_of(&identity).filter(|slot| !self.is_closing(*slot)) else {
            return plain(404, NO_CONNECTION);
        };
        self.heard(slot);
        self.read(slot, &identity, &body);
        // What is done at once leaves in one event: a client must not hear of its handshake before it hears that the hub
        // would not have it.
        let server = self.clone();
        let mut work = Box::pin(async move { server.work_and_conclude(&identity).await });
        if futures::poll!(&mut work).is_pending() {
            self.spawn(|_| work);
        }
        self.room(slot).await;
        plain(200, "")
    }

    fn delete(&self, slot: Slot) -> Result<Response, ServerError> {
        let transport = self.table.borrow().get(slot).map(|entry| entry.identity.transport);
        if transport != Some(Transport::LongPolling) {
            return plain(400, NO_DELETE);
        }
        self.end_quietly(slot);
        plain(202, "")
    }

    /// Replaces who a connection is; what it joined stays as it is.
    fn refresh(&self, slot: Slot, call: &ConnectionCall) -> Result<Response, ServerError> {
        self.renew(slot, call);
        plain(200, "")
    }

    /// Whether a request may speak for a connection: it comes from the same user, with claims that may follow those
    /// of the connection.
    fn may_change(&self, slot: Slot, call: &ConnectionCall) -> bool {
        let table = self.table.borrow();
        let Some(entry) = table.get(slot) else { return false };
        let Identity { user, claims, .. } = &*entry.identity;
        let may_follow = || self.refresh_policy.as_ref().is_none_or(|policy| policy(claims, &call.claims));
        user.as_deref() == call.user_id.as_deref() && (**claims == *call.claims || may_follow())
    }

    /// Refuses such a request. A poll and a resumed socket end their connection, as in ASP.NET Core.
    fn reject(&self, slot: Slot, call: &ConnectionCall) -> Result<Response, ServerError> {
        if let Action::Poll | Action::WebSocket = call.action {
            self.put_end_down_to(slot, "A request came with another identity.");
            self.end_quietly(slot);
            self.flush();
        }
        Ok(Response::from_json(&serde_json::json!({ "error": "permission_change_rejected" }))?.with_status(403))
    }

    /// Takes over what a request says of its sender.
    fn renew(&self, slot: Slot, call: &ConnectionCall) {
        let is_changed = {
            let mut table = self.table.borrow_mut();
            let Some(entry) = table.get_mut(slot) else { return };
            let known = &entry.identity;
            let is_changed = *known.claims != *call.claims || known.expires_at_millis != call.expires_at_millis;
            if is_changed {
                let renewed = Identity {
                    claims: call.claims.as_str().into(),
                    expires_at_millis: call.expires_at_millis,
                    ..Identity::clone(known)
                };
                entry.identity = Rc::new(renewed);
                if let Some(session) = &mut entry.live.session {
                    session.is_identity_stale = true;
                }
            }
            is_changed
        };
        if is_changed {
            self.mark_changed(slot);
        }
    }

    pub(crate) fn is_closing(&self, slot: Slot) -> bool {
        self.table.borrow().get(slot).is_none_or(|entry| entry.live.is_closing)
    }
}

/// An answer with a text for whoever reads the network's log.
pub(crate) fn plain(status: u16, text: &str) -> Result<Response, ServerError> {
    let headers = Headers::new();
    headers.set("content-type", "text/plain")?;
    Ok(Response::ok(text)?.with_status(status).with_headers(headers))
}

/// An answer to a poll with what waited for it.
pub(crate) fn polled(bytes: Vec<u8>) -> Result<Response, ServerError> {
    let headers = Headers::new();
    headers.set("content-type", "application/octet-stream")?;
    Ok(Response::from_bytes(bytes)?.with_headers(headers))
}
