//! `docs/hubs/{route}.md`: the page of a hub.

use contract::KeyKind;

use crate::{
    catalogue::{Catalogue, HubEntry},
    event_section, javascript,
    markdown::{HEAD, code, inline, inline_list, table},
    method_section,
};

/// The page.
pub(crate) fn page(entry: &HubEntry, catalogue: &Catalogue) -> String {
    let hub = entry.hub;
    let mut text = format!("{HEAD}\n# {}\n\n{}\n\n", hub.name, hub.summary);
    text += &facts(entry);
    text += &format!("\n{}", code("js", &javascript::connect(entry)));
    text += "\n## Methods\n\n";
    if !entry.methods.is_empty() {
        text += &method_section::of(&entry.methods, &catalogue.types);
        text.push('\n');
    }
    text += "Like every hub it also has [`GetResumeToken` and `Resume`](README.md#resume).\n";
    if !entry.events.is_empty() {
        text += &format!("\n## Events\n\n{}\n\n", events_introduction(entry));
        text += &event_section::of(&entry.events, &catalogue.types);
    }
    // Where nothing is told, groups mean nothing.
    if !entry.events.is_empty() && !hub.groups.is_empty() {
        text +=
            "\n## Groups\n\nAn event goes to groups of connections, and to a connection in several of them once.\n\n";
        let rows = hub.groups.iter().map(|group| vec![inline(group.pattern), group.summary.to_owned()]);
        text += &table(&["group", "who is in it"], rows);
    }
    text
}

fn facts(entry: &HubEntry) -> String {
    let hub = entry.hub;
    let key = match hub.key {
        KeyKind::Virtual => "a virtual key, or a [client token](../operating.md#client-tokens) of one",
        KeyKind::Master => "the master key",
    };
    let mut rows = vec![vec!["route".to_owned(), inline(&format!("/hubs/{}", hub.route))]];
    if !hub.aliases.is_empty() {
        let aliases: Vec<String> = hub.aliases.iter().map(|alias| format!("/hubs/{alias}")).collect();
        rows.push(vec!["also".to_owned(), inline_list(aliases.iter().map(String::as_str))]);
    }
    rows.push(vec!["key".to_owned(), key.to_owned()]);
    table(&["", ""], rows)
}

fn events_introduction(entry: &HubEntry) -> String {
    let mut text =
        "Each event is shown as its handler gets it: an only argument as it is, several as a list. `?` marks what \
                    may be absent. Durable events are kept for who was away; of ephemeral ones only the latest counts."
            .to_owned();
    let has_objects = entry.events.iter().any(|event| event.arguments.is_none());
    let has_lists = entry.events.iter().any(|event| event.arguments.is_some());
    text += match (has_objects, has_lists) {
        (true, false) => {
            "\n\nEvery event also has `timestamp` and `eventId`, and `correlationId` where the producer gave one."
        }
        (false, _) => "\n\nWith [`?meta=1`](README.md#metadata) there is one more argument: when it was, and its id.",
        (true, true) => {
            "\n\nEvery `event` also has `timestamp` and `eventId`, and `correlationId` where the producer gave one. Other events \
             get these as one more argument with [`?meta=1`](README.md#metadata)."
        }
    };
    text
}
