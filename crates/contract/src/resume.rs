//! What every hub has: the methods by which a client that was away comes back to where it was.

use serde::{Deserialize, Serialize};

use crate::method::{MethodDeclaration, answer, parameter};

/// Gives what a later connection comes back with.
pub const GET_RESUME_TOKEN: MethodDeclaration = MethodDeclaration {
    name: "GetResumeToken",
    summary: "Answers a secret with which a later connection takes this one's place. It is valid as long as events are \
              kept.",
    parameters: &[],
    answer: Some(answer!(ResumeToken, r#"{"connectionId":"c-1","resumeToken":"3q2-7w"}"#)),
    refusals: &[],
    streams: false,
};
/// Refuses a token that was never given, of another key or hub, used already, or too old.
pub const INVALID_RESUME_TOKEN: &str = "Invalid resume token";

/// Comes back.
pub const RESUME: MethodDeclaration = MethodDeclaration {
    name: "Resume",
    summary: "Joins the groups of an earlier connection again, and sends what was missed after the last event that it saw.",
    parameters: &[
        parameter!("resumeToken": String, "\"3q2-7w\""),
        parameter!(optional "lastEventId": String, "\"01KG0000000000000000000000\""),
    ],
    answer: Some(answer!(Resumed, r#"{"recovered":true,"restoredGroups":["task:task-1"],"replayed":3}"#)),
    refusals: &[INVALID_RESUME_TOKEN],
    streams: false,
};

/// The methods of every hub.
pub(crate) const METHODS: &[MethodDeclaration] = &[GET_RESUME_TOKEN, RESUME];

/// What a later connection comes back with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ResumeToken {
    /// The connection that the token stands for.
    pub connection_id: String,
    /// The secret.
    pub resume_token: String,
}

/// What came of coming back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Resumed {
    /// Whether nothing was lost. Where it is false, the client must read its state anew.
    pub recovered: bool,
    /// The groups that were joined again.
    pub restored_groups: Vec<String>,
    /// How many events were sent again.
    pub replayed: u64,
}
