//! Whom an event is for.

use smallvec::SmallVec;

/// Some names: ids of connections or users, or names of groups.
pub type Names<'a> = SmallVec<[&'a str; 2]>;

/// Whom an event is for, among the connections of one hub. Names are compared as they are; unknown ones are nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience<'a> {
    /// Everybody.
    All,
    /// Everybody but these connections.
    AllExcept(Names<'a>),
    /// These connections.
    Connections(Names<'a>),
    /// The connections of these users.
    Users(Names<'a>),
    /// The members of these groups: who is in two of them gets an event twice, as in ASP.NET Core.
    Groups(Names<'a>),
    /// The members of at least one of these groups, each once.
    AnyGroup(Names<'a>),
    /// The members of a group but these connections.
    GroupExcept(&'a str, Names<'a>),
}
