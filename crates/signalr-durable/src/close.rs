//! How connections end: by their client, by this side, or by the network.

use std::{cell::RefCell, rc::Rc};

use signalr::Protocol;
use wasm_bindgen_futures::spawn_local;
use worker::{WebSocket, console_error};

use crate::{
    attachment::Attachment,
    live::{Work, WorkQueue},
    server::Server,
    socket::Socket,
    table::{Identity, Slot},
};

/// The end that a client takes for a regular one (RFC 6455, 7.4.1). ASP.NET Core closes so also after a
/// Close record that carries an error.
const NORMAL_CLOSURE: u16 = 1_000;

/// Ended connections that are remembered: who hands out ids lets them expire within seconds.
const MOST_ENDED: usize = 1_024;

/// What the platform reports where no close frame came.
const ABNORMAL_CLOSURE: u16 = 1_006;

impl Server {
    /// Takes the platform's word that a WebSocket closed, and answers its close frame.
    pub async fn closed(self: &Rc<Self>, socket: &WebSocket, code: usize, reason: &str) {
        self.restore();
        let socket = Socket::new(socket);
        socket.answer_close(u16::try_from(code).unwrap_or(ABNORMAL_CLOSURE), reason);
        if let Some(slot) = self.find(&socket) {
            if let Some((identity, queue)) = self.take_out(slot) {
                self.work_off(&identity, &queue).await;
            }
            return;
        }
        // The object slept until this close woke it, so the socket was not open any more when the table
        // was built. One that this side closed has no attachment left.
        let Some(attached) = socket.attachment() else { return };
        let Some(attachment) = Attachment::from_text(&attached) else { return };
        if let (Some(identity), Some(_)) = (self.identity(&attachment), attachment.handshake()) {
            let queue = Rc::new(RefCell::new(WorkQueue { connected: true, ..WorkQueue::default() }));
            owe_disconnected(&queue);
            self.work_off(&identity, &queue).await;
        }
    }

    /// Takes the platform's word that a WebSocket broke.
    pub async fn broken(self: &Rc<Self>, socket: &WebSocket) {
        self.closed(socket, usize::from(ABNORMAL_CLOSURE), "").await;
    }

    /// Closes one connection with a Close record; an unknown id is nobody.
    pub fn close_connection(self: &Rc<Self>, id: &str, error: Option<&str>, allow_reconnect: bool) {
        self.restore();
        let found = self.table.borrow().find(id);
        if let Some(slot) = found {
            self.close_slot(slot, error, allow_reconnect);
        }
    }

    pub(crate) fn close_slot(self: &Rc<Self>, slot: Slot, error: Option<&str>, allow_reconnect: bool) {
        let protocol = self.protocol(slot);
        let mut record = Vec::new();
        if let Some(protocol) = protocol {
            protocol.encode_close(error, allow_reconnect, &mut record);
        }
        self.end(slot, protocol.unwrap_or(Protocol::Json), record);
    }

    /// Sends a last record, then closes the socket; nothing is read or sent after it.
    pub(crate) fn end(self: &Rc<Self>, slot: Slot, protocol: Protocol, last_record: Vec<u8>) {
        if !last_record.is_empty() {
            self.enqueue(slot, protocol, last_record);
        }
        if let Some(entry) = self.table.borrow_mut().get_mut(slot) {
            entry.live.closing = true;
        }
        self.mark_changed(slot);
    }

    /// Does at the end of a turn what a change of the connection asks for: closes it, or remembers it.
    pub(crate) fn settle(self: &Rc<Self>, slot: Slot) {
        let closing = self.table.borrow().get(slot).is_some_and(|entry| entry.live.closing);
        if !closing {
            if let Err(error) = self.remember(slot) {
                console_error!(
                    "{}",
                    serde_json::json!({"level": "error", "message": "a connection could not be remembered", "error": error.to_string()})
                );
            }
            return;
        }
        let socket = self.table.borrow().get(slot).map(|entry| entry.live.socket.clone());
        let Some((identity, queue)) = self.take_out(slot) else { return };
        if let Some(socket) = socket {
            socket.close(NORMAL_CLOSURE, "");
        }
        let server = self.clone();
        spawn_local(async move { server.work_off(&identity, &queue).await });
    }

    /// Takes a connection out of the table, and back what storage and its attachment remember. What is
    /// owed to it is still to be worked off.
    fn take_out(&self, slot: Slot) -> Option<(Rc<Identity>, Rc<RefCell<WorkQueue>>)> {
        let entry = self.table.borrow_mut().remove(slot)?;
        let _closed_already = entry.live.socket.attach("");
        if entry.live.spilled.any() {
            // What stays behind is cleaned up at the next wake.
            let _cleaned_later = self.spill.remove(&entry.identity.id);
        }
        let mut ended = self.ended.borrow_mut();
        if ended.len() >= MOST_ENDED {
            ended.pop_front();
        }
        ended.push_back(entry.identity.id.clone());
        let queue = entry.live.work.clone();
        owe_disconnected(&queue);
        Some((entry.identity, queue))
    }
}

/// Drops what a connection asked for and did not get; `disconnected` follows what runs already.
fn owe_disconnected(queue: &RefCell<WorkQueue>) {
    let mut queue = queue.borrow_mut();
    queue.waiting.clear();
    if std::mem::take(&mut queue.connected) {
        queue.waiting.push_back(Work::Disconnected);
    }
}
