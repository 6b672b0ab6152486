//! Which request means what.

use percent_encoding::percent_decode_str;
use worker::Method;

use super::error::RestError;

/// What a route asks for. What it asks it about is in its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Whether the service is there.
    Health,
    Send,
    Close,
    Exists,
    Invoke,
    GenerateToken,
    List,
    Join,
    Leave,
    LeaveAll,
    IsInGroup,
    /// Azure has it, and this server has not.
    Unsupported,
}

/// Which generation of the API a route belongs to: they answer with other statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    /// `/api/v1/hubs/…`.
    One,
    /// `/api/hubs/…?api-version=…`.
    Dated,
}

/// What a route is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    Hub,
    User(String),
    Group(String),
    Connection(String),
    ConnectionInGroup(String, String),
    UserInGroup(String, String),
}

/// A request's route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) kind: Kind,
    pub(super) generation: Generation,
    pub(super) hub: String,
    pub(super) subject: Subject,
}

/// What each method means at some place.
type Methods = (&'static [(Method, Kind)], &'static str);

const SEND: Methods = (&[(Method::Post, Kind::Send)], "POST");
const CLOSE: Methods = (&[(Method::Post, Kind::Close)], "POST");
const INVOKE: Methods = (&[(Method::Post, Kind::Invoke)], "POST");
const GENERATE_TOKEN: Methods = (&[(Method::Post, Kind::GenerateToken)], "POST");
const UNSUPPORTED: Methods = (&[(Method::Post, Kind::Unsupported)], "POST");
const EXISTS: Methods = (&[(Method::Head, Kind::Exists), (Method::Get, Kind::Exists)], "GET, HEAD");
const CONNECTION: Methods =
    (&[(Method::Head, Kind::Exists), (Method::Get, Kind::Exists), (Method::Delete, Kind::Close)], "GET, HEAD, DELETE");
const LIST: Methods = (&[(Method::Get, Kind::List)], "GET");
const MEMBER: Methods = (&[(Method::Put, Kind::Join), (Method::Delete, Kind::Leave)], "PUT, DELETE");
const USER_IN_GROUP: Methods = (
    &[
        (Method::Put, Kind::Join),
        (Method::Delete, Kind::Leave),
        (Method::Head, Kind::IsInGroup),
        (Method::Get, Kind::IsInGroup),
    ],
    "GET, HEAD, PUT, DELETE",
);
const LEAVE_ALL: Methods = (&[(Method::Delete, Kind::LeaveAll)], "DELETE");
/// In version 1 a message is posted to whoever gets it.
const EXISTS_OR_SEND: Methods =
    (&[(Method::Head, Kind::Exists), (Method::Get, Kind::Exists), (Method::Post, Kind::Send)], "GET, HEAD, POST");
const CONNECTION_OR_SEND: Methods = (
    &[
        (Method::Head, Kind::Exists),
        (Method::Get, Kind::Exists),
        (Method::Delete, Kind::Close),
        (Method::Post, Kind::Send),
    ],
    "GET, HEAD, POST, DELETE",
);

impl Route {
    /// Finds the route of a request.
    ///
    /// # Errors
    ///
    /// There is none, it takes other methods, or its path is not UTF-8.
    pub(super) fn find(method: &Method, path: &str) -> Result<Self, RestError> {
        let segments = segments(path)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let (generation, hub, rest) = match segments.as_slice() {
            ["api", "health"] if matches!(method, Method::Head | Method::Get) => {
                let (kind, subject) = (Kind::Health, Subject::Hub);
                return Ok(Self { kind, generation: Generation::Dated, hub: String::new(), subject });
            }
            ["api", "health"] => return Err(RestError::method_not_allowed("GET, HEAD")),
            ["api", "v1", "hubs", hub, rest @ ..] => (Generation::One, *hub, rest),
            ["api", "hubs", hub, rest @ ..] => (Generation::Dated, *hub, rest),
            _ => return Err(RestError::nothing_here()),
        };
        let found = match generation {
            Generation::One => place_of_version_1(rest),
            Generation::Dated => place(rest),
        };
        let ((methods, allow), subject) = found.ok_or_else(RestError::nothing_here)?;
        let kind = methods.iter().find(|(known, _)| known == method).map(|(_, kind)| *kind);
        let kind = kind.ok_or_else(|| RestError::method_not_allowed(allow))?;
        Ok(Self { kind, generation, hub: hub.to_owned(), subject })
    }
}

