//! What a page says of methods.

use crate::{
    catalogue::MethodEntry,
    javascript,
    markdown::{code, inline_list, json, table},
    member_table,
    schemas::{self, Types},
};

/// A table of methods, a call of each, and what they take and answer where that is more than a name.
pub(crate) fn of(methods: &[MethodEntry], types: &Types) -> String {
    let rows = methods.iter().map(|method| {
        let parameters = method
            .parameters
            .iter()
            .map(|parameter| format!("{}{}", parameter.name, if parameter.is_optional { "?" } else { "" }));
        let parameters = parameters.collect::<Vec<_>>().join(", ");
        vec![
            format!("`{}({parameters})`", method.declaration.name),
            method.declaration.summary.to_owned(),
            inline_list(method.declaration.refusals.iter().copied()),
        ]
    });
    let calls = methods.iter().map(javascript::call).collect::<Vec<_>>().join("\n");
    let mut text = table(&["method", "what it does", "refuses with"], rows) + "\n" + &code("js", &calls);
    for (index, method) in methods.iter().enumerate() {
        text += &parameters(method, types);
        text += &answer(method, methods.iter().take(index), types);
    }
    text
}

/// What the members of its parameters are, where they have any.
fn parameters(method: &MethodEntry, types: &Types) -> String {
    let mut text = String::new();
    for parameter in &method.parameters {
        let schema = schemas::resolved(&parameter.schema, types);
        if schema.get("properties").is_some() {
            text += &format!("\n`{}` of `{}`:\n\n", parameter.name, method.declaration.name);
            text += &member_table::of_object(&schema, types);
        }
    }
    text
}

fn answer<'a>(method: &MethodEntry, mut earlier: impl Iterator<Item = &'a MethodEntry>, types: &Types) -> String {
    let Some(answer) = &method.answer else { return String::new() };
    if let Some(same) = earlier.find(|earlier| earlier.answer.as_ref() == Some(answer)) {
        return format!("\n`{}` answers the same as `{}`.\n", method.declaration.name, same.declaration.name);
    }
    let verb = if method.declaration.streams { "streams" } else { "answers" };
    let schema = schemas::resolved(&answer.schema, types);
    let mut text = format!("\n`{}` {verb}:\n\n{}", method.declaration.name, json(&answer.example));
    if schema.get("properties").is_some() {
        text += &format!("\n{}", member_table::of_object(&schema, types));
    }
    text
}
