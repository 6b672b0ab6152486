//! How deep a JSON text nests.

use crate::MAX_DEPTH;

/// Tells whether the first value of `text` nests deeper than [`MAX_DEPTH`].
///
/// What it says of a text that is not JSON does not matter: the parser refuses that one anyway.
pub(crate) fn is_too_deep(text: &str) -> bool {
    // Nearly every message has fewer brackets than the limit, and counting them is much cheaper than reading strings.
    let brackets = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    brackets > MAX_DEPTH && deepest(text.as_bytes()) > MAX_DEPTH
}

/// Returns how deep the first value of `text` nests: 0 for a scalar, 1 for an array of scalars.
fn deepest(text: &[u8]) -> usize {
    let mut depth: usize = 0;
    let mut deepest = 0;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_four_levels_pass_and_sixty_five_do_not() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(!is_too_deep(&nested(64)));
        assert!(is_too_deep(&nested(65)));
    }

    #[test]
    fn brackets_side_by_side_or_inside_a_string_are_not_deep() {
        assert!(!is_too_deep(&format!("[{}1]", "[],".repeat(100))));
        assert!(!is_too_deep(&format!(r#"["\"{}"]"#, "[".repeat(100))));
    }

    #[test]
    fn a_string_ends_where_its_quote_is_not_escaped() {
        let nested = format!("{}{}", "[".repeat(64), "]".repeat(64));
        assert!(is_too_deep(&format!(r#"["\\\"\\", {nested}]"#)));
    }

    #[test]
    fn what_follows_the_first_value_does_not_count() {
        assert!(!is_too_deep(&format!("{{}}{}", "[".repeat(100))));
    }
}
