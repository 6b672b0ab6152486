//! The operations of the `OpenAPI` document: what each route takes and answers.

use std::{collections::BTreeMap, error::Error};

use contract::{
    PROBLEM_CONTENT_TYPE, ProblemKind,
    hub::HUBS,
    routes::{Body, Content, Description, Opener, Parameter, Place, Shape},
};
use serde_json::{Map, Value, json};

use crate::{
    asyncapi_message,
    catalogue::{Catalogue, Direction},
    openapi_security, openapi_types,
    schemas::{self, Types},
};

/// How every route refuses.
const ALWAYS: [ProblemKind; 1] = [ProblemKind::Internal];
/// How every route does that somebody must open.
const OPENED: [ProblemKind; 4] =
    [ProblemKind::Unauthorized, ProblemKind::Forbidden, ProblemKind::TooManyRequests, ProblemKind::Unavailable];
/// How `/hubs/*` refuses, as ASP.NET Core does: with a text, with nothing, or with `{error}` where a connection is renewed.
const OF_HUBS: [(u16, &str); 6] = [
    (400, "The request is not one of SignalR's."),
    (401, "No valid key."),
    (403, "Not with this key."),
    (404, "There is no such hub, or no such connection."),
    (409, "The connection is used by another request."),
    (429, "As many connections as there may be, or too many failed authentications."),
];

/// What the routes are described with, and what they have named so far.
pub(crate) struct Operations<'a> {
    outgoing: Direction,
    incoming: Direction,
    catalogue: &'a Catalogue,
    written: Types,
    read: Types,
}

