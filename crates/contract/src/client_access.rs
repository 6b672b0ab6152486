//! What the holder of a client token may do: which hubs it opens, and which tasks it may follow there.

use std::{collections::BTreeSet, fmt::Write};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::fields::Object;

/// What stands for every type where types are subscribed to.
const EVERY_TYPE: &str = "*";

/// What a client may do. A key itself may do everything; a list takes away what it does not name.
///
/// The names are short because this travels in tokens. Restrictions that this version does not know are an error and
/// not a permission: a token may have been made by a newer one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientAccess {
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    hubs: Option<BTreeSet<String>>,
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    task_ids: Option<BTreeSet<String>>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    task_types: Option<BTreeSet<String>>,
}

/// Says that a text was not written by [`ClientAccess::to_claims`].
#[derive(Debug, Error)]
#[error("the claims of a connection cannot be read: {0}")]
pub struct ClaimsError(#[from] serde_json::Error);

impl ClientAccess {
    /// Everything that the key may.
    #[must_use]
    pub fn unrestricted() -> Self {
        Self::default()
    }

    /// What the lists name: hubs by their names, tasks by their ids and types. No list is no restriction; an empty one
    /// allows nothing.
    #[must_use]
    pub fn of(
        hubs: Option<BTreeSet<String>>,
        task_ids: Option<BTreeSet<String>>,
        task_types: Option<BTreeSet<String>>,
    ) -> Self {
        Self { hubs, task_ids, task_types }
    }

    /// Whether it opens the hub of that name.
    pub fn allows_hub(&self, name: &str) -> bool {
        self.hubs.as_ref().is_none_or(|hubs| hubs.contains(name))
    }

    /// Whether it follows a task: one that is named, or one of a type that is named.
    pub fn may_subscribe_to_task(&self, task_id: &str, task_type: Option<&str>) -> bool {
        let is_type_named = |named: &BTreeSet<String>| task_type.is_some_and(|task_type| named.contains(task_type));
        self.may_follow_all_tasks()
            || self.task_ids.as_ref().is_some_and(|ids| ids.contains(task_id))
            || self.task_types.as_ref().is_some_and(is_type_named)
    }

    /// Whether it follows all tasks of a type. `*`, which is every type, takes a client without restrictions.
    pub fn may_subscribe_to_type(&self, task_type: &str) -> bool {
        let is_named = |named: &BTreeSet<String>| task_type != EVERY_TYPE && named.contains(task_type);
        self.may_follow_all_tasks() || self.task_types.as_ref().is_some_and(is_named)
    }

    /// Whether everything that `other` allows is allowed here too.
    pub fn covers(&self, other: &Self) -> bool {
        let covers_hubs = match (&self.hubs, &other.hubs) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(others)) => others.is_subset(own),
        };
        let covers_tasks = self.may_follow_all_tasks()
            || (!other.may_follow_all_tasks()
                && is_subset(other.task_ids.as_ref(), self.task_ids.as_ref())
                && is_subset(other.task_types.as_ref(), self.task_types.as_ref()));
        covers_hubs && covers_tasks
    }

    /// A short text for the claims of a connection: ASCII, so that a header can carry it, and empty for a client without
    /// restrictions.
    ///
    /// # Errors
    ///
    /// None that is known: sets of strings can be written as JSON.
    pub fn to_claims(&self) -> Result<String, ClaimsError> {
        if *self == Self::unrestricted() {
            return Ok(String::new());
        }
        Ok(escaped(&serde_json::to_string(self)?))
    }

    /// Reads what [`to_claims`](Self::to_claims) wrote.
    ///
    /// # Errors
    ///
    /// The text is another one. Whoever meets it must allow nothing.
    pub fn from_claims(claims: &str) -> Result<Self, ClaimsError> {
        if claims.is_empty() {
            return Ok(Self::unrestricted());
        }
        // A list would be read field by field, and an empty one as no restriction.
        let Object(access) = serde_json::from_str(claims)?;
        Ok(access)
    }

    fn may_follow_all_tasks(&self) -> bool {
        self.task_ids.is_none() && self.task_types.is_none()
    }
}

/// No list names nothing here: the other list restricts already.
fn is_subset(small: Option<&BTreeSet<String>>, large: Option<&BTreeSet<String>>) -> bool {
    small.into_iter().flatten().all(|name| large.is_some_and(|large| large.contains(name)))
}

