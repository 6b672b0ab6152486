//! A domain event in the form in which the clients of a hub read it: a client method and its arguments, as Azure's
//! management SDKs send them. It is read back into the event that it tells of, so that no state is passed by.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    client_event::{EventDeclaration, Form},
    domain_event::{AcceptedEvent, EventType, Scope, event_types},
    hub::{Hub, SPEND_HUB, WEBHOOK_HUB},
    ingest,
    json_members::JsonMembers,
    rejection::Rejection,
    webhook_url::WebhookUrl,
};

/// An event that clients of a hub could be told, and the domain event of which they would be.
pub struct ClientForm {
    hub: &'static Hub,
    event: &'static EventDeclaration,
    event_type: &'static EventType,
    /// A JSON object.
    data: Box<RawValue>,
}

/// What an event's `CloudEvent` says beside its data.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// Names the event within its source.
    pub id: &'a str,
    /// Where it comes from.
    pub source: &'a str,
    /// The key that it is of; none of what is for everybody.
    pub virtual_key_id: Option<&'a str>,
    /// The trace that it is part of.
    pub trace_parent: Option<&'a str>,
}

impl ClientForm {
    /// Finds out which domain event a client method and its arguments tell of. What the arguments hold is checked by
    /// [`accept`](Self::accept).
    ///
    /// # Errors
    ///
    /// `target`: the hub has no such event, or it is one that only Conduit tells. `arguments`: there are too many, or no
    /// object where the event is one.
    pub fn read(hub: &'static Hub, target: &str, arguments: &[Box<RawValue>]) -> Result<Self, Rejection> {
        let event = hub.event(target).ok_or_else(|| {
            let names: Vec<&str> = hub.events.iter().map(|event| event.name).collect();
            let message = format!("'{target}' is no event of {}, which has {}", hub.name, names.join(", "));
            Rejection::of_field("target", message)
        })?;
        let event_type = type_of(hub, event.name).ok_or_else(|| {
            let message = if hub == &SPEND_HUB {
                "is told by Conduit when money was spent: post SpendRecorded to /v1/events"
            } else {
                "is told by Conduit, and can't be sent"
            };
            Rejection::of_field("target", format!("'{target}' {message}"))
        })?;
        Ok(Self { hub, event, event_type, data: data(event, arguments)? })
    }

    /// Whom the event is about: a key, or everybody.
    pub fn scope(&self) -> Scope {
        self.event_type.scope
    }

    /// Whether clients of that group of the key could be told of the event.
    pub fn is_told_in(&self, virtual_key_id: &str, group: &str) -> bool {
        // Data that can't be read has no members that contradict the group; it is refused for itself.
        let members: Option<JsonMembers<'_>> = serde_json::from_str(self.data.get()).ok();
        is_group(self.hub, virtual_key_id, group, |name| members.as_ref()?.get(name).map(RawValue::get))
    }

    /// The event in its envelope, checked as any that arrives.
    ///
    /// # Errors
    ///
    /// The argument that is wrong, by its path: `arguments[1]`, `arguments[0].status`.
    pub fn accept(&self, envelope: Envelope<'_>) -> Result<AcceptedEvent, Rejection> {
        let whole = |error: &dyn std::fmt::Display| Rejection::of_whole(error.to_string());
        let written = Written {
            specversion: "1.0",
            id: envelope.id,
            source: envelope.source,
            event_type: self.event_type.name,
            virtualkeyid: envelope.virtual_key_id,
            traceparent: envelope.trace_parent,
            data: &self.data,
        };
        let body = serde_json::to_vec(&written).map_err(|error| whole(&error))?;
        let arrivals = ingest("application/cloudevents+json", &body).map_err(|error| whole(&error))?;
        let arrival = arrivals.into_iter().next().ok_or_else(|| Rejection::of_whole("there is no event"))?;
        arrival.map_err(|rejected| self.as_argument(rejected.rejection))
    }

