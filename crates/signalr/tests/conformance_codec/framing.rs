//! Cases on MessagePack framing and on server-sent events.

use serde_json::Value;
use signalr::{record, sse};

use crate::case::{Case, equal, from_hex};

pub(crate) fn run_binary(case: &Case) -> Result<(), String> {
    if let Some(length) = case.input["length"].as_u64() {
        let prefix: Vec<u8> = record::length_prefix(usize::try_from(length).expect("a length")).collect();
        return equal(&prefix, &from_hex(case.expect["prefixHex"].as_str().expect("a prefix")));
    }
    let input = case.bytes();
    if case.expect["needMore"] == true {
        let split = record::split_binary(&input).map_err(|error| error.to_string())?;
        return equal(&split, &None);
    }
    if let Some(expected) = case.error() {
        let error = record::split_binary(&input).err().map(|error| error.to_string());
        return equal(&error.as_deref(), &Some(expected));
    }
    let bodies: Vec<Vec<u8>> = case.expect["bodiesHex"]
        .as_array()
        .expect("bodies")
        .iter()
        .map(|body| from_hex(body.as_str().expect("hexadecimal digits")))
        .collect();
    if case.decodes() {
        let mut rest = input.as_slice();
        let mut split_off = Vec::new();
        while let Some((body, after)) = record::split_binary(rest).map_err(|error| error.to_string())? {
            split_off.push(body.to_vec());
            rest = after;
        }
        equal(&split_off, &bodies)?;
        equal(&rest, &[].as_slice())?;
    }
    if case.encodes() {
        let framed: Vec<u8> =
            bodies.iter().flat_map(|body| record::length_prefix(body.len()).chain(body.iter().copied())).collect();
        equal(&framed, &input)?;
    }
    Ok(())
}

pub(crate) fn run_sse(case: &Case) -> Result<(), String> {
    let (Value::String(payload), Some(expected)) = (&case.input, case.expect.as_str()) else {
        return Err("no payload".to_owned());
    };
    let mut event = Vec::new();
    sse::write_event(payload.as_bytes(), &mut event);
    equal(&String::from_utf8_lossy(&event).as_ref(), &expected)
}
