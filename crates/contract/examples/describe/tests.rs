//! What is derived is whole, and true of the declarations' own examples.

use std::{collections::HashSet, fs, path::Path};

use contract::{DomainEvent, hub::HUBS, routes::ROUTES};
use serde_json::{Value, json};

use crate::{
    asyncapi,
    asyncapi_message::cloud_event,
    catalogue::Catalogue,
    openapi,
    output::{self, Output},
    outputs, schemas,
    validity::faults,
};

fn document() -> Value {
    asyncapi::document(&Catalogue::build().unwrap()).unwrap()
}

fn openapi_document() -> Value {
    openapi::document(&Catalogue::build().unwrap()).unwrap()
}

fn files() -> Vec<Output> {
    outputs(&Catalogue::build().unwrap()).unwrap()
}

fn text_of(path: &str) -> String {
    files().iter().find(|output| output.path == path).unwrap_or_else(|| panic!("no {path}")).text().to_owned()
}

/// Every object in a document, with its path.
fn objects<'a>(value: &'a Value, path: &str, visit: &mut impl FnMut(&str, &'a Value)) {
    match value {
        Value::Object(object) => {
            visit(path, value);
            object.iter().for_each(|(name, member)| objects(member, &format!("{path}/{name}"), visit));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, item)| objects(item, &format!("{path}/{at}"), visit));
        }
        _ => {}
    }
}

#[test]
fn every_hub_method_and_event_is_in_the_document() {
    let document = document();
    for hub in HUBS {
        let channel = &document["channels"][hub.name];
        assert_eq!(channel["address"], format!("/hubs/{}", hub.route));
        for name in hub.events.iter().map(|event| event.name).chain(hub.all_methods().map(|method| method.name)) {
            assert!(channel["messages"].get(name).is_some(), "{hub:?} has no message {name}");
        }
        for method in hub.all_methods() {
            let operation = &document["operations"][format!("{}.{}", hub.name, method.name)];
            assert_eq!(operation["messages"].as_array().unwrap().len(), 1, "{hub:?}.{}", method.name);
            assert_eq!(operation.get("reply").is_some(), method.answer.is_some(), "{hub:?}.{}", method.name);
            let refusals = operation["x-refusals"].as_array().map_or(0, Vec::len);
            assert_eq!(refusals, method.refusals.len(), "{hub:?}.{}", method.name);
        }
        let told = document["operations"].get(format!("{}.events", hub.name));
        let told = told.map_or(0, |operation| operation["messages"].as_array().unwrap().len());
        assert_eq!(told, hub.events.len(), "{hub:?}");
    }
    for event_type in contract::event_types() {
        assert!(document["channels"]["DomainEvents"]["messages"].get(event_type.name).is_some(), "{}", event_type.name);
    }
}

#[test]
fn every_reference_leads_somewhere_and_stands_alone() {
    let document = document();
    let mut count = 0;
    objects(&document, "", &mut |path, object| {
        let Some(target) = object.get("$ref") else { return };
        count += 1;
        assert_eq!(object.as_object().unwrap().len(), 1, "{path} has something beside its reference");
        let pointer = target.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{path} refers to {target}");
    });
    assert!(count > 200);
}

#[test]
fn every_route_is_in_the_openapi_document_under_a_name_of_its_own() {
    let document = openapi_document();
    let mut names = HashSet::new();
    for route in ROUTES {
        let operation = &document["paths"][route.path][route.method.to_lowercase()];
        assert_eq!(operation["operationId"], route.description.id, "{route:?}");
        assert!(names.insert(route.description.id), "{} is there twice", route.description.id);
        let in_path = |parameter: &&Value| parameter["in"] == "path";
        let parameters = operation["parameters"].as_array().map_or(0, |all| all.iter().filter(in_path).count());
        assert_eq!(parameters, route.path.matches('{').count(), "{route:?}");
    }
}

#[test]
fn every_reference_of_the_openapi_document_leads_somewhere_and_every_type_is_referred_to() {
    let document = openapi_document();
    let mut found = HashSet::new();
    objects(&document, "", &mut |path, object| {
        let Some(target) = object.get("$ref") else { return };
        let pointer = target.as_str().unwrap().strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{path} refers to {target}");
        found.insert(pointer.to_owned());
    });
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(found.contains(&format!("/components/schemas/{name}")), "nothing refers to {name}");
    }
}