    /// A rejection of a field of the data, as one of the argument that it came from.
    fn as_argument(&self, rejection: Rejection) -> Rejection {
        let Rejection { field: Some(field), message } = rejection else { return rejection };
        let field = match (field.strip_prefix("data"), self.event.form) {
            (None, _) => field,
            (Some(""), _) => "arguments".to_owned(),
            (Some(path), Form::Object) => format!("arguments[0]{path}"),
            (Some(path), Form::Positional(names)) => {
                let path = path.strip_prefix('.').unwrap_or(path);
                let (name, rest) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
                let index = names.iter().position(|known| *known == name);
                index.map_or_else(|| "arguments".to_owned(), |index| format!("arguments[{index}]{rest}"))
            }
        };
        Rejection { field: Some(field), message }
    }
}

/// Whether a hub has such a group among those of a key.
pub fn is_group_of_key(hub: &Hub, virtual_key_id: &str, group: &str) -> bool {
    is_group(hub, virtual_key_id, group, |_| None)
}

/// A `CloudEvent` as it is written.
#[derive(Serialize)]
struct Written<'a> {
    specversion: &'a str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    virtualkeyid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    data: &'a RawValue,
}

/// The domain event that clients are told of under a name. It has the same, but those of webhooks.
fn type_of(hub: &Hub, name: &str) -> Option<&'static EventType> {
    let of_webhook = |event_type: &EventType| {
        let own = event_type.name.strip_prefix("Webhook");
        own == Some(name) || own.and_then(|own| own.strip_prefix("Delivery")) == Some(name)
    };
    event_types().find(|event_type| event_type.name == name || (hub == &WEBHOOK_HUB && of_webhook(event_type)))
}

/// The data that arguments stand for. What is null is left out.
fn data(event: &EventDeclaration, arguments: &[Box<RawValue>]) -> Result<Box<RawValue>, Rejection> {
    match (event.form, arguments) {
        (Form::Positional(names), _) if arguments.len() > names.len() => {
            let message = format!("too many: {} has {}", event.name, names.join(", "));
            Err(Rejection::of_field("arguments", message))
        }
        (Form::Positional(names), _) => {
            let given = names.iter().zip(arguments).filter(|(_, argument)| argument.get() != "null");
            let members: Vec<String> = given.map(|(name, argument)| format!("\"{name}\":{}", argument.get())).collect();
            RawValue::from_string(format!("{{{}}}", members.join(",")))
                .map_err(|error| Rejection::of_field("arguments", error.to_string()))
        }
        (Form::Object, [only]) if only.get().starts_with('{') => Ok(only.clone()),
        (Form::Object, _) => {
            Err(Rejection::of_field("arguments", format!("must be one object: {} has nothing else", event.name)))
        }
    }
}

/// Whether a group is one that the hub declares, with nothing in its name that contradicts the key or a member of an
/// event's data.
fn is_group<'a>(hub: &Hub, virtual_key_id: &str, group: &str, member: impl Fn(&str) -> Option<&'a str>) -> bool {
    hub.groups.iter().any(|declared| {
        let Some((prefix, placeholder)) = declared.pattern.split_once('{') else { return declared.pattern == group };
        let Some(value) = group.strip_prefix(prefix).filter(|value| !value.is_empty()) else { return false };
        match placeholder.trim_end_matches('}') {
            "virtualKeyId" => value == virtual_key_id,
            name => member(name).is_none_or(|json| is_same(name, json, value)),
        }
    })
}

/// Whether a member of an event's data, as JSON, is what the name of a group says. Ids may be numbers; URLs are compared
/// as they are normalised.
fn is_same(name: &str, json: &str, value: &str) -> bool {
    let text = serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned());
    let url = |text: &str| text.parse::<WebhookUrl>().ok();
    text == value || (name == "url" && url(&text).is_some_and(|own| url(value).as_ref() == Some(&own)))
}

#[cfg(test)]
#[path = "client_form_tests.rs"]
mod tests;
