//! The server of one object: its hubs, its connections, and sending to them.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use signalr::{EncodeError, Protocol};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use worker::{State, worker_sys::DurableObjectState};

use crate::{
    clients::Clients,
    error::HubError,
    event::{EncodedOnce, Event},
    hub::Hub,
    live::Live,
    options::ServerOptions,
    outbox::Outbox,
    served::{Served, ServedHub},
    socket::{self, Socket},
    spill::Spill,
    table::{Audience, HubIndex, Identity, Slot, Table},
};

/// A SignalR server in a Durable Object. Build it in the object's constructor and hand it the object's
/// WebSocket events.
pub struct Server {
    pub(crate) state: State,
    pub(crate) options: ServerOptions,
    pub(crate) hubs: Vec<(&'static str, Box<dyn ServedHub>)>,
    pub(crate) table: RefCell<Table<Live>>,
    pub(crate) outbox: RefCell<Outbox>,
    pub(crate) spill: Spill,
    /// The table has been built from the sockets that outlived the last sleep.
    pub(crate) restored: Cell<bool>,
    /// Connections whose attachments are written, or that are closed, at the end of the turn.
    changed: RefCell<Vec<Slot>>,
    /// The ids of connections that ended last, oldest first: none of them is accepted again.
    pub(crate) ended: RefCell<VecDeque<Rc<str>>>,
    flush_scheduled: Cell<bool>,
}

/// Collects the hubs of a [`Server`].
pub struct ServerBuilder {
    state: State,
    options: ServerOptions,
    hubs: Vec<(&'static str, Box<dyn ServedHub>)>,
}

impl ServerBuilder {
    /// Serves a hub under this name. It stands in the attachments of sleeping sockets: a hub that is
    /// renamed loses its connections at the deploy that renames it.
    #[must_use]
    pub fn hub<H: Hub>(mut self, name: &'static str, hub: Rc<H>) -> Self {
        self.hubs.push((name, Box::new(Served::new(hub))));
        self
    }

    /// Ends the list of hubs. Nothing is read or awaited: sockets that outlived a sleep are taken up when
    /// the first event arrives.
    #[must_use]
    pub fn build(self) -> Rc<Server> {
        Rc::new(Server {
            table: RefCell::new(Table::new(self.hubs.len())),
            spill: Spill::new(self.state.storage().sql()),
            state: self.state,
            options: self.options,
            hubs: self.hubs,
            outbox: RefCell::default(),
            restored: Cell::new(false),
            changed: RefCell::default(),
            ended: RefCell::default(),
            flush_scheduled: Cell::new(false),
        })
    }
}

impl Server {
    /// Starts a server for the object whose state this is.
    #[must_use]
    pub fn builder(state: &State, options: ServerOptions) -> ServerBuilder {
        ServerBuilder {
            state: State::from(
                state.as_raw().unchecked_ref::<JsValue>().clone().unchecked_into::<DurableObjectState>(),
            ),
            options,
            hubs: Vec::new(),
        }
    }

    /// How many connections the object holds, over all hubs.
    pub fn connection_count(self: &Rc<Self>) -> usize {
        self.restore();
        self.table.borrow().len()
    }

    /// The connections of the hub registered under that name; none if there is no such hub.
    pub fn clients(self: &Rc<Self>, hub: &str) -> Option<Clients> {
        Some(Clients::new(self.clone(), self.hub_index(hub)?))
    }

    /// Closes every connection of the object with a Close record, at once.
    pub fn close_all(self: &Rc<Self>, error: Option<&str>, allow_reconnect: bool) {
        self.restore();
        let slots = self.table.borrow().slots();
        for slot in slots {
            self.close_slot(slot, error, allow_reconnect);
        }
        self.flush();
    }

    // A server has as many hubs as its source registers: a handful.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) fn hub_index(&self, name: &str) -> Option<HubIndex> {
        self.hubs.iter().position(|(known, _)| *known == name).map(|index| index as HubIndex)
    }

    pub(crate) fn hub(&self, index: HubIndex) -> Option<&(&'static str, Box<dyn ServedHub>)> {
        self.hubs.get(usize::from(index))
    }

    pub(crate) fn hub_len(self: &Rc<Self>, hub: HubIndex) -> usize {
        self.restore();
        self.table.borrow().hub_len(hub)
    }

    pub(crate) fn group_exists(self: &Rc<Self>, hub: HubIndex, group: &str) -> bool {
        self.restore();
        self.table.borrow().group_exists(hub, group)
    }

