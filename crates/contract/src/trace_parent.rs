//! The trace that an event is part of (<https://www.w3.org/TR/trace-context/>).

/// Two digits of version, 32 of the trace, 16 of the span, two of flags, and three hyphens.
const TRACE_PARENT_BYTES: usize = 55;

/// Whether a text is a `traceparent` that may be passed on. What is none is ignored, as the specification says.
pub(crate) fn is_trace_parent(text: &str) -> bool {
    if text.len() != TRACE_PARENT_BYTES {
        return false;
    }
    let mut parts = text.split('-');
    let mut part = |digits: usize| {
        let is_lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        parts.next().filter(|part| part.len() == digits && part.bytes().all(is_lower_hex))
    };
    let (version, trace, span, flags) = (part(2), part(32), part(16), part(2));
    let is_set = |part: Option<&str>| part.is_some_and(|part| part.bytes().any(|byte| byte != b'0'));
    version.is_some_and(|version| version != "ff") && is_set(trace) && is_set(span) && flags.is_some()
}

#[cfg(test)]
mod tests {
    use super::is_trace_parent;

    #[test]
    fn the_example_of_the_specification_is_one_and_what_differs_in_form_is_none() {
        assert!(is_trace_parent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        for text in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7a-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7\r\n1",
        ] {
            assert!(!is_trace_parent(text), "{text:?}");
        }
    }
}
