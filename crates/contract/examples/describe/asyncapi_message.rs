//! The messages of the `AsyncAPI` document.
//!
//! Its schemas are of JSON Schema draft 7, in which a tuple is an `items` that is a list, and nothing stands beside
//! `$ref`.

use contract::{EventClass, Scope};
use serde_json::{Map, Value, json};

use crate::{
    catalogue::{Argument, DomainEventEntry, EventEntry, MethodEntry},
    examples::Call,
    schemas,
};

/// The message of an event.
pub(crate) fn of_event(event: &EventEntry, meta: &Value) -> Value {
    let payload = match &event.arguments {
        None => tuple(&[schemas::with_members(&event.data, meta)], 1),
        Some(arguments) => {
            let own = arguments.iter().map(named);
            let items: Vec<Value> = own.chain([json!({ "$ref": "#/components/schemas/EventMeta" })]).collect();
            tuple(&items, arguments.len())
        }
    };
    let class = match event.declaration.class {
        EventClass::Durable => "durable",
        EventClass::Ephemeral => "ephemeral",
    };
    let mut message = json!({
        "name": event.declaration.name,
        "summary": event.summary,
        "payload": payload,
        "examples": [{ "payload": event.examples.contract.arguments }],
        "x-class": class,
    });
    let dialects = dialects(event);
    if let (Some(message), false) = (message.as_object_mut(), dialects.is_empty()) {
        message.insert("x-dialects".to_owned(), Value::Object(dialects));
    }
    message
}

fn dialects(event: &EventEntry) -> Map<String, Value> {
    let of_call = |call: &Call| json!({ "name": call.name, "example": call.arguments });
    let mut dialects = Map::new();
    if let Some(call) = &event.examples.conduit {
        dialects.insert("conduit".to_owned(), of_call(call));
    }
    if let Some(call) = &event.examples.guide {
        let mut guide = of_call(call);
        if let (Some(guide), Some(condition)) = (guide.as_object_mut(), event.declaration.guide_condition) {
            guide.insert("condition".to_owned(), json!(format!("where `{condition}` is true")));
        }
        dialects.insert("guide".to_owned(), guide);
    }
    dialects
}

/// The names of a method's messages: its invocation, and its answer where it has one.
pub(crate) fn names_of_method(method: &MethodEntry) -> Vec<String> {
    let name = method.declaration.name;
    let answer = method.answer.as_ref().map(|_| format!("{name}.answer"));
    [name.to_owned()].into_iter().chain(answer).collect()
}

/// A method's messages under these names.
pub(crate) fn of_method(method: &MethodEntry) -> Vec<(String, Value)> {
    let required = method.parameters.iter().filter(|parameter| !parameter.is_optional).count();
    let arguments: Vec<&Value> = method.parameters.iter().map(|parameter| &parameter.example).collect();
    let parameters: Vec<Value> = method.parameters.iter().map(named).collect();
    let invocation = json!({
        "name": method.declaration.name,
        "payload": tuple(&parameters, required),
        "examples": [{ "payload": arguments }],
    });
    let answer = method.answer.as_ref().map(|answer| {
        json!({
            "name": format!("{} answer", method.declaration.name),
            "payload": answer.schema,
            "examples": [{ "payload": answer.example }],
        })
    });
    names_of_method(method).into_iter().zip([Some(invocation), answer].into_iter().flatten()).collect()
}

/// The schema of a domain event: a whole `CloudEvent`.
pub(crate) fn cloud_event_schema(event: &DomainEventEntry, common_data: &Value) -> Value {
    let event_type = event.event_type;
    let schema = json!({
        "type": "object",
        "properties": {
            "specversion": { "const": "1.0" },
            "id": { "type": "string", "minLength": 1, "description": "Names the event within its source." },
            "source": { "type": "string", "minLength": 1, "description": "Where the event comes from." },
            "type": { "const": event_type.name },
            "time": { "type": "string", "format": "date-time" },
            "correlationid": { "type": "string", "description": "What ties it to its cause." },
            "data": schemas::with_members(&event.data, common_data),
        },
        "required": ["specversion", "id", "source", "type", "data"],
    });
    let of_key = json!({
        "properties": {
            "virtualkeyid": { "type": ["string", "integer"], "description": "The virtual key that the event is about." },
        },
        "required": ["virtualkeyid"],
    });
    match event_type.scope {
        Scope::Key => schemas::with_members(&schema, &of_key),
        Scope::Broadcast => schemas::with_members(&schema, &json!({ "properties": { "virtualkeyid": false } })),
    }
}

/// The message of a domain event.
pub(crate) fn of_domain_event(event: &DomainEventEntry, common_data: &Value) -> Value {
    let scope = match event.event_type.scope {
        Scope::Key => "key",
        Scope::Broadcast => "broadcast",
    };
    json!({
        "name": event.event_type.name,
        "summary": event.summary,
        "contentType": "application/cloudevents+json",
        "payload": cloud_event_schema(event, common_data),
        "examples": [{ "payload": cloud_event(event) }],
        "x-scope": scope,
    })
}

/// The example of a domain event, whole.
pub(crate) fn cloud_event(event: &DomainEventEntry) -> Value {
    let mut whole = json!({
        "specversion": "1.0",
        // Another for each: one that was seen with this source is a duplicate.
        "id": format!("{}-1", event.event_type.name),
        "source": "/docs",
        "type": event.event_type.name,
    });
    if let Some(members) = whole.as_object_mut() {
        if event.event_type.scope == Scope::Key {
            members.insert("virtualkeyid".to_owned(), json!("456"));
        }
        members.insert("data".to_owned(), event.example.clone());
    }
    whole
}

fn tuple(items: &[Value], required: usize) -> Value {
    // A list of no schemas is none.
    if items.is_empty() {
        return json!({ "type": "array", "maxItems": 0 });
    }
    json!({ "type": "array", "items": items, "minItems": required, "additionalItems": false })
}

/// The schema of an argument, by its name: a tuple has none.
fn named(argument: &Argument) -> Value {
    let mut schema = argument.schema.clone();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), json!(argument.name));
    }
    schema
}

/// Moves each reference that has something beside it into an `allOf`.
pub(crate) fn set_references_apart(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.len() > 1
                && let Some(target) = object.shift_remove("$ref")
            {
                object.insert("allOf".to_owned(), json!([{ "$ref": target }]));
            }
            object.values_mut().for_each(set_references_apart);
        }
        Value::Array(list) => list.iter_mut().for_each(set_references_apart),
        _ => {}
    }
}
