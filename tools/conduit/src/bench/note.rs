//! The text that travels in every event: which event it is, padded to its length.

/// The text of an event by its number at its place.
pub(super) fn write(number: u64, length: usize) -> String {
    format!("{number}:{:x<width$}", "", width = length.saturating_sub(digits(number) + 1))
}

/// The number of the event that a text is of.
pub(super) fn read(text: &str) -> Option<u64> {
    text.split_once(':')?.0.parse().ok()
}

fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or_default() as usize + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_as_long_as_it_should_be_and_says_which_it_is() {
        for number in [0, 9, 10, 123_456] {
            let note = write(number, 40);
            assert_eq!((note.len(), read(&note)), (40, Some(number)));
        }
        assert_eq!(read("nonsense"), None);
    }
}
