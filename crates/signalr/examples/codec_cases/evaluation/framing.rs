//! Cases on MessagePack framing and on server-sent events.

use serde_json::Value;
use signalr::{record, sse};

use super::case::{Case, from_hex};
use super::{Problem, equal, without, wrong};

pub(super) fn run_binary(case: &Case) -> Result<(), Problem> {
    if let Some(length) = case.input.get("length").and_then(Value::as_u64) {
        let length = usize::try_from(length).map_err(|_| without("length that fits"))?;
        let prefix: Vec<u8> = record::length_prefix(length).collect();
        return equal(&prefix, &from_hex(case.expected_text("prefixHex")?)?);
    }
    let bodies = case.expected("bodiesHex").and_then(Value::as_array);
    let bodies = bodies.map(|bodies| bodies.iter().map(|body| from_hex(body.as_str().unwrap_or("?"))));
    let bodies: Option<Vec<_>> = bodies.map(Iterator::collect::<Result<_, _>>).transpose()?;
    if case.decodes() {
        decode(case, bodies.as_deref())?;
    }
    if case.encodes() {
        let bodies = bodies.ok_or_else(|| without("bodiesHex"))?;
        let framed: Vec<u8> =
            bodies.iter().flat_map(|body| record::length_prefix(body.len()).chain(body.iter().copied())).collect();
        let expected = case.expected_text("hex").and_then(from_hex).or_else(|_| case.bytes())?;
        equal(&framed, &expected)?;
    }
    Ok(())
}

fn decode(case: &Case, bodies: Option<&[Vec<u8>]>) -> Result<(), Problem> {
    let input = case.bytes()?;
    if let Some(expected) = case.error() {
        let error = record::split_binary(&input).err().map(|error| error.to_string());
        return equal(&error.as_deref(), &Some(expected));
    }
    let mut rest = input.as_slice();
    let mut split_off = Vec::new();
    while let Some((body, after)) = record::split_binary(rest).map_err(wrong)? {
        split_off.push(body.to_vec());
        rest = after;
    }
    if case.needs_more() {
        // A body before the unfinished one is only right where the case says so.
        return equal(split_off.as_slice(), bodies.unwrap_or_default());
    }
    equal(split_off.as_slice(), bodies.ok_or_else(|| without("bodiesHex"))?)?;
    equal(rest, &[])
}

pub(super) fn run_sse(case: &Case) -> Result<(), Problem> {
    let expected = case.expect.as_str().or_else(|| case.expected("output").and_then(Value::as_str));
    let (Value::String(payload), Some(expected), false) = (&case.input, expected, case.decodes()) else {
        return Err(without("payload to frame"));
    };
    let mut event = Vec::new();
    sse::write_event(payload.as_bytes(), &mut event);
    equal(&*String::from_utf8_lossy(&event), expected)
}
