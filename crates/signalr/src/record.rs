//! Where one record ends and the next begins: a separator after each in JSON, a length before each in MessagePack.

use crate::{Protocol, ProtocolError};

/// The byte after each JSON record, the handshake included: ASCII's record separator.
pub const SEPARATOR: u8 = 0x1E;

/// How long a MessagePack record can be at most, without its length: 2^31 - 1 bytes.
pub const MAX_RECORD_BYTES: usize = 0x7FFF_FFFF;

/// The bytes that the length of a MessagePack record takes at most.
pub const MAX_LENGTH_BYTES: usize = 5;

/// The bytes kept free for a length while its record is written. Two hold any length from 128 to 16,383 bytes; others
/// move the record once it is complete.
const RESERVED_LENGTH_BYTES: usize = 2;

/// A record without its framing, and the bytes that follow it.
pub type Split<'a> = (&'a [u8], &'a [u8]);

/// Splits the first record off `input`. `None` means that it has not ended yet.
///
/// # Errors
///
/// Returns [`ProtocolError::LengthPrefix`] for a MessagePack record that claims to be longer than [`MAX_RECORD_BYTES`].
pub fn split(protocol: Protocol, input: &[u8]) -> Result<Option<Split<'_>>, ProtocolError> {
    match protocol {
        Protocol::Json => Ok(split_text(input)),
        Protocol::MessagePack => split_binary(input),
    }
}

/// Splits the first record off `input` at its [`SEPARATOR`]. `None` means that there is none yet.
pub fn split_text(input: &[u8]) -> Option<Split<'_>> {
    let end = input.iter().position(|byte| *byte == SEPARATOR)?;
    let (record, rest) = input.split_at_checked(end)?;
    Some((record, rest.get(1..)?))
}

/// Splits the first record off `input` by its length. `None` means that it has not ended yet.
///
/// # Errors
///
/// Returns [`ProtocolError::LengthPrefix`] for a record that claims to be longer than [`MAX_RECORD_BYTES`].
pub fn split_binary(input: &[u8]) -> Result<Option<Split<'_>>, ProtocolError> {
    let Some(Length { record_bytes, length_bytes }) = Length::read(input)? else {
        return Ok(None);
    };
    Ok(input.get(length_bytes..).and_then(|body| body.split_at_checked(record_bytes)))
}

/// The length before a MessagePack record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Length {
    /// How long the record is, without its length.
    pub(crate) record_bytes: usize,
    /// How long the length itself is.
    pub(crate) length_bytes: usize,
}

impl Length {
    /// Returns how long the record is with its length.
    pub(crate) fn framed_bytes(self) -> usize {
        self.length_bytes + self.record_bytes
    }

    /// Reads the length that `input` begins with: seven bits a byte, the lowest first, the eighth bit set on all but
    /// the last byte. `None` means that it has not ended yet.
    pub(crate) fn read(input: &[u8]) -> Result<Option<Self>, ProtocolError> {
        let mut record_bytes: u64 = 0;
        for (index, byte) in input.iter().take(MAX_LENGTH_BYTES).enumerate() {
            record_bytes |= u64::from(byte & 0x7F) << (7 * index);
            if byte & 0x80 == 0 {
                let record_bytes = usize::try_from(record_bytes).unwrap_or(usize::MAX);
                if record_bytes > MAX_RECORD_BYTES {
                    return Err(ProtocolError::LengthPrefix);
                }
                return Ok(Some(Self { record_bytes, length_bytes: index + 1 }));
            }
        }
        if input.len() < MAX_LENGTH_BYTES { Ok(None) } else { Err(ProtocolError::LengthPrefix) }
    }
}

/// Appends what `write` appends, with its length before it, and returns that length in bytes.
pub(crate) fn append_with_length(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; RESERVED_LENGTH_BYTES]);
    let body_start = out.len();
    write(out);
    let body_bytes = out.len().saturating_sub(body_start);
    out.splice(start..body_start, length_prefix(body_bytes));
    body_bytes
}

/// Returns the bytes that announce a MessagePack record of `record_bytes`.
pub fn length_prefix(record_bytes: usize) -> impl Iterator<Item = u8> {
    let mut rest = Some(record_bytes);
    std::iter::from_fn(move || {
        let value = rest?;
        let low = u8::try_from(value & 0x7F).unwrap_or_default();
        let high = value >> 7;
        rest = (high > 0).then_some(high);
        Some(if high > 0 { low | 0x80 } else { low })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_everything_before_its_separator() {
        assert_eq!(split_text(b"ab\x1ec"), Some((b"ab".as_slice(), b"c".as_slice())));
        assert_eq!(split_text(b"\x1e"), Some((b"".as_slice(), b"".as_slice())));
        assert_eq!(split_text(b"ab"), None);
    }

    #[test]
    fn a_length_of_more_than_two_gigabytes_is_an_error_as_soon_as_it_is_known() {
        assert!(matches!(Length::read(&[0xFF, 0xFF, 0xFF, 0xFF, 0x07]), Ok(Some(_))));
        for hostile in [[0x80, 0x80, 0x80, 0x80, 0x08], [0xFF; 5]] {
            assert!(matches!(split_binary(&hostile), Err(ProtocolError::LengthPrefix)));
            assert!(matches!(split_binary(&hostile[..4]), Ok(None)));
        }
    }

    #[test]
    fn a_length_is_written_as_it_is_read() {
        for record_bytes in [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, MAX_RECORD_BYTES] {
            let prefix: Vec<u8> = length_prefix(record_bytes).collect();
            let length = Length { record_bytes, length_bytes: prefix.len() };
            assert_eq!(Length::read(&prefix).unwrap(), Some(length));
        }
    }

    #[test]
    fn a_record_of_any_size_follows_its_length_and_what_was_there_before() {
        for size in [0, 127, 128, 16_383, 16_384] {
            let body = vec![7; size];
            let mut out = b"before".to_vec();
            assert_eq!(append_with_length(&mut out, |out| out.extend_from_slice(&body)), size);
            let framed = out.strip_prefix(b"before").unwrap();
            assert_eq!(split_binary(framed).unwrap(), Some((body.as_slice(), b"".as_slice())));
        }
    }
}
