//! What is said of a route: who may, what it takes, what it answers.

use schemars::{Schema, SchemaGenerator};

use crate::problem::ProblemKind;

/// What is said of a route.
pub struct Description {
    /// Its name, for programs.
    pub id: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What it belongs to.
    pub tag: &'static str,
    /// Who may.
    pub opener: Opener,
    /// What stands in its path, its query and its headers.
    pub parameters: &'static [Parameter],
    /// What it takes.
    pub body: Option<Body>,
    /// What it answers.
    pub answers: &'static [Answer],
    /// How it refuses, beside what every route of this kind does.
    pub problems: &'static [ProblemKind],
}

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// Everybody.
    Anybody,
    /// The holder of a virtual key, or of a client token of it.
    Owner,
    /// The holder of a virtual key itself.
    Key,
    /// The holder of a virtual key itself, or of the master key.
    KeyHolder,
    /// The holder of the master key.
    Operator,
    /// The holder of a service token, or of the master key.
    Sender,
    /// As the hub says: a virtual key or the master key, or a client token of either.
    Hub,
}

/// A parameter.
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// What it is for.
    pub summary: &'static str,
    /// Its JSON Schema, as text.
    pub schema: &'static str,
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the path: it must be there.
    Path,
    /// In the query, where it may be absent.
    Query,
    /// In the query, and must be there.
    RequiredQuery,
    /// In a header, which may be absent.
    Header,
}

/// What a route takes.
pub struct Body {
    /// Whether there must be one.
    pub is_required: bool,
    /// One for each media type.
    pub content: &'static [Content],
}

/// What a route answers with a status.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What it says.
    pub summary: &'static str,
    /// One for each media type; none where there is no body.
    pub content: &'static [Content],
}

/// A body.
pub struct Content {
    /// Its media type.
    pub media_type: &'static str,
    /// What it is.
    pub shape: Shape,
}

/// What a body is.
pub enum Shape {
    /// JSON of a type.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// Text.
    Text,
    /// One `CloudEvent` of any type that is understood.
    Event,
    /// A list of them.
    Events,
    /// One of them, a list, or in binary mode the data of one.
    EventsOrData,
    /// JSON that this description does not know.
    AnyJson,
}
