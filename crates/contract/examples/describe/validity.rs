//! Whether a value is as its schema says: the keywords of JSON Schema that the contract's schemas have.

use serde_json::{Map, Value};

/// Keywords that restrict nothing, or nothing that is checked here.
const ANNOTATIONS: [&str; 6] = ["description", "title", "default", "format", "pattern", "discriminator"];

/// What is wrong with a value, by its path; nothing where it is valid. References are looked up in `document`.
pub(crate) fn faults(value: &Value, schema: &Value, document: &Value) -> Vec<String> {
    let mut check = Check { document, faults: Vec::new() };
    check.value(value, schema, "");
    check.faults
}

struct Check<'a> {
    document: &'a Value,
    faults: Vec<String>,
}

impl Check<'_> {
    fn value(&mut self, value: &Value, schema: &Value, path: &str) {
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(true) => return,
            _ => return self.faults.push(format!("{path}: must not be there")),
        };
        for (keyword, limit) in keywords {
            if !self.holds(keyword, limit, value, keywords, path) {
                self.faults.push(format!("{path}: {value} against {keyword} {limit}"));
            }
        }
    }

    /// Whether a keyword holds for the value itself; what is wrong inside is noted on the way.
    fn holds(&mut self, keyword: &str, limit: &Value, value: &Value, schema: &Map<String, Value>, path: &str) -> bool {
        match keyword {
            "$ref" => {
                let target = self.document.pointer(limit.as_str().unwrap().trim_start_matches('#')).unwrap();
                self.value(value, &target.clone(), path);
                true
            }
            "type" => match limit {
                Value::Array(names) => names.iter().any(|name| is_of_type(value, name.as_str().unwrap())),
                name => is_of_type(value, name.as_str().unwrap()),
            },
            "const" => value == limit,
            "enum" => limit.as_array().unwrap().contains(value),
            "oneOf" => limit.as_array().unwrap().iter().filter(|choice| self.is_valid(value, choice)).count() == 1,
            "anyOf" => limit.as_array().unwrap().iter().any(|choice| self.is_valid(value, choice)),
            "allOf" => {
                limit.as_array().unwrap().iter().for_each(|part| self.value(value, part, path));
                true
            }
            "minimum" => value.as_f64().is_none_or(|number| number >= limit.as_f64().unwrap()),
            "exclusiveMinimum" => value.as_f64().is_none_or(|number| number > limit.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= limit.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.len() as u64 >= limit.as_u64().unwrap()),
            "maxLength" => value.as_str().is_none_or(|text| text.len() as u64 <= limit.as_u64().unwrap()),
            "minItems" => value.as_array().is_none_or(|list| list.len() as u64 >= limit.as_u64().unwrap()),
            "maxItems" => value.as_array().is_none_or(|list| list.len() as u64 <= limit.as_u64().unwrap()),
            "uniqueItems" => {
                value.as_array().is_none_or(|list| list.iter().enumerate().all(|(at, item)| !list[..at].contains(item)))
            }
            "items" => {
                self.items(value, limit, path);
                true
            }
            "additionalItems" => {
                let most = schema["items"].as_array().unwrap().len();
                value.as_array().is_none_or(|list| list.len() <= most)
            }
            "properties" => {
                for (name, property) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = limit.get(name) {
                        self.value(property, schema, &format!("{path}/{name}"));
                    }
                }
                true
            }
            "required" => value.as_object().is_none_or(|object| {
                limit.as_array().unwrap().iter().all(|name| object.contains_key(name.as_str().unwrap()))
            }),
            "additionalProperties" if limit.is_object() => {
                for (name, property) in value.as_object().into_iter().flatten() {
                    let declared = schema.get("properties").and_then(|properties| properties.get(name));
                    if declared.is_none() {
                        self.value(property, limit, &format!("{path}/{name}"));
                    }
                }
                true
            }
            "maxProperties" => {
                let most = limit.as_u64().unwrap();
                value.as_object().is_none_or(|object| object.len() as u64 <= most)
            }
            "additionalProperties" => value
                .as_object()
                .is_none_or(|object| object.keys().all(|name| schema["properties"].get(name).is_some())),
            annotation => ANNOTATIONS.contains(&annotation),
        }
    }

    fn items(&mut self, value: &Value, schemas: &Value, path: &str) {
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            let schema = if schemas.is_array() { schemas.get(index) } else { Some(schemas) };
            if let Some(schema) = schema {
                self.value(item, schema, &format!("{path}/{index}"));
            }
        }
    }

    fn is_valid(&self, value: &Value, schema: &Value) -> bool {
        faults(value, schema, self.document).is_empty()
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => false,
    }
}
