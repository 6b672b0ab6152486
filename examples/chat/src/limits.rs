//! What names, texts and rooms may be. A refusal is a [`HubError::Refused`], whose text the client reads.

use signalr_durable::HubError;

/// In characters.
const MOST_OF_A_NAME: usize = 40;
const MOST_OF_A_TEXT: usize = 2_000;
const MOST_OF_A_ROOM: usize = 32;

/// What is answered to another room than there can be.
pub(crate) const ROOM: &str = "A room's name has up to 32 lower-case letters, digits and hyphens: /chat?room=general";

/// A name without the spaces around it.
pub(crate) fn name(name: &str) -> Result<&str, HubError> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err("A name is needed.".into()),
        1..=MOST_OF_A_NAME if !name.chars().any(char::is_control) => Ok(name),
        1..=MOST_OF_A_NAME => Err("A name is one line.".into()),
        _ => Err(HubError::refused(format!("A name has at most {MOST_OF_A_NAME} characters."))),
    }
}

/// A text without the spaces around it.
pub(crate) fn text(text: &str) -> Result<&str, HubError> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("There is nothing to say.".into()),
        1..=MOST_OF_A_TEXT => Ok(text),
        _ => Err(HubError::refused(format!("A text has at most {MOST_OF_A_TEXT} characters."))),
    }
}

/// Whether there can be a room of that name.
pub(crate) fn is_room(room: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MOST_OF_A_ROOM).contains(&room.len()) && room.bytes().all(is_fine)
}

#[cfg(test)]
mod tests {
    use super::{is_room, name, text};

    #[test]
    fn a_name_is_short_and_one_line() {
        assert_eq!(name(" Zoë "), Ok("Zoë"));
        assert_eq!(name(&"ë".repeat(40)), Ok("ë".repeat(40).as_str()));
        assert_eq!(name(" "), Err("A name is needed.".into()));
        assert_eq!(name("Zoë\u{7}Zoë"), Err("A name is one line.".into()));
        assert!(name(&"ë".repeat(41)).is_err());
    }

    #[test]
    fn a_text_says_something() {
        assert_eq!(text(" two\nlines "), Ok("two\nlines"));
        assert!(text("\n").is_err());
        assert!(text(&"ë".repeat(2_001)).is_err());
    }

    #[test]
    fn a_room_has_a_plain_name() {
        assert!(is_room("rust-2024"));
        for other in ["", "Rust", "ru st", "../x", "ë", &"x".repeat(33)] {
            assert!(!is_room(other), "{other:?}");
        }
    }
}
