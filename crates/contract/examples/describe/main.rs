//! Writes everything that is derived from the contract's declarations into a project's folder: `public/asyncapi.json`,
//! `public/openapi.json`, the types of the JavaScript client, and the reference pages.
//!
//! ```sh
//! cargo run -p contract --features schema --example describe -- PROJECT           # writes
//! cargo run -p contract --features schema --example describe -- PROJECT --check   # only says what is out of date
//! ```

#![allow(clippy::format_push_string, clippy::format_collect, reason = "texts are written once, for people")]

mod asyncapi;
mod asyncapi_message;
mod catalogue;
mod domain_events_page;
mod event_section;
mod examples;
mod hub_index;
mod hub_page;
mod javascript;
mod markdown;
mod member_table;
mod method_section;
mod openapi;
mod openapi_operation;
mod openapi_security;
mod openapi_types;
mod output;
mod schemas;
#[cfg(test)]
mod tests;
mod typescript;
mod typescript_layout;
mod typescript_type;
#[cfg(test)]
mod validity;

use std::{error::Error, path::Path, process::ExitCode};

use catalogue::Catalogue;
use output::Output;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (project, is_check) = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [project] => (*project, false),
        [project, "--check"] => (*project, true),
        _ => return Err("usage: describe PROJECT [--check]".into()),
    };
    let outputs = outputs(&Catalogue::build()?)?;
    let folder = Path::new(project);
    if !is_check {
        for output in &outputs {
            output.write(folder)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let mut out_of_date = output::strangers(folder, &outputs)?;
    out_of_date.extend(outputs.iter().filter(|output| !output.is_current(folder)).map(|output| output.path.clone()));
    for path in &out_of_date {
        eprintln!("out of date: {path}");
    }
    Ok(if out_of_date.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every file that is derived.
fn outputs(catalogue: &Catalogue) -> Result<Vec<Output>, Box<dyn Error>> {
    let mut outputs = vec![
        Output::new("public/asyncapi.json", &asyncapi::document(catalogue)?.to_string()),
        Output::new("public/openapi.json", &openapi::document(catalogue)?.to_string()),
        Output::new("clients/js/src/contract.ts", &typescript::module(catalogue)?),
        Output::new("docs/hubs/README.md", &hub_index::page(catalogue)),
        Output::new("docs/hubs/domain-events.md", &domain_events_page::page(catalogue)),
    ];
    for entry in &catalogue.hubs {
        let path = format!("docs/hubs/{}.md", entry.hub.route);
        outputs.push(Output::new(&path, &hub_page::page(entry, catalogue)));
    }
    Ok(outputs)
}