impl<'a> Operations<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue) -> Self {
        let (outgoing, incoming) = (Direction::new(true), Direction::new(false));
        let mut operations = Self { outgoing, incoming, catalogue, written: Types::new(), read: Types::new() };
        operations.written.insert(PROBLEM.to_owned(), problem());
        operations
    }

    /// All types, by their names, with the references of `paths` led to them.
    pub(crate) fn into_types(self, paths: &mut Value) -> Types {
        let mut types = openapi_types::named(&self.written, &self.read, paths);
        types.values_mut().for_each(drop_null_defaults);
        drop_null_defaults(paths);
        types
    }

    /// What is said of a route.
    pub(crate) fn operation(&mut self, route: &Description) -> Result<Value, Box<dyn Error>> {
        let mut operation = json!({
            "operationId": route.id,
            "summary": route.summary,
            "tags": [route.tag],
            "security": openapi_security::requirement(route.opener),
        });
        let parameters: Vec<Value> = route.parameters.iter().map(parameter).collect::<Result<_, _>>()?;
        let members = operation.as_object_mut().ok_or("no object")?;
        if !parameters.is_empty() {
            members.insert("parameters".to_owned(), parameters.into());
        }
        if let Some(Body { is_required, content }) = &route.body {
            let content = self.content(content, false)?;
            members.insert("requestBody".to_owned(), json!({ "required": is_required, "content": content }));
        }
        members.insert("responses".to_owned(), self.responses(route)?);
        Ok(operation)
    }

    fn responses(&mut self, route: &Description) -> Result<Value, Box<dyn Error>> {
        let mut refusals: BTreeMap<u16, Vec<ProblemKind>> = BTreeMap::new();
        let opened: &[ProblemKind] = match route.opener {
            Opener::Anybody | Opener::Hub => &[],
            Opener::Owner | Opener::Key | Opener::KeyHolder | Opener::Operator | Opener::Sender => &OPENED,
        };
        for kind in route.problems.iter().chain(opened).chain(&ALWAYS) {
            refusals.entry(kind.status()).or_default().push(*kind);
        }
        let mut responses: BTreeMap<u16, Value> = BTreeMap::new();
        for answer in route.answers {
            let mut content = self.content(answer.content, true)?;
            // Where a route refuses with the same status, its own answer comes first.
            let refusal = refusals.remove(&answer.status).map(|kinds| problem_schema(&kinds));
            if let Some(refusal) = refusal {
                let own = content.get(PROBLEM_CONTENT_TYPE).and_then(|own| own.get("schema"));
                let schema = own.map_or_else(|| refusal.clone(), |own| json!({ "anyOf": [own, refusal] }));
                content.insert(PROBLEM_CONTENT_TYPE.to_owned(), json!({ "schema": schema }));
            }
            let mut response = json!({ "description": answer.summary });
            if let (Some(response), false) = (response.as_object_mut(), content.is_empty()) {
                response.insert("content".to_owned(), content.into());
            }
            responses.insert(answer.status, response);
        }
        for (status, kinds) in refusals {
            let response = match kinds.as_slice() {
                [only] => json!({ "$ref": format!("#/components/responses/{}", response_name(*only)) }),
                several => problem_response(several),
            };
            responses.insert(status, response);
        }
        if route.opener == Opener::Hub {
            let error_of_refresh = json!({ "type": "object", "properties": { "error": { "type": "string" } } });
            for (status, summary) in OF_HUBS {
                let content = json!({
                    "text/plain": { "schema": { "type": "string" } },
                    "application/json": { "schema": error_of_refresh },
                });
                responses.insert(status, json!({ "description": summary, "content": content }));
            }
        }
        Ok(responses.into_iter().map(|(status, response)| (status.to_string(), response)).collect::<Map<_, _>>().into())
    }

    fn content(&mut self, bodies: &[Content], is_outgoing: bool) -> Result<Map<String, Value>, Box<dyn Error>> {
        let mut content = Map::new();
        for body in bodies {
            let mut described = json!({ "schema": self.schema(&body.shape, is_outgoing)? });
            let example = match body.shape {
                Shape::Event | Shape::EventsOrData => self.example(),
                Shape::Events => self.example().map(|event| json!([event])),
                Shape::Json(_) | Shape::Text | Shape::AnyJson => None,
            };
            if let (Some(described), Some(example)) = (described.as_object_mut(), example) {
                described.insert("example".to_owned(), example);
            }
            content.insert(body.media_type.to_owned(), described);
        }
        Ok(content)
    }

    fn example(&self) -> Option<Value> {
        self.catalogue.domain_events.first().map(asyncapi_message::cloud_event)
    }

    fn schema(&mut self, shape: &Shape, is_outgoing: bool) -> Result<Value, Box<dyn Error>> {
        match shape {
            Shape::Json(declared) if is_outgoing => {
                let schema = self.outgoing.schema(declared);
                schemas::collect_named(&schema, &self.outgoing.types, &mut self.written);
                Ok(schema)
            }
            Shape::Json(declared) => {
                let schema = self.incoming.schema(declared);
                schemas::collect_named(&schema, &self.incoming.types, &mut self.read);
                Ok(openapi_types::marked(&schema))
            }
            Shape::Text => Ok(json!({ "type": "string" })),
            Shape::AnyJson => Ok(json!({})),
            Shape::Event => self.cloud_event(),
            Shape::Events => {
                Ok(json!({ "type": "array", "maxItems": contract::MAX_EVENTS, "items": self.cloud_event()? }))
            }
            Shape::EventsOrData => {
                let (one, several) = (self.schema(&Shape::Event, false)?, self.schema(&Shape::Events, false)?);
                let data = json!({ "type": "object", "description": "In binary mode (headers `ce-*`): the data of the event." });
                Ok(json!({ "anyOf": [one, several, data] }))
            }
        }
    }

    /// A `CloudEvent` of any type that is understood: each is a type of its own.
    fn cloud_event(&mut self) -> Result<Value, Box<dyn Error>> {
        let path_of = |name: &str| format!("#{}/{name}", schemas::TYPES_PATH);
        if !self.read.contains_key(CLOUD_EVENT) {
            let mut each = Vec::new();
            let mut by_type = Map::new();
            for event in &self.catalogue.domain_events {
                let name = format!("{}CloudEvent", event.event_type.name);
                let mut schema = asyncapi_message::cloud_event_schema(event, &self.catalogue.common_data);
                if let Some(members) = schema.as_object_mut() {
                    members.insert("description".to_owned(), event.summary.clone().into());
                }
                schemas::collect_named(&schema, &self.catalogue.types, &mut self.read);
                by_type.insert(event.event_type.name.to_owned(), path_of(&name).into());
                each.push(json!({ "$ref": path_of(&name) }));
                if self.read.insert(name.clone(), schema).is_some() {
                    return Err(format!("there are two types {name}").into());
                }
            }
            let any = json!({
                "description": "A CloudEvent 1.0 of any type that is understood. Other attributes are passed over.",
                "oneOf": each,
                "discriminator": { "propertyName": "type", "mapping": by_type },
            });
            self.read.insert(CLOUD_EVENT.to_owned(), any);
        }
        Ok(openapi_types::marked(&json!({ "$ref": path_of(CLOUD_EVENT) })))
    }
}

