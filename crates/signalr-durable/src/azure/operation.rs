//! What a backend can ask for, and what came of it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::message::Message;

/// Something to do for the connections of a hub.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Operation {
    /// The name under which the hub was registered.
    pub hub: String,
    /// What to do.
    pub action: Action,
}

/// What to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Action {
    /// Has clients told something.
    Send {
        /// Which ones.
        to: Target,
        /// What they are told.
        message: Message,
        /// Connections that are not.
        excluded: Vec<String>,
    },
    /// Asks a client something.
    Invoke {
        /// The connection's id.
        connection: String,
        /// What it is asked.
        message: Message,
    },
    /// Closes connections; their clients may come back.
    Close {
        /// Which ones.
        of: Target,
        /// What their clients are told.
        reason: Option<String>,
        /// Connections that stay.
        excluded: Vec<String>,
    },
    /// Asks whether anybody is there.
    Exists(Target),
    /// Adds somebody to a group.
    Join {
        /// Who.
        member: Member,
        /// The group.
        group: String,
        /// Of users: for how long; 0 is only the connections that there are. Without it the user stays for a year, in
        /// the hundred groups that it joined last.
        ttl_seconds: Option<u64>,
    },
    /// Takes somebody out of a group; not to be in it is fine.
    Leave {
        /// Who.
        member: Member,
        /// The group.
        group: String,
    },
    /// Takes somebody out of all groups.
    LeaveAll(Member),
    /// Asks whether a user is in a group.
    IsInGroup {
        /// The user's id.
        user: String,
        /// The group.
        group: String,
    },
    /// Asks for the connections of a group, in the order of their ids.
    List {
        /// The group.
        group: String,
        /// The last id of the page before.
        after: Option<String>,
        /// How many at the most.
        limit: u32,
    },
}

/// Some connections of a hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// All of them.
    All,
    /// Those of a user.
    User(String),
    /// Those in a group.
    Group(String),
    /// One.
    Connection(String),
}

/// Who can be in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Member {
    /// A connection.
    Connection(String),
    /// A user, with every connection of it.
    User(String),
}

/// What came of an operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Outcome {
    /// It was done; of a question: yes.
    Done,
    /// What it was about is not there; of a question: no.
    NotFound(Missing),
    /// What the client that was asked returned.
    Result(Box<RawValue>),
    /// A page of a group's connections.
    Members {
        /// The connections.
        members: Vec<GroupMember>,
        /// Whether there are more behind them.
        has_more: bool,
    },
    /// It was not done, for this reason.
    Refused(String),
    /// It failed on this side, perhaps halfway; the log has the cause.
    Failed,
}

/// What is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missing {
    /// No such hub.
    Hub,
    /// No such connection.
    Connection,
    /// No connection of that user.
    User,
    /// No connection in that group.
    Group,
    /// The user is not in that group.
    Membership,
}

/// A connection in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupMember {
    /// Its id.
    pub connection_id: String,
    /// Whom it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}
