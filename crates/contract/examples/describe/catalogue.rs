//! Everything that is declared, with its schemas: what each description is written from.

use std::error::Error;

use contract::{
    EventDeclaration, EventMeta, EventType, Form, Hub, MethodDeclaration, event_types,
    hub::{self, HUBS},
};
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::{
    examples::Examples,
    schemas::{self, TYPES_PATH, Types},
};

/// All of it.
pub(crate) struct Catalogue {
    /// Every hub.
    pub(crate) hubs: Vec<HubEntry>,
    /// The methods that every hub has.
    pub(crate) common_methods: Vec<MethodEntry>,
    /// Every `CloudEvent` that is understood.
    pub(crate) domain_events: Vec<DomainEventEntry>,
    /// The members that are added to every object event, and are the last argument of positional ones with `?meta=1`.
    pub(crate) meta: Value,
    /// The members that the data of every domain event may have.
    pub(crate) common_data: Value,
    /// The types that have names.
    pub(crate) types: Types,
}

/// A hub.
pub(crate) struct HubEntry {
    pub(crate) hub: &'static Hub,
    pub(crate) events: Vec<EventEntry>,
    /// Its own; see [`Catalogue::common_methods`] for the others.
    pub(crate) methods: Vec<MethodEntry>,
}

/// An event that clients are told.
pub(crate) struct EventEntry {
    pub(crate) declaration: &'static EventDeclaration,
    pub(crate) summary: String,
    /// Its data, without the metadata.
    pub(crate) data: Value,
    /// Its arguments where it is positional.
    pub(crate) arguments: Option<Vec<Argument>>,
    pub(crate) examples: Examples,
}

/// A method.
pub(crate) struct MethodEntry {
    pub(crate) declaration: &'static MethodDeclaration,
    pub(crate) parameters: Vec<Argument>,
    pub(crate) answer: Option<Answer>,
}

/// An argument of an event or a method.
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) schema: Value,
    /// Whether it may be left out.
    pub(crate) is_optional: bool,
    /// One.
    pub(crate) example: Value,
}

/// What a method answers.
#[derive(PartialEq)]
pub(crate) struct Answer {
    pub(crate) schema: Value,
    pub(crate) example: Value,
}

/// A `CloudEvent` that is understood.
pub(crate) struct DomainEventEntry {
    pub(crate) event_type: &'static EventType,
    pub(crate) summary: String,
    /// Its data, without the common members.
    pub(crate) data: Value,
    pub(crate) example: Value,
}

/// The schemas of one direction.
pub(crate) struct Direction {
    generator: SchemaGenerator,
    is_outgoing: bool,
    /// Those that were named so far.
    pub(crate) types: Types,
}

impl Catalogue {
    /// Reads all declarations.
    pub(crate) fn build() -> Result<Self, Box<dyn Error>> {
        let mut outgoing = Direction::new(true);
        let mut incoming = Direction::new(false);
        let common = HUBS.first().map(|hub| own_and_common(hub).1).unwrap_or_default();

        let mut hubs = Vec::new();
        for hub in HUBS.iter().copied() {
            let events =
                hub.events.iter().map(|event| event_entry(hub, event, &mut outgoing)).collect::<Result<_, _>>()?;
            let methods = method_entries(&own_and_common(hub).0, &mut outgoing, &mut incoming)?;
            hubs.push(HubEntry { hub, events, methods });
        }
        let common_methods = method_entries(&common, &mut outgoing, &mut incoming)?;
        let domain_events =
            event_types().map(|event| domain_event_entry(event, &mut incoming)).collect::<Result<_, _>>()?;
        let meta = outgoing.resolved(SchemaGenerator::subschema_for::<EventMeta>);
        let mut catalogue =
            Self { hubs, common_methods, domain_events, meta, common_data: common_data(), types: Types::new() };
        catalogue.types = catalogue.named_types(&outgoing.types, &incoming.types)?;
        Ok(catalogue)
    }

    /// The types that anything here names.
    fn named_types(&self, outgoing: &Types, incoming: &Types) -> Result<Types, Box<dyn Error>> {
        let mut types = Types::from([("EventMeta".to_owned(), self.meta.clone())]);
        let mut read = Types::new();
        for entry in self.hubs.iter().flat_map(|hub| &hub.events) {
            schemas::collect_named(&entry.data, outgoing, &mut types);
        }
        for method in self.common_methods.iter().chain(self.hubs.iter().flat_map(|hub| &hub.methods)) {
            if let Some(answer) = &method.answer {
                schemas::collect_named(&answer.schema, outgoing, &mut types);
            }
            for parameter in &method.parameters {
                schemas::collect_named(&parameter.schema, incoming, &mut read);
            }
        }
        for entry in &self.domain_events {
            schemas::collect_named(&entry.data, incoming, &mut read);
        }
        for (name, schema) in read {
            match types.get(&name) {
                Some(written) if *written != schema => {
                    return Err(format!("{name} is read otherwise than it is written: it needs a second name").into());
                }
                _ => types.insert(name, schema),
            };
        }
        Ok(types)
    }
}

