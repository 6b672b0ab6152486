//! Who is connected and in which groups: the index that an object keeps in memory.
//!
//! It is a cache of what the sockets' attachments say, rebuilt on wake. It knows nothing of sockets:
//! `C` is whatever the server keeps for a live connection.

use std::{collections::HashMap, rc::Rc};

use indexmap::IndexSet;
use signalr::{Protocol, handshake::HandshakeRequest};

use crate::{audience::Audience, identity::Identity, sockets::HubIndex, waiting::Waiting};

/// Where a connection stands in the table, for as long as it is in it; reused afterwards.
pub(crate) type Slot = u32;

/// One connection: who it is, what it joined, what waits to be sent to it.
pub(crate) struct Entry<C> {
    pub(crate) identity: Rc<Identity>,
    /// None until the handshake: nothing may be sent before its answer.
    pub(crate) handshake: Option<HandshakeRequest>,
    pub(crate) groups: IndexSet<Rc<str>>,
    pub(crate) waiting: Waiting,
    pub(crate) live: C,
}

impl<C> Entry<C> {
    pub(crate) fn protocol(&self) -> Option<Protocol> {
        self.handshake.map(|handshake| handshake.protocol)
    }
}

#[derive(Default)]
struct HubIndexEntry {
    connections: IndexSet<Slot>,
    groups: HashMap<Rc<str>, IndexSet<Slot>>,
    users: HashMap<Rc<str>, IndexSet<Slot>>,
}

/// The connections of one object.
pub(crate) struct Table<C> {
    entries: Vec<Option<Entry<C>>>,
    free: Vec<Slot>,
    by_id: HashMap<Rc<str>, Slot>,
    hubs: Vec<HubIndexEntry>,
    group_count: usize,
}

