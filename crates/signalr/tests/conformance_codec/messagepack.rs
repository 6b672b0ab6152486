//! Cases on MessagePack records. A message is written as the JSON form of its array; `$float32` marks what JSON cannot
//! tell apart.

use serde_json::{Value, json};
use signalr::{Completion, Headers, HubMessage, Invocation, Outcome, Payload, Protocol, StreamItem, record};

use crate::case::{Case, equal, from_hex};

const MESSAGEPACK: Protocol = Protocol::MessagePack;

pub(crate) fn run(case: &Case) -> Result<(), String> {
    if case.decodes() {
        decode(case)?;
    }
    if case.encodes() {
        let mut out = Vec::new();
        MESSAGEPACK.encode(&message(&case.message), &mut out).map_err(|error| error.to_string())?;
        equal(&out, &from_hex(case.expect["hex"].as_str().expect("the record")))?;
        if let Some(length) = case.expect["framedLength"].as_u64() {
            equal(&out.len(), &usize::try_from(length).expect("a length"))?;
        }
    }
    Ok(())
}

fn decode(case: &Case) -> Result<(), String> {
    let input = case.bytes();
    let split = record::split_binary(&input).map_err(|error| error.to_string())?;
    let (record, rest) = split.ok_or("the record has not ended")?;
    equal(&rest, &[].as_slice())?;
    let decoded = match (MESSAGEPACK.decode(record), case.error()) {
        (Err(error), Some(expected)) => return equal(&error.to_string().as_str(), &expected),
        (Err(error), None) => return Err(error.to_string()),
        (Ok(decoded), Some(_)) => return Err(format!("no error, but {decoded:?}")),
        (Ok(decoded), None) => decoded,
    };
    let expected = case.expect.get("message").unwrap_or(&case.message);
    if expected["skipped"] == 1 {
        return equal(&decoded, &None);
    }
    equal(&decoded.as_ref().map(view), &Some(plain(expected)))
}

/// Returns `description` without its marks, as what is read back looks.
fn plain(description: &Value) -> Value {
    match description {
        Value::Array(elements) => elements.iter().map(plain).collect(),
        Value::Object(object) => object.get("$float32").unwrap_or(description).clone(),
        other => other.clone(),
    }
}

fn payload(value: &Value) -> Payload {
    let encoded = match value.get("$float32").and_then(Value::as_f64) {
        #[expect(clippy::cast_possible_truncation, reason = "the mark says that the number has single precision")]
        Some(number) => Payload::encode(MESSAGEPACK, &(number as f32)),
        None => Payload::encode(MESSAGEPACK, value),
    };
    encoded.expect("a value can be written")
}

/// Returns the message that a case describes.
fn message(description: &Value) -> HubMessage {
    let text = |at: usize| description[at].as_str().map(str::to_owned);
    let headers: Headers = description[1]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().expect("a header is a string")))
        .collect();
    let invocation = || Invocation {
        headers: headers.clone(),
        invocation_id: text(2),
        target: text(3).expect("a target"),
        arguments: Ok(description[4].as_array().expect("arguments").iter().map(payload).collect()),
        stream_ids: description[5]
            .as_array()
            .expect("stream ids")
            .iter()
            .map(|id| id.as_str().expect("a stream id is a string").to_owned())
            .collect(),
    };
    let invocation_id = || text(2).expect("an invocation id");
    let sequence_id = || description[1].as_i64().expect("a sequence id");
    match description[0].as_i64() {
        Some(1) => HubMessage::Invocation(invocation()),
        Some(2) => HubMessage::StreamItem(StreamItem {
            headers,
            invocation_id: invocation_id(),
            item: Ok(payload(&description[3])),
        }),
        Some(3) => {
            let outcome = match description[3].as_i64() {
                Some(1) => Outcome::Error(text(4).expect("an error")),
                Some(2) => Outcome::Void,
                Some(3) => Outcome::Result(payload(&description[4])),
                other => panic!("a completion of kind {other:?}"),
            };
            HubMessage::Completion(Completion { headers, invocation_id: invocation_id(), outcome })
        }
        Some(4) => HubMessage::StreamInvocation(invocation()),
        Some(5) => HubMessage::CancelInvocation { headers, invocation_id: invocation_id() },
        Some(6) => HubMessage::Ping,
        Some(7) => HubMessage::Close { error: text(1), allow_reconnect: description[2].as_bool().expect("a flag") },
        Some(8) => HubMessage::Ack { sequence_id: sequence_id() },
        Some(9) => HubMessage::Sequence { sequence_id: sequence_id() },
        other => panic!("a message of type {other:?}"),
    }
}

/// Returns a description of `message`, as a case would give it.
fn view(message: &HubMessage) -> Value {
    let value = |payload: &Payload| payload.decode::<Value>().expect("a payload is a value");
    let map = |headers: &Headers| -> Value {
        Value::Object(headers.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect())
    };
    match message {
        HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) => json!([
            if matches!(message, HubMessage::Invocation(_)) { 1 } else { 4 },
            map(&call.headers),
            call.invocation_id,
            call.target,
            call.arguments.iter().flatten().map(value).collect::<Value>(),
            call.stream_ids,
        ]),
        HubMessage::StreamItem(StreamItem { headers, invocation_id, item }) => {
            json!([2, map(headers), invocation_id, value(item.as_ref().expect("an item"))])
        }
        HubMessage::Completion(Completion { headers, invocation_id, outcome }) => match outcome {
            Outcome::Error(error) => json!([3, map(headers), invocation_id, 1, error]),
            Outcome::Void => json!([3, map(headers), invocation_id, 2]),
            Outcome::Result(result) => json!([3, map(headers), invocation_id, 3, value(result)]),
        },
        HubMessage::CancelInvocation { headers, invocation_id } => json!([5, map(headers), invocation_id]),
        HubMessage::Ping => json!([6]),
        HubMessage::Close { error, allow_reconnect } => json!([7, error, allow_reconnect]),
        HubMessage::Ack { sequence_id } => json!([8, sequence_id]),
        HubMessage::Sequence { sequence_id } => json!([9, sequence_id]),
        other => panic!("a message of a new kind: {other:?}"),
    }
}
