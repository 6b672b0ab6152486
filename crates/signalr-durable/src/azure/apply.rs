//! Doing what a backend asks for.

use std::rc::Rc;

use serde_json::value::RawValue;
use signalr::{Payload, Protocol};

use super::{Action, GroupMember, Member, Message, Missing, Operation, Outcome, Target};
use crate::{
    audience::{Audience, Names},
    clock,
    error::HubError,
    identity::Identity,
    log,
    server::Server,
    sockets::{HubIndex, Sockets},
    table::Slot,
};

impl Server {
    /// Does what a backend asks for. It waits only where a client is asked something.
    pub async fn apply(self: &Rc<Self>, operation: &Operation) -> Outcome {
        self.restore();
        let Some(hub) = self.hub_index(&operation.hub) else { return Outcome::NotFound(Missing::Hub) };
        self.expire_user_groups();
        let outcome = match &operation.action {
            Action::Invoke { connection, message } => return self.invoke(hub, connection, message).await,
            Action::Send { to, message, excluded } => self.send_message(hub, to, message, excluded),
            Action::Close { of, reason, excluded } => Ok(self.close_selected(hub, of, reason.as_deref(), excluded)),
            Action::Exists(target) => Ok(self.exists(hub, target)),
            Action::Join { member, group, ttl_seconds } => self.add_member(hub, member, group, *ttl_seconds),
            Action::Leave { member, group } => self.remove_member(hub, member, group),
            Action::LeaveAll(member) => self.remove_from_all(hub, member),
            Action::IsInGroup { user, group } => self.is_user_in_group(hub, user, group),
            Action::List { group, after, limit } => Ok(self.list_group(hub, group, after.as_deref(), *limit)),
        };
        self.flush();
        outcome.unwrap_or_else(|error| match error {
            HubError::Refused(text) => Outcome::Refused(text.into_owned()),
            other => {
                log::error("what a backend asked for could not be done", &other);
                Outcome::Failed
            }
        })
    }

    /// The ids of the connections of a hub that are meant; none if there is no such hub.
    pub fn connections(&self, hub: &str, target: &Target) -> Vec<Rc<str>> {
        self.restore();
        let Some(hub) = self.hub_index(hub) else { return Vec::new() };
        self.select(hub, target).into_iter().map(|(_, identity)| identity.id.clone()).collect()
    }

    /// The groups that a connection is in, oldest first; none of an unknown one.
    pub fn groups_of(&self, connection: &str) -> Vec<Rc<str>> {
        Sockets::groups(self, connection)
    }

    async fn invoke(&self, hub: HubIndex, connection: &str, message: &Message) -> Outcome {
        if !self.is_connected(hub, connection) {
            return Outcome::NotFound(Missing::Connection);
        }
        let answer = self.ask(hub, connection, &|protocol, id, out| message.write(protocol, Some(id), out));
        self.flush();
        match answer.await {
            Ok(payload) => match json_of(payload) {
                Some(result) => Outcome::Result(result),
                None => Outcome::Refused("the client's result can't be written as JSON".to_owned()),
            },
            Err(error) => Outcome::Refused(error.to_string()),
        }
    }

    fn send_message(
        &self,
        hub: HubIndex,
        to: &Target,
        message: &Message,
        excluded: &[String],
    ) -> Result<Outcome, HubError> {
        let except = || excluded.iter().map(String::as_str).collect::<Names<'_>>();
        let audience = match to {
            Target::All => Audience::AllExcept(except()),
            Target::Group(group) => Audience::GroupExcept(group, except()),
            Target::User(_) | Target::Connection(_) => audience(to),
        };
        self.send(hub, &audience, message).map_err(HubError::internal)?;
        Ok(Outcome::Done)
    }

