//! An event on its way to the clients of a hub: what it says, whom it is for, and how each dialect reads it.

use serde::{Deserialize, Serialize, Serializer, de};
use serde_json::{Map, Value, value::RawValue};
use thiserror::Error;

use crate::{
    any_json::AnyJson,
    client_event::{ClientEvent, EventClass, EventDeclaration, Form, Told},
    event_meta::EventMeta,
    hub::{self, Hub},
    json_members::JsonMembers,
    json_tree::JsonTree,
};

/// In which names and shapes a connection reads events. One per connection, so that nothing comes twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The contract's own.
    #[default]
    Contract,
    /// The original system's (`?dialect=conduit`).
    Conduit,
    /// The implementation guide's few other names (`?dialect=guide`).
    Guide,
}

impl Dialect {
    /// The dialect that a query parameter names.
    pub fn named(name: &str) -> Option<Self> {
        [("conduit", Self::Conduit), ("guide", Self::Guide)]
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, dialect)| dialect)
    }
}

/// An event for some of a hub's groups.
#[derive(Debug, Clone)]
pub struct Notification {
    /// Whose clients are told.
    pub hub: &'static Hub,
    /// What it is.
    pub event: &'static EventDeclaration,
    /// The groups it goes to; a connection in several of them gets it once.
    pub groups: Vec<String>,
    /// When it was, and its id.
    pub meta: EventMeta,
    data: Box<RawValue>,
}

/// Says that an event can't be written: its data is no object of JSON.
#[derive(Debug, Error)]
#[error("{event} can't be written: {cause}")]
pub struct NotificationError {
    /// The event's name.
    pub event: &'static str,
    /// What went wrong.
    pub cause: serde_json::Error,
}

impl Notification {
    /// Makes a notification.
    ///
    /// # Errors
    ///
    /// The event's data can't be written as JSON.
    pub fn new<E: ClientEvent>(
        hub: &'static Hub,
        groups: Vec<String>,
        event: &E,
        meta: EventMeta,
    ) -> Result<Self, NotificationError> {
        let declaration = E::DECLARATION;
        let data = serde_json::value::to_raw_value(event)
            .map_err(|cause| NotificationError { event: declaration.name, cause })?;
        Ok(Self { hub, event: declaration, groups, meta, data })
    }

    /// Makes a notification of data that was kept under its event's name; none if the hub has no such event.
    pub fn of_kept(
        hub: &'static Hub,
        groups: Vec<String>,
        event_name: &str,
        data: &AnyJson,
        meta: EventMeta,
    ) -> Option<Self> {
        let event = hub.event(event_name)?;
        Some(Self { hub, event, groups, meta, data: data.raw().to_owned() })
    }

    /// Whether it is kept for those who are away.
    pub fn is_durable(&self) -> bool {
        self.event.class == EventClass::Durable
    }

    /// Its data, a JSON object.
    pub fn data(&self) -> &RawValue {
        &self.data
    }

