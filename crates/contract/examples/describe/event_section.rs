//! What a page says of events.

use contract::EventClass;

use crate::{
    catalogue::EventEntry,
    examples::Call,
    javascript,
    markdown::{json, table},
    member_table,
    schemas::Types,
};

/// A table of events, and a section on each.
pub(crate) fn of(events: &[EventEntry], types: &Types) -> String {
    let rows = events.iter().map(|event| {
        let name = event.declaration.name;
        let class = match event.declaration.class {
            EventClass::Durable => "durable",
            EventClass::Ephemeral => "ephemeral",
        };
        let arguments = javascript::handler_arguments(event).join(", ");
        let call = format!("[`{name}({arguments})`](#{})", name.to_ascii_lowercase());
        vec![call, event.summary.clone(), class.to_owned()]
    });
    let mut text = table(&["event", "what it says", "class"], rows);
    for event in events {
        text += &section(event, types);
    }
    text
}

fn section(event: &EventEntry, types: &Types) -> String {
    let members = match &event.arguments {
        None => member_table::of_object(&event.data, types),
        Some(arguments) => {
            member_table::of_values(arguments.iter().map(|argument| (argument.name, &argument.schema, true)), types)
        }
    };
    format!(
        "\n### {}\n\n{}\n\n{}\n{members}{}",
        event.declaration.name,
        event.summary,
        call(&event.examples.contract),
        other_dialects(event),
    )
}

fn other_dialects(event: &EventEntry) -> String {
    let mut text = String::new();
    if let Some(conduit) = &event.examples.conduit {
        text += &dialect("conduit", conduit, "");
    }
    if let Some(guide) = &event.examples.guide {
        let condition = event.declaration.guide_condition.map(|member| format!(" where <code>{member}</code> is true"));
        text += &dialect("guide", guide, &condition.unwrap_or_default());
    }
    text
}

fn dialect(dialect: &str, example: &Call, condition: &str) -> String {
    format!(
        "\n<details><summary>With <code>?dialect={dialect}</code>: <code>{}</code>{condition}</summary>\n\n{}\n</details>\n",
        example.name,
        call(example),
    )
}

/// What a handler gets: the only argument, or the list of all.
fn call(call: &Call) -> String {
    match call.arguments.as_slice() {
        [only] => json(only),
        arguments => json(&arguments.to_vec().into()),
    }
}
