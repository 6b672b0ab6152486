//! Whose object an operation is for, and what it is called there.

use contract::{Hub, is_group_of_key};
use durable_objects::key_of_connection;
use signalr_durable::{
    azure::{Action, Member, Target},
    edge::azure::RestError,
};

/// A group of a key: the key, and the group's name in its object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyGroup {
    pub(super) virtual_key_id: String,
    pub(super) name: String,
}

impl KeyGroup {
    /// Reads `{virtualKeyId}:{group}`.
    ///
    /// # Errors
    ///
    /// It names no key, or the hub has no such group.
    pub(super) fn read(hub: &Hub, text: &str) -> Result<Self, RestError> {
        let split = text.split_once(':').filter(|(virtual_key_id, _)| !virtual_key_id.is_empty());
        let Some((virtual_key_id, name)) = split else {
            return Err(RestError::invalid("group", "must be the virtual key's id, a colon, and a group of the hub"));
        };
        if !is_group_of_key(hub, virtual_key_id, name) {
            let patterns: Vec<&str> = hub.groups.iter().map(|group| group.pattern).collect();
            let message = format!("'{name}' is no group of {}, which has {}", hub.name, patterns.join(", "));
            return Err(RestError::invalid("group", message));
        }
        Ok(Self { virtual_key_id: virtual_key_id.to_owned(), name: name.to_owned() })
    }
}

/// The key that an operation is about, and the operation as its object knows it. None where no key is: everybody is
/// meant, or a connection whose id names no key.
///
/// # Errors
///
/// See [`KeyGroup::read`]; and a group of one key can't have a member of another.
pub(super) fn of(hub: &Hub, action: &Action) -> Result<Option<(String, Action)>, RestError> {
    let action = action.clone();
    Ok(match action {
        Action::Close { of, reason, excluded } => {
            target(hub, of)?.map(|(key, of)| (key, Action::Close { of, reason, excluded }))
        }
        Action::Exists(of) => target(hub, of)?.map(|(key, of)| (key, Action::Exists(of))),
        Action::Join { member, group, ttl_seconds } => membership(hub, member, &group)?
            .map(|(key, member, group)| (key, Action::Join { member, group, ttl_seconds })),
        Action::Leave { member, group } => {
            membership(hub, member, &group)?.map(|(key, member, group)| (key, Action::Leave { member, group }))
        }
        Action::LeaveAll(member) => key_of(&member).map(|key| (key, Action::LeaveAll(member))),
        Action::IsInGroup { user, group } => membership(hub, Member::User(user.clone()), &group)?
            .map(|(key, _, group)| (key, Action::IsInGroup { user, group })),
        Action::List { group, after, limit } => {
            let KeyGroup { virtual_key_id, name } = KeyGroup::read(hub, &group)?;
            Some((virtual_key_id, Action::List { group: name, after, limit }))
        }
        Action::Send { .. } | Action::Invoke { .. } => None,
    })
}

fn target(hub: &Hub, target: Target) -> Result<Option<(String, Target)>, RestError> {
    Ok(match target {
        Target::All => None,
        Target::User(user) => Some((user.clone(), Target::User(user))),
        Target::Connection(id) => key_of_connection(&id).map(|key| (key, Target::Connection(id))),
        Target::Group(group) => {
            let KeyGroup { virtual_key_id, name } = KeyGroup::read(hub, &group)?;
            Some((virtual_key_id, Target::Group(name)))
        }
    })
}

fn membership(hub: &Hub, member: Member, group: &str) -> Result<Option<(String, Member, String)>, RestError> {
    let group = KeyGroup::read(hub, group)?;
    let Some(key) = key_of(&member) else { return Ok(None) };
    if key != group.virtual_key_id {
        return Err(RestError::invalid("group", "is of another virtual key than its member"));
    }
    Ok(Some((key, member, group.name)))
}

fn key_of(member: &Member) -> Option<String> {
    match member {
        Member::User(user) => Some(user.clone()),
        Member::Connection(id) => key_of_connection(id),
    }
}

#[cfg(test)]
mod tests {
    use contract::hub::TASK_HUB;

    use super::*;

    fn key_and_action(action: &Action) -> Option<(String, String)> {
        of(&TASK_HUB, action).unwrap().map(|(key, action)| (key, format!("{action:?}")))
    }

    fn refusal(action: &Action) -> String {
        of(&TASK_HUB, action).unwrap_err().message
    }

    #[test]
    fn a_group_is_one_of_the_key_before_its_first_colon() {
        let group = KeyGroup::read(&TASK_HUB, "456:task:a:b").unwrap();
        assert_eq!(group, KeyGroup { virtual_key_id: "456".to_owned(), name: "task:a:b".to_owned() });
        for wrong in ["", "456", ":task:a", "456:", "456:team", "456:vkey-457"] {
            assert_eq!(KeyGroup::read(&TASK_HUB, wrong).unwrap_err().target.as_deref(), Some("group"), "{wrong}");
        }
    }

    #[test]
    fn an_operation_goes_to_the_key_that_it_names_and_its_group_is_called_as_there() {
        let group = Action::Exists(Target::Group("456:task:a".to_owned()));
        let expected = ("456".to_owned(), "Exists(Group(\"task:a\"))".to_owned());
        assert_eq!(key_and_action(&group), Some(expected));
        let id = format!("{}-NDU2", "0".repeat(32));
        let connection = Action::Exists(Target::Connection(id));
        assert_eq!(key_and_action(&connection).map(|(key, _)| key).as_deref(), Some("456"));
        assert_eq!(key_and_action(&Action::Exists(Target::Connection("nope".to_owned()))), None);
    }

    #[test]
    fn nobody_joins_a_group_of_another_key() {
        let join = |member| Action::Join { member, group: "456:task:a".to_owned(), ttl_seconds: None };
        assert!(refusal(&join(Member::User("457".to_owned()))).contains("another virtual key"));
        let of_457 = format!("{}-NDU3", "0".repeat(32));
        assert!(refusal(&join(Member::Connection(of_457))).contains("another virtual key"));
        assert!(key_and_action(&join(Member::User("456".to_owned()))).is_some());
    }
}