    /// The client method that is invoked.
    pub fn target(&self, dialect: Dialect) -> &'static str {
        match dialect {
            Dialect::Contract => self.event.name,
            Dialect::Guide => self.guide_name().unwrap_or(self.event.name),
            Dialect::Conduit => self.event.conduit.map_or(self.event.name, |form| form.name),
        }
    }

    fn guide_name(&self) -> Option<&'static str> {
        let name = self.event.guide?;
        let Some(condition) = self.event.guide_condition else {
            return Some(name);
        };
        let members: JsonMembers<'_> = serde_json::from_str(self.data.get()).ok()?;
        (members.get(condition)?.get() == "true").then_some(name)
    }

    /// The arguments that are passed to it, as one JSON list. `with_meta` adds the metadata where no argument has it.
    ///
    /// # Errors
    ///
    /// The data is not what the event's declaration says.
    pub fn arguments(&self, dialect: Dialect, with_meta: bool) -> Result<EventArguments, NotificationError> {
        let failed = |cause| NotificationError { event: self.event.name, cause };
        match (dialect, self.event.conduit) {
            (Dialect::Conduit, Some(form)) => self.conduit_arguments(form.arguments, with_meta).map_err(failed),
            _ => self.own_arguments(with_meta).map_err(failed),
        }
    }

    fn own_arguments(&self, with_meta: bool) -> serde_json::Result<EventArguments> {
        let mut list = ListText::new();
        match self.event.form {
            Form::Object => list.push(&with_members(self.data.get(), &serde_json::to_string(&self.meta)?)),
            Form::Positional(names) => {
                let members: JsonMembers<'_> = serde_json::from_str(self.data.get())?;
                for name in names {
                    list.push(members.get(name).map_or("null", RawValue::get));
                }
                if with_meta {
                    list.push(&serde_json::to_string(&self.meta)?);
                }
            }
        }
        list.into_arguments()
    }

    fn conduit_arguments(
        &self,
        shape: fn(&Told<'_>) -> Vec<Value>,
        with_meta: bool,
    ) -> serde_json::Result<EventArguments> {
        let data: Map<String, Value> = serde_json::from_str(self.data.get())?;
        let mut arguments = shape(&Told { data: &data, meta: &self.meta });
        let meta = serde_json::to_value(&self.meta)?;
        match (arguments.as_mut_slice(), meta) {
            ([Value::Object(only)], Value::Object(meta)) => {
                for (name, value) in meta {
                    only.entry(name).or_insert(value);
                }
            }
            (_, meta) if with_meta => arguments.push(meta),
            _ => {}
        }
        let mut list = ListText::new();
        for argument in &arguments {
            list.push(&serde_json::to_string(argument)?);
        }
        list.into_arguments()
    }
}

/// The JSON object with more members at its end.
fn with_members(object: &str, more: &str) -> String {
    match (object.strip_suffix('}'), more.strip_prefix('{')) {
        (Some("{"), _) => more.to_owned(),
        (Some(open), Some(members)) => format!("{open},{members}"),
        _ => object.to_owned(),
    }
}

/// A JSON list that is being written.
struct ListText {
    text: String,
    count: usize,
}

impl ListText {
    fn new() -> Self {
        Self { text: String::from("["), count: 0 }
    }

    fn push(&mut self, json: &str) {
        if self.count > 0 {
            self.text.push(',');
        }
        self.text.push_str(json);
        self.count += 1;
    }

    fn into_arguments(mut self) -> serde_json::Result<EventArguments> {
        self.text.push(']');
        Ok(EventArguments { list: RawValue::from_string(self.text)?, count: self.count })
    }
}

/// The arguments of an event: a JSON list.
#[derive(Debug, Clone)]
pub struct EventArguments {
    list: Box<RawValue>,
    count: usize,
}

impl EventArguments {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The list as its text.
    pub fn json(&self) -> &RawValue {
        &self.list
    }

    /// Writes the list with a serializer other than `serde_json`'s: as the values that its text stands for.
    ///
    /// # Errors
    ///
    /// The serializer's.
    pub fn serialize_values<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tree: JsonTree<'_> = serde_json::from_str(self.list.get()).map_err(serde::ser::Error::custom)?;
        tree.serialize(serializer)
    }
}

/// How a notification is kept: by names.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept<N, D> {
    hub: N,
    event: N,
    groups: Vec<String>,
    meta: EventMeta,
    data: D,
}

impl Serialize for Notification {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kept = Kept {
            hub: self.hub.name,
            event: self.event.name,
            groups: self.groups.clone(),
            meta: self.meta.clone(),
            data: &self.data,
        };
        kept.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Notification {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kept = Kept::<String, Box<RawValue>>::deserialize(deserializer)?;
        let hub = hub::named(&kept.hub).ok_or_else(|| de::Error::custom(format_args!("no hub {:?}", kept.hub)))?;
        let event = hub
            .event(&kept.event)
            .ok_or_else(|| de::Error::custom(format_args!("no event {:?} of {}", kept.event, hub.name)))?;
        Ok(Self { hub, event, groups: kept.groups, meta: kept.meta, data: kept.data })
    }
}
