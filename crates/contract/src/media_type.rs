//! The `Content-Type` of a body of events.

/// How the events of a body are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// One event.
    Single,
    /// A list of events.
    Batch,
    /// One event a line.
    Lines,
    /// One event or a list of them.
    Either,
}

/// Tells the format from a `Content-Type`; none if it is no format of events, or of another character set than UTF-8.
pub(crate) fn format_of(content_type: &str) -> Option<Format> {
    let (media_type, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
    if !parameters.split(';').all(is_utf8_or_other_parameter) {
        return None;
    }
    match media_type.trim().to_ascii_lowercase().as_str() {
        "application/cloudevents+json" => Some(Format::Single),
        "application/cloudevents-batch+json" => Some(Format::Batch),
        "application/x-ndjson" | "application/ndjson" => Some(Format::Lines),
        "application/json" => Some(Format::Either),
        _ => None,
    }
}

/// Whether a media type is a format of events (`CloudEvents` HTTP binding, 3).
pub(crate) fn is_cloud_events(content_type: &str) -> bool {
    let prefix = "application/cloudevents";
    content_type.trim_start().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether a media type says JSON: `application/json`, `text/json`, or anything that ends in `+json`.
pub(crate) fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or(content_type).trim().to_ascii_lowercase();
    media_type == "application/json" || media_type == "text/json" || media_type.ends_with("+json")
}

fn is_utf8_or_other_parameter(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else {
        return true;
    };
    let value = value.trim().trim_matches('"');
    !name.trim().eq_ignore_ascii_case("charset")
        || value.eq_ignore_ascii_case("utf-8")
        || value.eq_ignore_ascii_case("utf8")
        || value.eq_ignore_ascii_case("us-ascii")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_is_compared_without_case_and_parameters() {
        assert_eq!(format_of("Application/CloudEvents+JSON; charset=\"UTF-8\""), Some(Format::Single));
        assert_eq!(format_of("application/cloudevents-batch+json;v=1"), Some(Format::Batch));
        assert_eq!(format_of(" application/x-ndjson "), Some(Format::Lines));
        assert_eq!(format_of("application/ndjson"), Some(Format::Lines));
        assert_eq!(format_of("application/json;charset=utf-8"), Some(Format::Either));
    }

    #[test]
    fn other_types_and_character_sets_are_not_read() {
        for content_type in ["", "text/plain", "application/cloudevents+xml", "application/json; charset=utf-16"] {
            assert_eq!(format_of(content_type), None, "{content_type}");
        }
    }
}
