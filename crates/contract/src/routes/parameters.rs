//! The parameters that routes have.

use super::description::{Parameter, Place};

const ID: &str = r#"{"type":"string","minLength":1}"#;

const fn path(summary: &'static str) -> Parameter {
    Parameter { name: "id", place: Place::Path, summary, schema: ID }
}

const fn query(name: &'static str, summary: &'static str, schema: &'static str) -> Parameter {
    Parameter { name, place: Place::Query, summary, schema }
}

const fn header(name: &'static str, summary: &'static str, schema: &'static str) -> Parameter {
    Parameter { name, place: Place::Header, summary, schema }
}

pub(super) const KEY_ID: Parameter = path("The virtual key.");
pub(super) const TASK_ID: Parameter = path("The task.");
pub(super) const REALTIME_ID: Parameter = path("The realtime session.");
pub(super) const SESSION_ID: Parameter =
    Parameter { name: "session", place: Place::Path, summary: "The realtime session.", schema: ID };
pub(super) const SERVICE_TOKEN_ID: Parameter = path("The service token.");
pub(super) const PROVIDER_NAME: Parameter =
    Parameter { name: "name", place: Place::Path, summary: "The provider.", schema: ID };

pub(super) const AFTER: Parameter = query("after", "The `next` of the page before.", r#"{"type":"string"}"#);
pub(super) const BEFORE: Parameter = query("before", "The `next` of the page before.", r#"{"type":"string"}"#);
pub(super) const LIMIT: Parameter = query(
    "limit",
    "How many items a page has at the most.",
    r#"{"type":"integer","minimum":1,"maximum":1000,"default":100}"#,
);
pub(super) const TASK_TYPE: Parameter = query("type", "Only tasks of this type.", r#"{"type":"string"}"#);
pub(super) const TASK_STATE: Parameter = query(
    "state",
    "Only tasks in this state.",
    r#"{"type":"string","enum":["registered","running","completed","failed","cancelled","timedOut"]}"#,
);
pub(super) const MODEL: Parameter =
    query("model", "The model; without it, the one that the configuration names.", r#"{"type":"string"}"#);
pub(super) const HUB_NAME: Parameter =
    query("hub", "Only events of this hub: its name, or a segment of its route.", r#"{"type":"string"}"#);

pub(super) const PERIOD: Parameter = query(
    "period",
    "Counts the deliveries of the last hour, day or week only; all without it.",
    r#"{"type":"string","enum":["hour","day","week"]}"#,
);

pub(super) const LETTER_ID: Parameter = path("The dead letter.");
pub(super) const LETTER_KIND: Parameter =
    query("kind", "Only letters of this kind.", r#"{"type":"string","enum":["event","webhook","unreadable"]}"#);
pub(super) const LETTER_KEY: Parameter = query("virtualKeyId", "Only letters of this key.", r#"{"type":"string"}"#);

pub(super) const CE_SPEC_VERSION: Parameter =
    header("ce-specversion", "In binary mode: the version of CloudEvents.", r#"{"type":"string","enum":["1.0"]}"#);
pub(super) const CE_ID: Parameter =
    header("ce-id", "In binary mode: names the event within its source.", r#"{"type":"string"}"#);
pub(super) const CE_SOURCE: Parameter =
    header("ce-source", "In binary mode: where the event comes from.", r#"{"type":"string"}"#);
pub(super) const CE_TYPE: Parameter = header("ce-type", "In binary mode: what happened.", r#"{"type":"string"}"#);
pub(super) const CE_VIRTUAL_KEY_ID: Parameter =
    header("ce-virtualkeyid", "In binary mode: the virtual key that the event is about.", r#"{"type":"string"}"#);
pub(super) const DELIVERY: Parameter =
    query("delivery", "Sends all events through the queue.", r#"{"type":"string","enum":["queue"]}"#);
pub(super) const CONTENT_ENCODING: Parameter =
    header("Content-Encoding", "How the body is encoded.", r#"{"type":"string","enum":["gzip","identity"]}"#);
pub(super) const TRACE_PARENT: Parameter = header(
    "traceparent",
    "The trace that events are part of that say of none themselves (W3C Trace Context).",
    r#"{"type":"string"}"#,
);

pub(super) const HUB: Parameter = Parameter {
    name: "hub",
    place: Place::Path,
    summary: "The segment of the hub's route, such as `tasks`.",
    schema: r#"{"type":"string"}"#,
};
pub(super) const CONNECTION: Parameter = Parameter {
    name: "id",
    place: Place::RequiredQuery,
    summary: "The connection token of negotiation.",
    schema: r#"{"type":"string"}"#,
};
pub(super) const MAYBE_CONNECTION: Parameter = query(
    "id",
    "The connection token of negotiation; a WebSocket that skips negotiation has none.",
    r#"{"type":"string"}"#,
);
pub(super) const NEGOTIATE_VERSION: Parameter =
    query("negotiateVersion", "The version of negotiation.", r#"{"type":"integer","default":0}"#);
pub(super) const DIALECT: Parameter =
    query("dialect", "Other names and shapes of events.", r#"{"type":"string","enum":["conduit","guide"]}"#);
pub(super) const META: Parameter = query(
    "meta",
    "Positional events get one more, last argument: their metadata.",
    r#"{"type":"string","enum":["1"]}"#,
);
