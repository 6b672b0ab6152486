//! A message of the events' queue: events of one key, or events for everybody, with their place in the key's line.

use contract::{DeadLetter, DeadLetterKind, Identifier, time::Timestamp};
use durable_objects::MAX_MESSAGE_BYTES;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Bytes of a message beside its events.
const ENVELOPE_BYTES: usize = 2_000;

/// Events on their way through the queue.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventMessage {
    /// Whose they are; none of events for everybody.
    pub(crate) virtual_key_id: Option<Identifier>,
    /// Their place in the key's line; none where its object could not give one.
    pub(crate) number: Option<i64>,
    /// When the Worker took them, in milliseconds since the epoch.
    pub(crate) accepted_at_millis: i64,
    /// The events, as they were sent.
    pub(crate) events: Vec<Box<RawValue>>,
}

impl EventMessage {
    /// The events as a dead letter.
    pub(crate) fn into_dead_letter(
        self,
        id: String,
        at: Timestamp,
        cause: impl Into<String>,
        attempts: u32,
    ) -> DeadLetter {
        DeadLetter {
            id,
            at,
            kind: DeadLetterKind::Event,
            virtual_key_id: self.virtual_key_id.map(|id| id.as_str().to_owned()),
            cause: cause.into(),
            attempts,
            body: serde_json::value::to_raw_value(&self.events).unwrap_or_else(|_| RawValue::NULL.to_owned()),
        }
    }
}

/// Cuts events into lists that fit a message each, in order. One event always fits.
pub(crate) fn cut(events: Vec<Box<RawValue>>) -> Vec<Vec<Box<RawValue>>> {
    let mut lists: Vec<Vec<Box<RawValue>>> = Vec::new();
    let mut room_bytes = 0;
    for event in events {
        let bytes = event.get().len() + 1;
        match lists.last_mut() {
            Some(list) if bytes <= room_bytes => list.push(event),
            _ => {
                room_bytes = MAX_MESSAGE_BYTES - ENVELOPE_BYTES;
                lists.push(vec![event]);
            }
        }
        room_bytes = room_bytes.saturating_sub(bytes);
    }
    lists
}

#[cfg(test)]
mod tests {
    use contract::MAX_EVENT_BYTES;

    use super::*;

    fn event(bytes: usize) -> Box<RawValue> {
        RawValue::from_string(format!("\"{}\"", "x".repeat(bytes - 2))).unwrap()
    }

    #[test]
    fn events_share_a_message_as_long_as_they_fit_and_keep_their_order() {
        let sizes = [10, 20, MAX_EVENT_BYTES, MAX_EVENT_BYTES, 60_000, 60_000, 60_000];
        let lists = cut(sizes.into_iter().map(event).collect());
        let lengths: Vec<Vec<usize>> =
            lists.iter().map(|list| list.iter().map(|event| event.get().len()).collect()).collect();
        assert_eq!(lengths, [vec![10, 20, MAX_EVENT_BYTES], vec![MAX_EVENT_BYTES], vec![60_000, 60_000], vec![60_000]]);
    }

    #[test]
    fn the_largest_event_fits_a_message_whatever_its_key_is_called() {
        let message = EventMessage {
            virtual_key_id: Some(Identifier::new("\"".repeat(contract::MAX_IDENTIFIER_BYTES)).unwrap()),
            number: Some(i64::MAX),
            accepted_at_millis: i64::MAX,
            events: vec![event(MAX_EVENT_BYTES)],
        };
        let bytes = serde_json::to_string(&message).unwrap().len();
        assert!(bytes <= MAX_MESSAGE_BYTES);
        assert!(bytes - MAX_EVENT_BYTES <= ENVELOPE_BYTES);
    }
}
