//! What a backend asks for by Azure's REST API, beside events: who is there, who is in which group, who is to go.

use std::rc::Rc;

use contract::{
    AuditEntry, ClientAccess,
    hub::{SYSTEM_HUB, key_group},
    image_hub, system_hub, task_hub, video_hub,
};
use signalr_durable::azure::{Action, Member, Missing, Operation, Outcome, Target};
use worker::Result;

use super::{VirtualKey, calls::ApplyOperation, key_state::KeyState};

impl VirtualKey {
    /// Does what a backend asks for. A key that is not there has nobody.
    pub(super) async fn apply_operation(&self, call: ApplyOperation) -> Result<Outcome> {
        let key = call.virtual_key_id.as_str();
        if !matches!(self.services.key.read(key).await?, Some(KeyState::Known(_))) {
            return Ok(outcome_of_nobody(&call.operation.action));
        }
        // From here to the outcome nothing waits, so groups cannot change in between.
        let groups_before = self.groups_of_members(&call.operation);
        let outcome = self.server.apply(&call.operation).await;
        if let Action::Leave { .. } | Action::LeaveAll(_) = call.operation.action {
            self.rejoin(&call.operation.hub, key, &groups_before).await;
        }
        self.note_groups(&groups_before)?;
        self.wind_check().await?;
        self.note_activity().await?;
        Ok(outcome)
    }

    /// The groups of the connections whose groups an operation may change.
    fn groups_of_members(&self, operation: &Operation) -> Vec<(Rc<str>, Vec<Rc<str>>)> {
        let (Action::Join { member, .. } | Action::Leave { member, .. } | Action::LeaveAll(member)) = &operation.action
        else {
            return Vec::new();
        };
        let target = match member {
            Member::Connection(id) => Target::Connection(id.clone()),
            Member::User(user) => Target::User(user.clone()),
        };
        let connections = self.server.connections(&operation.hub, &target).into_iter();
        connections.map(|id| (id.clone(), self.server.groups_of(&id))).collect()
    }

    /// The groups that every connection is in belong to the hub: nobody leaves them.
    async fn rejoin(&self, hub: &str, key: &str, connections: &[(Rc<str>, Vec<Rc<str>>)]) {
        let of_everybody = [key_group(key), system_hub::GROUP.to_owned()];
        let of_everybody = of_everybody.iter().take(if hub == SYSTEM_HUB.name { 2 } else { 1 });
        for ((id, groups), group) in
            connections.iter().flat_map(|one| of_everybody.clone().map(move |group| (one, group)))
        {
            if groups.iter().any(|known| **known == **group) {
                let member = Member::Connection(id.to_string());
                let action = Action::Join { member, group: group.clone(), ttl_seconds: None };
                self.server.apply(&Operation { hub: hub.to_owned(), action }).await;
            }
        }
    }

    /// Remembers which groups connections have joined and left, for those that may be resumed and for the audit trail.
    fn note_groups(&self, before: &[(Rc<str>, Vec<Rc<str>>)]) -> Result<()> {
        let desk = &self.services.desk;
        for (id, before) in before {
            let now = self.server.groups_of(id);
            for group in now.iter().filter(|group| !before.contains(group)) {
                desk.resumption.joined(id, group)?;
                desk.audit.record(AuditEntry::new("backend", "subscription.added").to(format!("{group} of {id}")))?;
            }
            for group in before.iter().filter(|group| !now.contains(group)) {
                desk.resumption.left(id, group)?;
                desk.audit.record(AuditEntry::new("backend", "subscription.removed").to(format!("{group} of {id}")))?;
            }
        }
        Ok(())
    }
}

/// Whether a backend may add a connection to a group: what a client token does not allow, no backend gives.
pub(super) fn may_be_in(claims: &str, group: &str) -> bool {
    let Ok(access) = ClientAccess::from_claims(claims) else { return false };
    if let Some(task_type) = task_hub::task_type_of_group(group) {
        return access.may_subscribe_to_type(task_type);
    }
    let task = [
        (task_hub::task_of_group(group), None),
        (video_hub::request_of_group(group), Some("video")),
        (image_hub::task_of_group(group), Some("image")),
    ];
    let task = task.into_iter().find_map(|(id, task_type)| Some((id?, task_type)));
    task.is_none_or(|(id, task_type)| access.may_subscribe_to_task(id, task_type))
}

/// What comes of an operation on somebody who is not there.
pub fn outcome_of_nobody(action: &Action) -> Outcome {
    match action {
        Action::Invoke { .. }
        | Action::Exists(Target::Connection(_))
        | Action::Close { of: Target::Connection(_), .. }
        | Action::Join { member: Member::Connection(_), .. }
        | Action::Leave { member: Member::Connection(_), .. } => Outcome::NotFound(Missing::Connection),
        Action::Exists(Target::Group(_)) => Outcome::NotFound(Missing::Group),
        Action::Exists(_) | Action::Join { .. } => Outcome::NotFound(Missing::User),
        Action::IsInGroup { .. } => Outcome::NotFound(Missing::Membership),
        Action::List { .. } => Outcome::Members { members: Vec::new(), has_more: false },
        Action::Send { .. } | Action::Close { .. } | Action::Leave { .. } | Action::LeaveAll(_) => Outcome::Done,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_client_token_limits_the_groups_that_a_backend_gives() {
        let names = |name: &str| Some(BTreeSet::from([name.to_owned()]));
        let claims = ClientAccess::of(None, names("t-1"), names("video")).to_claims().unwrap();
        for group in ["task:t-1", "task-type:video", "video-any", "image-t-1", "vkey-456", "webhook:*"] {
            assert!(may_be_in(&claims, group), "{group}");
        }
        for group in ["task:t-2", "task-type:image", "task-type:*", "image-t-2"] {
            assert!(!may_be_in(&claims, group), "{group}");
        }
        assert!(may_be_in("", "task-type:*") && !may_be_in("no claims", "vkey-456"));
    }
}
