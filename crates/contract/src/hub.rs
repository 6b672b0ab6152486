//! The hubs: their names, their routes, and whose key opens them. A hub is added here and served where it
//! is implemented.

pub use crate::{
    admin_hub::ADMIN_HUB, debug_hub::DEBUG_HUB, image_hub::IMAGE_HUB, metrics_hub::METRICS_HUB,
    navigation_hub::NAVIGATION_HUB, spend_hub::SPEND_HUB, system_hub::SYSTEM_HUB, task_hub::TASK_HUB,
    video_hub::VIDEO_HUB, webhook_hub::WEBHOOK_HUB,
};
use crate::{client_event::EventDeclaration, method::MethodDeclaration, resume};

/// Whose key opens a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A virtual key: the hub shows what belongs to it.
    Virtual,
    /// The master key: the hub shows what the operator may see.
    Master,
}

/// A hub as clients know it.
pub struct Hub {
    /// Its name, by which its connections are remembered.
    pub name: &'static str,
    /// The segment behind `/hubs/`.
    pub route: &'static str,
    /// Other segments that lead to it.
    pub aliases: &'static [&'static str],
    /// Whose key opens it.
    pub key: KeyKind,
    /// What it is for, for the descriptions.
    pub summary: &'static str,
    /// What clients may invoke, beside the methods that every hub has: see [`all_methods`](Self::all_methods).
    pub methods: &'static [MethodDeclaration],
    /// What clients are told.
    pub events: &'static [&'static EventDeclaration],
    /// The groups that its connections are in, for the descriptions.
    pub groups: &'static [GroupDeclaration],
}

/// A group of connections: an event goes to groups.
pub struct GroupDeclaration {
    /// Its name, with `{…}` for what differs from group to group.
    pub pattern: &'static str,
    /// Who is in it.
    pub summary: &'static str,
}

/// The group of [`key_group`].
pub(crate) const KEY_GROUP: GroupDeclaration =
    GroupDeclaration { pattern: "vkey-{virtualKeyId}", summary: "Every connection of the key, from the start." };

/// Two hubs are one if they have one name.
impl PartialEq for Hub {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Hub {}

impl std::fmt::Debug for Hub {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

impl Hub {
    /// Its event of that name.
    pub fn event(&self, name: &str) -> Option<&'static EventDeclaration> {
        self.events.iter().copied().find(|event| event.name == name)
    }

    /// Its own methods and those of every hub.
    pub fn all_methods(&self) -> impl Iterator<Item = &'static MethodDeclaration> + use<> {
        self.methods.iter().chain(resume::METHODS)
    }
}

/// All of them.
pub static HUBS: &[&Hub] = &[
    &VIDEO_HUB,
    &IMAGE_HUB,
    &TASK_HUB,
    &SYSTEM_HUB,
    &SPEND_HUB,
    &WEBHOOK_HUB,
    &NAVIGATION_HUB,
    &ADMIN_HUB,
    &METRICS_HUB,
    &DEBUG_HUB,
];

/// The hub at `/hubs/{segment}`. Routes are compared without regard to case, as ASP.NET Core does.
pub fn find(segment: &str) -> Option<&'static Hub> {
    let leads_to = |route: &str| route.eq_ignore_ascii_case(segment);
    HUBS.iter().copied().find(|hub| leads_to(hub.route) || hub.aliases.iter().any(|alias| leads_to(alias)))
}

/// The hub of that name, or at that segment.
pub fn named(name: &str) -> Option<&'static Hub> {
    HUBS.iter().copied().find(|hub| hub.name.eq_ignore_ascii_case(name)).or_else(|| find(name))
}

/// The group that every connection of a key joins in each hub.
pub fn key_group(virtual_key_id: &str) -> String {
    format!("vkey-{virtual_key_id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_is_found_by_its_route_and_its_aliases() {
        for segment in ["tasks", "Tasks", "task-notifications"] {
            assert_eq!(find(segment), Some(&TASK_HUB), "{segment}");
        }
        for segment in ["", "task", "tasks/", "TaskHub"] {
            assert_eq!(find(segment), None, "{segment}");
        }
    }

    #[test]
    fn a_hub_is_named_by_its_name_or_its_route() {
        for name in ["TaskHub", "taskhub", "tasks", "task-notifications"] {
            assert_eq!(named(name), Some(&TASK_HUB), "{name}");
        }
        assert_eq!(named("Task"), None);
    }

    #[test]
    fn every_hub_has_its_own_methods_and_those_of_all() {
        for hub in HUBS {
            let mut names: Vec<String> = hub.all_methods().map(|method| method.name.to_ascii_lowercase()).collect();
            assert_eq!(names.len(), hub.methods.len() + 2, "{hub:?}");
            assert!(names.contains(&"resume".to_owned()) && names.contains(&"getresumetoken".to_owned()));
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), hub.methods.len() + 2, "{hub:?} has a method twice");
        }
    }

    #[test]
    fn operators_hubs_are_opened_by_the_master_key_alone() {
        let of_master: Vec<&str> = HUBS.iter().filter(|hub| hub.key == KeyKind::Master).map(|hub| hub.name).collect();
        assert_eq!(of_master, ["AdminNotificationHub", "MetricsHub", "DebugHub"]);
    }

    #[test]
    fn groups_are_named_as_they_are_declared() {
        use crate::{admin_hub, image_hub, metrics_hub, system_hub, task_hub, video_hub, webhook_hub};
        let url = "https://example.com/".parse().unwrap();
        let for_url =
            webhook_hub::groups(&url).iter().map(|group| group.replace("https://example.com/", "{url}")).collect();
        for (hub, groups) in [
            (
                &TASK_HUB,
                vec![
                    task_hub::task_group("{taskId}"),
                    task_hub::task_type_group("{taskType}"),
                    task_hub::task_type_group("*"),
                ],
            ),
            (&VIDEO_HUB, vec![video_hub::request_group("{requestId}")]),
            (&IMAGE_HUB, vec![image_hub::task_group("{taskId}")]),
            (&WEBHOOK_HUB, for_url),
            (&SYSTEM_HUB, vec![system_hub::GROUP.to_owned()]),
            (
                &ADMIN_HUB,
                vec![
                    admin_hub::GROUP.to_owned(),
                    admin_hub::virtual_key_group("{virtualKeyId}"),
                    admin_hub::provider_group("{provider}"),
                ],
            ),
            (&METRICS_HUB, vec![metrics_hub::GROUP.to_owned()]),
            (&SPEND_HUB, vec![]),
            (&NAVIGATION_HUB, vec![]),
            (&DEBUG_HUB, vec![]),
        ] {
            let of_key = (hub.key == KeyKind::Virtual).then(|| key_group("{virtualKeyId}"));
            let expected: Vec<String> = of_key.into_iter().chain(groups).collect();
            let declared: Vec<&str> = hub.groups.iter().map(|group| group.pattern).collect();
            assert_eq!(declared, expected, "{hub:?}");
        }
    }

    #[test]
    fn no_two_hubs_share_a_route() {
        let mut routes: Vec<&str> =
            HUBS.iter().flat_map(|hub| hub.aliases.iter().chain([&hub.route]).copied()).collect();
        let all = routes.len();
        routes.sort_unstable();
        routes.dedup();
        assert_eq!(routes.len(), all);
    }
}
