//! The beginning of a record that has not ended yet, and how frames complete it.

use std::borrow::Cow;

use crate::ProtocolError;
use crate::record::{Length, SEPARATOR};

/// The bytes of a record that has not ended yet, framing included; none most of the time.
#[derive(Debug, Default)]
pub(super) struct PartialRecord {
    bytes: Vec<u8>,
}

impl PartialRecord {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes the next record that ends in a separator from `input`, and returns it without the separator. `None` means
    /// that it has not ended yet, and that all of `input` is kept here now.
    ///
    /// # Errors
    ///
    /// Returns [`ProtocolError::TooLarge`] as soon as the record, separator included, is longer than `max_bytes`.
    pub(super) fn next_text<'f>(
        &mut self,
        max_bytes: usize,
        input: &mut &'f [u8],
    ) -> Result<Option<Cow<'f, [u8]>>, ProtocolError> {
        let room = max_bytes.saturating_sub(self.bytes.len());
        let end = input.iter().take(room).position(|byte| *byte == SEPARATOR);
        let Some((record, rest)) = end.and_then(|end| input.split_at_checked(end)) else {
            if input.len() > room {
                return Err(ProtocolError::TooLarge { max_message_bytes: max_bytes });
            }
            self.keep(input);
            return Ok(None);
        };
        *input = rest.get(1..).unwrap_or_default();
        if self.bytes.is_empty() {
            return Ok(Some(Cow::Borrowed(record)));
        }
        let mut whole = std::mem::take(&mut self.bytes);
        whole.extend_from_slice(record);
        Ok(Some(Cow::Owned(whole)))
    }

    /// Takes the next record that begins with its length from `input`, and returns it without the length. `None` means
    /// that it has not ended yet, and that all of `input` is kept here now.
    ///
    /// # Errors
    ///
    /// Returns [`ProtocolError::TooLarge`] as soon as the length says that the record, length included, is longer than
    /// `max_bytes`, and [`ProtocolError::LengthPrefix`] when there is no such length.
    pub(super) fn next_binary<'f>(
        &mut self,
        max_bytes: usize,
        input: &mut &'f [u8],
    ) -> Result<Option<Cow<'f, [u8]>>, ProtocolError> {
        if self.bytes.is_empty() {
            let Some(length) = checked_length(input, max_bytes)? else {
                self.keep(input);
                return Ok(None);
            };
            let Some((framed, rest)) = input.split_at_checked(length.framed_bytes()) else {
                self.keep(input);
                return Ok(None);
            };
            *input = rest;
            return Ok(Some(Cow::Borrowed(framed.get(length.length_bytes..).unwrap_or_default())));
        }
        let length = loop {
            if let Some(length) = checked_length(&self.bytes, max_bytes)? {
                break length;
            }
            let Some((next, rest)) = input.split_first() else {
                return Ok(None);
            };
            self.bytes.push(*next);
            *input = rest;
        };
        let missing = length.framed_bytes().saturating_sub(self.bytes.len());
        let Some((end, rest)) = input.split_at_checked(missing) else {
            self.keep(input);
            return Ok(None);
        };
        *input = rest;
        let mut whole = std::mem::take(&mut self.bytes);
        whole.extend_from_slice(end);
        whole.drain(..length.length_bytes);
        Ok(Some(Cow::Owned(whole)))
    }

    fn keep(&mut self, input: &mut &[u8]) {
        self.bytes.extend_from_slice(input);
        *input = &[];
    }
}

fn checked_length(input: &[u8], max_bytes: usize) -> Result<Option<Length>, ProtocolError> {
    match Length::read(input)? {
        Some(length) if length.framed_bytes() > max_bytes => {
            Err(ProtocolError::TooLarge { max_message_bytes: max_bytes })
        }
        length => Ok(length),
    }
}
