//! JSON Schemas as they are published: what they refer to, which members they have, and what they say.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Where a document keeps the types that have names.
pub(crate) const TYPES_PATH: &str = "/components/schemas";

/// Types by name.
pub(crate) type Types = BTreeMap<String, Value>;

/// A member of an object.
pub(crate) struct Member<'a> {
    pub(crate) name: &'a str,
    pub(crate) schema: &'a Value,
    pub(crate) is_required: bool,
}

/// The name that a schema refers to.
pub(crate) fn reference(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.rsplit('/').next()
}

/// The schema that is meant, with the outermost description.
pub(crate) fn resolved(schema: &Value, types: &Types) -> Value {
    let mut schema = schema.clone();
    while let Some(target) = reference(&schema).and_then(|name| types.get(name)) {
        let mut target = target.clone();
        if let (Some(described), Some(description)) = (target.as_object_mut(), schema.get("description")) {
            described.insert("description".to_owned(), description.clone());
        }
        schema = target;
    }
    schema
}

/// The members of an object, in the order of their declaration.
pub(crate) fn members(object: &Value) -> Vec<Member<'_>> {
    let required: Vec<&str> =
        object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = object.get("properties").and_then(Value::as_object);
    let mut members = Vec::new();
    for (name, schema) in properties.into_iter().flatten() {
        members.push(Member { name, schema, is_required: required.contains(&name.as_str()) });
    }
    members
}

/// The object with the members of another one after its own.
pub(crate) fn with_members(object: &Value, more: &Value) -> Value {
    let mut object = object.clone();
    for list in ["properties", "required"] {
        match (object.get_mut(list), more.get(list)) {
            (Some(Value::Object(own)), Some(Value::Object(more))) => own.extend(more.clone()),
            (Some(Value::Array(own)), Some(Value::Array(more))) => own.extend(more.iter().cloned()),
            (None, Some(more)) => {
                if let Some(object) = object.as_object_mut() {
                    object.insert(list.to_owned(), more.clone());
                }
            }
            _ => {}
        }
    }
    object
}

/// The first paragraph of what a schema says, or nothing.
pub(crate) fn description(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

/// The same schema for a value that may be null as well.
pub(crate) fn or_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let Some(object) = schema.as_object_mut() else { return schema };
    if let Some(target) = object.shift_remove("$ref") {
        object.insert("anyOf".to_owned(), json!([{ "$ref": target }, { "type": "null" }]));
    }
    match object.get_mut("type") {
        Some(Value::Array(types)) if !types.contains(&json!("null")) => types.push(json!("null")),
        Some(only @ Value::String(_)) => *only = json!([only, "null"]),
        _ => {}
    }
    schema
}

/// The same schema for a value that is never null.
pub(crate) fn without_null(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let Some(object) = schema.as_object_mut() else { return schema };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| *choice != json!({ "type": "null" }));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            object.shift_remove("anyOf");
            object.extend(only);
        }
    }
    schema
}

/// Makes a schema, and all in it, fit to be published.
///
/// Descriptions lose what only Rust's own documentation needs. A member that clients are sent is left out where there is
/// nothing to say, so `is_outgoing` ones that may be left out are never null.
pub(crate) fn tidied(schema: &Value, is_outgoing: bool) -> Value {
    let mut schema = schema.clone();
    tidy(&mut schema, is_outgoing);
    schema
}

fn tidy(schema: &mut Value, is_outgoing: bool) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = plain(text);
            }
            if is_outgoing {
                drop_null_where_absent(object);
            }
            object.values_mut().for_each(|value| tidy(value, is_outgoing));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| tidy(value, is_outgoing)),
        _ => {}
    }
}

fn drop_null_where_absent(object: &mut Map<String, Value>) {
    let required = object.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|known| known == name));
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        for (name, property) in properties {
            if !is_required(name) {
                *property = without_null(property);
            }
        }
    }
}

/// The first paragraph of a doc comment, on one line, without links into Rust's documentation.
fn plain(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    let mut plain = String::new();
    let mut rest = paragraph.as_str();
    while let Some((before, after)) = rest.split_once('[') {
        plain.push_str(before);
        let (text, after) = link(after).unwrap_or(("[", after));
        plain.push_str(text);
        rest = after;
    }
    plain + rest
}

/// The text of a link whose `[` has been read, and what comes behind it: ``[`text`]`` or `[text](target)`.
fn link(after: &str) -> Option<(&str, &str)> {
    let (text, after) = after.split_once(']')?;
    match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
        Some((_, after)) => Some((text, after)),
        None => text.starts_with('`').then_some((text, after)),
    }
}

/// The types that a schema names, and those that they name.
pub(crate) fn collect_named(schema: &Value, types: &Types, found: &mut Types) {
    match schema {
        Value::Object(object) => {
            if let Some(name) = reference(schema)
                && !found.contains_key(name)
                && let Some(target) = types.get(name)
            {
                found.insert(name.to_owned(), target.clone());
                collect_named(target, types, found);
            }
            object.values().for_each(|value| collect_named(value, types, found));
        }
        Value::Array(list) => list.iter().for_each(|value| collect_named(value, types, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_the_first_paragraph_without_links_into_rust() {
        let comment = "How many of [`total`](Self::total) parts\nand [`Part`]s of `[0]` [there](Self::x) are.\n\nMore.";
        assert_eq!(plain(comment), "How many of `total` parts and `Part`s of `[0]` there are.");
        let of_code = r#"`{enabledTypes: ["a", …]}`, all [of it"#;
        assert_eq!(plain(of_code), of_code);
    }

    #[test]
    fn what_clients_may_not_be_sent_is_left_out_and_not_null() {
        let schema = json!({
            "type": "object",
            "properties": {
                "always": { "type": ["string", "null"] },
                "sometimes": { "type": ["string", "null"] },
                "named": { "anyOf": [{ "$ref": "#/components/schemas/X" }, { "type": "null" }], "description": "It." },
            },
            "required": ["always"],
        });
        assert_eq!(tidied(&schema, false), schema);
        let properties = &tidied(&schema, true)["properties"];
        assert_eq!(properties["always"], schema["properties"]["always"]);
        assert_eq!(properties["sometimes"], json!({ "type": "string" }));
        assert_eq!(properties["named"], json!({ "$ref": "#/components/schemas/X", "description": "It." }));
    }

    #[test]
    fn null_is_added_once_to_what_can_take_it() {
        let text = json!({ "type": ["string", "null"] });
        assert_eq!(or_null(&json!({ "type": "string" })), text);
        assert_eq!(or_null(&text), text);
        assert_eq!(or_null(&json!({})), json!({}));
        let named = json!({ "anyOf": [{ "$ref": "#/x" }, { "type": "null" }] });
        assert_eq!(or_null(&json!({ "$ref": "#/x" })), named);
    }
}
