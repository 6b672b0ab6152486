//! How strings are escaped: only what JSON demands, control characters with upper-case hexadecimal digits, as ASP.NET
//! Core writes them.

use std::io;

use base64::{Engine, prelude::BASE64_STANDARD as BASE64};
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

const HEX_DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `text` as a JSON string.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    // What needs an escape is ASCII, so cutting there never cuts a character.
    let mut plain_start = 0;
    for (index, byte) in text.bytes().enumerate() {
        let Some(escape) = Escape::of(byte) else {
            continue;
        };
        out.extend_from_slice(text.as_bytes().get(plain_start..index).unwrap_or_default());
        match escape {
            Escape::Short(letter) => out.extend_from_slice(&[b'\\', letter]),
            Escape::Control(byte) => out.extend_from_slice(&control_escape(byte)),
        }
        plain_start = index + 1;
    }
    out.extend_from_slice(text.as_bytes().get(plain_start..).unwrap_or_default());
    out.push(b'"');
}

enum Escape {
    /// A backslash and this letter.
    Short(u8),
    /// A backslash, `u` and four digits for this byte.
    Control(u8),
}

impl Escape {
    fn of(byte: u8) -> Option<Self> {
        match byte {
            b'"' | b'\\' => Some(Self::Short(byte)),
            0x08 => Some(Self::Short(b'b')),
            b'\t' => Some(Self::Short(b't')),
            b'\n' => Some(Self::Short(b'n')),
            0x0C => Some(Self::Short(b'f')),
            b'\r' => Some(Self::Short(b'r')),
            0x00..=0x1F => Some(Self::Control(byte)),
            _ => None,
        }
    }
}

fn control_escape(byte: u8) -> [u8; 6] {
    let digit = |nibble: u8| HEX_DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
    [b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0x0F)]
}

/// Serializes compactly, and escapes control characters as [`write_string`] does.
pub(crate) struct WireFormatter;

impl Formatter for WireFormatter {
    fn write_char_escape<W: io::Write + ?Sized>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::AsciiControl(byte) => writer.write_all(&control_escape(byte)),
            other => CompactFormatter.write_char_escape(writer, other),
        }
    }

    /// Bytes are base64, as `System.Text.Json` writes a `byte[]`.
    fn write_byte_array<W: io::Write + ?Sized>(&mut self, writer: &mut W, value: &[u8]) -> io::Result<()> {
        let text = BASE64.encode(value);
        writer.write_all(b"\"")?;
        writer.write_all(text.as_bytes())?;
        writer.write_all(b"\"")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        write_string(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn control_characters_have_upper_case_digits_and_the_rest_stays_readable() {
        assert_eq!(written("a\u{1e}\u{0}b"), r#""a\u001E\u0000b""#);
        assert_eq!(written("\"\\\u{8}\t\n\u{c}\r"), r#""\"\\\b\t\n\f\r""#);
        assert_eq!(written("it's <ä> & 日本 🚀"), "\"it's <ä> & 日本 🚀\"");
        assert_eq!(written(""), "\"\"");
    }

    proptest! {
        #[test]
        fn our_strings_and_serialized_ones_are_the_same_and_read_back(text in any::<String>()) {
            let mut serialized = Vec::new();
            let mut serializer =
                serde_json::Serializer::with_formatter(&mut serialized, WireFormatter);
            text.serialize(&mut serializer).unwrap();
            let ours = written(&text);
            prop_assert_eq!(ours.as_bytes(), serialized.as_slice());
            prop_assert_eq!(serde_json::from_str::<String>(&ours).unwrap(), text);
        }
    }
}
