//! Calls of the official JavaScript client.

use serde_json::Value;

use crate::catalogue::{EventEntry, HubEntry, MethodEntry};

/// The lines that connect to a hub and listen to its first event.
pub(crate) fn connect(entry: &HubEntry) -> String {
    let listen = entry.events.first().map(|event| {
        let arguments = handler_arguments(event).join(", ");
        format!("connection.on('{}', ({arguments}) => console.log({arguments}));\n", event.declaration.name)
    });
    format!(
        "const connection = new HubConnectionBuilder()\n  \
           .withUrl(`${{address}}/hubs/{}`, {{ accessTokenFactory: () => key }})\n  \
           .withAutomaticReconnect()\n  \
           .build();\n\
         {}await connection.start();",
        entry.hub.route,
        listen.unwrap_or_default(),
    )
}

/// The names of what the handler of an event gets.
pub(crate) fn handler_arguments(event: &EventEntry) -> Vec<&'static str> {
    match &event.arguments {
        None => vec!["event"],
        Some(arguments) => arguments.iter().map(|argument| argument.name).collect(),
    }
}

/// A call of a method.
pub(crate) fn call(method: &MethodEntry) -> String {
    let name = method.declaration.name;
    let arguments: String =
        method.parameters.iter().map(|parameter| format!(", {}", literal(&parameter.example))).collect();
    if method.declaration.streams {
        return format!(
            "connection.stream('{name}'{arguments}).subscribe({{ next: console.log, error: console.error, complete() {{}} }});"
        );
    }
    format!("await connection.invoke('{name}'{arguments});")
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) if !text.contains(['\'', '\\', '\n']) => format!("'{text}'"),
        Value::Array(list) => format!("[{}]", list.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(object) => {
            let member = |(name, value): (&String, &Value)| format!("{name}: {}", literal(value));
            format!("{{ {} }}", object.iter().map(member).collect::<Vec<_>>().join(", "))
        }
        plain => plain.to_string(),
    }
}
