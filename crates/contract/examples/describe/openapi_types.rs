//! The types of the `OpenAPI` document. One that is read otherwise than it is written has two names: `Budget`, and
//! `BudgetInput`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::schemas::{self, TYPES_PATH, Types};

/// Where references of what is read lead until its types have their names.
const READ: &str = "/read";

/// What is read, with its references marked as such.
pub(crate) fn marked(schema: &Value) -> Value {
    let mut schema = schema.clone();
    redirect(&mut schema, &|name| format!("#{READ}/{name}"));
    schema
}

/// All types, by their names, with the marked references of `paths` led to them.
pub(crate) fn named(written: &Types, read: &Types, paths: &mut Value) -> Types {
    let mut two_ways: BTreeSet<&str> = BTreeSet::new();
    // A type differs, too, where one that it refers to does.
    loop {
        let differs = |(name, schema): &(&String, &Value)| {
            let other = written.get(*name);
            other.is_some_and(|other| {
                other != *schema || references(schema).iter().any(|name| two_ways.contains(name.as_str()))
            })
        };
        let found: BTreeSet<&str> = read.iter().filter(differs).map(|(name, _)| name.as_str()).collect();
        if found.len() == two_ways.len() {
            break;
        }
        two_ways = found;
    }
    let name_of = |name: &str| if two_ways.contains(name) { format!("{name}Input") } else { name.to_owned() };
    let mut types = written.clone();
    for (name, schema) in read {
        let mut schema = schema.clone();
        redirect(&mut schema, &|name| format!("#{TYPES_PATH}/{}", name_of(name)));
        types.insert(name_of(name), schema);
    }
    redirect_marked(paths, &|name| format!("#{TYPES_PATH}/{}", name_of(name)));
    types
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(object) => {
            let own = schemas::reference(schema).map(str::to_owned);
            own.into_iter().chain(object.values().flat_map(references)).collect()
        }
        Value::Array(list) => list.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Leads every reference elsewhere.
fn redirect(value: &mut Value, target: &dyn Fn(&str) -> String) {
    let name = schemas::reference(value).map(str::to_owned);
    match value {
        Value::Object(object) => {
            if let Some(name) = name {
                object.insert("$ref".to_owned(), target(&name).into());
            }
            object.values_mut().for_each(|value| redirect(value, target));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| redirect(value, target)),
        _ => {}
    }
}

/// The same of those that are marked.
fn redirect_marked(value: &mut Value, target: &dyn Fn(&str) -> String) {
    match value {
        Value::Object(object) => {
            let prefix = format!("#{READ}/");
            let name = object.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix(&prefix));
            if let Some(name) = name.map(str::to_owned) {
                object.insert("$ref".to_owned(), target(&name).into());
            }
            object.values_mut().for_each(|value| redirect_marked(value, target));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| redirect_marked(value, target)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refers_to(name: &str) -> Value {
        json!({ "$ref": format!("#{TYPES_PATH}/{name}") })
    }

    #[test]
    fn what_is_read_otherwise_has_a_second_name_and_so_has_what_refers_to_it() {
        let types = |inner: &str| -> Types {
            let members = [("Outer", refers_to("Inner")), ("Inner", json!({ "type": inner })), ("Same", json!({}))];
            members.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
        };
        let mut paths = json!([refers_to("Outer"), marked(&refers_to("Outer")), marked(&refers_to("Same"))]);
        let all = named(&types("number"), &types("string"), &mut paths);
        assert_eq!(paths, json!([refers_to("Outer"), refers_to("OuterInput"), refers_to("Same")]));
        assert_eq!(all.keys().collect::<Vec<_>>(), ["Inner", "InnerInput", "Outer", "OuterInput", "Same"]);
        assert_eq!(all["OuterInput"], refers_to("InnerInput"));
        assert_eq!(all["InnerInput"], json!({ "type": "string" }));
    }
}
