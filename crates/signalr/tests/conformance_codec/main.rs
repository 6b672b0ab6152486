//! Runs the codec cases of the conformance file, which pin down what ASP.NET Core reads and writes.
//!
//! `SIGNALR_CASES` names another file of the same form.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that panics has failed, which is what it is for"
)]

mod case;
mod framing;
mod json;
mod messagepack;

use std::path::PathBuf;

use case::Case;

/// Runs one case, and says what is wrong.
fn run(case: &Case) -> Result<(), String> {
    match case.protocol.as_str() {
        "json" => json::run(case),
        "messagepack" => messagepack::run(case),
        "varint-frame" => framing::run_binary(case),
        "sse" => framing::run_sse(case),
        other => Err(format!("unknown protocol {other}")),
    }
}

#[test]
fn every_codec_case_passes() {
    let path = std::env::var_os("SIGNALR_CASES").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/conformance/signalr-cases.json")),
        PathBuf::from,
    );
    let cases = case::read(&path);
    assert!(!cases.is_empty(), "no codec case in {}", path.display());

    let failures: Vec<String> = cases
        .iter()
        .filter_map(|case| run(case).err().map(|reason| format!("{} ({}): {reason}", case.id, case.title)))
        .collect();
    println!("{} passed, {} failed", cases.len() - failures.len(), failures.len());
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