    fn close_selected(&self, hub: HubIndex, of: &Target, reason: Option<&str>, excluded: &[String]) -> Outcome {
        let selected = self.select(hub, of);
        if let (Target::Connection(_), []) = (of, selected.as_slice()) {
            return Outcome::NotFound(Missing::Connection);
        }
        for (slot, identity) in selected {
            if !excluded.iter().any(|id| **id == *identity.id) {
                // As Azure does: whoever reconnects by itself may come back.
                self.close_slot(slot, reason, true);
            }
        }
        Outcome::Done
    }

    fn exists(&self, hub: HubIndex, target: &Target) -> Outcome {
        if !self.select(hub, target).is_empty() {
            return Outcome::Done;
        }
        Outcome::NotFound(match target {
            Target::All => Missing::Hub,
            Target::User(_) => Missing::User,
            Target::Group(_) => Missing::Group,
            Target::Connection(_) => Missing::Connection,
        })
    }

    fn add_member(
        &self,
        hub: HubIndex,
        member: &Member,
        group: &str,
        ttl_seconds: Option<u64>,
    ) -> Result<Outcome, HubError> {
        match member {
            Member::Connection(id) if !self.is_connected(hub, id) => {
                return Ok(Outcome::NotFound(Missing::Connection));
            }
            Member::Connection(id) => {
                for (_, identity) in self.select(hub, &Target::Connection(id.clone())) {
                    if !self.may_join(&identity, group) {
                        return Err("The connection may not be in that group".into());
                    }
                    self.join(id, group)?;
                }
            }
            Member::User(user) => {
                let connections = self.select(hub, &Target::User(user.clone()));
                if ttl_seconds != Some(0) {
                    self.keep_user_in_group(hub, user, group, ttl_seconds, &connections)?;
                }
                for (_, identity) in connections.iter().filter(|(_, identity)| self.may_join(identity, group)) {
                    self.join(&identity.id, group)?;
                }
            }
        }
        Ok(Outcome::Done)
    }

    fn may_join(&self, identity: &Identity, group: &str) -> bool {
        self.group_policy.as_ref().is_none_or(|policy| policy(&identity.claims, group))
    }

    fn keep_user_in_group(
        &self,
        hub: HubIndex,
        user: &str,
        group: &str,
        ttl_seconds: Option<u64>,
        connections: &[(Slot, Rc<Identity>)],
    ) -> Result<(), HubError> {
        let name = self.hub_name(hub);
        let known = self.user_groups.groups(name, user, clock::now_millis())?;
        let is_new = !known.iter().any(|known| known == group);
        let is_full = known.len() >= self.options.max_groups_per_connection
            || self.user_groups.count()? >= self.options.max_groups;
        if is_new && is_full {
            return Err("Too many subscriptions".into());
        }
        for left in self.user_groups.add(name, user, group, ttl_seconds, clock::now_millis())? {
            for (_, identity) in connections {
                self.leave(&identity.id, &left)?;
            }
        }
        Ok(())
    }

    fn remove_member(&self, hub: HubIndex, member: &Member, group: &str) -> Result<Outcome, HubError> {
        match member {
            Member::Connection(id) if !self.is_connected(hub, id) => {
                return Ok(Outcome::NotFound(Missing::Connection));
            }
            Member::Connection(id) => self.leave(id, group)?,
            Member::User(user) => {
                self.user_groups.remove(self.hub_name(hub), user, group)?;
                for (_, identity) in self.select(hub, &Target::User(user.clone())) {
                    self.leave(&identity.id, group)?;
                }
            }
        }
        Ok(Outcome::Done)
    }

    fn remove_from_all(&self, hub: HubIndex, member: &Member) -> Result<Outcome, HubError> {
        let target = match member {
            Member::Connection(id) => Target::Connection(id.clone()),
            Member::User(user) => {
                self.user_groups.remove_all(self.hub_name(hub), user)?;
                Target::User(user.clone())
            }
        };
        for (_, identity) in self.select(hub, &target) {
            for group in self.groups_of(&identity.id) {
                self.leave(&identity.id, &group)?;
            }
        }
        Ok(Outcome::Done)
    }

