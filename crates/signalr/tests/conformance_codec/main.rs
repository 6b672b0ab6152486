//! Runs the codec cases of the conformance file, which pin down what ASP.NET Core reads and writes.
//!
//! `SIGNALR_CASES` names another file of the same form. The example `codec_cases` judges any file's, case by case.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

#[path = "../../examples/codec_cases/evaluation/mod.rs"]
mod evaluation;

use std::path::PathBuf;

#[test]
fn every_codec_case_passes() {
    let path = std::env::var_os("SIGNALR_CASES").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/conformance/signalr-cases.json")),
        PathBuf::from,
    );
    let cases = evaluation::read(&path).unwrap();
    assert!(!cases.is_empty(), "no codec case in {}", path.display());

    let failures: Vec<String> =
        cases.iter().filter_map(|case| case.judge().err().map(|problem| format!("{}: {problem}", case.id()))).collect();
    println!("{} passed, {} failed", cases.len() - failures.len(), failures.len());
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
