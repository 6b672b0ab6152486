//! The conformance hub: its memory, and what happens when connections come and go.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use signalr_durable::{Caller, Hub, HubError, Methods};
use worker::SqlStorage;

use super::{journal::Journal, members};
use crate::claims::ConnectRequest;

pub(super) struct ConfHub {
    pub(super) journal: Journal,
    /// What each connection appended.
    pub(super) appended: RefCell<HashMap<String, String>>,
}

impl ConfHub {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { journal: Journal::new(sql), appended: RefCell::default() }
    }
}

impl Hub for ConfHub {
    fn methods(methods: &mut Methods<Self>) {
        members::register(methods);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        let id = caller.connection_id();
        self.journal.add(id, "connected");
        match ConnectRequest::from_claims(caller.claims()).path.as_str() {
            "greet" => caller.send(("Send", ("welcome",))),
            "greetothers" => caller.others().send(("Joined", (id,))).map(|_| ()),
            "failconnect" => Err(HubError::exception("InvalidOperationException", "not today")),
            _ => Ok(()),
        }
    }

    async fn disconnected(self: Rc<Self>, caller: Caller) {
        let id = caller.connection_id();
        self.appended.borrow_mut().remove(id);
        match caller.disconnect_error() {
            Some(error) => self.journal.add(id, &format!("disconnected: {error}")),
            None => self.journal.add(id, "disconnected"),
        }
    }
}