    fn is_user_in_group(&self, hub: HubIndex, user: &str, group: &str) -> Result<Outcome, HubError> {
        let kept = self.user_groups.groups(self.hub_name(hub), user, clock::now_millis())?;
        let is_in_group = kept.iter().any(|name| name == group) || {
            let connections = self.select(hub, &Target::User(user.to_owned()));
            let table = self.table.borrow();
            connections.iter().any(|(slot, _)| table.get(*slot).is_some_and(|entry| entry.groups.contains(group)))
        };
        Ok(if is_in_group { Outcome::Done } else { Outcome::NotFound(Missing::Membership) })
    }

    fn list_group(&self, hub: HubIndex, group: &str, after: Option<&str>, limit: u32) -> Outcome {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut members: Vec<GroupMember> = self
            .select(hub, &Target::Group(group.to_owned()))
            .into_iter()
            .filter(|(_, identity)| after.is_none_or(|after| *identity.id > *after))
            .map(|(_, identity)| GroupMember {
                connection_id: identity.id.to_string(),
                user_id: identity.user.as_deref().map(str::to_owned),
            })
            .collect();
        members.sort_unstable_by(|one, other| one.connection_id.cmp(&other.connection_id));
        let has_more = members.len() > limit;
        members.truncate(limit);
        Outcome::Members { members, has_more }
    }

    /// The connections of a hub that are meant, but those that are closing.
    fn select(&self, hub: HubIndex, target: &Target) -> Vec<(Slot, Rc<Identity>)> {
        let table = self.table.borrow();
        let selected = table.select(hub, &audience(target)).into_iter();
        selected
            .filter_map(|slot| Some((slot, table.get(slot)?)))
            .filter(|(_, entry)| !entry.live.is_closing)
            .map(|(slot, entry)| (slot, entry.identity.clone()))
            .collect()
    }

    fn hub_name(&self, hub: HubIndex) -> &'static str {
        self.hub(hub).map_or("", |(name, _)| name)
    }

    /// Has a new connection join the groups that its user is in.
    pub(crate) fn join_groups_of_user(&self, identity: &Identity) {
        let Some(user) = &identity.user else { return };
        let joined = self.user_groups.groups(self.hub_name(identity.hub), user, clock::now_millis());
        let joined = joined.map_err(HubError::from).and_then(|groups| {
            groups
                .iter()
                .filter(|group| self.may_join(identity, group))
                .try_for_each(|group| self.join(&identity.id, group))
        });
        if let Err(error) = joined {
            log::error("a connection could not join the groups of its user", &error);
        }
    }

    /// Ends the memberships of users whose time is over.
    pub(crate) fn expire_user_groups(&self) {
        let left = self.user_groups.expire(clock::now_millis()).map_err(HubError::from).and_then(|ended| {
            ended.into_iter().try_for_each(|membership| {
                let Some(hub) = self.hub_index(&membership.hub) else { return Ok(()) };
                let connections = self.select(hub, &Target::User(membership.user));
                connections.iter().try_for_each(|(_, identity)| self.leave(&identity.id, &membership.group))
            })
        });
        if let Err(error) = left {
            log::error("memberships could not be ended", &error);
        }
    }
}

fn audience(target: &Target) -> Audience<'_> {
    match target {
        Target::All => Audience::All,
        Target::User(user) => Audience::Users([user.as_str()].into_iter().collect()),
        Target::Group(group) => Audience::Groups([group.as_str()].into_iter().collect()),
        Target::Connection(id) => Audience::Connections([id.as_str()].into_iter().collect()),
    }
}

/// A client's result as JSON, if it has a form in it.
fn json_of(payload: Payload) -> Option<Box<RawValue>> {
    match payload {
        Payload::Json(raw) => Some(raw),
        packed @ Payload::MessagePack(_) => match Payload::encode(Protocol::Json, &packed) {
            Ok(Payload::Json(raw)) => Some(raw),
            _ => None,
        },
    }
}
