//! A text that arrives bit by bit.

use crate::model::Words;

/// The longest text that is kept, in bytes; what comes after it is passed on and forgotten.
const MAX_BYTES: usize = 256 * 1024;

/// The text so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    text: String,
    is_complete: bool,
}

/// What new words change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Change {
    /// What comes after what was there.
    pub(super) delta: Option<String>,
    /// The text is complete now, and was not before.
    pub(super) is_complete: bool,
}

impl Change {
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// There will be no more, whatever is there. Returns whether that was not known.
    pub(super) fn close(&mut self) -> bool {
        !std::mem::replace(&mut self.is_complete, true)
    }

    /// Takes words. Where they take back what was said, there is nothing to be added; the complete text is right again.
    pub(super) fn apply(&mut self, words: &Words) -> Change {
        if self.is_complete {
            return Change::default();
        }
        let delta = match words {
            Words::Piece(piece) => {
                if self.text.len() + piece.len() <= MAX_BYTES {
                    self.text.push_str(piece);
                }
                piece.clone()
            }
            Words::SoFar(text) | Words::Whole(text) => {
                let delta = text.strip_prefix(self.text.as_str()).unwrap_or_default().to_owned();
                self.text.clone_from(text);
                delta
            }
            Words::End => String::new(),
        };
        // The end of nothing is nothing: the words may still come.
        self.is_complete = match words {
            Words::Whole(_) => true,
            Words::End => !self.text.is_empty(),
            Words::Piece(_) | Words::SoFar(_) => false,
        };
        Change { delta: Some(delta).filter(|delta| !delta.is_empty()), is_complete: self.is_complete }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deltas(words: Vec<Words>) -> (Vec<String>, String) {
        let mut text = Text::default();
        let deltas = words.into_iter().filter_map(|words| text.apply(&words).delta).collect();
        (deltas, text.text)
    }

    #[test]
    fn bits_and_texts_so_far_come_to_the_same() {
        let bits = vec![Words::Piece("Hel".into()), Words::Piece("lo".into()), Words::End, Words::Piece("!".into())];
        let so_far = vec![Words::SoFar("Hel".into()), Words::SoFar("Hello".into()), Words::Whole("Hello".into())];
        let expected = (vec!["Hel".to_owned(), "lo".to_owned()], "Hello".to_owned());
        assert_eq!(deltas(bits), expected);
        assert_eq!(deltas(so_far), expected);
    }

    #[test]
    fn what_is_taken_back_is_right_in_the_end() {
        let words = vec![Words::SoFar("I scream".into()), Words::Whole("Ice cream".into())];
        assert_eq!(deltas(words), (vec!["I scream".to_owned()], "Ice cream".to_owned()));
    }
}