    pub(crate) fn send<E: Event + ?Sized>(
        self: &Rc<Self>,
        hub: HubIndex,
        audience: Audience<'_>,
        event: &E,
    ) -> Result<usize, EncodeError> {
        self.restore();
        let mut table = self.table.borrow_mut();
        let mut outbox = self.outbox.borrow_mut();
        let mut encoded = EncodedOnce::new(event);
        let mut sends = Vec::new();
        for slot in table.select(hub, audience) {
            let Some(entry) = table.get(slot) else { continue };
            let Some(protocol) = entry.protocol().filter(|_| !entry.live.closing) else { continue };
            let record = encoded.record(protocol, entry.identity.variant, |bytes| outbox.store(protocol, bytes))?;
            sends.extend(record.map(|record| (slot, record)));
        }
        for (slot, record) in &sends {
            if let Some(entry) = table.get_mut(*slot) {
                outbox.enqueue(*slot, &mut entry.pending, *record);
            }
        }
        drop((table, outbox));
        self.schedule_flush();
        Ok(sends.len())
    }

    /// Queues a framed record for one connection.
    pub(crate) fn enqueue(self: &Rc<Self>, slot: Slot, protocol: Protocol, record: Vec<u8>) {
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(slot).filter(|entry| !entry.live.closing) else { return };
        let mut outbox = self.outbox.borrow_mut();
        let record = outbox.store(protocol, record);
        outbox.enqueue(slot, &mut entry.pending, record);
        drop((table, outbox));
        self.schedule_flush();
    }

    pub(crate) fn join(self: &Rc<Self>, id: &str, group: &str) -> Result<(), HubError> {
        self.restore();
        let mut table = self.table.borrow_mut();
        let Some(slot) = table.find(id) else { return Ok(()) };
        let group_count = table.group_count();
        let Some(entry) = table.get(slot) else { return Ok(()) };
        if entry.groups.contains(group) {
            return Ok(());
        }
        let full = entry.groups.len() >= self.options.max_groups_per_connection
            || (group_count >= self.options.max_groups && !table.group_exists(entry.identity.hub, group));
        if full {
            return Err("Too many subscriptions".into());
        }
        let group: Rc<str> = group.into();
        if entry.live.spilled.groups {
            self.spill.put_groups(id, [&group].into_iter()).map_err(HubError::internal)?;
        }
        table.join(slot, &group);
        drop(table);
        self.mark_changed(slot);
        Ok(())
    }

    pub(crate) fn leave(self: &Rc<Self>, id: &str, group: &str) -> Result<(), HubError> {
        self.restore();
        let mut table = self.table.borrow_mut();
        let Some(slot) = table.find(id) else { return Ok(()) };
        if !table.leave(slot, group) {
            return Ok(());
        }
        if table.get(slot).is_some_and(|entry| entry.live.spilled.groups) {
            self.spill.remove_group(id, group).map_err(HubError::internal)?;
        }
        drop(table);
        self.mark_changed(slot);
        Ok(())
    }

    /// Has the attachment written, and the connection closed if it is closing, when the turn ends.
    pub(crate) fn mark_changed(self: &Rc<Self>, slot: Slot) {
        if let Some(entry) = self.table.borrow_mut().get_mut(slot)
            && !std::mem::replace(&mut entry.live.attachment_stale, true)
        {
            self.changed.borrow_mut().push(slot);
        }
        self.schedule_flush();
    }

    /// Ends the turn in a microtask: when what runs now awaits something or is done.
    pub(crate) fn schedule_flush(self: &Rc<Self>) {
        if !self.flush_scheduled.replace(true) {
            let server = self.clone();
            spawn_local(async move { server.flush() });
        }
    }

    /// Ends the turn: sends what waits, writes the attachments that changed, closes what is closing.
    pub fn flush(self: &Rc<Self>) {
        self.flush_scheduled.set(false);
        if !self.outbox.borrow().is_empty() {
            self.outbox.borrow_mut().flush(
                |slot| {
                    let mut table = self.table.borrow_mut();
                    let entry = table.get_mut(slot)?;
                    Some((entry.live.socket.clone(), std::mem::take(&mut entry.pending)))
                },
                socket::payload,
                Socket::send,
            );
        }
        for slot in self.changed.take() {
            self.settle(slot);
        }
    }

    /// The connection behind an identity, unless it has gone and its slot is another's.
    pub(crate) fn slot_of(&self, identity: &Rc<Identity>) -> Option<Slot> {
        let table = self.table.borrow();
        let slot = table.find(&identity.id)?;
        table.get(slot).filter(|entry| Rc::ptr_eq(&entry.identity, identity)).map(|_| slot)
    }
}