impl<C> Table<C> {
    pub(crate) fn new(hub_count: usize) -> Self {
        let hubs = std::iter::repeat_with(HubIndexEntry::default).take(hub_count).collect();
        Self { entries: Vec::new(), free: Vec::new(), by_id: HashMap::new(), hubs, group_count: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Distinct groups with at least one member, over all hubs.
    pub(crate) fn group_count(&self) -> usize {
        self.group_count
    }

    /// Takes a connection in. The caller has made sure that its id is not in the table.
    pub(crate) fn insert(&mut self, identity: Rc<Identity>, handshake: Option<HandshakeRequest>, live: C) -> Slot {
        let (id, user, hub) = (identity.id.clone(), identity.user.clone(), identity.hub);
        let entry = Entry { identity, handshake, groups: IndexSet::new(), waiting: Waiting::default(), live };
        let slot = if let Some(slot) = self.free.pop() {
            if let Some(place) = self.entries.get_mut(slot as usize) {
                *place = Some(entry);
            }
            slot
        } else {
            self.entries.push(Some(entry));
            // An object holds at most 32,768 hibernating sockets (Durable Objects limits).
            Slot::try_from(self.entries.len() - 1).unwrap_or(Slot::MAX)
        };
        self.by_id.insert(id, slot);
        if let Some(index) = self.hubs.get_mut(usize::from(hub)) {
            index.connections.insert(slot);
            if let Some(user) = user {
                index.users.entry(user).or_default().insert(slot);
            }
        }
        slot
    }

    /// Lets a connection go, and with it its memberships.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<Entry<C>> {
        let entry = self.entries.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        self.by_id.remove(&entry.identity.id);
        if let Some(index) = self.hubs.get_mut(usize::from(entry.identity.hub)) {
            index.connections.swap_remove(&slot);
            if let Some(user) = &entry.identity.user {
                remove_member(&mut index.users, user, slot);
            }
            for group in &entry.groups {
                if remove_member(&mut index.groups, group, slot) {
                    self.group_count -= 1;
                }
            }
        }
        Some(entry)
    }

    pub(crate) fn get(&self, slot: Slot) -> Option<&Entry<C>> {
        self.entries.get(slot as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, slot: Slot) -> Option<&mut Entry<C>> {
        self.entries.get_mut(slot as usize)?.as_mut()
    }

    pub(crate) fn find(&self, id: &str) -> Option<Slot> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn slots(&self) -> Vec<Slot> {
        self.hubs.iter().flat_map(|hub| hub.connections.iter().copied()).collect()
    }

    pub(crate) fn hub_len(&self, hub: HubIndex) -> usize {
        self.hubs.get(usize::from(hub)).map_or(0, |index| index.connections.len())
    }

    /// Whether anybody is in that group.
    pub(crate) fn group_exists(&self, hub: HubIndex, group: &str) -> bool {
        self.hubs.get(usize::from(hub)).is_some_and(|index| index.groups.contains_key(group))
    }

    /// The groups of all hubs, with how many connections are in each.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&Rc<str>, usize)> {
        self.hubs.iter().flat_map(|index| &index.groups).map(|(group, members)| (group, members.len()))
    }

    /// Joins a group; false if the connection was in it already or is gone.
    pub(crate) fn join(&mut self, slot: Slot, group: &Rc<str>) -> bool {
        let Some(Some(entry)) = self.entries.get_mut(slot as usize) else { return false };
        let Some(index) = self.hubs.get_mut(usize::from(entry.identity.hub)) else { return false };
        if !entry.groups.insert(group.clone()) {
            return false;
        }
        let members = index.groups.entry(group.clone()).or_insert_with(|| {
            self.group_count += 1;
            IndexSet::new()
        });
        members.insert(slot);
        true
    }

    /// Leaves a group; false if the connection was not in it.
    pub(crate) fn leave(&mut self, slot: Slot, group: &str) -> bool {
        let Some(Some(entry)) = self.entries.get_mut(slot as usize) else { return false };
        if !entry.groups.swap_remove(group) {
            return false;
        }
        if let Some(index) = self.hubs.get_mut(usize::from(entry.identity.hub))
            && remove_member(&mut index.groups, group, slot)
        {
            self.group_count -= 1;
        }
        true
    }

    /// The connections an event is for. Each once, but for [`Audience::Groups`].
    pub(crate) fn select(&self, hub: HubIndex, audience: &Audience<'_>) -> Vec<Slot> {
        let Some(index) = self.hubs.get(usize::from(hub)) else { return Vec::new() };
        let members = |group: &str| index.groups.get(group).into_iter().flatten().copied();
        let except =
            |ids: &[&str], slot: &Slot| self.get(*slot).is_some_and(|entry| !ids.contains(&&*entry.identity.id));
        match audience {
            Audience::All => index.connections.iter().copied().collect(),
            Audience::AllExcept(ids) => index.connections.iter().copied().filter(|slot| except(ids, slot)).collect(),
            Audience::Connections(ids) => {
                let slots = ids.iter().filter_map(|id| self.find(id));
                distinct(slots.filter(|slot| index.connections.contains(slot)), ids.len())
            }
            Audience::Users(users) => {
                let slots = users.iter().flat_map(|user| index.users.get(*user).into_iter().flatten().copied());
                distinct(slots, users.len())
            }
            Audience::Groups(groups) => groups.iter().flat_map(|group| members(group)).collect(),
            Audience::AnyGroup(groups) => distinct(groups.iter().flat_map(|group| members(group)), groups.len()),
            Audience::GroupExcept(group, ids) => members(group).filter(|slot| except(ids, slot)).collect(),
        }
    }
}

/// What some lists name, each once; one list names nothing twice.
fn distinct(slots: impl Iterator<Item = Slot>, lists: usize) -> Vec<Slot> {
    if lists < 2 { slots.collect() } else { slots.collect::<IndexSet<_>>().into_iter().collect() }
}

/// Takes a member out of an index; true if nobody is left and the name is gone.
fn remove_member(index: &mut HashMap<Rc<str>, IndexSet<Slot>>, name: &str, slot: Slot) -> bool {
    let Some(members) = index.get_mut(name) else { return false };
    members.swap_remove(&slot);
    if !members.is_empty() {
        return false;
    }
    index.remove(name);
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use signalr::Transport;

    use super::*;

    fn connect(table: &mut Table<()>, id: &str, hub: HubIndex) -> Slot {
        let user = id.chars().next().map(|first| first.to_string().into());
        let identity = Identity {
            id: id.into(),
            hub,
            transport: Transport::WebSockets,
            user,
            claims: "".into(),
            remote_address: None,
            variant: 0,
            expires_at_millis: None,
        };
        table.insert(Rc::new(identity), None, ())
    }

    fn groups<'a>(names: &[&'a str]) -> Audience<'a> {
        Audience::Groups(names.iter().copied().collect())
    }

    #[test]
    fn a_user_is_all_connections_of_that_user_in_the_hub() {
        let mut table = Table::new(2);
        let first = connect(&mut table, "a1", 0);
        let second = connect(&mut table, "a2", 0);
        connect(&mut table, "a3", 1);
        connect(&mut table, "b1", 0);
        let users = |names: &[&'static str]| Audience::Users(names.iter().copied().collect());
        assert_eq!(table.select(0, &users(&["a"])), [first, second]);
        assert_eq!(table.select(0, &users(&["a", "a", "nobody"])), [first, second]);
        table.remove(first);
        assert_eq!(table.select(0, &users(&["a"])), [second]);
    }

    #[test]
    fn a_member_of_two_groups_is_told_once_for_each() {
        let mut table = Table::new(1);
        let slot = connect(&mut table, "a", 0);
        table.join(slot, &"g".into());
        table.join(slot, &"h".into());
        assert_eq!(table.select(0, &groups(&["g", "h"])), [slot, slot]);
    }

    #[test]
    fn a_group_belongs_to_its_hub() {
        let mut table = Table::new(2);
        let first = connect(&mut table, "a", 0);
        let second = connect(&mut table, "b", 1);
        table.join(first, &"g".into());
        table.join(second, &"g".into());
        assert_eq!(table.select(0, &groups(&["g"])), [first]);
        assert_eq!(table.select(1, &groups(&["g"])), [second]);
        assert_eq!(table.group_count(), 2);
    }

    #[test]
    fn joining_twice_is_one_membership_and_leaving_without_one_is_fine() {
        let mut table = Table::new(1);
        let slot = connect(&mut table, "a", 0);
        assert!(table.join(slot, &"g".into()));
        assert!(!table.join(slot, &"g".into()));
        assert!(table.leave(slot, "g"));
        assert!(!table.leave(slot, "g"));
        assert_eq!((table.group_count(), table.group_exists(0, "g")), (0, false));
    }

    #[test]
    fn a_member_of_several_groups_is_selected_once() {
        let mut table = Table::new(1);
        let both = connect(&mut table, "both", 0);
        let one = connect(&mut table, "one", 0);
        table.join(both, &"g".into());
        table.join(both, &"h".into());
        table.join(one, &"h".into());
        assert_eq!(table.select(0, &Audience::AnyGroup(["g", "h", "none"].into_iter().collect())), [both, one]);
    }

    #[test]
    fn others_are_all_but_one() {
        let mut table = Table::new(1);
        let a = connect(&mut table, "a", 0);
        let b = connect(&mut table, "b", 0);
        table.join(a, &"g".into());
        table.join(b, &"g".into());
        assert_eq!(table.select(0, &Audience::AllExcept(["a"].into_iter().collect())), [b]);
        assert_eq!(table.select(0, &Audience::GroupExcept("g", ["b"].into_iter().collect())), [a]);
        assert_eq!(table.select(0, &Audience::Connections(["b"].into_iter().collect())), [b]);
        assert!(table.select(0, &Audience::Connections(["c"].into_iter().collect())).is_empty());
    }

    proptest! {
        /// The index and the connections' own lists never disagree, whatever happens in whatever order.
        #[test]
        fn the_index_says_what_the_connections_say(
            steps in proptest::collection::vec((0u8..4, 0u8..6, 0u8..4), 0..200)
        ) {
            let mut table = Table::new(2);
            for (kind, who, group) in steps {
                let id = format!("c{who}");
                let group: Rc<str> = format!("g{group}").into();
                match (kind, table.find(&id)) {
                    (0, None) => { connect(&mut table, &id, who % 2); }
                    (1, Some(slot)) => { table.join(slot, &group); }
                    (2, Some(slot)) => { table.leave(slot, &group); }
                    (3, Some(slot)) => { table.remove(slot); }
                    _ => {}
                }
                let mut group_count = 0;
                for hub in 0..2 {
                    for name in ["g0", "g1", "g2", "g3"] {
                        let mut indexed = table.select(hub, &groups(&[name]));
                        let mut said: Vec<Slot> = table.select(hub, &Audience::All).into_iter()
                            .filter(|slot| table.get(*slot).is_some_and(|entry| entry.groups.contains(name)))
                            .collect();
                        indexed.sort_unstable();
                        said.sort_unstable();
                        group_count += usize::from(!said.is_empty());
                        prop_assert_eq!(indexed, said);
                    }
                }
                prop_assert_eq!(table.group_count(), group_count);
                prop_assert_eq!(table.len(), table.slots().len());
            }
        }
    }
}
