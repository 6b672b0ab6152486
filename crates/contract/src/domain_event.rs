//! A domain event: a `CloudEvent` that was understood. A new family of events is one variant of [`EventBody`] and one line
//! of `FAMILIES`.

use crate::cloud_event::CloudEvent;
use crate::event_data::CommonData;
use crate::identifier::Identifier;
use crate::rejection::{RejectedEvent, Rejection};
use crate::task_event::{self, TaskEvent};
use serde::{Deserialize, Serialize};

/// The families of events, each with the types that it knows.
const FAMILIES: &[&[EventType]] = &[task_event::EVENT_TYPES];

/// Something that happened, and to whom it matters.
///
/// Its JSON is how the Worker hands it to a virtual key's object and to a queue; it is not part of the contract.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainEvent {
    /// Names the event within its source: (source, id) seen twice is a duplicate.
    pub id: String,
    /// Where the event comes from.
    pub source: String,
    /// When it happened, if the producer said so: `data.timestamp`, else the envelope's `time`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_millis: Option<i64>,
    /// The virtual key whose connections are told.
    pub virtual_key_id: Identifier,
    /// Ties events of one operation together: `data.correlationId`, else the envelope's `correlationid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// What happened.
    pub body: EventBody,
}

/// What happened, by family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum EventBody {
    /// Something that happened to a task.
    Task(TaskEvent),
}

/// An event as it arrived: understood, or rejected with what is wrong.
pub type Arrival = Result<DomainEvent, RejectedEvent>;

/// One type of event: its name, and how its `data` is read.
pub(crate) struct EventType {
    pub(crate) name: &'static str,
    pub(crate) parse: fn(&str) -> Result<ParsedData, Rejection>,
}

/// An event's `data`, understood.
pub(crate) struct ParsedData {
    pub(crate) body: EventBody,
    pub(crate) common: CommonData,
}

/// The `type` of every event that is understood.
pub fn event_types() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().copied().flatten().map(|event_type| event_type.name)
}

impl DomainEvent {
    /// Reads one `CloudEvent` in JSON.
    ///
    /// # Errors
    ///
    /// The field that is wrong: an attribute of the envelope, or a field of `data` by its path.
    pub fn parse(json: &str) -> Result<Self, Rejection> {
        let event = CloudEvent::parse(json)?;
        let event_type = FAMILIES
            .iter()
            .copied()
            .flatten()
            .find(|event_type| event_type.name == event.event_type)
            .ok_or_else(|| Rejection::of_field("type", format!("unknown event type '{}'", event.event_type)))?;
        let data = event.data.map_or("null", |data| data.get());
        let virtual_key_id = event
            .virtual_key_id
            .ok_or_else(|| Rejection::of_field("virtualkeyid", "missing: it names the virtual key that is told"))?;
        let ParsedData { body, common } = (event_type.parse)(data)?;
        Ok(Self {
            id: event.id.into_owned(),
            source: event.source.into_owned(),
            time_millis: common.time_millis.or(event.time_millis),
            virtual_key_id,
            correlation_id: common.correlation_id.or(event.correlation_id),
            body,
        })
    }
}
