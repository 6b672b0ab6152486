//! The server of one object: its hubs, its connections, and whom they are reached by.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque},
    rc::{Rc, Weak},
};

use signalr::{EncodeError, Protocol};
use wasm_bindgen::{JsCast, JsValue};
use worker::{State, Stub, worker_sys::DurableObjectState};

use crate::{
    audience::Audience,
    azure::UserGroups,
    clients::Clients,
    error::HubError,
    event::{EncodedOnce, Event},
    hub::Hub,
    identity::Identity,
    live::Live,
    options::ServerOptions,
    outbox::{Outbox, RecordKind},
    questions::Questions,
    rate::InvocationRate,
    relay::{
        link_store::LinkStore,
        links::{Links, Reach},
    },
    served::{Served, ServedHub},
    session_store::SessionStore,
    sockets::{Answer, EncodeQuestion, HubIndex, Sockets},
    spill::Spill,
    table::{Slot, Table},
    traffic::Counters,
};

/// A SignalR server in a Durable Object. Build it in the object's constructor and hand it the object's
/// requests, WebSocket events and alarms.
///
/// | of the object | to the server |
/// |---|---|
/// | `fetch` at [`CONNECTIONS_PATH`](crate::edge::CONNECTIONS_PATH) | [`ConnectionCall::of`](crate::ConnectionCall::of), then [`serve`](Self::serve) |
/// | `websocket_message` | [`receive`](Self::receive) |
/// | `websocket_close` | [`closed`](Self::closed) |
/// | `websocket_error` | [`broken`](Self::broken) |
/// | what a backend asks for by [`edge::azure`](crate::edge::azure) | [`apply`](Self::apply) |
/// | `alarm` | [`check`](Self::check), and again at [`next_check_millis`](Self::next_check_millis) |
///
/// All WebSockets of the object that hibernate are the server's. Its tables in the object's SQLite have names that begin
/// with `signalr_`, and its attachments are on its sockets.
pub struct Server {
    this: Weak<Server>,
    pub(crate) state: State,
    pub(crate) options: ServerOptions,
    pub(crate) hubs: Vec<(&'static str, Box<dyn ServedHub>)>,
    pub(crate) refresh_policy: Option<RefreshPolicy>,
    pub(crate) group_policy: Option<GroupPolicy>,
    pub(crate) on_end: Option<OnEnd>,
    pub(crate) table: RefCell<Table<Live>>,
    pub(crate) outbox: RefCell<Outbox>,
    pub(crate) spill: Spill,
    pub(crate) sessions: SessionStore,
    pub(crate) user_groups: UserGroups,
    /// The relays that hold sockets for this server, where there may be any.
    pub(crate) links: Option<Rc<Links>>,
    /// Where the sessions are, by their numbers.
    pub(crate) session_slots: RefCell<HashMap<i64, Slot>>,
    pub(crate) questions: Questions,
    /// The table has been built from the sockets that outlived the last sleep.
    pub(crate) is_restored: Cell<bool>,
    /// Connections whose attachments are written, or that are closed, at the end of the turn.
    pub(crate) changed: RefCell<Vec<Slot>>,
    /// Connections with a session to which the turn did something.
    pub(crate) touched_sessions: RefCell<Vec<Slot>>,
    /// The ids of connections that ended last, oldest first: none of them is accepted again.
    pub(crate) ended: RefCell<VecDeque<Rc<str>>>,
    /// What long-polling clients still have to fetch of connections that ended.
    pub(crate) leftovers: RefCell<VecDeque<crate::poll::Leftover>>,
    pub(crate) is_flush_scheduled: Cell<bool>,
    pub(crate) is_ticking: Cell<bool>,
    /// How many invocations each connection may make.
    invocation_rate: Cell<Option<InvocationRate>>,
    own_invocation_rate: Option<OwnRate>,
    /// What each hub carried, in the order of registration.
    pub(crate) counters: Vec<Counters>,
    /// When silent clients were looked for last.
    pub(crate) checked_at_millis: Cell<f64>,
}

/// Collects the hubs of a [`Server`].
pub struct ServerBuilder {
    state: State,
    options: ServerOptions,
    hubs: Vec<(&'static str, Box<dyn ServedHub>)>,
    refresh_policy: Option<RefreshPolicy>,
    group_policy: Option<GroupPolicy>,
    on_end: Option<OnEnd>,
    own_invocation_rate: Option<OwnRate>,
    relays: Option<(usize, Reach)>,
}

/// Says how often connections of this object may invoke, if not as the options say.
type OwnRate = Box<dyn Fn() -> Option<InvocationRate>>;

/// A connection that has ended.
#[derive(Debug)]
pub struct Ended<'a> {
    /// The name under which its hub was registered.
    pub hub: &'static str,
    /// Its public id.
    pub connection_id: &'a str,
    /// As [`Caller::claims`](crate::Caller::claims).
    pub claims: &'a str,
    /// From which address of the network it was opened, where the platform said so.
    pub remote_address: Option<&'a str>,
    /// As [`Caller::disconnect_error`](crate::Caller::disconnect_error).
    pub error: Option<&'a str>,
}

/// Is told of connections that have ended.
pub(crate) type OnEnd = Box<dyn Fn(&Ended<'_>)>;

/// Whether a connection's claims may be replaced: given the old ones and the new.
pub(crate) type RefreshPolicy = Box<dyn Fn(&str, &str) -> bool>;

/// Whether a backend may add a connection to a group: given the connection's claims and the group.
pub(crate) type GroupPolicy = Box<dyn Fn(&str, &str) -> bool>;

impl ServerBuilder {
    /// Serves a hub under this name. It stands in the attachments of sleeping sockets: a hub that is
    /// renamed loses its connections at the deploy that renames it.
    #[must_use]
    pub fn hub<H: Hub>(mut self, name: &'static str, hub: Rc<H>) -> Self {
        self.hubs.push((name, Box::new(Served::new(hub))));
        self
    }

    /// Decides whether a request that comes with other claims than its connection may replace them: an authentication
    /// refresh, a poll, a resumed socket. It is given the old claims and the new. Without a policy all may; another
    /// user never may.
    #[must_use]
    pub fn refresh_policy(mut self, policy: impl Fn(&str, &str) -> bool + 'static) -> Self {
        self.refresh_policy = Some(Box::new(policy));
        self
    }

    /// Decides whether a backend may add a connection to a group, by [`Server::apply`] or because its user is in it. It is
    /// given the connection's claims and the group. Without a policy it always may; hubs always may.
    #[must_use]
    pub fn group_policy(mut self, policy: impl Fn(&str, &str) -> bool + 'static) -> Self {
        self.group_policy = Some(Box::new(policy));
        self
    }

    /// Lets each connection of this object make so many invocations, if it says so when that is asked first.
    #[must_use]
    pub fn own_invocation_rate(mut self, rate: impl Fn() -> Option<InvocationRate> + 'static) -> Self {
        self.own_invocation_rate = Some(Box::new(rate));
        self
    }

    /// Spreads connections over [`Relay`](crate::Relay)s from so many on, and so many to each; 0: none begin there any more.
    /// `reach` gives the object of a relay's number, to be created near the region that is named if one is.
    ///
    /// The object then hands requests at [`RELAYED_PATH`](crate::RELAYED_PATH) to
    /// [`serve_relay`](Server::serve_relay).
    #[must_use]
    pub fn relays(
        mut self,
        connections_each: usize,
        reach: impl Fn(u32, &str) -> worker::Result<Stub> + 'static,
    ) -> Self {
        self.relays = Some((connections_each, Box::new(reach)));
        self
    }

    /// Is told of each connection that has ended, of whatever hub, whether or not its handshake was done.
    #[must_use]
    pub fn on_end(mut self, on_end: impl Fn(&Ended<'_>) + 'static) -> Self {
        self.on_end = Some(Box::new(on_end));
        self
    }

    /// Ends the list of hubs. Nothing is read or awaited: sockets that outlived a sleep are taken up when
    /// the first event arrives.
    #[must_use]
    pub fn build(self) -> Rc<Server> {
        let outbox = Outbox::new(self.options.coalesce_millis);
        let links = self.relays.map(|(connections_each, reach)| {
            let store = LinkStore::new(self.state.storage().sql());
            Rc::new(Links::new(store, connections_each, reach))
        });
        Rc::new_cyclic(|this| Server {
            this: this.clone(),
            table: RefCell::new(Table::new(self.hubs.len())),
            spill: Spill::new(self.state.storage().sql()),
            sessions: SessionStore::new(self.state.storage().sql()),
            user_groups: UserGroups::new(self.state.storage().sql()),
            links: links.inspect(|links| links.attach(this.clone())),
            session_slots: RefCell::default(),
            state: self.state,
            invocation_rate: Cell::new(None),
            own_invocation_rate: self.own_invocation_rate,
            options: self.options,
            counters: self.hubs.iter().map(|_| Counters::default()).collect(),
            hubs: self.hubs,
            refresh_policy: self.refresh_policy,
            group_policy: self.group_policy,
            on_end: self.on_end,
            outbox: RefCell::new(outbox),
            questions: Questions::default(),
            is_restored: Cell::new(false),
            changed: RefCell::default(),
            touched_sessions: RefCell::default(),
            ended: RefCell::default(),
            leftovers: RefCell::default(),
            is_flush_scheduled: Cell::new(false),
            is_ticking: Cell::new(false),
            checked_at_millis: Cell::new(0.0),
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
            refresh_policy: None,
            group_policy: None,
            on_end: None,
            own_invocation_rate: None,
            relays: None,
        }
    }

    /// How many connections the object holds, over all hubs.
    pub fn connection_count(&self) -> usize {
        self.restore();
        self.table.borrow().len()
    }

    /// The groups of all hubs, with how many connections are in each.
    pub fn groups(&self) -> Vec<(Rc<str>, usize)> {
        self.restore();
        self.table.borrow().groups().map(|(group, size)| (group.clone(), size)).collect()
    }

    /// Whether a connection is there.
    pub fn has_connection(&self, id: &str) -> bool {
        self.restore();
        self.table.borrow().find(id).is_some()
    }

    /// The connections of the hub registered under that name; none if there is no such hub.
    pub fn clients(self: &Rc<Self>, hub: &str) -> Option<Clients> {
        Some(Clients::new(self.clone(), self.hub_index(hub)?))
    }

    /// Asks again how many invocations each connection may make, before the next one.
    pub fn forget_invocation_rate(&self) {
        self.invocation_rate.set(None);
    }

    pub(crate) fn invocation_rate(&self) -> InvocationRate {
        let own = || self.own_invocation_rate.as_ref().and_then(|own| own());
        let rate = self.invocation_rate.get().or_else(own).unwrap_or(self.options.invocation_rate);
        self.invocation_rate.set(Some(rate));
        rate
    }

    /// Closes every connection of the object with a Close record, at once. Clients read the error, if there is one; the
    /// reason is what the ends are put down to.
    pub fn close_all(&self, reason: &str, error: Option<&str>, allow_reconnect: bool) {
        self.restore();
        let slots = self.table.borrow().slots();
        for slot in slots {
            self.put_end_down_to(slot, reason);
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

    /// The server as something to hold on to; none while it is being dropped.
    pub(crate) fn rc(&self) -> Option<Rc<Self>> {
        self.this.upgrade()
    }

    /// Runs something beside what runs now. The object stays awake for it.
    pub(crate) fn spawn<F: Future<Output = ()> + 'static>(&self, work: impl FnOnce(Rc<Self>) -> F) {
        if let Some(server) = self.rc() {
            self.state.wait_until(work(server));
        }
    }

    /// Queues a framed record for one connection.
    pub(crate) fn enqueue(&self, slot: Slot, protocol: Protocol, record: Vec<u8>, kind: RecordKind) {
        let mut table = self.table.borrow_mut();
        let Some(entry) = table.get_mut(slot).filter(|entry| !entry.live.is_closing) else { return };
        let mut outbox = self.outbox.borrow_mut();
        let record = outbox.store(protocol, record, kind);
        outbox.enqueue(slot, &mut entry.waiting, record);
        drop((table, outbox));
        self.schedule_flush();
    }

    /// The connection behind an identity, unless it has gone. An id is used once.
    pub(crate) fn slot_of(&self, identity: &Identity) -> Option<Slot> {
        self.table.borrow().find(&identity.id)
    }

    pub(crate) fn protocol(&self, slot: Slot) -> Option<Protocol> {
        self.table.borrow().get(slot)?.protocol()
    }
}

impl Sockets for Server {
    fn send(&self, hub: HubIndex, audience: &Audience<'_>, event: &dyn Event) -> Result<usize, EncodeError> {
        self.restore();
        let spare_bytes = self.options.slow_readers.spare_bytes;
        let is_ephemeral = event.is_ephemeral();
        let mut table = self.table.borrow_mut();
        let mut outbox = self.outbox.borrow_mut();
        let mut encoded = EncodedOnce::new(event);
        let mut sends = Vec::new();
        let mut unwritten = Vec::new();
        let mut failure = None;
        for slot in table.select(hub, audience) {
            let Some(entry) = table.get(slot) else { continue };
            let Some(protocol) = entry.protocol().filter(|_| !entry.live.is_closing) else { continue };
            if is_ephemeral && entry.live.unread_bytes() + entry.waiting.event_bytes() >= spare_bytes {
                continue;
            }
            let store = |bytes| outbox.store(protocol, bytes, RecordKind::Counted);
            match encoded.record(protocol, entry.identity.variant, store) {
                Ok(record) => sends.extend(record.map(|record| (slot, record))),
                Err(error) => {
                    unwritten.push(slot);
                    failure = Some(error);
                }
            }
        }
        if let Some(error) = failure {
            drop((table, outbox));
            for slot in unwritten {
                self.fail_to_write(slot, &error);
            }
            return Err(error);
        }
        for (slot, record) in &sends {
            if let Some(entry) = table.get_mut(*slot) {
                outbox.enqueue_event(*slot, &mut entry.waiting, *record);
            }
        }
        drop((table, outbox));
        if let Some(counters) = self.counters(hub) {
            counters.count_sent(sends.len());
        }
        self.schedule_flush();
        Ok(sends.len())
    }

    fn ask(&self, hub: HubIndex, connection: &str, question: EncodeQuestion<'_>) -> Answer {
        self.ask_client(hub, connection, question)
    }

    fn join(&self, connection: &str, group: &str) -> Result<(), HubError> {
        self.restore();
        let mut table = self.table.borrow_mut();
        let Some(slot) = table.find(connection) else { return Ok(()) };
        let group_count = table.group_count();
        let Some(entry) = table.get(slot) else { return Ok(()) };
        if entry.groups.contains(group) {
            return Ok(());
        }
        let is_full = entry.groups.len() >= self.options.max_groups_per_connection
            || (group_count >= self.options.max_groups && !table.group_exists(entry.identity.hub, group));
        if is_full {
            return Err("Too many subscriptions".into());
        }
        let group: Rc<str> = group.into();
        if entry.live.spilled.groups {
            self.spill.put_groups(connection, [&group].into_iter()).map_err(HubError::internal)?;
        }
        table.join(slot, &group);
        drop(table);
        self.mark_changed(slot);
        Ok(())
    }

    fn leave(&self, connection: &str, group: &str) -> Result<(), HubError> {
        self.restore();
        let mut table = self.table.borrow_mut();
        let Some(slot) = table.find(connection) else { return Ok(()) };
        if !table.leave(slot, group) {
            return Ok(());
        }
        if table.get(slot).is_some_and(|entry| entry.live.spilled.groups) {
            self.spill.remove_group(connection, group).map_err(HubError::internal)?;
        }
        drop(table);
        self.mark_changed(slot);
        Ok(())
    }

    fn close(&self, connection: &str, error: Option<&str>, allow_reconnect: bool) {
        self.restore();
        let found = self.table.borrow().find(connection);
        if let Some(slot) = found {
            self.close_slot(slot, error, allow_reconnect);
        }
    }

    fn count(&self, hub: HubIndex) -> usize {
        self.restore();
        self.table.borrow().hub_len(hub)
    }

    fn groups(&self, connection: &str) -> Vec<Rc<str>> {
        self.restore();
        let table = self.table.borrow();
        let entry = table.find(connection).and_then(|slot| table.get(slot));
        entry.map(|entry| entry.groups.iter().cloned().collect()).unwrap_or_default()
    }

    fn is_connected(&self, hub: HubIndex, connection: &str) -> bool {
        self.restore();
        let table = self.table.borrow();
        let entry = table.find(connection).and_then(|slot| table.get(slot));
        entry.is_some_and(|entry| entry.identity.hub == hub && !entry.live.is_closing)
    }

    fn group_exists(&self, hub: HubIndex, group: &str) -> bool {
        self.restore();
        self.table.borrow().group_exists(hub, group)
    }
}
