//! Putting a connection into the table, new or woken, and the timers that connections need.

use std::{
    collections::{HashMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use futures::future::{AbortHandle, Abortable};
use signalr::{Connection, ConnectionOptions, Transport, handshake::HandshakeRequest};
use wasm_bindgen_futures::spawn_local;
use worker::Delay;

use crate::{
    cancellation::Cancellation,
    clock,
    identity::Identity,
    line::Line,
    live::{Live, Spilled, Stage},
    rate::TokenBucket,
    reading::Reading,
    server::Server,
    session::Session,
    table::Slot,
};

/// What is known of a connection that comes into the table, beside who it is.
pub(crate) struct NewConnection {
    pub(crate) line: Line,
    pub(crate) connection: Connection,
    pub(crate) spilled: Spilled,
    pub(crate) session: Option<Session>,
    pub(crate) is_stateful: bool,
    pub(crate) pinged_at_millis: Option<f64>,
    pub(crate) unread_bytes: usize,
}

impl Default for NewConnection {
    fn default() -> Self {
        Self {
            line: Line::Lost,
            connection: Connection::new(ConnectionOptions::default()),
            spilled: Spilled::default(),
            session: None,
            is_stateful: false,
            pinged_at_millis: None,
            unread_bytes: 0,
        }
    }
}

impl Server {
    pub(crate) fn connection_options(&self, transport: Transport) -> ConnectionOptions {
        ConnectionOptions {
            max_message_bytes: self.options.max_message_bytes,
            detailed_errors: self.options.detailed_errors,
            transport,
        }
    }

    /// Puts a connection, new or woken, into the table; one without a handshake is given the time for it.
    pub(crate) fn take_in(
        &self,
        identity: Rc<Identity>,
        handshake: Option<HandshakeRequest>,
        new: NewConnection,
    ) -> Slot {
        let now_millis = clock::now_millis();
        let timer = handshake.is_none().then(|| self.await_handshake(identity.clone()));
        let socket = new.line.socket().cloned();
        let live = Live {
            line: new.line,
            connection: new.connection,
            work: Rc::default(),
            invocations: TokenBucket::full(self.invocation_rate(), now_millis),
            spilled: new.spilled,
            timer,
            is_abandoned: false,
            last_record: None,
            is_closing: false,
            is_attachment_stale: false,
            calls: HashMap::new(),
            uploads: HashMap::new(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            reading: Reading::restore(new.unread_bytes),
            session: new.session,
            may_be_stateful: new.is_stateful,
            heard_at_millis: new.pinged_at_millis.unwrap_or(now_millis),
            has_pinged: new.pinged_at_millis.is_some(),
            written_at_millis: now_millis,
            end_error: None,
            gone: Rc::new(Cancellation::default()),
        };
        if handshake.is_some() {
            live.work.borrow_mut().stage = Stage::Connected;
        }
        let slot = self.table.borrow_mut().insert(identity, handshake, live);
        if let Some(socket) = socket {
            socket.mark(slot);
        }
        slot
    }

    /// A timer, not an alarm: it costs no write, and an object with an unfinished handshake stays awake.
    fn await_handshake(&self, identity: Rc<Identity>) -> AbortHandle {
        self.after(self.options.handshake_timeout_millis, move |server| server.handshake_timed_out(&identity))
    }

    /// Does something after so many milliseconds, unless it is aborted.
    pub(crate) fn after(&self, millis: u64, act: impl FnOnce(&Rc<Self>) + 'static) -> AbortHandle {
        let server = self.rc().map(|server| Rc::downgrade(&server));
        let (handle, registration) = AbortHandle::new_pair();
        let timeout = async move {
            Delay::from(Duration::from_millis(millis)).await;
            if let Some(server) = server.and_then(|server| server.upgrade()) {
                act(&server);
            }
        };
        spawn_local(async move {
            let _it_was_aborted = Abortable::new(timeout, registration).await;
        });
        handle
    }
}
