//! What clients are told: each event is declared once, and its encoding, its journal, the descriptions and the types of
//! the client library follow from that.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::event_meta::EventMeta;

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventClass {
    /// It is kept, so that who was away can get it later.
    Durable,
    /// Only the latest counts.
    Ephemeral,
}

/// How an event's data becomes the arguments of the client's method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// These members of the data, each an argument, in this order. What the data lacks is null.
    Positional(&'static [&'static str]),
    /// One argument: the data, with the event's metadata in it.
    Object,
}

/// The original system's name and arguments of an event (`?dialect=conduit`).
#[derive(Clone, Copy)]
pub struct ConduitForm {
    /// The client method.
    pub name: &'static str,
    /// Its arguments. A single object gets the metadata that it has not.
    pub arguments: fn(&Told<'_>) -> Vec<Value>,
}

/// An event as it is told, for those who shape it.
pub struct Told<'a> {
    /// Its data.
    pub data: &'a Map<String, Value>,
    /// When it was, and its id.
    pub meta: &'a EventMeta,
}

impl Told<'_> {
    /// A member of the data, or null.
    pub fn get(&self, name: &str) -> Value {
        self.data.get(name).cloned().unwrap_or(Value::Null)
    }

    /// When it happened, as text.
    pub fn timestamp(&self) -> Value {
        Value::String(crate::time::format_millis(self.meta.timestamp_millis))
    }

    /// A number of the data without its fraction, or null: the original has whole numbers where ours have any.
    pub fn whole(&self, name: &str) -> Value {
        let number = self.data.get(name).and_then(Value::as_f64);
        #[expect(clippy::cast_possible_truncation, reason = "the fraction is what is cut off")]
        number.map_or(Value::Null, |number| Value::from(number as i64))
    }

    /// The data under other names: each pair is the original system's name and ours. What is absent is null there, as in
    /// everything that ASP.NET Core serializes.
    pub fn renamed(&self, names: &[(&str, &str)]) -> Map<String, Value> {
        names.iter().map(|(theirs, ours)| ((*theirs).to_owned(), self.get(ours))).collect()
    }
}

/// An event of a hub, for everybody who must know what it looks like.
pub struct EventDeclaration {
    /// The client method that is invoked.
    pub name: &'static str,
    /// How much it matters.
    pub class: EventClass,
    /// How its data becomes arguments.
    pub form: Form,
    /// What the original system called it, where that was something else.
    pub conduit: Option<ConduitForm>,
    /// What the implementation guide called it, where that was something else (`?dialect=guide`).
    pub guide: Option<&'static str>,
    /// The member of the data that must be true for it to have the guide's name; none where it always has it.
    pub guide_condition: Option<&'static str>,
    /// Data of one, as JSON.
    pub example: &'static str,
    /// The JSON Schema of its data.
    #[cfg(feature = "schema")]
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
}

impl PartialEq for EventDeclaration {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.form == other.form
    }
}

impl std::fmt::Debug for EventDeclaration {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// The data of an event that clients are told: it is written as a JSON object.
pub trait ClientEvent: Serialize {
    /// What it looks like to clients.
    const DECLARATION: &'static EventDeclaration;
}

/// Declares an event: `client_event!(VideoStarted, Durable, Object, example: r#"{…}"#)`. Its name is that of its type,
/// unless `name:` says another; `conduit:` and `guide:` say what the other dialects have (`guide: "WebhookFailed" if
/// "isFinal"`: only where that member is true).
macro_rules! client_event {
    (
        $event:ty, $class:ident, $form:expr
        $(, name: $name:literal)?
        $(, conduit: $conduit:literal => $shape:expr)?
        $(, guide: $guide:literal $(if $condition:literal)?)?
        , example: $example:expr $(,)?
    ) => {
        impl $crate::client_event::ClientEvent for $event {
            const DECLARATION: &'static $crate::client_event::EventDeclaration =
                &$crate::client_event::EventDeclaration {
                    name: $crate::client_event::first!($($name,)? stringify!($event)),
                    class: $crate::client_event::EventClass::$class,
                    form: {
                        #[allow(unused_imports)]
                        use $crate::client_event::Form::*;
                        $form
                    },
                    conduit: $crate::client_event::first!(
                        $(Some($crate::client_event::ConduitForm { name: $conduit, arguments: $shape }),)? None
                    ),
                    guide: $crate::client_event::first!($(Some($guide),)? None),
                    guide_condition: $crate::client_event::first!($($(Some($condition),)?)? None),
                    example: $example,
                    #[cfg(feature = "schema")]
                    schema: |generator| generator.subschema_for::<$event>(),
                };
        }
    };
}

/// The first of some expressions.
macro_rules! first {
    ($first:expr $(, $rest:expr)* $(,)?) => {
        $first
    };
}

pub(crate) use {client_event, first};
