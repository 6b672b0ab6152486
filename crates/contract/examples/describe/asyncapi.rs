//! `public/asyncapi.json`: an `AsyncAPI` 3.0.0 document, as a client sees the hubs: it sends invocations and receives events.

use std::error::Error;

use contract::KeyKind;
use serde_json::{Map, Value, json};

use crate::{
    asyncapi_message as message,
    catalogue::{Catalogue, DomainEventEntry, HubEntry, MethodEntry},
};

const DESCRIPTION: &str = "The real-time layer of the Conduit LLM gateway. Each hub is a channel that official SignalR \
    clients connect to, with SignalR's JSON or MessagePack protocol over WebSockets, Server-Sent Events or long polling. \
    The document is written from the client's side: it sends the invocations of a hub's methods and receives its events. \
    A message's payload is the list of its arguments, or what an invocation answers. A backend sends domain events as \
    CloudEvents to `/v1/events`.";

/// The channel of what backends say.
const DOMAIN_EVENTS: &str = "DomainEvents";

/// The document.
pub(crate) fn document(catalogue: &Catalogue) -> Result<Value, Box<dyn Error>> {
    let mut channels = Map::new();
    let mut operations = Map::new();
    let mut messages = Map::new();
    for event in catalogue.hubs.iter().flat_map(|hub| &hub.events) {
        // An event of two hubs is one message.
        let (name, own) = (event.declaration.name, message::of_event(event, &catalogue.meta));
        if messages.insert(name.to_owned(), own.clone()).is_some_and(|other| other != own) {
            return Err(format!("there are two events {name}").into());
        }
    }
    for method in &catalogue.common_methods {
        messages.extend(message::of_method(method));
    }
    for hub in &catalogue.hubs {
        channels.insert(hub.hub.name.to_owned(), hub_channel(hub, catalogue)?);
        operations.extend(hub_operations(hub, catalogue));
    }
    channels.insert(DOMAIN_EVENTS.to_owned(), domain_events_channel(catalogue));
    operations.insert(format!("{DOMAIN_EVENTS}.send"), domain_events_operation(&catalogue.domain_events));

    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Conduit Edge",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": env!("CARGO_PKG_LICENSE") },
        },
        "defaultContentType": "application/json",
        "servers": servers(),
        "channels": channels,
        "operations": operations,
        "components": {
            "schemas": catalogue.types,
            "messages": messages,
            "securitySchemes": security_schemes(),
        },
    });
    message::set_references_apart(&mut document);
    Ok(document)
}

fn servers() -> Value {
    let server = |protocol: &str, description: &str, security: &[&str]| {
        let security: Vec<Value> =
            security.iter().map(|name| json!({ "$ref": format!("#/components/securitySchemes/{name}") })).collect();
        json!({
            "host": "{host}",
            "protocol": protocol,
            "description": description,
            "variables": { "host": { "default": "127.0.0.1:8787", "description": "Where Conduit Edge is served." } },
            "security": security,
        })
    };
    json!({
        "hubs": server(
            "wss",
            "The hubs that a virtual key or a client token opens.",
            &["virtualKey", "virtualKeyInQuery", "virtualKeyInHeader"],
        ),
        "operatorHubs": server(
            "wss",
            "The hubs that the master key opens.",
            &["masterKey", "masterKeyInQuery", "masterKeyInHeader"],
        ),
        "backend": server(
            "https",
            "Where backends say what happened.",
            &["serviceToken", "serviceTokenInHeader", "masterKey", "masterKeyInHeader"],
        ),
    })
}

fn security_schemes() -> Value {
    let bearer = |key: &str| json!({ "type": "http", "scheme": "bearer", "description": key });
    let api_key = |place: &str, name: &str, key: &str| json!({ "type": "httpApiKey", "in": place, "name": name, "description": key });
    let (virtual_key, service_token, master_key) =
        ("A virtual key or a client token.", "A service token.", "The master key.");
    json!({
        "virtualKey": bearer(virtual_key),
        "virtualKeyInQuery": api_key("query", "access_token", virtual_key),
        "virtualKeyInHeader": api_key("header", "X-API-Key", virtual_key),
        "serviceToken": bearer(service_token),
        "serviceTokenInHeader": api_key("header", "X-API-Key", service_token),
        "masterKey": bearer(master_key),
        "masterKeyInQuery": api_key("query", "access_token", master_key),
        "masterKeyInHeader": api_key("header", "X-Master-Key", master_key),
    })
}

