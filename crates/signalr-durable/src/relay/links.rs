//! A server's links to its relays: which connections come by which, and what waits to be sent there.
//!
//! What a turn of the event loop tells the connections of a relay is one batch: a row, written with whatever else the turn
//! writes, then part of a request. The row stays until the relay has confirmed it. One request is under way to a relay at a
//! time; what comes meanwhile leaves with the next. So order is kept, and nothing is lost or doubled, whichever side is
//! restarted between two steps.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap, VecDeque},
    rc::{Rc, Weak},
    time::Duration,
};

use worker::{Delay, Result, Stub};

use super::{
    DownHead, MOST_TRIES, REQUEST_BYTES, RESTARTED, Via,
    link_store::LinkStore,
    object::post,
    wait_millis,
    wire::{self, Channel, Draft, Operation},
};
use crate::{clock, log, server::Server, socket::Frame, table::Slot};

/// A row of SQLite holds 2 MB (Durable Objects limits).
const MOST_FRAME_BYTES: usize = 1_900_000;

/// What may wait for one relay, in bytes. Past it the relay's connections are given up.
const MOST_WAITING_BYTES: usize = 33_554_432;

/// How the application's relays are reached: by their numbers, and the regions for which they were chosen.
pub(crate) type Reach = Box<dyn Fn(u32, &str) -> Result<Stub>>;

/// The links of one server.
pub(crate) struct Links {
    store: LinkStore,
    reach: Reach,
    /// How many sockets the object, and each relay, should hold; 0: the object holds all.
    capacity: usize,
    server: RefCell<Weak<Server>>,
    /// Tells this memory of the object from those before it.
    pub(super) memory: String,
    relays: RefCell<BTreeMap<u32, Link>>,
    /// Relays for which this turn has something.
    unsealed: RefCell<Vec<u32>>,
    is_sealing: Cell<bool>,
    last_number: Cell<u64>,
}

#[derive(Default)]
struct Link {
    region: String,
    /// When its sockets were looked at last, in milliseconds since the epoch.
    checked_at_millis: f64,
    /// Its connections, and where they are in the table.
    channels: HashMap<Channel, Option<Slot>>,
    drafts: Vec<Drafted>,
    /// Where in the drafts a frame is, by its address.
    by_frame: HashMap<*const u8, usize>,
    /// Batches that are in storage and were not confirmed.
    waiting: VecDeque<(u64, Rc<Vec<u8>>)>,
    waiting_bytes: usize,
    is_sending: bool,
    /// The last request that was taken: of which life, and its number.
    taken: Option<(String, u64)>,
}

enum Drafted {
    Frame(Draft),
    Close(Channel, u16),
}

impl Link {
    fn is_idle(&self) -> bool {
        self.channels.is_empty() && self.drafts.is_empty() && self.waiting.is_empty() && !self.is_sending
    }
}

impl Links {
    pub(crate) fn new(store: LinkStore, capacity: usize, reach: Reach) -> Self {
        let mut memory = [0; 8];
        // Without randomness the time tells memories apart.
        if getrandom::fill(&mut memory).is_err() {
            memory = clock::now_millis().to_be_bytes();
        }
        Self {
            store,
            reach,
            capacity,
            server: RefCell::default(),
            memory: format!("{:016x}", u64::from_be_bytes(memory)),
            relays: RefCell::default(),
            unsealed: RefCell::default(),
            is_sealing: Cell::default(),
            last_number: Cell::default(),
        }
    }

    pub(crate) fn attach(&self, server: Weak<Server>) {
        self.server.replace(server);
    }

    /// Takes up what storage knows, and gives the connections that come by relays.
    pub(crate) fn restore(&self) -> Result<Vec<(u32, Channel, String)>> {
        let stored = self.store.restore()?;
        let mut relays = self.relays.borrow_mut();
        for (number, region, checked_at_millis) in stored.relays {
            relays.insert(number, Link { region, checked_at_millis, ..Link::default() });
        }
        for (relay, channel, _) in &stored.connections {
            relays.entry(*relay).or_default().channels.insert(*channel, None);
        }
        for (relay, number, body) in stored.batches {
            let link = relays.entry(relay).or_default();
            link.waiting_bytes += body.len();
            link.waiting.push_back((number, Rc::new(body)));
            self.last_number.set(self.last_number.get().max(number));
        }
        Ok(stored.connections)
    }

    /// How many connections come by relays.
    pub(crate) fn connection_count(&self) -> usize {
        self.relays.borrow().values().map(|link| link.channels.len()).sum()
    }

