//! Cases on JSON records. A message is written as its JSON object, with `hasResult` where a result may be absent.

use serde_json::{Map, Value, json};
use signalr::{Completion, Headers, HubMessage, Invocation, Outcome, Payload, Protocol, StreamItem, record};

use super::case::Case;
use super::{Problem, equal, without, wrong};

const JSON: Protocol = Protocol::Json;

pub(super) fn run(case: &Case) -> Result<(), Problem> {
    if case.decodes() {
        decode(case)?;
    }
    if case.encodes() {
        let mut out = Vec::new();
        JSON.encode(&message(&case.message)?, &mut out).map_err(wrong)?;
        equal(&*String::from_utf8_lossy(&out), case.expected_text("output")?)?;
    }
    Ok(())
}

fn decode(case: &Case) -> Result<(), Problem> {
    let input = case.bytes()?;
    let mut rest = input.as_slice();
    let mut decoded = Vec::new();
    let mut skipped = 0;
    while let Some((record, after)) = record::split_text(rest) {
        rest = after;
        match (JSON.decode(record), case.error()) {
            (Err(error), Some(expected)) => return equal(error.to_string().as_str(), expected),
            (Err(error), None) => return Err(wrong(error)),
            (Ok(None), _) => skipped += 1,
            (Ok(Some(message)), _) => decoded.push(view(&message)?),
        }
    }
    if case.error().is_some() {
        return Err(Problem::Wrong(format!("no error, but {decoded:?}")));
    }
    if case.needs_more() {
        return equal(decoded.as_slice(), &[]);
    }
    if let Some(messages) = case.expected("messages").and_then(Value::as_array) {
        return equal(decoded.as_slice(), messages);
    }
    let expected = case.decoded();
    if let Some(count) = expected.get("skipped").and_then(Value::as_u64) {
        equal(&skipped, &count)?;
        let then: Vec<Value> = expected.get("then").cloned().into_iter().collect();
        return equal(&decoded, &then);
    }
    equal(decoded.as_slice(), &[completed(expected)])
}

/// Returns a description in the form of [`view`]: `hasResult` only where there is none.
fn completed(description: &Value) -> Value {
    let mut description = description.clone();
    if let Some(object) = description.as_object_mut()
        && object.get("hasResult") == Some(&Value::Bool(true))
    {
        object.remove("hasResult");
    }
    description
}

/// Returns the message that a case describes.
fn message(description: &Value) -> Result<HubMessage, Problem> {
    let get = |name: &str| description.get(name);
    let text = |name: &str| get(name).and_then(Value::as_str).map(str::to_owned);
    let list = |name: &str| get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let payload = |value: &Value| Payload::encode(JSON, value).map_err(wrong);
    let headers: Headers = get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        .collect();
    let invocation = || {
        Ok(Invocation {
            headers: headers.clone(),
            invocation_id: text("invocationId"),
            target: text("target").ok_or_else(|| without("target"))?,
            arguments: Ok(list("arguments").iter().map(payload).collect::<Result<_, _>>()?),
            stream_ids: list("streamIds").iter().filter_map(|id| id.as_str().map(str::to_owned)).collect(),
        })
    };
    let invocation_id = || text("invocationId").ok_or_else(|| without("invocation id"));
    let sequence_id = || get("sequenceId").and_then(Value::as_i64).ok_or_else(|| without("sequence id"));
    Ok(match get("type").and_then(Value::as_i64) {
        Some(1) => HubMessage::Invocation(invocation()?),
        Some(2) => {
            let item = payload(get("item").ok_or_else(|| without("item"))?)?;
            HubMessage::StreamItem(StreamItem { invocation_id: invocation_id()?, headers, item: Ok(item) })
        }
        Some(3) => {
            let outcome = match (text("error"), get("result")) {
                (Some(error), _) => Outcome::Error(error),
                (None, Some(result)) => Outcome::Result(payload(result)?),
                (None, None) => Outcome::Void,
            };
            HubMessage::Completion(Completion { invocation_id: invocation_id()?, headers, outcome })
        }
        Some(4) => HubMessage::StreamInvocation(invocation()?),
        Some(5) => HubMessage::CancelInvocation { invocation_id: invocation_id()?, headers },
        Some(6) => HubMessage::Ping,
        Some(7) => HubMessage::Close {
            error: text("error"),
            allow_reconnect: get("allowReconnect").and_then(Value::as_bool).unwrap_or_default(),
        },
        Some(8) => HubMessage::Ack { sequence_id: sequence_id()? },
        Some(9) => HubMessage::Sequence { sequence_id: sequence_id()? },
        other => return Err(Problem::NotUnderstood(format!("a message of type {other:?}"))),
    })
}

/// Returns a description of `message`, as a case would give it.
fn view(message: &HubMessage) -> Result<Value, Problem> {
    let value = |payload: &Payload| payload.decode::<Value>().map_err(wrong);
    let mut view = Map::new();
    let mut set = |name: &str, value: Value| {
        view.insert(name.to_owned(), value);
    };
    let headers = match message {
        HubMessage::Invocation(Invocation { headers, .. })
        | HubMessage::StreamInvocation(Invocation { headers, .. })
        | HubMessage::StreamItem(StreamItem { headers, .. })
        | HubMessage::Completion(Completion { headers, .. })
        | HubMessage::CancelInvocation { headers, .. } => headers.clone(),
        _ => Headers::new(),
    };
    if !headers.is_empty() {
        set("headers", headers.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect());
    }
    match message {
        HubMessage::Invocation(call) | HubMessage::StreamInvocation(call) => {
            set("type", json!(if matches!(message, HubMessage::Invocation(_)) { 1 } else { 4 }));
            if let Some(invocation_id) = &call.invocation_id {
                set("invocationId", json!(invocation_id));
            }
            set("target", json!(call.target));
            set("arguments", call.arguments.iter().flatten().map(value).collect::<Result<_, _>>()?);
            if !call.stream_ids.is_empty() {
                set("streamIds", json!(call.stream_ids));
            }
        }
        HubMessage::StreamItem(item) => {
            set("type", json!(2));
            set("invocationId", json!(item.invocation_id));
            set("item", value(item.item.as_ref().map_err(wrong)?)?);
        }
        HubMessage::Completion(completion) => {
            set("type", json!(3));
            set("invocationId", json!(completion.invocation_id));
            match &completion.outcome {
                Outcome::Error(error) => set("error", json!(error)),
                Outcome::Void => set("hasResult", json!(false)),
                Outcome::Result(result) => set("result", value(result)?),
            }
        }
        HubMessage::CancelInvocation { invocation_id, .. } => {
            set("type", json!(5));
            set("invocationId", json!(invocation_id));
        }
        HubMessage::Ping => set("type", json!(6)),
        HubMessage::Close { error, allow_reconnect } => {
            set("type", json!(7));
            if let Some(error) = error {
                set("error", json!(error));
            }
            if *allow_reconnect {
                set("allowReconnect", json!(true));
            }
        }
        HubMessage::Ack { sequence_id } => {
            set("type", json!(8));
            set("sequenceId", json!(sequence_id));
        }
        HubMessage::Sequence { sequence_id } => {
            set("type", json!(9));
            set("sequenceId", json!(sequence_id));
        }
        other => return Err(Problem::Wrong(format!("a message of a new kind: {other:?}"))),
    }
    Ok(Value::Object(view))
}