fn hub_channel(entry: &HubEntry, catalogue: &Catalogue) -> Result<Value, Box<dyn Error>> {
    let hub = entry.hub;
    let mut messages = Map::new();
    let shared = entry.events.iter().map(|event| event.declaration.name.to_owned());
    let shared = shared.chain(catalogue.common_methods.iter().flat_map(message::names_of_method));
    for name in shared {
        let reference = json!({ "$ref": format!("#/components/messages/{name}") });
        messages.insert(name, reference);
    }
    for method in &entry.methods {
        for (name, own) in message::of_method(method) {
            if messages.insert(name.clone(), own).is_some() {
                return Err(format!("{} has two messages {name}", hub.name).into());
            }
        }
    }
    let aliases: Vec<String> = hub.aliases.iter().map(|alias| format!("`/hubs/{alias}`")).collect();
    let also = if aliases.is_empty() { String::new() } else { format!(" Also at {}.", aliases.join(", ")) };
    let groups: Vec<Value> =
        hub.groups.iter().map(|group| json!({ "pattern": group.pattern, "summary": group.summary })).collect();
    let (server, key) = match hub.key {
        KeyKind::Virtual => ("hubs", "virtual"),
        KeyKind::Master => ("operatorHubs", "master"),
    };
    Ok(json!({
        "address": format!("/hubs/{}", hub.route),
        "title": hub.name,
        "description": format!("{}{also}", hub.summary),
        "servers": [{ "$ref": format!("#/servers/{server}") }],
        "messages": messages,
        "bindings": { "ws": { "query": query() } },
        "x-key": key,
        "x-groups": groups,
    }))
}

fn query() -> Value {
    json!({
        "type": "object",
        "properties": {
            "access_token": { "type": "string", "description": "The key or token, where no header can carry it." },
            "dialect": {
                "type": "string",
                "enum": ["conduit", "guide"],
                "description": "Other names and shapes of events: see `x-dialects`.",
            },
            "meta": {
                "type": "string",
                "enum": ["1"],
                "description": "Positional events get one more, last argument: their metadata.",
            },
        },
    })
}

fn hub_operations(entry: &HubEntry, catalogue: &Catalogue) -> Map<String, Value> {
    let hub = entry.hub.name;
    let mut operations = Map::new();
    if !entry.events.is_empty() {
        let messages: Vec<Value> =
            entry.events.iter().map(|event| channel_message(hub, event.declaration.name)).collect();
        let receive = json!({
            "action": "receive",
            "channel": channel(hub),
            "summary": format!("What clients of {hub} are told."),
            "messages": messages,
        });
        operations.insert(format!("{hub}.events"), receive);
    }
    for method in entry.methods.iter().chain(&catalogue.common_methods) {
        operations.insert(format!("{hub}.{}", method.declaration.name), method_operation(hub, method));
    }
    operations
}

fn method_operation(hub: &str, method: &MethodEntry) -> Value {
    let declaration = method.declaration;
    let names = message::names_of_method(method);
    let mut operation = json!({ "action": "send", "channel": channel(hub), "summary": declaration.summary });
    let Some(members) = operation.as_object_mut() else { return operation };
    let mut messages = names.iter().map(|name| channel_message(hub, name));
    members.insert("messages".to_owned(), messages.next().into_iter().collect());
    if let Some(answer) = messages.next() {
        members.insert("reply".to_owned(), json!({ "channel": channel(hub), "messages": [answer] }));
    }
    if !declaration.refusals.is_empty() {
        members.insert("x-refusals".to_owned(), json!(declaration.refusals));
    }
    if declaration.streams {
        members.insert("x-streams".to_owned(), json!(true));
    }
    operation
}

fn domain_events_channel(catalogue: &Catalogue) -> Value {
    let message = |event: &DomainEventEntry| {
        (event.event_type.name.to_owned(), message::of_domain_event(event, &catalogue.common_data))
    };
    let messages: Map<String, Value> = catalogue.domain_events.iter().map(message).collect();
    json!({
        "address": "/v1/events",
        "title": "Domain events",
        "description": "What happened, told by a backend: one CloudEvent, a batch of them, or one a line.",
        "servers": [{ "$ref": "#/servers/backend" }],
        "messages": messages,
    })
}

fn domain_events_operation(events: &[DomainEventEntry]) -> Value {
    let messages: Vec<Value> =
        events.iter().map(|event| channel_message(DOMAIN_EVENTS, event.event_type.name)).collect();
    json!({
        "action": "send",
        "channel": channel(DOMAIN_EVENTS),
        "summary": "Says that something happened.",
        "bindings": { "http": { "method": "POST" } },
        "messages": messages,
    })
}

fn channel(name: &str) -> Value {
    json!({ "$ref": format!("#/channels/{name}") })
}

fn channel_message(channel: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/channels/{channel}/messages/{name}") })
}