#[test]
fn the_example_of_every_domain_event_is_a_cloud_event_of_the_openapi_document() {
    let document = openapi_document();
    let schema = json!({ "$ref": "#/components/schemas/CloudEvent" });
    for event in &Catalogue::build().unwrap().domain_events {
        let mut whole = cloud_event(event);
        assert_eq!(faults(&whole, &schema, &document), Vec::<String>::new(), "{}", event.event_type.name);
        whole["type"] = json!("Nothing");
        assert_ne!(faults(&whole, &schema, &document), Vec::<String>::new(), "{}", event.event_type.name);
    }
}

#[test]
fn every_example_is_valid() {
    let document = document();
    let mut count = 0;
    objects(&document, "", &mut |path, message| {
        let (Some(schema), Some(examples)) = (message.get("payload"), message.get("examples")) else { return };
        for example in examples.as_array().unwrap() {
            count += 1;
            assert_eq!(faults(&example["payload"], schema, &document), Vec::<String>::new(), "{path}");
        }
    });
    assert!(count > 100);
}

#[test]
fn an_example_that_is_not_valid_would_be_found() {
    let document = document();
    let faults_of = |message: &str, change: &dyn Fn(&mut Value)| {
        let message = document.pointer(message).unwrap();
        let mut payload = message["examples"][0]["payload"].clone();
        change(&mut payload);
        faults(&payload, &message["payload"], &document)
    };
    let progress = "/components/messages/TaskProgress";
    assert_eq!(faults_of(progress, &|_| ()), Vec::<String>::new());
    assert_ne!(faults_of(progress, &|payload| payload[1] = json!("x")), Vec::<String>::new());
    assert_ne!(faults_of(progress, &|payload| payload[1] = json!(100.1)), Vec::<String>::new());
    assert_ne!(faults_of(progress, &|payload| *payload = json!(["task-1", 1])), Vec::<String>::new());
    assert_ne!(faults_of(progress, &|payload| *payload = json!(["task-1", 1, null, {}])), Vec::<String>::new());
    let health = "/components/messages/ProviderHealthStatus";
    assert_ne!(faults_of(health, &|payload| payload[0]["status"] = json!("Ill")), Vec::<String>::new());
    assert_ne!(faults_of(health, &|payload| payload[0]["secret"] = json!(1)), Vec::<String>::new());
    // What may be absent is never sent as null.
    assert_ne!(faults_of(health, &|payload| payload[0]["message"] = json!(null)), Vec::<String>::new());
    let announcement = "/channels/DomainEvents/messages/SystemAnnouncement";
    assert_ne!(faults_of(announcement, &|payload| payload["virtualkeyid"] = json!("456")), Vec::<String>::new());
}

#[test]
fn the_example_of_every_domain_event_is_understood() {
    for event in &Catalogue::build().unwrap().domain_events {
        let whole = cloud_event(event).to_string();
        assert!(DomainEvent::parse(&whole).is_ok(), "{:?}", DomainEvent::parse(&whole));
    }
}

#[test]
fn no_event_has_a_member_that_the_metadata_has() {
    let catalogue = Catalogue::build().unwrap();
    let added: Vec<&str> = schemas::members(&catalogue.meta).iter().map(|member| member.name).collect();
    assert_eq!(added, ["timestamp", "eventId", "correlationId"]);
    for event in catalogue.hubs.iter().flat_map(|hub| &hub.events) {
        for member in schemas::members(&event.data) {
            assert!(!added.contains(&member.name), "{:?}.{}", event.declaration, member.name);
        }
    }
}