impl Direction {
    pub(crate) fn new(is_outgoing: bool) -> Self {
        let mut settings =
            SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = TYPES_PATH.into());
        if is_outgoing {
            settings = settings.for_serialize();
        }
        Self { generator: settings.into_generator(), is_outgoing, types: Types::new() }
    }

    /// The schema of what is declared; a name where it has one.
    pub(crate) fn schema(&mut self, declared: impl Fn(&mut SchemaGenerator) -> Schema) -> Value {
        let schema = schemas::tidied(&declared(&mut self.generator).to_value(), self.is_outgoing);
        for (name, definition) in self.generator.definitions() {
            let is_outgoing = self.is_outgoing;
            self.types.entry(name.clone()).or_insert_with(|| schemas::tidied(definition, is_outgoing));
        }
        schema
    }

    /// The same, never a name.
    pub(crate) fn resolved(&mut self, declared: impl Fn(&mut SchemaGenerator) -> Schema) -> Value {
        let schema = self.schema(declared);
        schemas::resolved(&schema, &self.types)
    }
}

fn own_and_common(hub: &'static Hub) -> (Vec<&'static MethodDeclaration>, Vec<&'static MethodDeclaration>) {
    hub.all_methods().partition(|method| hub.methods.contains(method))
}

fn event_entry(
    hub: &'static hub::Hub,
    declaration: &'static EventDeclaration,
    outgoing: &mut Direction,
) -> Result<EventEntry, Box<dyn Error>> {
    let data = outgoing.resolved(declaration.schema);
    let examples = Examples::of(hub, declaration)?;
    let arguments = match declaration.form {
        Form::Object => None,
        Form::Positional(names) => Some(positional(declaration, names, &data, &examples)?),
    };
    Ok(EventEntry { declaration, summary: schemas::description(&data).to_owned(), data, arguments, examples })
}

fn positional(
    declaration: &EventDeclaration,
    names: &'static [&'static str],
    data: &Value,
    examples: &Examples,
) -> Result<Vec<Argument>, Box<dyn Error>> {
    let members = schemas::members(data);
    let argument = |(name, example): (&&'static str, &Value)| {
        let member = members.iter().find(|member| member.name == *name);
        let member = member.ok_or_else(|| format!("{} has no member {name}", declaration.name))?;
        // What the data lacks is null.
        let schema = if member.is_required { member.schema.clone() } else { schemas::or_null(member.schema) };
        Ok(Argument { name, schema, is_optional: false, example: example.clone() })
    };
    names.iter().zip(&examples.contract.arguments).map(argument).collect()
}

fn method_entries(
    declarations: &[&'static MethodDeclaration],
    outgoing: &mut Direction,
    incoming: &mut Direction,
) -> Result<Vec<MethodEntry>, Box<dyn Error>> {
    let mut entries = Vec::new();
    for declaration in declarations.iter().copied() {
        let mut parameters = Vec::new();
        for parameter in declaration.parameters {
            parameters.push(Argument {
                name: parameter.name,
                schema: incoming.schema(parameter.schema),
                is_optional: parameter.is_optional,
                example: serde_json::from_str(parameter.example)?,
            });
        }
        let answer = match &declaration.answer {
            Some(answer) => {
                Some(Answer { schema: outgoing.schema(answer.schema), example: serde_json::from_str(answer.example)? })
            }
            None => None,
        };
        entries.push(MethodEntry { declaration, parameters, answer });
    }
    Ok(entries)
}

fn domain_event_entry(
    event_type: &'static EventType,
    incoming: &mut Direction,
) -> Result<DomainEventEntry, Box<dyn Error>> {
    let data = incoming.resolved(event_type.schema);
    let example = serde_json::from_str(event_type.example)?;
    Ok(DomainEventEntry { event_type, summary: schemas::description(&data).to_owned(), data, example })
}

fn common_data() -> Value {
    json!({
        "type": "object",
        "properties": {
            "timestamp": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": "When it happened; the envelope's `time` counts where this is absent.",
            },
            "correlationId": {
                "type": ["string", "null"],
                "description": "What ties it to its cause; the envelope's `correlationid` counts where this is absent.",
            },
        },
        "description": "What the data of every event may have.",
    })
}