const CLOUD_EVENT: &str = "CloudEvent";
const PROBLEM: &str = "Problem";

fn parameter(parameter: &Parameter) -> Result<Value, Box<dyn Error>> {
    let (place, is_required) = match parameter.place {
        Place::Path => ("path", true),
        Place::Query => ("query", false),
        Place::RequiredQuery => ("query", true),
        Place::Header => ("header", false),
    };
    let mut schema: Value = serde_json::from_str(parameter.schema)?;
    if let (Place::Path, "hub", Some(schema)) = (parameter.place, parameter.name, schema.as_object_mut()) {
        let segments = HUBS.iter().flat_map(|hub| [hub.route].into_iter().chain(hub.aliases.iter().copied()));
        schema.insert("enum".to_owned(), segments.collect());
    }
    Ok(json!({
        "name": parameter.name,
        "in": place,
        "required": is_required,
        "description": parameter.summary,
        "schema": schema,
    }))
}

/// What every problem has.
fn problem() -> Value {
    let mut generator = Direction::new(true);
    let mut problem = generator.resolved(schemars::SchemaGenerator::subschema_for::<contract::Problem>);
    if let Some(kind) = problem.pointer_mut("/properties/type").and_then(Value::as_object_mut) {
        kind.insert("enum".to_owned(), ProblemKind::ALL.iter().map(|kind| kind.problem_type()).collect());
    }
    problem
}

/// What a response that is a problem of one kind is called.
pub(crate) fn response_name(kind: ProblemKind) -> String {
    format!("{kind:?}")
}

/// A response that is a problem of one of these kinds.
pub(crate) fn problem_response(kinds: &[ProblemKind]) -> Value {
    let titles: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
    let mut response = json!({ "description": format!("{}.", titles.join(", or ")), "content": { PROBLEM_CONTENT_TYPE: { "schema": problem_schema(kinds) } } });
    let retry_after = json!({
        "Retry-After": { "description": "After how many seconds to try again.", "schema": { "type": "integer" } },
    });
    if let (Some(response), [ProblemKind::TooManyRequests | ProblemKind::Unavailable]) =
        (response.as_object_mut(), kinds)
    {
        response.insert("headers".to_owned(), retry_after);
    }
    response
}

fn problem_schema(kinds: &[ProblemKind]) -> Value {
    let types: Vec<&str> = kinds.iter().map(|kind| kind.problem_type()).collect();
    json!({ "$ref": format!("#{}/{PROBLEM}", schemas::TYPES_PATH), "properties": { "type": { "enum": types } } })
}

/// What is null where it is absent has no default that could be sent.
fn drop_null_defaults(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if object.get("default").is_some_and(Value::is_null) {
                object.shift_remove("default");
            }
            object.values_mut().for_each(drop_null_defaults);
        }
        Value::Array(list) => list.iter_mut().for_each(drop_null_defaults),
        _ => {}
    }
}
