//! The one check that every short text from outside passes: identifiers, names, types, sources.

use thiserror::Error;

/// What is wrong with a short text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum BoundedTextError {
    #[error("must not be blank")]
    Blank,
    #[error("must be at most {max_bytes} bytes of UTF-8, not {bytes}")]
    TooLong { bytes: usize, max_bytes: usize },
    #[error("must not contain control characters")]
    ControlCharacter,
}

/// Checks that `text` has something visible in it, is at most `max_bytes` bytes long and has no control characters.
///
/// Control characters are refused because these texts become log lines, header values and group names.
///
/// # Errors
///
/// The first rule that the text breaks.
pub(crate) fn check(text: &str, max_bytes: usize) -> Result<(), BoundedTextError> {
    if text.len() > max_bytes {
        return Err(BoundedTextError::TooLong { bytes: text.len(), max_bytes });
    }
    if text.chars().any(char::is_control) {
        return Err(BoundedTextError::ControlCharacter);
    }
    if text.trim().is_empty() {
        return Err(BoundedTextError::Blank);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
        assert_eq!(check("abcd", 4), Ok(()));
        assert_eq!(check("abcde", 4), Err(BoundedTextError::TooLong { bytes: 5, max_bytes: 4 }));
    }

    #[test]
    fn the_limit_counts_bytes_and_not_characters() {
        assert_eq!(check("ää", 3), Err(BoundedTextError::TooLong { bytes: 4, max_bytes: 3 }));
    }

    #[test]
    fn blank_texts_are_refused() {
        for blank in ["", " ", "\u{3000}\u{a0}"] {
            assert_eq!(check(blank, 10), Err(BoundedTextError::Blank), "{blank:?}");
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for text in ["a\nb", "\u{0}", "a\u{1e}", "a\u{7f}", "a\u{85}"] {
            assert_eq!(check(text, 10), Err(BoundedTextError::ControlCharacter), "{text:?}");
        }
    }
}
