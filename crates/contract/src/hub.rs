//! The hubs: their names, their routes, and whose key opens them. A hub is added here and served where it
//! is implemented.

/// Whose key opens a hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// A virtual key: the hub shows what belongs to it.
    Virtual,
    /// The master key: the hub shows what the operator may see.
    Master,
}

/// A hub as clients know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Hub {
    /// Its name, by which its connections are remembered.
    pub name: &'static str,
    /// The segment behind `/hubs/`.
    pub route: &'static str,
    /// Other segments that lead to it.
    pub aliases: &'static [&'static str],
    /// Whose key opens it.
    pub key: KeyKind,
}

/// Progress of long-running work.
pub const TASK_HUB: Hub =
    Hub { name: "TaskHub", route: "tasks", aliases: &["task-notifications"], key: KeyKind::Virtual };

/// All of them.
pub const HUBS: &[&Hub] = &[&TASK_HUB];

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
    fn no_two_hubs_share_a_route() {
        let mut routes: Vec<&str> =
            HUBS.iter().flat_map(|hub| hub.aliases.iter().chain([&hub.route]).copied()).collect();
        let all = routes.len();
        routes.sort_unstable();
        routes.dedup();
        assert_eq!(routes.len(), all);
    }
}
