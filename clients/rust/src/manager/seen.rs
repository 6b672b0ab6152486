//! Which events a program was told: each once, whichever connection brings them.

use std::collections::{HashSet, VecDeque};

use serde::Deserialize;

use crate::Event;

/// Ids that are remembered: more than a resume brings, which the server's journal bounds (10,000 events).
const MOST_IDS: usize = 16_384;

/// The ids of events, and up to where nothing is missing.
#[derive(Debug, Default)]
pub(super) struct Seen {
    ids: HashSet<String>,
    in_order: VecDeque<String>,
    last: LastSeen,
    /// Where the gap begins that a lost connection has left. What a new connection is greeted with is later than the gap.
    gap: Option<LastSeen>,
}

/// Up to where nothing is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LastSeen {
    /// The latest event; none where there was none.
    pub(super) event: Option<String>,
    /// The latest one since the last resume token was given.
    pub(super) since_token: Option<String>,
}

impl Seen {
    /// Notes an event, and says whether it is new. What has no id always is.
    pub(super) fn is_new(&mut self, event: &Event) -> bool {
        let Some(id) = id_of(event) else { return true };
        if !self.ids.insert(id.clone()) {
            return false;
        }
        self.in_order.push_back(id.clone());
        if self.in_order.len() > MOST_IDS
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        for latest in [&mut self.last.event, &mut self.last.since_token] {
            if latest.as_ref().is_none_or(|latest| *latest < id) {
                *latest = Some(id.clone());
            }
        }
        true
    }

    pub(super) fn open_gap(&mut self) {
        if self.gap.is_none() {
            self.gap = Some(self.last.clone());
        }
    }

    /// What was seen last before the gap.
    pub(super) fn before_gap(&self) -> LastSeen {
        self.gap.clone().unwrap_or_else(|| self.last.clone())
    }

    /// A resume token is about to be given.
    pub(super) fn begin_token(&mut self) {
        self.last.since_token = None;
    }

    /// Everything up to now is here.
    pub(super) fn close_gap(&mut self) {
        self.gap = None;
    }

    /// Forgets everything: it was somebody else's.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// The id of an event: in its last argument, or in its only one.
fn id_of(event: &Event) -> Option<String> {
    #[derive(Deserialize)]
    struct Meta {
        #[serde(rename = "eventId")]
        event_id: String,
    }
    event.arguments.last()?.decode::<Meta>().ok().map(|meta| meta.event_id)
}

#[cfg(test)]
mod tests {
    use signalr::{Payload, Protocol};

    use super::*;

    fn event(id: &str) -> Event {
        let meta = serde_json::json!({ "eventId": id, "timestamp": "2026-01-31T12:00:00.000Z" });
        let arguments =
            ["t1".into(), meta].map(|value: serde_json::Value| Payload::encode(Protocol::Json, &value).unwrap());
        Event { name: "TaskStarted".to_owned(), arguments: arguments.to_vec() }
    }

    #[test]
    fn an_event_is_new_once_and_one_without_an_id_always() {
        let mut seen = Seen::default();
        assert!(seen.is_new(&event("1")));
        assert!(!seen.is_new(&event("1")));
        let nameless = Event { name: "X".to_owned(), arguments: Vec::new() };
        assert!(seen.is_new(&nameless) && seen.is_new(&nameless));
    }

    #[test]
    fn a_gap_begins_where_the_old_connection_ended() {
        let mut seen = Seen::default();
        seen.is_new(&event("1"));
        seen.begin_token();
        assert_eq!(seen.before_gap(), LastSeen { event: Some("1".to_owned()), since_token: None });
        seen.is_new(&event("3"));
        seen.open_gap();
        // A connection that is lost before it has brought everything leaves the gap where it was.
        seen.begin_token();
        seen.is_new(&event("9"));
        seen.open_gap();
        assert_eq!(seen.before_gap(), LastSeen { event: Some("3".to_owned()), since_token: Some("3".to_owned()) });
        seen.close_gap();
        seen.open_gap();
        assert_eq!(seen.before_gap(), LastSeen { event: Some("9".to_owned()), since_token: Some("9".to_owned()) });
    }

    #[test]
    fn ids_are_forgotten_when_there_are_too_many() {
        let mut seen = Seen::default();
        for number in 0..=MOST_IDS {
            assert!(seen.is_new(&event(&number.to_string())));
        }
        assert_eq!(seen.ids.len(), MOST_IDS);
        assert!(seen.is_new(&event("0")));
    }
}
