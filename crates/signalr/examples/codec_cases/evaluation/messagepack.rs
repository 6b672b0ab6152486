//! Cases on MessagePack records. A message is written as the JSON form of its array, in the notation of
//! [`notation`](super::notation).

use serde_json::{Value, json};
use signalr::{Completion, Headers, HubMessage, Invocation, Outcome, Payload, Protocol, StreamItem, record};

use super::case::{Case, from_hex};
use super::{Problem, equal, notation, without, wrong};

const MESSAGEPACK: Protocol = Protocol::MessagePack;

pub(super) fn run(case: &Case) -> Result<(), Problem> {
    if case.decodes() {
        decode(case)?;
    }
    if case.encodes() {
        let mut out = Vec::new();
        MESSAGEPACK.encode(&message(&case.message)?, &mut out).map_err(wrong)?;
        if let Some(length) = case.expected("framedLength").and_then(Value::as_u64) {
            equal(&out.len(), &usize::try_from(length).map_err(wrong)?)?;
        }
        match case.expected_text("hex") {
            Ok(hex) => equal(&out, &from_hex(hex)?)?,
            Err(problem) if case.expected("framedLength").is_none() => return Err(problem),
            Err(_) => {}
        }
    }
    Ok(())
}

fn decode(case: &Case) -> Result<(), Problem> {
    let input = case.bytes()?;
    let split = record::split_binary(&input).map_err(wrong)?;
    if case.needs_more() {
        return equal(&split, &None);
    }
    let (record, rest) = split.ok_or_else(|| wrong("the record has not ended"))?;
    equal(rest, &[])?;
    let decoded = match (MESSAGEPACK.decode(record), case.error()) {
        (Err(error), Some(expected)) => return equal(error.to_string().as_str(), expected),
        (Err(error), None) => return Err(wrong(error)),
        (Ok(decoded), Some(_)) => return Err(Problem::Wrong(format!("no error, but {decoded:?}"))),
        (Ok(decoded), None) => decoded,
    };
    let expected = case.decoded();
    if expected.get("skipped").is_some() {
        return equal(&decoded, &None);
    }
    let decoded = decoded.ok_or_else(|| wrong("the message was ignored"))?;
    equal(&view(&decoded)?, &notation::normal(expected))
}

fn payload(value: &Value) -> Result<Payload, Problem> {
    if notation::is_plain(value) {
        return Payload::encode(MESSAGEPACK, value).map_err(wrong);
    }
    Ok(Payload::MessagePack(notation::write(value)?.into_boxed_slice()))
}

/// Returns the message that a case describes.
fn message(description: &Value) -> Result<HubMessage, Problem> {
    let get = |at: usize| description.get(at);
    let text = |at: usize| get(at).and_then(Value::as_str).map(str::to_owned);
    let list = |at: usize| get(at).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let payload_at = |at: usize| payload(get(at).ok_or_else(|| without("value"))?);
    let headers: Headers = get(1)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    let invocation = || {
        Ok(Invocation {
            headers: headers.clone(),
            invocation_id: text(2),
            target: text(3).ok_or_else(|| without("target"))?,
            arguments: Ok(list(4).iter().map(payload).collect::<Result<_, _>>()?),
            stream_ids: list(5).iter().filter_map(|id| id.as_str().map(str::to_owned)).collect(),
        })
    };
    let invocation_id = || text(2).ok_or_else(|| without("invocation id"));
    let sequence_id = || get(1).and_then(Value::as_i64).ok_or_else(|| without("sequence id"));
    Ok(match get(0).and_then(Value::as_i64) {
        Some(1) => HubMessage::Invocation(invocation()?),
        Some(2) => {
            HubMessage::StreamItem(StreamItem { invocation_id: invocation_id()?, headers, item: Ok(payload_at(3)?) })
        }
        Some(3) => {
            let outcome = match get(3).and_then(Value::as_i64) {
                Some(1) => Outcome::Error(text(4).ok_or_else(|| without("error"))?),
                Some(2) => Outcome::Void,
                Some(3) => Outcome::Result(payload_at(4)?),
                other => return Err(Problem::NotUnderstood(format!("a completion of kind {other:?}"))),
            };
            HubMessage::Completion(Completion { invocation_id: invocation_id()?, headers, outcome })
        }
        Some(4) => HubMessage::StreamInvocation(invocation()?),
        Some(5) => HubMessage::CancelInvocation { invocation_id: invocation_id()?, headers },
        Some(6) => HubMessage::Ping,
        Some(7) => {
            HubMessage::Close { error: text(1), allow_reconnect: get(2).and_then(Value::as_bool).unwrap_or_default() }
        }
        Some(8) => HubMessage::Ack { sequence_id: sequence_id()? },
        Some(9) => HubMessage::Sequence { sequence_id: sequence_id()? },
        other => return Err(Problem::NotUnderstood(format!("a message of type {other:?}"))),
    })
}

/// Returns a description of `message`, as a case would give it.
fn view(message: &HubMessage) -> Result<Value, Problem> {
    let value = |payload: &Payload| notation::read(payload.as_bytes());
    let map = |headers: &Headers| -> Value {
        Value::Object(headers.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect())
    };
    Ok(match message {
        HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) => json!([
            if matches!(message, HubMessage::Invocation(_)) { 1 } else { 4 },
            map(&call.headers),
            call.invocation_id,
            call.target,
            call.arguments.iter().flatten().map(value).collect::<Result<Value, _>>()?,
            call.stream_ids,
        ]),
        HubMessage::StreamItem(StreamItem { headers, invocation_id, item }) => {
            json!([2, map(headers), invocation_id, value(item.as_ref().map_err(wrong)?)?])
        }
        HubMessage::Completion(Completion { headers, invocation_id, outcome }) => match outcome {
            Outcome::Error(error) => json!([3, map(headers), invocation_id, 1, error]),
            Outcome::Void => json!([3, map(headers), invocation_id, 2]),
            Outcome::Result(result) => json!([3, map(headers), invocation_id, 3, value(result)?]),
        },
        HubMessage::CancelInvocation { headers, invocation_id } => json!([5, map(headers), invocation_id]),
        HubMessage::Ping => json!([6]),
        HubMessage::Close { error, allow_reconnect } => json!([7, error, allow_reconnect]),
        HubMessage::Ack { sequence_id } => json!([8, sequence_id]),
        HubMessage::Sequence { sequence_id } => json!([9, sequence_id]),
        other => return Err(Problem::Wrong(format!("a message of a new kind: {other:?}"))),
    })
}
