//! Any message of either protocol.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;
use signalr::{Completion, Headers, HubMessage, Invocation, Outcome, Payload, Protocol, StreamItem};

/// Either protocol.
pub(crate) fn protocol() -> impl Strategy<Value = Protocol> {
    prop_oneof![Just(Protocol::Json), Just(Protocol::MessagePack)]
}

/// Any message that comes back as it was sent, of any of the nine kinds.
pub(crate) fn message(protocol: Protocol) -> impl Strategy<Value = HubMessage> {
    let sequence_id = any::<i64>();
    prop_oneof![
        4 => invocation(protocol, proptest::option::of(text())).prop_map(HubMessage::Invocation),
        2 => (headers(), text(), payload(protocol)).prop_map(|(headers, invocation_id, item)| {
            HubMessage::StreamItem(StreamItem { headers, invocation_id, item: Ok(item) })
        }),
        4 => (headers(), text(), outcome(protocol)).prop_map(|(headers, invocation_id, outcome)| {
            HubMessage::Completion(Completion { headers, invocation_id, outcome })
        }),
        2 => invocation(protocol, text().prop_map(Some)).prop_map(HubMessage::StreamInvocation),
        1 => (headers(), text()).prop_map(|(headers, invocation_id)| {
            HubMessage::CancelInvocation { headers, invocation_id }
        }),
        1 => Just(HubMessage::Ping),
        1 => (proptest::option::of(text()), any::<bool>())
            .prop_map(|(error, allow_reconnect)| HubMessage::Close { error, allow_reconnect }),
        1 => sequence_id.prop_map(|sequence_id| HubMessage::Ack { sequence_id }),
        1 => sequence_id.prop_map(|sequence_id| HubMessage::Sequence { sequence_id }),
    ]
}

fn invocation(
    protocol: Protocol,
    invocation_id: impl Strategy<Value = Option<String>>,
) -> impl Strategy<Value = Invocation> {
    let arguments = vec(payload(protocol), 0..4);
    (headers(), invocation_id, text(), arguments, vec(text(), 0..3)).prop_map(
        |(headers, invocation_id, target, arguments, stream_ids)| Invocation {
            headers,
            invocation_id,
            target,
            arguments: Ok(arguments),
            stream_ids,
        },
    )
}

fn outcome(protocol: Protocol) -> impl Strategy<Value = Outcome> {
    prop_oneof![
        any::<String>().prop_map(Outcome::Error),
        Just(Outcome::Void),
        payload(protocol).prop_map(Outcome::Result),
    ]
}

fn headers() -> impl Strategy<Value = Headers> {
    vec((text(), text()), 0..3).prop_map(Headers::from_iter)
}

/// Any value, as a payload.
fn payload(protocol: Protocol) -> impl Strategy<Value = Payload> {
    value().prop_map(move |value| Payload::encode(protocol, &value).expect("any value can be written"))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any::<String>(), inner), 0..4).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

/// A text that is not empty: where a text may be empty, that means the same as none.
fn text() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("empty", |text| !text.is_empty())
}
