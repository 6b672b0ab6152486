//! Tables of what an object or a list of arguments has in it.

use serde_json::Value;

use crate::{
    markdown::table,
    schemas::{self, Types},
};

/// A line of such a table.
pub(crate) struct Row {
    /// Where it is, such as `topModels[].name`.
    pub(crate) path: String,
    /// What kind of value.
    pub(crate) kind: String,
    pub(crate) is_required: bool,
    pub(crate) meaning: String,
}

/// The members of an object, and of the objects in it. What may be absent ends in `?`.
pub(crate) fn of_object(object: &Value, types: &Types) -> String {
    lines("member", rows(object, types))
}

/// Values by their names, and the members of those that are objects.
pub(crate) fn of_values<'a>(values: impl IntoIterator<Item = (&'a str, &'a Value, bool)>, types: &Types) -> String {
    let mut rows = Vec::new();
    for (name, schema, is_required) in values {
        add(&mut rows, name, schema, is_required, types);
    }
    lines("argument", rows)
}

fn lines(first: &str, rows: Vec<Row>) -> String {
    let cells = rows.into_iter().map(|row| {
        let mark = if row.is_required { "" } else { "?" };
        vec![format!("`{}{mark}`", row.path), row.kind, row.meaning]
    });
    table(&[first, "type", "meaning"], cells)
}

/// The members of an object, and of the objects in it.
pub(crate) fn rows(object: &Value, types: &Types) -> Vec<Row> {
    let mut rows = Vec::new();
    add_members(&mut rows, "", object, types);
    rows
}

fn add_members(rows: &mut Vec<Row>, prefix: &str, object: &Value, types: &Types) {
    for member in schemas::members(object) {
        add(rows, &format!("{prefix}{}", member.name), member.schema, member.is_required, types);
    }
}

fn add(rows: &mut Vec<Row>, path: &str, schema: &Value, is_required: bool, types: &Types) {
    let meaning = schemas::description(schema).to_owned();
    // Where a member may be absent, nobody needs to be told that null is the same.
    let given = if is_required { schema.clone() } else { schemas::without_null(schema) };
    rows.push(Row { path: path.to_owned(), kind: kind(&given, types), is_required, meaning });
    let meant = schemas::resolved(&given, types);
    add_members(rows, &format!("{path}."), &meant, types);
    if let Some(items) = meant.get("items") {
        add_members(rows, &format!("{path}[]."), &schemas::resolved(items, types), types);
    }
}

/// What kind of value a schema is of, in words.
fn kind(schema: &Value, types: &Types) -> String {
    let schema = &schemas::resolved(schema, types);
    let constants = schema.get("enum").and_then(Value::as_array).map(|list| list.iter().collect::<Vec<_>>());
    let alternatives = ["oneOf", "anyOf"].iter().find_map(|name| schema.get(name)?.as_array());
    if let Some(constants) = constants {
        return any_of(constants.iter().map(|constant| format!("`{constant}`")));
    }
    if let Some(alternatives) = alternatives {
        return any_of(alternatives.iter().map(|alternative| kind(alternative, types)));
    }
    if let Some(constant) = schema.get("const") {
        return format!("`{constant}`");
    }
    match schema.get("type") {
        None => "any JSON".to_owned(),
        Some(Value::String(name)) => of_type(name, schema, types),
        Some(names) => {
            let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
            any_of(names.map(|name| of_type(name, schema, types)))
        }
    }
}

fn of_type(name: &str, schema: &Value, types: &Types) -> String {
    match (name, schema.get("format").and_then(Value::as_str)) {
        ("array", _) => {
            let items = schema.get("items").map_or_else(|| "any JSON".to_owned(), |items| kind(items, types));
            format!("list of {items}")
        }
        ("string", Some("date-time")) => "time".to_owned(),
        ("string", Some("uri")) => "URL".to_owned(),
        ("string", _) => "text".to_owned(),
        ("integer", _) => format!("whole number{}", range(schema)),
        ("number", _) => format!("number{}", range(schema)),
        ("object", _) => match schema.get("additionalProperties") {
            Some(values) if values.is_object() => format!("object of {}", kind(values, types)),
            _ => name.to_owned(),
        },
        (other, _) => other.to_owned(),
    }
}

/// The range of a number, where that says something.
fn range(schema: &Value) -> String {
    let figure = |name| schema.get(name).and_then(Value::as_f64);
    let least = figure("minimum").map(|least| format!("{least}"));
    let least = least.or_else(|| figure("exclusiveMinimum").map(|least| format!("more than {least}")));
    // Beyond that a limit is only that of the type.
    match (least, figure("maximum").filter(|most| *most <= 1_000.0)) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        _ => String::new(),
    }
}

fn any_of(kinds: impl IntoIterator<Item = String>) -> String {
    let kinds: Vec<String> = kinds.into_iter().collect();
    match kinds.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} or {last}", others.join(", ")),
        kinds => kinds.concat(),
    }
}