/// JSON with every character beyond ASCII escaped. They stand in strings only, where an escape means the same.
fn escaped(json: &str) -> String {
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // A string takes whatever is written to it.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn without_lists_everything_is_allowed() {
        let access = ClientAccess::unrestricted();
        assert!(access.allows_hub("TaskHub"));
        assert!(access.may_subscribe_to_task("t", None));
        assert!(access.may_subscribe_to_type("video") && access.may_subscribe_to_type("*"));
    }

    #[test]
    fn a_list_of_hubs_opens_those_and_leaves_tasks_alone() {
        let access = ClientAccess::of(Some(names(&["TaskHub"])), None, None);
        assert!(access.allows_hub("TaskHub") && !access.allows_hub("SpendNotificationHub"));
        assert!(access.may_subscribe_to_task("t", None) && access.may_subscribe_to_type("*"));
    }

    #[test]
    fn a_task_is_followed_by_its_id_or_its_type() {
        let access = ClientAccess::of(None, Some(names(&["a"])), Some(names(&["video"])));
        assert!(access.may_subscribe_to_task("a", None));
        assert!(access.may_subscribe_to_task("b", Some("video")));
        assert!(!access.may_subscribe_to_task("b", Some("image")));
        assert!(!access.may_subscribe_to_task("b", None));
    }

    #[test]
    fn a_type_is_followed_by_its_name_only() {
        let by_type = ClientAccess::of(None, None, Some(names(&["video"])));
        assert!(by_type.may_subscribe_to_type("video"));
        assert!(!by_type.may_subscribe_to_type("image") && !by_type.may_subscribe_to_type("*"));
        let by_id = ClientAccess::of(None, Some(names(&["a"])), None);
        assert!(!by_id.may_subscribe_to_type("video") && !by_id.may_subscribe_to_type("*"));
        assert!(!ClientAccess::of(None, None, Some(names(&["*"]))).may_subscribe_to_type("*"));
    }

    #[test]
    fn an_empty_list_allows_nothing() {
        let access = ClientAccess::of(Some(names(&[])), Some(names(&[])), None);
        assert!(!access.allows_hub("TaskHub") && !access.may_subscribe_to_task("t", Some("video")));
    }

    #[test]
    fn claims_are_ascii_and_empty_without_restrictions() {
        assert_eq!(ClientAccess::unrestricted().to_claims().unwrap(), "");
        let access = ClientAccess::of(None, Some(names(&["ä\"🦀"])), Some(names(&["video"])));
        let claims = access.to_claims().unwrap();
        assert_eq!(claims, r#"{"i":["\u00e4\"\ud83e\udd80"],"t":["video"]}"#);
        assert_eq!(ClientAccess::from_claims(&claims).unwrap(), access);
    }

    #[test]
    fn claims_of_another_kind_are_an_error_and_no_permission() {
        for claims in [" ", "{", "[]", "x", r#"{"s":["a"]}"#, r#"{"h":null,"h":["a"]}"#, r#"{"h":"TaskHub"}"#] {
            assert!(ClientAccess::from_claims(claims).is_err(), "{claims}");
        }
    }

    /// What lists are made of here; `outside` is in none of them.
    const NAMES: [&str; 4] = ["a", "b", "c", "ä🦀"];
    const PROBES: [&str; 5] = ["a", "b", "c", "ä🦀", "outside"];

    fn list() -> impl Strategy<Value = Option<BTreeSet<String>>> {
        let name = proptest::sample::select(&NAMES[..]).prop_map(str::to_owned);
        proptest::option::of(proptest::collection::btree_set(name, 0..3))
    }

    fn access() -> impl Strategy<Value = ClientAccess> {
        (list(), list(), list()).prop_map(|(hubs, ids, types)| ClientAccess::of(hubs, ids, types))
    }

    /// Asks both the same questions, and whether the one allows all that the other does.
    fn allows_all_that(one: &ClientAccess, other: &ClientAccess) -> bool {
        let types = || PROBES.into_iter().map(Some).chain([None]);
        let tasks = PROBES.into_iter().all(|id| {
            types().all(|kind| !other.may_subscribe_to_task(id, kind) || one.may_subscribe_to_task(id, kind))
        });
        let hubs = PROBES.into_iter().all(|hub| !other.allows_hub(hub) || one.allows_hub(hub));
        let mut kinds = PROBES.into_iter().chain(["*"]);
        tasks && hubs && kinds.all(|kind| !other.may_subscribe_to_type(kind) || one.may_subscribe_to_type(kind))
    }

    proptest! {
        #[test]
        fn covering_is_allowing_all_that_the_other_does(one in access(), other in access()) {
            prop_assert_eq!(one.covers(&other), allows_all_that(&one, &other));
            prop_assert!(one.covers(&one));
            prop_assert!(ClientAccess::unrestricted().covers(&one));
        }

        #[test]
        fn claims_survive_the_way_to_the_connection_and_back(access in access(), id in "\\PC{0,20}") {
            let access = ClientAccess { task_ids: access.task_ids.map(|ids| ids.into_iter().chain([id]).collect()), ..access };
            let claims = access.to_claims().unwrap();
            prop_assert!(claims.is_ascii());
            prop_assert_eq!(ClientAccess::from_claims(&claims).unwrap(), access);
        }
    }
}
