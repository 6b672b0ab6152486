//! Judges the codec cases of a file of conformance cases: `cargo run -p signalr --example codec_cases -- FILE`.
//!
//! It prints a line of JSON for each, `{"id", "passed", "message"}`, with `"skipped": true` where the case is of a form
//! that is not known here.

mod evaluation;

use std::path::Path;
use std::process::ExitCode;

use evaluation::Problem;
use serde_json::json;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: codec_cases FILE");
        return ExitCode::FAILURE;
    };
    let cases = match evaluation::read(Path::new(&path)) {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    for case in cases {
        let id = case.id();
        println!(
            "{}",
            match case.judge() {
                Ok(()) => json!({ "id": id, "passed": true, "message": "" }),
                Err(Problem::Wrong(message)) => json!({ "id": id, "passed": false, "message": message }),
                Err(Problem::NotUnderstood(what)) => {
                    json!({ "id": id, "passed": false, "skipped": true, "message": format!("codec case not understood: {what}") })
                }
            }
        );
    }
    ExitCode::SUCCESS
}