    /// Whether a connection more would be one too many for the object itself.
    pub(crate) fn is_object_full(&self, own_connections: usize) -> bool {
        self.capacity > 0 && own_connections >= self.capacity
    }

    /// The relay for a client of a region: the first one there that has room, or a new one.
    pub(crate) fn choose(&self, region: &str) -> Result<u32> {
        let number = {
            let relays = self.relays.borrow();
            let has_room = |link: &Link| link.region == region && link.channels.len() < self.capacity;
            if let Some((number, _)) = relays.iter().find(|(_, link)| has_room(link)) {
                return Ok(*number);
            }
            (1..u32::MAX).find(|number| !relays.contains_key(number)).unwrap_or(u32::MAX)
        };
        self.add(number, region)?;
        Ok(number)
    }

    fn add(&self, number: u32, region: &str) -> Result<()> {
        let checked_at_millis = clock::now_millis();
        self.store.ensure()?;
        self.store.put_relay(number, region, checked_at_millis)?;
        let mut relays = self.relays.borrow_mut();
        let link = relays.entry(number).or_default();
        region.clone_into(&mut link.region);
        link.checked_at_millis = checked_at_millis;
        Ok(())
    }

    /// A connection begins, or comes again, by this socket. Gives the sockets of the relay that are gone.
    pub(crate) fn open(&self, via: Via, region: &str) -> Result<Vec<Channel>> {
        if !self.relays.borrow().contains_key(&via.relay) {
            self.add(via.relay, region)?;
        }
        let mut relays = self.relays.borrow_mut();
        let link = relays.entry(via.relay).or_default();
        let gone = link.channels.keys().copied().filter(|channel| *channel < via.oldest).collect();
        link.channels.insert(via.channel, None);
        Ok(gone)
    }

    pub(crate) fn knows(&self, relay: u32, channel: Channel) -> bool {
        self.relays.borrow().get(&relay).is_some_and(|link| link.channels.contains_key(&channel))
    }

    pub(crate) fn mark(&self, relay: u32, channel: Channel, slot: Slot) {
        if let Some(known) = self.relays.borrow_mut().get_mut(&relay).and_then(|link| link.channels.get_mut(&channel)) {
            *known = Some(slot);
        }
    }

    pub(crate) fn marked(&self, relay: u32, channel: Channel) -> Option<Slot> {
        self.relays.borrow().get(&relay).and_then(|link| link.channels.get(&channel).copied().flatten())
    }

    pub(crate) fn remember(&self, relay: u32, channel: Channel, attachment: &str) -> Result<()> {
        if self.knows(relay, channel) { self.store.put_connection(relay, channel, attachment) } else { Ok(()) }
    }

    /// The connection has ended, or comes by another socket now.
    pub(crate) fn forget(&self, relay: u32, channel: Channel) -> Result<()> {
        let known = self.relays.borrow_mut().get_mut(&relay).and_then(|link| link.channels.remove(&channel));
        if known.is_some() {
            self.store.remove_connection(relay, channel)?;
            self.let_go(relay)?;
        }
        Ok(())
    }

    /// Forgets a relay that nothing comes by any more.
    fn let_go(&self, relay: u32) -> Result<()> {
        let is_idle = self.relays.borrow().get(&relay).is_some_and(Link::is_idle);
        if is_idle {
            self.relays.borrow_mut().remove(&relay);
            self.store.remove_relay(relay)?;
        }
        Ok(())
    }

    /// Has a frame sent by a socket when the turn ends. One that is sent to many is written once.
    pub(crate) fn send(&self, relay: u32, channel: Channel, frame: &Frame, may_join: bool) {
        let bytes = frame.bytes();
        if bytes.len() > MOST_FRAME_BYTES {
            // As with a session's: what cannot be kept ends the connection.
            return self.close(relay, channel, RESTARTED);
        }
        self.draft(relay, |link| {
            if let Some(Drafted::Frame(draft)) =
                link.by_frame.get(&bytes.as_ptr()).and_then(|place| link.drafts.get_mut(*place))
                && draft.may_join == may_join
            {
                draft.channels.push(channel);
                return;
            }
            link.by_frame.insert(bytes.as_ptr(), link.drafts.len());
            link.drafts.push(Drafted::Frame(Draft {
                channels: vec![channel],
                is_text: frame.is_text(),
                may_join,
                bytes,
            }));
        });
    }

