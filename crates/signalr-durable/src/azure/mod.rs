//! The Azure SignalR data-plane REST API, on the object's side: what a backend asks for, and doing it.
//!
//! [`edge::azure`](crate::edge::azure) turns a request into an [`Operation`]. The application finds the object that it is
//! for, which hands it to [`Server::apply`](crate::Server::apply) and answers with the [`Outcome`]; both travel as JSON, by
//! `serde_json`.
//!
//! | room | what it is for |
//! |---|---|
//! | `operation` | what can be asked for, and what came of it |
//! | `message` | what is sent: a target and its arguments, in JSON or MessagePack |
//! | `apply` | doing it |
//! | `user_groups` | the groups that a user is in whatever its connections are |

mod apply;
mod message;
mod operation;
mod user_groups;

pub(crate) use self::user_groups::UserGroups;
pub use self::{
    message::{Message, MessageError},
    operation::{Action, GroupMember, Member, Missing, Operation, Outcome, Target},
};
