//! `clients/js/src/contract.ts`: the hubs, events and payloads as TypeScript types.

use std::{collections::BTreeMap, error::Error, fmt::Write};

use contract::KeyKind;
use serde_json::Value;

use crate::{
    catalogue::{Argument, Catalogue, EventEntry, HubEntry, MethodEntry},
    schemas,
    typescript_layout::{comment, list, literal, literals, union},
    typescript_type,
};

type Text = Result<String, Box<dyn Error>>;

const HEAD: &str = "\
// Generated from the declarations in crates/contract by `node scripts/describe.mjs`: change those, not this.
";

/// The module.
pub(crate) fn module(catalogue: &Catalogue) -> Text {
    let mut text = HEAD.to_owned();
    for (name, schema) in &catalogue.types {
        push(&mut text, &named_type(name, schema)?);
    }
    let events: BTreeMap<&str, &EventEntry> =
        catalogue.hubs.iter().flat_map(|hub| &hub.events).map(|event| (event.declaration.name, event)).collect();
    for event in events.values().filter(|event| event.arguments.is_none()) {
        let name = event_type(event);
        push(&mut text, &interface(&name, Some("EventMeta"), &event.summary, &event.data)?);
    }
    push(
        &mut text,
        &interface("DomainEventData", None, schemas::description(&catalogue.common_data), &catalogue.common_data)?,
    );
    for event in &catalogue.domain_events {
        let name = data_type(event.event_type.name);
        push(&mut text, &interface(&name, Some("DomainEventData"), &event.summary, &event.data)?);
    }
    push(&mut text, &domain_events(catalogue));
    push(
        &mut text,
        &methods("CommonMethods", None, "What clients of every hub may invoke.", &catalogue.common_methods)?,
    );
    for hub in &catalogue.hubs {
        push(&mut text, &hub_events(hub)?);
        let summary = format!("What clients of `{}` may invoke.", hub.hub.name);
        push(&mut text, &methods(&format!("{}Methods", hub.hub.name), Some("CommonMethods"), &summary, &hub.methods)?);
    }
    push(&mut text, &by_hub(catalogue, "HubEvents", "Events", "The events of each hub."));
    push(&mut text, &by_hub(catalogue, "HubMethods", "Methods", "The methods of each hub."));
    push(&mut text, &hubs(catalogue));
    Ok(text)
}

fn push(text: &mut String, declaration: &str) {
    text.push('\n');
    text.push_str(declaration);
}

fn event_type(event: &EventEntry) -> String {
    format!("{}Event", event.declaration.name)
}

fn data_type(event_type: &str) -> String {
    format!("{event_type}Data")
}

fn named_type(name: &str, schema: &Value) -> Text {
    if schema.get("properties").is_some() {
        return interface(name, None, schemas::description(schema), schema);
    }
    let alias = union(name, &typescript_type::choices(schema)?);
    Ok(comment(schemas::description(schema), "") + &alias)
}

fn interface(name: &str, base: Option<&str>, summary: &str, object: &Value) -> Text {
    let mut text = comment(summary, "");
    let extends = base.map_or_else(String::new, |base| format!(" extends {base}"));
    writeln!(text, "export interface {name}{extends} {{")?;
    for member in schemas::members(object) {
        text += &comment(schemas::description(member.schema), "  ");
        let optional = if member.is_required { "" } else { "?" };
        writeln!(text, "  {}{optional}: {};", member.name, typescript_type::of(member.schema)?)?;
    }
    text += "}\n";
    Ok(text)
}

fn domain_events(catalogue: &Catalogue) -> String {
    let members = catalogue.domain_events.iter().map(|event| {
        let name = event.event_type.name;
        format!("  {name}: {};\n", data_type(name))
    });
    let members: String = members.collect();
    let summary = comment("The `data` of each CloudEvent that `POST /v1/events` understands, by its `type`.", "");
    format!("{summary}export interface DomainEvents {{\n{members}}}\n")
}

fn hub_events(hub: &HubEntry) -> Text {
    let mut text =
        comment(&format!("What clients of `{}` are told, each with the arguments of its handler.", hub.hub.name), "");
    let name = format!("{}Events", hub.hub.name);
    if hub.events.is_empty() {
        // An empty interface would accept any handler.
        writeln!(text, "export type {name} = Record<never, never>;")?;
        return Ok(text);
    }
    writeln!(text, "export interface {name} {{")?;
    for event in &hub.events {
        text += &comment(&event.summary, "  ");
        let arguments = match &event.arguments {
            None => vec![format!("event: {}", event_type(event))],
            Some(arguments) => {
                let own = arguments.iter().map(parameter).collect::<Result<Vec<_>, _>>()?;
                own.into_iter().chain(["meta?: EventMeta".to_owned()]).collect()
            }
        };
        text += &list("  ", &format!("{}: [", event.declaration.name), &arguments, "];");
    }
    text += "}\n";
    Ok(text)
}

fn methods(name: &str, base: Option<&str>, summary: &str, methods: &[MethodEntry]) -> Text {
    let mut text = comment(summary, "");
    if let (Some(base), []) = (base, methods) {
        writeln!(text, "export type {name} = {base};")?;
        return Ok(text);
    }
    let extends = base.map_or_else(String::new, |base| format!(" extends {base}"));
    writeln!(text, "export interface {name}{extends} {{")?;
    for method in methods {
        text += &comment(method.declaration.summary, "  ");
        let parameters = method.parameters.iter().map(parameter).collect::<Result<Vec<_>, _>>()?;
        let answer = match &method.answer {
            Some(answer) => typescript_type::of(&answer.schema)?,
            None => "void".to_owned(),
        };
        let answers = if method.declaration.streams { "AsyncIterable" } else { "Promise" };
        text += &list("  ", &format!("{}(", method.declaration.name), &parameters, &format!("): {answers}<{answer}>;"));
    }
    text += "}\n";
    Ok(text)
}

fn parameter(argument: &Argument) -> Text {
    let optional = if argument.is_optional { "?" } else { "" };
    Ok(format!("{}{optional}: {}", argument.name, typescript_type::of(&argument.schema)?))
}

fn by_hub(catalogue: &Catalogue, name: &str, suffix: &str, summary: &str) -> String {
    let members: String = catalogue.hubs.iter().map(|hub| format!("  {0}: {0}{suffix};\n", hub.hub.name)).collect();
    format!("{}export interface {name} {{\n{members}}}\n", comment(summary, ""))
}

fn hubs(catalogue: &Catalogue) -> String {
    let mut text =
        comment("The hubs, as a program sees them. A method that streams is in `streams`, not in `methods`.", "");
    text += "export const hubs = {\n";
    for entry in &catalogue.hubs {
        let hub = entry.hub;
        let key = match hub.key {
            KeyKind::Virtual => "virtual",
            KeyKind::Master => "master",
        };
        let (streams, methods): (Vec<_>, Vec<_>) = hub.all_methods().partition(|method| method.streams);
        text += &format!("  {}: {{\n    name: {},\n", hub.name, literal(hub.name));
        text += &format!("    route: {},\n", literal(hub.route));
        text += &list("    ", "aliases: [", &literals(hub.aliases.iter().copied()), "],");
        text += &format!("    key: {},\n", literal(key));
        text += &list("    ", "events: [", &literals(hub.events.iter().map(|event| event.name)), "],");
        text += &list("    ", "methods: [", &literals(methods.iter().map(|method| method.name)), "],");
        text += &list("    ", "streams: [", &literals(streams.iter().map(|method| method.name)), "],");
        text += "  },\n";
    }
    text + "} as const;\n"
}
