//! Any text as the query of a negotiate request: answered with an object in which nothing is null.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signalr::negotiate::{NegotiateOptions, NegotiateRequest};

fuzz_target!(|query: &str| {
    let options = NegotiateOptions { allow_stateful_reconnect: true, ..NegotiateOptions::default() };
    let answer = NegotiateRequest::from_query(query).answer(&options, "id", "token");
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    let properties = answer.as_object().expect("an object");
    assert!(properties.values().all(|value| !value.is_null()));
    assert!(properties.contains_key("error") || properties.contains_key("connectionId"));
});
