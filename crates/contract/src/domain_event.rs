//! A domain event: a `CloudEvent` that was understood. A new family of events is one variant of [`EventBody`] and one line
//! of `FAMILIES`.

use crate::admin_event::{self, AdminEvent};
use crate::cloud_event::CloudEvent;
use crate::event_data::CommonData;
use crate::identifier::Identifier;
use crate::image_event::{self, ImageEvent};
use crate::rejection::{RejectedEvent, Rejection};
use crate::spend_event::{self, SpendRecorded};
use crate::system_event::{self, SystemEvent};
use crate::task_event::{self, TaskEvent};
use crate::trace_parent::is_trace_parent;
use crate::video_event::{self, VideoEvent};
use crate::webhook_event::{self, WebhookEvent};
use crate::webhook_request::{self, WebhookDeliveryRequested};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The families of events, each with the types that it knows.
const FAMILIES: &[&[EventType]] = &[
    task_event::EVENT_TYPES,
    video_event::EVENT_TYPES,
    image_event::EVENT_TYPES,
    spend_event::EVENT_TYPES,
    webhook_event::EVENT_TYPES,
    webhook_request::EVENT_TYPES,
    system_event::EVENT_TYPES,
    admin_event::EVENT_TYPES,
];

/// Something that happened, and to whom it matters.
#[derive(Debug, Clone, PartialEq)]
pub struct DomainEvent {
    /// Names the event within its source: (source, id) seen twice is a duplicate.
    pub id: String,
    /// Where the event comes from.
    pub source: String,
    /// Its type, by its name.
    pub event_type: &'static str,
    /// When it happened, if the producer said so: `data.timestamp`, else the envelope's `time`.
    pub time_millis: Option<i64>,
    /// The virtual key whose connections are told; none where everybody is.
    pub virtual_key_id: Option<Identifier>,
    /// Ties events of one operation together: `data.correlationId`, else the envelope's `correlationid`.
    pub correlation_id: Option<String>,
    /// The trace that the event is part of (W3C Trace Context): the extension attribute `traceparent`.
    pub trace_parent: Option<String>,
    /// What happened.
    pub body: EventBody,
}

/// What happened, by family.
#[derive(Debug, Clone, PartialEq)]
pub enum EventBody {
    /// Something that happened to a task.
    Task(TaskEvent),
    /// Money that was spent.
    Spend(SpendRecorded),
    /// Something that happened to a video in the making, which is a task too.
    Video(VideoEvent),
    /// Something that happened to images in the making, which are a task too.
    Image(ImageEvent),
    /// Something that happened to the delivery of a webhook.
    Webhook(WebhookEvent),
    /// A webhook that Conduit is to deliver.
    WebhookRequest(WebhookDeliveryRequested),
    /// Something that happened to the system as a whole.
    System(SystemEvent),
    /// Something that operators should know.
    Admin(AdminEvent),
}

/// An event that was understood, and the `CloudEvent` that says so: this is what travels, and is read again where it
/// arrives.
#[derive(Debug, Clone)]
pub struct AcceptedEvent {
    /// What it was understood as.
    pub event: DomainEvent,
    /// The `CloudEvent`, as it was sent.
    pub json: Box<RawValue>,
}

/// An event as it arrived: understood, or rejected with what is wrong.
pub type Arrival = Result<AcceptedEvent, RejectedEvent>;

/// Whom an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One virtual key, which `virtualkeyid` names.
    Key,
    /// Everybody: `virtualkeyid` must be absent.
    Broadcast,
}

/// One type of event: its name, whom it is about, and how its `data` is read.
pub struct EventType {
    /// Its name, the `type` of its `CloudEvents`.
    pub name: &'static str,
    /// Whom it is about.
    pub scope: Scope,
    pub(crate) parse: fn(&str) -> Result<ParsedData, Rejection>,
    /// Data of one, as JSON.
    pub example: &'static str,
    /// The JSON Schema of its data.
    #[cfg(feature = "schema")]
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

/// Declares a family of events whose data clients are told as it came: `Name: Scope` for each, `Name` being the type of
/// its data and of its `CloudEvent`.
macro_rules! domain_events {
    (
        $(#[$meta:meta])*
        pub enum $family:ident in $body:path {
            $($(#[$event_meta:meta])* $event:ident: $scope:ident,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub enum $family {
            $(#[doc = concat!("`", stringify!($event), "`.")] $event($event),)*
        }

        /// The types of this family, by the `type` of their `CloudEvents`.
        pub(crate) const EVENT_TYPES: &[$crate::domain_event::EventType] = &[$(
            $crate::domain_event::EventType {
                name: stringify!($event),
                scope: $crate::domain_event::Scope::$scope,
                parse: |data| {
                    let (own, common) = $crate::event_data::parse::<$event>(data)?;
                    let body = $body($family::$event(own));
                    Ok($crate::domain_event::ParsedData { body, common })
                },
                example: <$event as $crate::client_event::ClientEvent>::DECLARATION.example,
                #[cfg(feature = "schema")]
                schema: |generator| generator.subschema_for::<$event>(),
            },
        )*];

        impl $family {
            /// Its name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$event(_) => stringify!($event),)*
                }
            }

            /// The event that clients were told, if it is one of these.
            pub fn of_notification(notification: &$crate::notification::Notification) -> Option<Self> {
                let data = notification.data().get();
                $(
                    let declaration = <$event as $crate::client_event::ClientEvent>::DECLARATION;
                    if notification.event == declaration {
                        return $crate::fields::read(data).ok().map(Self::$event);
                    }
                )*
                None
            }

            /// What the clients of a hub are told of it, in these groups.
            ///
            /// # Errors
            ///
            /// It can't be written as JSON.
            pub fn notification(
                &self,
                hub: &'static $crate::hub::Hub,
                groups: Vec<String>,
                meta: $crate::event_meta::EventMeta,
            ) -> Result<$crate::notification::Notification, $crate::notification::NotificationError> {
                match self {
                    $(Self::$event(data) => $crate::notification::Notification::new(hub, groups, data, meta),)*
                }
            }
        }
    };
}

/// An event's `data`, understood.
pub(crate) struct ParsedData {
    pub(crate) body: EventBody,
    pub(crate) common: CommonData,
}

pub(crate) use domain_events;

/// Every type of event that is understood.
pub fn event_types() -> impl Iterator<Item = &'static EventType> {
    FAMILIES.iter().copied().flatten()
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
        let refused = |message| Err(Rejection::of_field("virtualkeyid", message));
        let virtual_key_id = match (event_type.scope, event.virtual_key_id) {
            (Scope::Key, None) => return refused("missing: it names the virtual key that is told"),
            (Scope::Broadcast, Some(_)) => return refused("must be absent: events of this type are for everybody"),
            (_, virtual_key_id) => virtual_key_id,
        };
        let ParsedData { body, common } = (event_type.parse)(data)?;
        Ok(Self {
            id: event.id.into_owned(),
            source: event.source.into_owned(),
            event_type: event_type.name,
            time_millis: common.time_millis.or(event.time_millis),
            virtual_key_id,
            correlation_id: common.correlation_id.or(event.correlation_id),
            trace_parent: event.trace_parent.filter(|text| is_trace_parent(text)).map(Cow::into_owned),
            body,
        })
    }
}
