//! `docs/hubs/domain-events.md`: what backends may say.

use contract::Scope;

use crate::{
    asyncapi_message::cloud_event,
    catalogue::{Catalogue, DomainEventEntry},
    markdown::{HEAD, code, inline, table},
    member_table,
    schemas::{self, Types},
};

const INTRODUCTION: &str = "\
A backend says what happened by a CloudEvent to `POST /v1/events`: [events.md](../events.md) says how, and what is answered.
Here is each `type` that is understood, with the members of its `data`; others are refused. An event of a key needs the
attribute `virtualkeyid`; one for everybody must not have it. An `id` counts once for its `source`:
change it to send an example again.

The examples run against `npm start`, with the master key in `MASTER_KEY` and a virtual key whose id is 456.
";

/// The page.
pub(crate) fn page(catalogue: &Catalogue) -> String {
    let rows = catalogue.domain_events.iter().map(|event| {
        let name = event.event_type.name;
        let scope = match event.event_type.scope {
            Scope::Key => "a key",
            Scope::Broadcast => "everybody",
        };
        vec![format!("[`{name}`](#{})", name.to_ascii_lowercase()), scope.to_owned(), event.summary.clone()]
    });
    let mut text = format!("{HEAD}\n# Domain events\n\n{INTRODUCTION}\n");
    text += &table(&["`type`", "about", "what it says"], rows);
    text += "\nThe data of every event may also have\n\n";
    text += &members(&catalogue.common_data, &catalogue.types);
    for event in &catalogue.domain_events {
        text += &section(event, &catalogue.types);
    }
    text
}

fn section(event: &DomainEventEntry, types: &Types) -> String {
    format!(
        "\n## {}\n\n{}\n\n{}\n{}",
        event.event_type.name,
        schemas::description(&event.data),
        members(&event.data, types),
        code("sh", &curl(event)),
    )
}

fn members(object: &serde_json::Value, types: &Types) -> String {
    let rows = member_table::rows(object, types).into_iter().map(|row| {
        let required = if row.is_required { "yes" } else { "" };
        vec![inline(&row.path), row.kind, required.to_owned(), row.meaning]
    });
    table(&["member", "type", "required", "meaning"], rows)
}

fn curl(event: &DomainEventEntry) -> String {
    let body = cloud_event(event).to_string().replace('\'', r"'\''");
    format!(
        "curl http://127.0.0.1:8787/v1/events -H \"X-Master-Key: $MASTER_KEY\" \\\n  \
         -H 'Content-Type: application/cloudevents+json' \\\n  -d '{body}'"
    )
}
