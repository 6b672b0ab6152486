//! Taking a connection in: the upgrade, and the wait for its handshake.

use std::{borrow::Cow, rc::Rc, time::Duration};

use futures::future::{AbortHandle, Abortable};
use signalr::{Connection, ConnectionOptions, handshake::HandshakeRequest};
use wasm_bindgen_futures::spawn_local;
use worker::{Delay, Error, Response, WebSocketPair};

use crate::{
    attachment::Attachment,
    clock,
    error::ServerError,
    event::Variant,
    live::{Live, Spilled},
    rate::TokenBucket,
    server::Server,
    socket::Socket,
    table::{Identity, Slot},
};

/// Whom the application lets in, and what it wants remembered of them.
#[derive(Debug, Clone, Copy)]
pub struct Acceptance<'a> {
    /// The name under which the hub was registered.
    pub hub: &'a str,
    /// The public id, unique in the object: at most 200 bytes.
    pub connection_id: &'a str,
    /// Whom the connection belongs to.
    pub user_id: Option<&'a str>,
    /// Anything else about the connection that hubs need to know; it counts towards the attachment's
    /// 16,384 bytes.
    pub claims: &'a str,
    /// The shape in which the connection reads events.
    pub variant: Variant,
}

impl Server {
    /// Answers an upgrade request with a WebSocket that sleeps while it is idle. The caller has seen that
    /// the request asks for an upgrade.
    ///
    /// # Errors
    ///
    /// [`ServerError`] where the hub is unknown, the id is taken or was a moment ago, the identity is too large, or the
    /// platform accepts no more sockets (32,768 in an object).
    pub fn accept(self: &Rc<Self>, acceptance: Acceptance<'_>) -> Result<Response, ServerError> {
        self.restore();
        let hub = self.hub_index(acceptance.hub).ok_or_else(|| ServerError::UnknownHub(acceptance.hub.to_owned()))?;
        if self.table.borrow().find(acceptance.connection_id).is_some() {
            return Err(ServerError::ConnectionActive(acceptance.connection_id.to_owned()));
        }
        if self.ended.borrow().iter().any(|id| **id == *acceptance.connection_id) {
            return Err(ServerError::ConnectionEnded(acceptance.connection_id.to_owned()));
        }
        let attachment = Attachment {
            id: Cow::Borrowed(acceptance.connection_id),
            hub: Cow::Borrowed(acceptance.hub),
            user: acceptance.user_id.map(Cow::Borrowed),
            claims: Cow::Borrowed(acceptance.claims),
            variant: acceptance.variant,
            handshake: None,
            groups: Vec::new(),
            spilled: false,
        };
        let attached = attachment.to_text().map_err(ServerError::IdentityTooLarge)?;

        let pair = WebSocketPair::new()?;
        let tags = [acceptance.connection_id, acceptance.hub];
        let socket = Socket::accept(&self.state, &pair.server, &tags).map_err(Error::from)?;
        socket.attach(&attached).map_err(Error::from)?;

        let identity = Rc::new(Identity {
            id: acceptance.connection_id.into(),
            hub,
            user: acceptance.user_id.map(Into::into),
            claims: acceptance.claims.into(),
            variant: acceptance.variant,
        });
        let connection = Connection::new(self.connection_options());
        self.take_in(identity, None, &socket, connection, Spilled::default());
        Ok(Response::from_websocket(pair.client)?)
    }

    pub(crate) fn connection_options(&self) -> ConnectionOptions {
        ConnectionOptions {
            max_message_bytes: self.options.max_message_bytes,
            detailed_errors: self.options.detailed_errors,
            ..ConnectionOptions::default()
        }
    }

    /// Puts a connection, new or woken, into the table; one without a handshake is given the time for it.
    pub(crate) fn take_in(
        self: &Rc<Self>,
        identity: Rc<Identity>,
        handshake: Option<HandshakeRequest>,
        socket: &Socket,
        connection: Connection,
        spilled: Spilled,
    ) -> Slot {
        let handshake_timeout = handshake.is_none().then(|| self.await_handshake(identity.clone()));
        let live = Live {
            socket: socket.clone(),
            connection,
            work: Rc::default(),
            invocations: TokenBucket::full(self.options.invocation_rate, clock::now_millis()),
            spilled,
            handshake_timeout,
            closing: false,
            attachment_stale: false,
        };
        live.work.borrow_mut().connected = handshake.is_some();
        let slot = self.table.borrow_mut().insert(identity, handshake, live);
        socket.mark(slot);
        slot
    }

    /// A timer, not an alarm: it costs no write, and an object with an unfinished handshake stays awake.
    fn await_handshake(self: &Rc<Self>, identity: Rc<Identity>) -> AbortHandle {
        let server = Rc::downgrade(self);
        let time = Duration::from_millis(self.options.handshake_timeout_millis);
        let (handle, registration) = AbortHandle::new_pair();
        let timeout = async move {
            Delay::from(time).await;
            if let Some(server) = server.upgrade() {
                server.handshake_timed_out(&identity);
            }
        };
        spawn_local(async move {
            let _handshake_came = Abortable::new(timeout, registration).await;
        });
        handle
    }
}