fn place(rest: &[&str]) -> Option<(Methods, Subject)> {
    let group = |group: &str| Subject::Group(group.to_owned());
    let user = |user: &str| Subject::User(user.to_owned());
    let connection = |id: &str| Subject::Connection(id.to_owned());
    Some(match rest {
        [":send"] => (SEND, Subject::Hub),
        [":closeConnections"] => (CLOSE, Subject::Hub),
        [":generateToken"] => (GENERATE_TOKEN, Subject::Hub),
        [":execute"] => (UNSUPPORTED, Subject::Hub),
        ["connections", id] => (CONNECTION, connection(id)),
        ["connections", id, ":send"] => (SEND, connection(id)),
        ["connections", id, ":invoke"] => (INVOKE, connection(id)),
        ["connections", id, "groups"] => (LEAVE_ALL, connection(id)),
        ["connections", id, "streams", _, ":send" | ":complete"] => (UNSUPPORTED, connection(id)),
        ["groups", name] => (EXISTS, group(name)),
        ["groups", name, ":send"] => (SEND, group(name)),
        ["groups", name, ":closeConnections"] => (CLOSE, group(name)),
        ["groups", name, "connections"] => (LIST, group(name)),
        ["groups", name, "connections", id] => {
            (MEMBER, Subject::ConnectionInGroup((*id).to_owned(), (*name).to_owned()))
        }
        ["users", id] => (EXISTS, user(id)),
        ["users", id, ":send"] => (SEND, user(id)),
        ["users", id, ":closeConnections"] => (CLOSE, user(id)),
        ["users", id, "groups"] => (LEAVE_ALL, user(id)),
        ["users", id, "groups", name] => (USER_IN_GROUP, Subject::UserInGroup((*id).to_owned(), (*name).to_owned())),
        _ => return None,
    })
}

fn place_of_version_1(rest: &[&str]) -> Option<(Methods, Subject)> {
    Some(match rest {
        [] => (SEND, Subject::Hub),
        ["connections", id] => (CONNECTION_OR_SEND, Subject::Connection((*id).to_owned())),
        ["groups", name] => (EXISTS_OR_SEND, Subject::Group((*name).to_owned())),
        ["groups", name, "connections", id] => {
            (MEMBER, Subject::ConnectionInGroup((*id).to_owned(), (*name).to_owned()))
        }
        ["users", id] => (EXISTS_OR_SEND, Subject::User((*id).to_owned())),
        ["users", id, "groups"] => (LEAVE_ALL, Subject::User((*id).to_owned())),
        ["users", id, "groups", name] | ["groups", name, "users", id] => {
            (USER_IN_GROUP, Subject::UserInGroup((*id).to_owned(), (*name).to_owned()))
        }
        _ => return None,
    })
}

/// The segments of a path, unescaped. A slash at its end is none.
fn segments(path: &str) -> Result<Vec<String>, RestError> {
    let decoded =
        path.trim_end_matches('/').split('/').skip(1).map(|segment| percent_decode_str(segment).decode_utf8());
    decoded
        .map(|segment| segment.map(std::borrow::Cow::into_owned))
        .collect::<Result<_, _>>()
        .map_err(|_| RestError::invalid("path", "the path is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &Method, path: &str) -> (Kind, Subject) {
        let route = Route::find(method, path).unwrap();
        assert_eq!(route.hub, "chat", "{path}");
        (route.kind, route.subject)
    }

    fn status(method: &Method, path: &str) -> u16 {
        Route::find(method, path).unwrap_err().status
    }

    #[test]
    fn the_action_is_the_last_segment_escaped_or_not() {
        for path in ["/api/hubs/chat/:send", "/api/hubs/chat/%3Asend", "/api/hubs/chat/:send/"] {
            assert_eq!(found(&Method::Post, path), (Kind::Send, Subject::Hub), "{path}");
        }
    }

    #[test]
    fn names_are_unescaped_and_may_hold_a_slash() {
        let user = Subject::User("a/b c".to_owned());
        assert_eq!(found(&Method::Head, "/api/hubs/chat/users/a%2Fb%20c"), (Kind::Exists, user));
        let both = Subject::UserInGroup("u".to_owned(), ":send".to_owned());
        assert_eq!(found(&Method::Put, "/api/hubs/chat/users/u/groups/:send"), (Kind::Join, both));
        assert_eq!(status(&Method::Head, "/api/hubs/chat/users/%ff"), 400);
    }

    #[test]
    fn version_1_posts_to_whoever_gets_the_message() {
        for (path, subject) in [
            ("", Subject::Hub),
            ("/users/u", Subject::User("u".to_owned())),
            ("/groups/g", Subject::Group("g".to_owned())),
            ("/connections/c", Subject::Connection("c".to_owned())),
        ] {
            assert_eq!(found(&Method::Post, &format!("/api/v1/hubs/chat{path}")), (Kind::Send, subject), "{path}");
        }
        let both = (Kind::Leave, Subject::UserInGroup("u".to_owned(), "g".to_owned()));
        assert_eq!(found(&Method::Delete, "/api/v1/hubs/chat/groups/g/users/u"), both);
        assert_eq!(found(&Method::Delete, "/api/v1/hubs/chat/users/u/groups/g"), both);
    }

    #[test]
    fn what_is_not_there_is_told_from_what_takes_other_methods() {
        for path in ["/", "/api", "/api/hubs", "/api/hubs/chat", "/api/hubs/chat/:nothing", "/api/auth/accessKey"] {
            assert_eq!(status(&Method::Post, path), 404, "{path}");
        }
        assert_eq!(status(&Method::Get, "/api/hubs/chat/:send"), 405);
        assert_eq!(status(&Method::Post, "/api/hubs/chat/users/u"), 405);
        assert_eq!(status(&Method::Post, "/api/health"), 405);
    }
}
