//! The trace that an event is part of: W3C Trace Context (<https://www.w3.org/TR/trace-context/#traceparent-header>), and the
//! `CloudEvents` extension for it.

use serde_json::value::RawValue;

use crate::domain_event::AcceptedEvent;

/// Whether a text is a `traceparent` of version 00: `00-{trace, 32 hex}-{parent, 16 hex}-{flags, 2 hex}`, neither id zero.
pub fn is_trace_parent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |text: &str, digits: usize| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let is_id = |text: &str, digits: usize| is_hex(text, digits) && text.bytes().any(|byte| byte != b'0');
    matches!(parts.as_slice(), ["00", trace, parent, flags]
        if is_id(trace, 32) && is_id(parent, 16) && is_hex(flags, 2))
}

impl AcceptedEvent {
    /// The event, as part of the trace that its request is part of; one that names a trace itself stays as it is.
    #[must_use]
    pub fn traced(mut self, trace_parent: &str) -> Self {
        if self.event.trace_parent.is_some() || !is_trace_parent(trace_parent) {
            return self;
        }
        let Some(members) = self.json.get().strip_prefix('{') else { return self };
        if let Ok(json) = RawValue::from_string(format!(r#"{{"traceparent":"{trace_parent}",{members}"#)) {
            self.json = json;
            self.event.trace_parent = Some(trace_parent.to_owned());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest;

    const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn event(members: &str) -> AcceptedEvent {
        let json = format!(
            r#" {{ "specversion":"1.0","id":"1","source":"s","type":"TaskTimedOut","virtualkeyid":"k"{members},"data":{{"taskId":"t"}}}} "#
        );
        let mut arrivals = ingest("application/cloudevents+json", json.as_bytes()).unwrap();
        arrivals.remove(0).unwrap()
    }

    #[test]
    fn an_event_becomes_part_of_its_requests_trace() {
        let traced = event("").traced(TRACE);
        let read = crate::DomainEvent::parse(traced.json.get()).unwrap();
        assert_eq!(read.trace_parent.as_deref(), Some(TRACE));
        assert_eq!(read, traced.event);
    }

    #[test]
    fn an_event_with_a_trace_of_its_own_keeps_it() {
        let own = TRACE.replace('a', "b");
        let traced = event(&format!(r#","traceparent":"{own}""#)).traced(TRACE);
        assert_eq!(traced.event.trace_parent, Some(own));
    }

    #[test]
    fn what_is_no_trace_is_not_taken() {
        for text in [
            "",
            "00",
            &TRACE[..54],
            &TRACE.replace("00-", "01-"),
            &TRACE.to_uppercase(),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            &format!("{TRACE}-1"),
        ] {
            assert!(!is_trace_parent(text), "{text}");
            assert_eq!(event("").traced(text).event.trace_parent, None);
        }
        assert!(is_trace_parent(TRACE));
    }
}