    /// Has a socket closed when the turn ends.
    pub(crate) fn close(&self, relay: u32, channel: Channel, code: u16) {
        self.draft(relay, |link| link.drafts.push(Drafted::Close(channel, code)));
    }

    fn draft(&self, relay: u32, add: impl FnOnce(&mut Link)) {
        let mut relays = self.relays.borrow_mut();
        let link = relays.entry(relay).or_default();
        let is_first = link.drafts.is_empty();
        add(link);
        drop(relays);
        if is_first {
            self.unsealed.borrow_mut().push(relay);
            if !self.is_sealing.get()
                && let Some(server) = self.server.borrow().upgrade()
            {
                server.schedule_flush();
            }
        }
    }

    /// While this is so, somebody will seal what is drafted.
    pub(crate) fn begin_turn_end(&self) {
        self.is_sealing.set(true);
    }

    /// Ends the turn: writes what it has for each relay, and has it sent.
    pub(crate) fn seal(&self) {
        self.is_sealing.set(false);
        for relay in self.unsealed.take() {
            if let Err(error) = self.seal_one(relay) {
                log::error("what a relay is to send could not be stored", &error);
                self.give_up(relay);
            }
        }
    }

    fn seal_one(&self, relay: u32) -> Result<()> {
        let drafts = {
            let mut relays = self.relays.borrow_mut();
            let Some(link) = relays.get_mut(&relay) else { return Ok(()) };
            link.by_frame.clear();
            std::mem::take(&mut link.drafts)
        };
        let mut body = Vec::new();
        for drafted in drafts {
            let room = MOST_FRAME_BYTES.saturating_sub(body.len());
            match drafted {
                Drafted::Frame(Draft { channels, is_text, may_join, bytes }) => {
                    // Ten bytes are the longest number.
                    if !body.is_empty() && bytes.len() + 10 * channels.len() > room {
                        self.put_batch(relay, std::mem::take(&mut body))?;
                    }
                    wire::put_operation(&Operation::Send { channels, is_text, may_join, bytes: &bytes }, &mut body);
                }
                Drafted::Close(channel, code) => {
                    wire::put_operation(&Operation::Close { channel, code }, &mut body);
                }
            }
        }
        self.put_batch(relay, body)?;
        self.start_sending(relay);
        Ok(())
    }

    fn put_batch(&self, relay: u32, body: Vec<u8>) -> Result<()> {
        if body.is_empty() {
            return Ok(());
        }
        // Numbers grow from life to life: they are times, or follow the last one.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let now = (clock::now_millis() as u64) << 10;
        let number = now.max(self.last_number.get() + 1);
        self.last_number.set(number);
        self.store.put_batch(relay, number, &body)?;
        let mut relays = self.relays.borrow_mut();
        let link = relays.entry(relay).or_default();
        link.waiting_bytes += body.len();
        link.waiting.push_back((number, Rc::new(body)));
        let is_too_much = link.waiting_bytes > MOST_WAITING_BYTES;
        drop(relays);
        if is_too_much {
            self.give_up(relay);
        }
        Ok(())
    }

    /// Has what waits for a relay sent, unless that is under way.
    fn start_sending(&self, relay: u32) {
        {
            let mut relays = self.relays.borrow_mut();
            let Some(link) = relays.get_mut(&relay) else { return };
            if link.waiting.is_empty() || std::mem::replace(&mut link.is_sending, true) {
                return;
            }
        }
        if let Some(server) = self.server.borrow().upgrade() {
            server.spawn(move |server| async move { send_all(&server, relay).await });
        }
    }

    /// Has everything sent that waits, as after a restart.
    pub(crate) fn start_all(&self) {
        let relays: Vec<u32> = self.relays.borrow().keys().copied().collect();
        for relay in relays {
            self.start_sending(relay);
        }
    }

    /// The relays whose sockets were not looked at since, and those sockets.
    pub(super) fn unchecked_since(&self, millis: f64) -> Vec<(u32, Vec<Channel>)> {
        let relays = self.relays.borrow();
        let due = relays.iter().filter(|(_, link)| !link.channels.is_empty() && link.checked_at_millis <= millis);
        due.map(|(number, link)| (*number, link.channels.keys().copied().collect())).collect()
    }

    pub(super) fn checked(&self, relay: u32) -> Result<()> {
        let now_millis = clock::now_millis();
        let region = {
            let mut relays = self.relays.borrow_mut();
            let Some(link) = relays.get_mut(&relay) else { return Ok(()) };
            link.checked_at_millis = now_millis;
            link.region.clone()
        };
        self.store.put_relay(relay, &region, now_millis)
    }

