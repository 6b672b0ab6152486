//! Every route of the Worker, declared once: the router finds its doors by it, refuses methods by it, and
//! `/openapi.json` is made from it.

#[cfg(feature = "schema")]
mod description;
#[cfg(feature = "schema")]
mod parameters;
mod table;

#[cfg(feature = "schema")]
pub use description::{Answer, Body, Content, Description, Opener, Parameter, Place, Shape};
pub use table::ROUTES;

/// One method of one path.
pub struct Route {
    /// The method, in capitals. Where `GET` is taken, `HEAD` is.
    pub method: &'static str,
    /// The path, in which `{name}` stands for a segment.
    pub path: &'static str,
    /// What it is for.
    #[cfg(feature = "schema")]
    pub description: Description,
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A route, with what stands in the place of each `{name}` of its path, in order and as it was sent.
    Route(&'static Route, Vec<&'a str>),
    /// Routes with other methods: what `Allow` lists.
    OtherMethods(String),
    /// Nothing.
    Nothing,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        (self.method, self.path) == (other.method, other.path)
    }
}

impl Eq for Route {}

impl Route {
    /// What stands in the place of each `{name}`, if the path is one of this route's. No segment of it is empty.
    fn segments_of<'a>(&self, path: &'a str) -> Option<Vec<&'a str>> {
        let mut found = Vec::new();
        let (mut own, mut others) = (self.path.split('/'), path.split('/'));
        loop {
            match (own.next(), others.next()) {
                (None, None) => return Some(found),
                (Some(own), Some(other)) if own.starts_with('{') && !other.is_empty() => found.push(other),
                (Some(own), Some(other)) if own == other => {}
                _ => return None,
            }
        }
    }
}

/// What a path leads to. Where it is a route's own, it is no `{name}` of another's.
pub fn find<'a>(method: &str, path: &'a str) -> Found<'a> {
    let method = if method == "HEAD" { "GET" } else { method };
    let mut fitting: Vec<_> = ROUTES.iter().filter_map(|route| Some((route, route.segments_of(path)?))).collect();
    let fewest = fitting.iter().map(|(_, segments)| segments.len()).min();
    fitting.retain(|(_, segments)| Some(segments.len()) == fewest);
    if let Some(position) = fitting.iter().position(|(route, _)| route.method == method) {
        let (route, segments) = fitting.swap_remove(position);
        return Found::Route(route, segments);
    }
    if fitting.is_empty() {
        return Found::Nothing;
    }
    let methods: Vec<&str> = fitting.iter().map(|(route, _)| route.method).collect();
    Found::OtherMethods(methods.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(found: &Found<'_>) -> Option<(&'static str, Vec<String>)> {
        match found {
            Found::Route(route, segments) => Some((route.path, segments.iter().map(|&one| one.to_owned()).collect())),
            _ => None,
        }
    }

    #[test]
    fn a_path_leads_to_its_route_with_what_is_in_it() {
        assert_eq!(route(&find("POST", "/v1/events")), Some(("/v1/events", vec![])));
        assert_eq!(route(&find("HEAD", "/v1/tasks/a%2Fb")), Some(("/v1/tasks/{id}", vec!["a%2Fb".to_owned()])));
    }

    #[test]
    fn another_method_is_told_which_there_are() {
        assert_eq!(find("PUT", "/v1/events"), Found::OtherMethods("POST".to_owned()));
        assert_eq!(find("PUT", "/v1/admin/keys/7"), Found::OtherMethods("GET, PATCH, DELETE".to_owned()));
        assert_eq!(find("GET", "/v1/admin/dead-letters/replay"), Found::OtherMethods("POST".to_owned()));
    }

    #[test]
    fn what_is_no_route_leads_nowhere() {
        for path in ["", "/", "/v1", "/v1/", "/v1/events/", "/v1/tasks/", "/v1/tasks/a/b", "/V1/events", "v1/events"] {
            assert_eq!(find("GET", path), Found::Nothing, "{path:?}");
        }
    }

    #[test]
    fn every_route_can_be_reached() {
        for route in ROUTES {
            let path = route.path.replace(['{', '}'], "~");
            assert!(matches!(find(route.method, &path), Found::Route(found, _) if found == route), "{route:?}");
            assert!(route.path.starts_with('/') && !route.path.ends_with('/'), "{route:?}");
        }
    }
}
