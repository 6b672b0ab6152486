//! Cases on JSON records. A message is written as its JSON object, with `hasResult` where a result may be absent.

use serde_json::{Map, Value, json};
use signalr::{Completion, Headers, HubMessage, Invocation, Outcome, Payload, Protocol, StreamItem, record};

use crate::case::{Case, equal};

const JSON: Protocol = Protocol::Json;

pub(crate) fn run(case: &Case) -> Result<(), String> {
    if case.decodes() {
        decode(case)?;
    }
    if case.encodes() {
        let mut out = Vec::new();
        JSON.encode(&message(&case.message), &mut out).map_err(|error| error.to_string())?;
        let output = case.expect["output"].as_str().expect("an output");
        equal(&String::from_utf8_lossy(&out).as_ref(), &output)?;
    }
    Ok(())
}

fn decode(case: &Case) -> Result<(), String> {
    let input = case.bytes();
    let mut rest = input.as_slice();
    let mut decoded = Vec::new();
    let mut skipped = 0;
    while let Some((record, after)) = record::split_text(rest) {
        rest = after;
        match (JSON.decode(record), case.error()) {
            (Err(error), Some(expected)) => return equal(&error.to_string().as_str(), &expected),
            (Err(error), None) => return Err(error.to_string()),
            (Ok(None), _) => skipped += 1,
            (Ok(Some(message)), _) => decoded.push(view(&message)),
        }
    }
    if case.error().is_some() {
        return Err(format!("no error, but {decoded:?}"));
    }
    let expected = &case.expect["message"];
    if let Some(count) = expected["skipped"].as_u64() {
        equal(&skipped, &count)?;
        return equal(&decoded, &expected.get("then").cloned().into_iter().collect());
    }
    equal(&decoded, &vec![expected.clone()])
}

/// Returns the message that a case describes.
fn message(description: &Value) -> HubMessage {
    let text = |name: &str| description[name].as_str().map(str::to_owned);
    let payload = |value: &Value| Payload::encode(JSON, value).expect("a value can be written");
    let headers: Headers = description["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value.as_str().expect("a header is a string")))
        .collect();
    let invocation = || Invocation {
        headers: headers.clone(),
        invocation_id: text("invocationId"),
        target: text("target").expect("a target"),
        arguments: Ok(description["arguments"].as_array().expect("arguments").iter().map(payload).collect()),
        stream_ids: description["streamIds"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|id| id.as_str().expect("a stream id is a string").to_owned())
            .collect(),
    };
    let invocation_id = || text("invocationId").expect("an invocation id");
    let sequence_id = || description["sequenceId"].as_i64().expect("a sequence id");
    match description["type"].as_i64() {
        Some(1) => HubMessage::Invocation(invocation()),
        Some(2) => HubMessage::StreamItem(StreamItem {
            headers,
            invocation_id: invocation_id(),
            item: Ok(payload(&description["item"])),
        }),
        Some(3) => {
            let outcome = match (text("error"), description.get("result")) {
                (Some(error), _) => Outcome::Error(error),
                (None, Some(result)) => Outcome::Result(payload(result)),
                (None, None) => Outcome::Void,
            };
            HubMessage::Completion(Completion { headers, invocation_id: invocation_id(), outcome })
        }
        Some(4) => HubMessage::StreamInvocation(invocation()),
        Some(5) => HubMessage::CancelInvocation { headers, invocation_id: invocation_id() },
        Some(6) => HubMessage::Ping,
        Some(7) => HubMessage::Close {
            error: text("error"),
            allow_reconnect: description["allowReconnect"].as_bool().unwrap_or_default(),
        },
        Some(8) => HubMessage::Ack { sequence_id: sequence_id() },
        Some(9) => HubMessage::Sequence { sequence_id: sequence_id() },
        other => panic!("a message of type {other:?}"),
    }
}

/// Returns a description of `message`, as a case would give it.
fn view(message: &HubMessage) -> Value {
    let value = |payload: &Payload| payload.decode::<Value>().expect("a payload is a value");
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
            set("arguments", call.arguments.iter().flatten().map(value).collect());
            if !call.stream_ids.is_empty() {
                set("streamIds", json!(call.stream_ids));
            }
        }
        HubMessage::StreamItem(item) => {
            set("type", json!(2));
            set("invocationId", json!(item.invocation_id));
            set("item", value(item.item.as_ref().expect("an item")));
        }
        HubMessage::Completion(completion) => {
            set("type", json!(3));
            set("invocationId", json!(completion.invocation_id));
            match &completion.outcome {
                Outcome::Error(error) => set("error", json!(error)),
                Outcome::Void => set("hasResult", json!(false)),
                Outcome::Result(result) => set("result", value(result)),
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
        other => panic!("a message of a new kind: {other:?}"),
    }
    Value::Object(view)
}