    pub(super) fn stub(&self, relay: u32) -> Result<Stub> {
        let region = self.relays.borrow().get(&relay).map(|link| link.region.clone()).unwrap_or_default();
        (self.reach)(relay, &region)
    }

    /// Whether a request of a relay is to be taken, which notes that it was; none where nobody knows.
    pub(super) fn take(&self, head: &super::UpHead) -> Option<bool> {
        let mut relays = self.relays.borrow_mut();
        let link = relays.entry(head.relay).or_default();
        match &link.taken {
            Some((life, number)) if *life == head.life && head.number <= *number => return Some(false),
            _ => {}
        }
        if head.is_retry && head.taken_by.as_ref() != Some(&self.memory) && link.taken.is_none() {
            return None;
        }
        link.taken = Some((head.life.clone(), head.number));
        Some(true)
    }

    /// What waits for a relay first, as one request, and the number of its last batch.
    fn request(&self, relay: u32) -> Option<(Vec<u8>, u64)> {
        let relays = self.relays.borrow();
        let link = relays.get(&relay)?;
        let mut body = Vec::new();
        let mut last = None;
        for (number, batch) in &link.waiting {
            if !body.is_empty() && body.len() + batch.len() > REQUEST_BYTES {
                break;
            }
            wire::put_batch(*number, batch, &mut body);
            last = Some(*number);
        }
        Some((body, last?))
    }

    fn confirmed(&self, relay: u32, last: u64) -> Result<()> {
        {
            let mut relays = self.relays.borrow_mut();
            let Some(link) = relays.get_mut(&relay) else { return Ok(()) };
            while link.waiting.front().is_some_and(|(number, _)| *number <= last) {
                if let Some((_, batch)) = link.waiting.pop_front() {
                    link.waiting_bytes -= batch.len();
                }
            }
        }
        self.store.remove_batches(relay, last)
    }

    fn stop_sending(&self, relay: u32) {
        if let Some(link) = self.relays.borrow_mut().get_mut(&relay) {
            link.is_sending = false;
        }
        if let Err(error) = self.let_go(relay) {
            log::error("a relay could not be forgotten", &error);
        }
    }

    /// Ends the connections of a relay that cannot be reached. Should it be there after all, it closes their sockets when
    /// it is reached next.
    fn give_up(&self, relay: u32) {
        let (channels, newest) = {
            let mut relays = self.relays.borrow_mut();
            let Some(link) = relays.get_mut(&relay) else { return };
            link.drafts.clear();
            link.by_frame.clear();
            link.waiting.clear();
            link.waiting_bytes = 0;
            let channels: Vec<Channel> = link.channels.keys().copied().collect();
            let newest = channels.iter().copied().max();
            (channels, newest)
        };
        log::error("a relay was given up", &format!("relay {relay}, {} connections", channels.len()));
        if let Err(error) = self.store.remove_batches(relay, u64::from(u32::MAX) << 20) {
            log::error("what a relay was to send could not be removed", &error);
        }
        if let Some(last) = newest {
            let mut body = Vec::new();
            wire::put_operation(&Operation::CloseUntil { last }, &mut body);
            if let Err(error) = self.put_batch(relay, body) {
                log::error("what a relay is to close could not be stored", &error);
            }
        }
        if let Some(server) = self.server.borrow().upgrade() {
            // In a turn of its own: this one may be in the midst of its end.
            server.spawn(move |server| async move { server.relayed_sockets_are_gone(relay, &channels) });
        }
    }
}

/// Sends a relay what waits for it, until nothing does.
async fn send_all(server: &Rc<Server>, relay: u32) {
    let Some(links) = &server.links else { return };
    let mut tries = 0;
    while let Some((body, last)) = links.request(relay) {
        let sent = match links.stub(relay) {
            Ok(stub) => post(&stub, super::RELAY_PATH, &DownHead::Operations, &body).await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(answer) => {
                tries = 0;
                if let Err(error) = links.confirmed(relay, last) {
                    log::error("what a relay has confirmed could not be removed", &error);
                }
                let gone = wire::take_channels(&mut answer.as_slice()).unwrap_or_default();
                server.relayed_sockets_are_gone(relay, &gone);
            }
            Err(error) => {
                tries += 1;
                if tries >= MOST_TRIES {
                    log::error("a relay did not answer", &error);
                    links.give_up(relay);
                    break;
                }
                Delay::from(Duration::from_millis(wait_millis(tries))).await;
            }
        }
    }
    links.stop_sending(relay);
}
