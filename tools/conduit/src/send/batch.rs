//! Events that go in one request.

use super::events::Event;

/// What a request may have: somewhat less than the server takes (1 MiB).
const MAX_BYTES: usize = 1_000_000;

/// Events in their order.
#[derive(Debug)]
pub(super) struct Batch {
    events: Vec<Event>,
    max_events: usize,
    bytes: usize,
}

impl Batch {
    pub(super) fn new(max_events: usize) -> Self {
        Self { events: Vec::new(), max_events, bytes: 0 }
    }

    /// Takes an event, or gives it back where it does not fit. An empty batch takes any.
    pub(super) fn push(&mut self, event: Event) -> Option<Event> {
        let bytes = self.bytes + event.json.len() + 1;
        if !self.events.is_empty() && (self.events.len() >= self.max_events || bytes > MAX_BYTES) {
            return Some(event);
        }
        self.bytes = bytes;
        self.events.push(event);
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The body of the request.
    pub(super) fn body(&self) -> String {
        let events: Vec<_> = self.events.iter().map(|event| event.json.as_str()).collect();
        format!("[{}]", events.join(","))
    }

    /// Takes out all events.
    pub(super) fn take(&mut self) -> Vec<Event> {
        self.bytes = 0;
        std::mem::take(&mut self.events)
    }

    /// Puts back those that were not taken.
    pub(super) fn put_back(&mut self, events: Vec<Event>) {
        self.bytes = events.iter().map(|event| event.json.len() + 1).sum();
        self.events = events;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(bytes: usize) -> Event {
        Event { id: String::new(), number: 1, json: "x".repeat(bytes), end_offset: 0 }
    }

    #[test]
    fn a_batch_is_full_by_events_or_by_bytes_and_takes_at_least_one() {
        let mut batch = Batch::new(2);
        assert!(batch.push(event(1)).is_none() && batch.push(event(1)).is_none());
        assert!(batch.push(event(1)).is_some());
        assert_eq!(batch.body(), "[x,x]");
        assert_eq!(batch.take().len(), 2);
        assert!(batch.push(event(2 * MAX_BYTES)).is_none());
        assert!(batch.push(event(1)).is_some());
    }
}
