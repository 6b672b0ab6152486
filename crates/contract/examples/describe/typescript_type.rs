//! The TypeScript type of a schema.

use std::error::Error;

use serde_json::Value;

use crate::{schemas, typescript_layout::literal};

/// The choices that a schema leaves; one for what is no choice.
pub(crate) fn choices(schema: &Value) -> Result<Vec<String>, Box<dyn Error>> {
    if let Some(name) = schemas::reference(schema) {
        return Ok(vec![name.to_owned()]);
    }
    if let Some(constant) = schema.get("const") {
        return Ok(vec![constant_type(constant)]);
    }
    if let Some(constants) = schema.get("enum").and_then(Value::as_array) {
        return Ok(constants.iter().map(constant_type).collect());
    }
    if let Some(alternatives) = ["oneOf", "anyOf"].iter().find_map(|name| schema.get(name)?.as_array()) {
        let nested: Vec<Vec<String>> = alternatives.iter().map(choices).collect::<Result<_, _>>()?;
        return Ok(nested.concat());
    }
    let names: Vec<&str> = match schema.get("type") {
        None => return Ok(vec!["unknown".to_owned()]),
        Some(Value::String(name)) => vec![name],
        Some(names) => names.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
    };
    let mut choices = Vec::new();
    for name in names {
        let choice = match name {
            "integer" => "number".to_owned(),
            "string" | "number" | "boolean" | "null" => name.to_owned(),
            "array" => list_type(schema.get("items").unwrap_or(&Value::Null))?,
            "object" if schema.get("additionalProperties").is_some_and(Value::is_object) => {
                format!("Record<string, {}>", of(schema.get("additionalProperties").unwrap_or(&Value::Null))?)
            }
            _ => return Err(format!("no TypeScript type for {schema}: an object needs a name").into()),
        };
        if !choices.contains(&choice) {
            choices.push(choice);
        }
    }
    Ok(choices)
}

/// The type as one text.
pub(crate) fn of(schema: &Value) -> Result<String, Box<dyn Error>> {
    Ok(choices(schema)?.join(" | "))
}

fn list_type(items: &Value) -> Result<String, Box<dyn Error>> {
    let choices = choices(items)?;
    match choices.as_slice() {
        [only] => Ok(format!("{only}[]")),
        choices => Ok(format!("({})[]", choices.join(" | "))),
    }
}

fn constant_type(constant: &Value) -> String {
    constant.as_str().map_or_else(|| constant.to_string(), literal)
}
