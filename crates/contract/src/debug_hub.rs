//! `DebugHub`, where it is enabled: what comes back, and what an object is doing.

use serde::{Deserialize, Serialize};

use crate::{
    hub::{Hub, KeyKind},
    method::{MethodDeclaration, answer, parameter},
};

/// What an operator looks at while something is wrong. A server serves it only where its configuration enables it.
pub static DEBUG_HUB: Hub = Hub {
    name: "DebugHub",
    route: "debug",
    aliases: &[],
    key: KeyKind::Master,
    summary: "Looks into the object that serves the connection. Served only where the configuration enables it.",
    methods: METHODS,
    events: &[],
    groups: &[],
};

/// Answers what it is given.
pub const ECHO: MethodDeclaration = MethodDeclaration {
    name: "Echo",
    summary: "Answers what it is given.",
    parameters: &[parameter!("x": crate::AnyJson, r#"{"a":1}"#)],
    answer: Some(answer!(crate::AnyJson, r#"{"a":1}"#)),
    refusals: &[],
    streams: false,
};
/// Says what the object is doing.
pub const DESCRIBE: MethodDeclaration = MethodDeclaration {
    name: "Describe",
    summary: "Answers what the object that serves the connection holds.",
    parameters: &[],
    answer: Some(answer!(
        Description,
        r#"{
            "connections":2,"groups":[{"name":"admin","connections":2}],"wakes":1,
            "journal":{"events":1,"oldestEventId":"01KG0000000000000000000000","newestEventId":"01KG0000000000000000000000"}
        }"#
    )),
    refusals: &[],
    streams: false,
};

const METHODS: &[MethodDeclaration] = &[ECHO, DESCRIBE];

/// What an object holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// Open connections, of all hubs.
    pub connections: u64,
    /// Its groups, of all hubs.
    pub groups: Vec<GroupDescription>,
    /// How often it was woken since it was made.
    pub wakes: u64,
    /// The events that it keeps.
    pub journal: JournalDescription,
}

/// A group and its size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct GroupDescription {
    /// Its name.
    pub name: String,
    /// How many connections are in it.
    pub connections: u64,
}

/// The events that are kept for who was away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct JournalDescription {
    /// How many.
    pub events: u64,
    /// The first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest_event_id: Option<String>,
    /// The last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest_event_id: Option<String>,
}
