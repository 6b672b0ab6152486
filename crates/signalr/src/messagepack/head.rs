//! Writing of the values that a message is made of besides its payloads, each in its shortest form.
//!
//! Writing into a vector cannot fail, which is why these are not the functions of `rmp`.

use rmp::Marker;

/// Appends the head of an array of `len` elements.
pub(super) fn write_array(len: usize, out: &mut Vec<u8>) {
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short @ ..=15), _) => out.push(Marker::FixArray(short).to_u8()),
        (_, Ok(medium)) => write_sized(Marker::Array16, &medium.to_be_bytes(), out),
        _ => write_sized(Marker::Array32, &long(len), out),
    }
}

/// Appends the head of a map of `len` entries.
pub(super) fn write_map(len: usize, out: &mut Vec<u8>) {
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short @ ..=15), _) => out.push(Marker::FixMap(short).to_u8()),
        (_, Ok(medium)) => write_sized(Marker::Map16, &medium.to_be_bytes(), out),
        _ => write_sized(Marker::Map32, &long(len), out),
    }
}

/// Appends a string.
pub(super) fn write_str(text: &str, out: &mut Vec<u8>) {
    let len = text.len();
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(short @ ..=31), _) => out.push(Marker::FixStr(short).to_u8()),
        (Ok(short), _) => write_sized(Marker::Str8, &[short], out),
        (_, Ok(medium)) => write_sized(Marker::Str16, &medium.to_be_bytes(), out),
        _ => write_sized(Marker::Str32, &long(len), out),
    }
    out.extend_from_slice(text.as_bytes());
}

/// Appends a string, or nil when there is none or it is empty.
pub(super) fn write_str_or_nil(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        Some(text) if !text.is_empty() => write_str(text, out),
        _ => out.push(super::NIL),
    }
}

/// Appends a truth value.
pub(super) fn write_bool(value: bool, out: &mut Vec<u8>) {
    out.push(if value { Marker::True } else { Marker::False }.to_u8());
}

/// Appends a whole number.
pub(super) fn write_int(value: i64, out: &mut Vec<u8>) {
    if let Ok(value) = u64::try_from(value) {
        match (u8::try_from(value), u16::try_from(value), u32::try_from(value)) {
            (Ok(value @ ..=0x7F), ..) => out.push(Marker::FixPos(value).to_u8()),
            (Ok(value), ..) => write_sized(Marker::U8, &[value], out),
            (_, Ok(value), _) => write_sized(Marker::U16, &value.to_be_bytes(), out),
            (.., Ok(value)) => write_sized(Marker::U32, &value.to_be_bytes(), out),
            _ => write_sized(Marker::U64, &value.to_be_bytes(), out),
        }
    } else {
        match (i8::try_from(value), i16::try_from(value), i32::try_from(value)) {
            (Ok(value @ -32..), ..) => out.push(Marker::FixNeg(value).to_u8()),
            (Ok(value), ..) => write_sized(Marker::I8, &value.to_be_bytes(), out),
            (_, Ok(value), _) => write_sized(Marker::I16, &value.to_be_bytes(), out),
            (.., Ok(value)) => write_sized(Marker::I32, &value.to_be_bytes(), out),
            _ => write_sized(Marker::I64, &value.to_be_bytes(), out),
        }
    }
}

fn write_sized(marker: Marker, number: &[u8], out: &mut Vec<u8>) {
    out.push(marker.to_u8());
    out.extend_from_slice(number);
}

/// A length of more than 32 bits is cut: the record it is part of is too long anyway, and is refused as a whole.
fn long(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        write(&mut out);
        out
    }

    #[test]
    fn lengths_take_the_shortest_form() {
        for len in [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536] {
            let text = "x".repeat(len);
            let mut expected = Vec::new();
            rmp::encode::write_str(&mut expected, &text).unwrap();
            assert_eq!(written(|out| write_str(&text, out)), expected, "string of {len}");

            let short = u32::try_from(len).unwrap();
            let mut expected = Vec::new();
            rmp::encode::write_array_len(&mut expected, short).unwrap();
            rmp::encode::write_map_len(&mut expected, short).unwrap();
            let ours = written(|out| {
                write_array(len, out);
                write_map(len, out);
            });
            assert_eq!(ours, expected, "array and map of {len}");
        }
    }

    #[test]
    fn an_empty_text_that_may_be_absent_is_nil() {
        assert_eq!(written(|out| write_str_or_nil(None, out)), [0xC0]);
        assert_eq!(written(|out| write_str_or_nil(Some(""), out)), [0xC0]);
        assert_eq!(written(|out| write_str_or_nil(Some("a"), out)), [0xA1, b'a']);
    }

    proptest! {
        #[test]
        fn whole_numbers_take_the_shortest_form(magnitude in 0_u32..64, value in any::<i64>()) {
            let value = value >> magnitude;
            let mut expected = Vec::new();
            rmp::encode::write_sint(&mut expected, value).unwrap();
            prop_assert_eq!(written(|out| write_int(value, out)), expected);
        }
    }
}