#[test]
fn every_name_of_the_typescript_module_is_declared_once() {
    let module = text_of("clients/js/src/contract.ts");
    let mut names = HashSet::new();
    for line in module.lines() {
        let Some(declared) = line.strip_prefix("export ").and_then(|rest| rest.split(' ').nth(1)) else { continue };
        assert!(names.insert(declared), "{declared} is declared twice");
    }
    for hub in HUBS {
        for suffix in ["Events", "Methods"] {
            assert!(names.contains(format!("{}{suffix}", hub.name).as_str()), "{hub:?} has no {suffix}");
        }
        let names = hub.events.iter().map(|event| format!("  {}: [", event.name));
        for member in names.chain(hub.methods.iter().map(|method| format!("  {}(", method.name))) {
            assert!(module.contains(&member), "{hub:?} has no {member}");
        }
    }
    for event_type in contract::event_types() {
        assert!(names.contains(format!("{}Data", event_type.name).as_str()), "{}", event_type.name);
    }
    assert!(!module.contains(": any") && !module.contains("<any>") && !module.contains("any[]"));
}

#[test]
fn no_line_of_the_typescript_module_is_too_long() {
    for line in text_of("clients/js/src/contract.ts").lines() {
        assert!(line.chars().count() <= 120, "{line}");
    }
}

#[test]
fn the_page_of_a_hub_has_every_method_event_and_group_in_every_dialect() {
    for entry in &Catalogue::build().unwrap().hubs {
        let page = text_of(&format!("docs/hubs/{}.md", entry.hub.route));
        for method in entry.hub.methods {
            assert!(page.contains(&format!("| `{}(", method.name)), "{}", method.name);
            assert!(page.contains(&format!("'{}'", method.name)), "{} is not called", method.name);
        }
        for event in &entry.events {
            assert!(page.contains(&format!("\n### {}\n", event.declaration.name)), "{:?}", event.declaration);
            for call in [&event.examples.conduit, &event.examples.guide].into_iter().flatten() {
                assert!(page.contains(&format!("</code>: <code>{}</code>", call.name)), "{}", call.name);
            }
        }
        let groups = if entry.events.is_empty() { &[] } else { entry.hub.groups };
        for group in groups {
            assert!(page.contains(&format!("| `{}` |", group.pattern)), "{}", group.pattern);
        }
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let files = files();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/hubs");
    for page in files.iter().filter(|output| output.path.starts_with("docs/hubs/")) {
        for link in page.text().split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let own = format!("docs/hubs/{file}");
            let target =
                match files.iter().find(|output| output.path == own || (file.is_empty() && output.path == page.path)) {
                    Some(output) => output.text().to_owned(),
                    None => fs::read_to_string(docs.join(file)).unwrap_or_else(|error| panic!("{link}: {error}")),
                };
            let headings = target.lines().filter(|line| line.starts_with('#'));
            let mut anchors = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-"));
            assert!(heading.is_empty() || anchors.any(|anchor| anchor == heading), "{} links to {link}", page.path);
        }
    }
}

#[test]
fn the_same_is_written_every_time() {
    for (first, second) in files().iter().zip(&files()) {
        assert_eq!(first.text(), second.text());
        assert!(first.text().ends_with('\n') && !first.text().ends_with("\n\n"), "{}", first.path);
        assert!(!first.text().lines().any(|line| line.ends_with(' ')), "{}", first.path);
    }
}

#[test]
fn what_was_written_is_current_until_somebody_changes_it() {
    let folder = std::env::temp_dir().join(format!("conduit-edge-describe-{}", std::process::id()));
    let pages = [Output::new("docs/hubs/a.md", "a"), Output::new("docs/hubs/b.md", "b\n\n")];
    assert!(pages.iter().all(|page| !page.is_current(&folder)));
    for page in &pages {
        page.write(&folder).unwrap();
    }
    assert!(pages.iter().all(|page| page.is_current(&folder)));
    assert_eq!(output::strangers(&folder, &pages).unwrap(), Vec::<String>::new());

    fs::write(folder.join("docs/hubs/a.md"), "A\n").unwrap();
    fs::write(folder.join("docs/hubs/b.md"), "b\r\n").unwrap();
    assert!(!pages[0].is_current(&folder) && pages[1].is_current(&folder));
    assert_eq!(output::strangers(&folder, &pages[..1]).unwrap(), ["docs/hubs/b.md"]);
    fs::remove_dir_all(folder).unwrap();
}
