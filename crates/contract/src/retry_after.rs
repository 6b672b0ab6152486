//! `Retry-After` of an HTTP answer (RFC 9110, 10.2.3): seconds, or a date.

use std::time::{Duration, UNIX_EPOCH};

/// How long the receiver wants to be left alone, in milliseconds from now; none of what says nothing, and of a date that
/// has passed 0.
pub(crate) fn retry_after_millis(text: &str, now_millis: i64) -> Option<i64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a very long time.
        return Some(text.parse::<i64>().map_or(i64::MAX, |seconds| seconds.saturating_mul(1_000)));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    let since_epoch = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let at_millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    Some(at_millis.saturating_sub(now_millis).max(0))
}

#[cfg(test)]
mod tests {
    use super::retry_after_millis;
    use proptest::prelude::*;

    /// 1994-11-06T08:49:37Z, the time of RFC 9110's examples.
    const THEN_MILLIS: i64 = 784_111_777_000;

    #[test]
    fn seconds_and_every_form_of_a_date_are_read() {
        assert_eq!(retry_after_millis("120", 0), Some(120_000));
        assert_eq!(retry_after_millis(" 0 ", 0), Some(0));
        for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            assert_eq!(retry_after_millis(date, THEN_MILLIS - 5_000), Some(5_000), "{date}");
            assert_eq!(retry_after_millis(date, THEN_MILLIS + 5_000), Some(0), "{date}");
        }
        assert_eq!(retry_after_millis("99999999999999999999", 0), Some(i64::MAX));
    }

    #[test]
    fn what_is_neither_says_nothing() {
        for text in ["", "soon", "-1", "1.5", "+3", "0x10", "2026-01-31T12:00:00Z"] {
            assert_eq!(retry_after_millis(text, 0), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_receiver_says_is_read_or_not(text in any::<String>(), now_millis in 0..i64::MAX) {
            prop_assert!(retry_after_millis(&text, now_millis).is_none_or(|millis| millis >= 0));
        }
    }
}
