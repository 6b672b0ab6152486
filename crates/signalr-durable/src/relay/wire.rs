//! What an object and its relays say to each other, byte by byte. Numbers are LEB128; lists of channels are ascending and
//! each is written as its distance to the one before.

use std::rc::Rc;

/// A connection's socket on a relay. A relay never uses a number twice: it begins with the time at which it woke.
pub(crate) type Channel = u64;

/// What a relay does with sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation<'a> {
    /// Sends a frame by some sockets.
    Send {
        channels: Vec<Channel>,
        is_text: bool,
        /// Whether it may become one with frames before and after it.
        may_join: bool,
        bytes: &'a [u8],
    },
    /// Closes a socket.
    Close { channel: Channel, code: u16 },
    /// Closes every socket that was opened until then: the object has given them up.
    CloseUntil { last: Channel },
}

/// What happened to a socket of a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happening {
    Frame { channel: Channel, is_text: bool, bytes: Vec<u8> },
    Closed { channel: Channel, code: u16 },
}

impl Happening {
    pub(crate) fn channel(&self) -> Channel {
        match self {
            Self::Frame { channel, .. } | Self::Closed { channel, .. } => *channel,
        }
    }

    /// About how many bytes it takes.
    pub(crate) fn weight(&self) -> usize {
        const HEAD: usize = 16;
        match self {
            Self::Frame { bytes, .. } => HEAD + bytes.len(),
            Self::Closed { .. } => HEAD,
        }
    }
}

const SEND_TEXT: u8 = 0;
const SEND_BINARY: u8 = 1;
const CLOSE: u8 = 2;
const CLOSE_UNTIL: u8 = 3;

/// Beside the kind of a frame.
const MAY_JOIN: u8 = 0x10;

/// Appends an operation.
pub(crate) fn put_operation(operation: &Operation<'_>, out: &mut Vec<u8>) {
    match operation {
        Operation::Send { channels, is_text, may_join, bytes } => {
            let kind = if *is_text { SEND_TEXT } else { SEND_BINARY };
            out.push(if *may_join { kind | MAY_JOIN } else { kind });
            put_channels(channels, out);
            put_bytes(bytes, out);
        }
        Operation::Close { channel, code } => {
            out.push(CLOSE);
            put_number(*channel, out);
            put_number(u64::from(*code), out);
        }
        Operation::CloseUntil { last } => {
            out.push(CLOSE_UNTIL);
            put_number(*last, out);
        }
    }
}

/// The operations of a batch; none if it is not one.
pub(crate) fn operations(mut bytes: &[u8]) -> Option<Vec<Operation<'_>>> {
    let mut operations = Vec::new();
    while let Some((kind, rest)) = bytes.split_first() {
        bytes = rest;
        operations.push(match *kind & !MAY_JOIN {
            SEND_TEXT | SEND_BINARY => Operation::Send {
                channels: take_channels(&mut bytes)?,
                is_text: *kind & !MAY_JOIN == SEND_TEXT,
                may_join: *kind & MAY_JOIN != 0,
                bytes: take_bytes(&mut bytes)?,
            },
            CLOSE => Operation::Close {
                channel: take_number(&mut bytes)?,
                code: u16::try_from(take_number(&mut bytes)?).ok()?,
            },
            CLOSE_UNTIL => Operation::CloseUntil { last: take_number(&mut bytes)? },
            _ => return None,
        });
    }
    Some(operations)
}

/// Appends a batch under its number.
pub(crate) fn put_batch(number: u64, batch: &[u8], out: &mut Vec<u8>) {
    put_number(number, out);
    put_bytes(batch, out);
}

/// The batches of a request, with their numbers; none if it has none.
pub(crate) fn batches(mut bytes: &[u8]) -> Option<Vec<(u64, &[u8])>> {
    let mut batches = Vec::new();
    while !bytes.is_empty() {
        batches.push((take_number(&mut bytes)?, take_bytes(&mut bytes)?));
    }
    Some(batches)
}

/// Appends what happened to a socket.
pub(crate) fn put_happening(happening: &Happening, out: &mut Vec<u8>) {
    match happening {
        Happening::Frame { channel, is_text, bytes } => {
            out.push(if *is_text { SEND_TEXT } else { SEND_BINARY });
            put_number(*channel, out);
            put_bytes(bytes, out);
        }
        Happening::Closed { channel, code } => {
            out.push(CLOSE);
            put_number(*channel, out);
            put_number(u64::from(*code), out);
        }
    }
}

/// All that happened; none if it is no such list.
pub(crate) fn happenings(mut bytes: &[u8]) -> Option<Vec<Happening>> {
    let mut happenings = Vec::new();
    while let Some((kind, rest)) = bytes.split_first() {
        bytes = rest;
        let channel = take_number(&mut bytes)?;
        happenings.push(match *kind {
            SEND_TEXT | SEND_BINARY => {
                Happening::Frame { channel, is_text: *kind == SEND_TEXT, bytes: take_bytes(&mut bytes)?.to_vec() }
            }
            CLOSE => Happening::Closed { channel, code: u16::try_from(take_number(&mut bytes)?).ok()? },
            _ => return None,
        });
    }
    Some(happenings)
}

/// A frame for some sockets, as it waits for the end of the turn.
pub(crate) struct Draft {
    pub(crate) channels: Vec<Channel>,
    pub(crate) is_text: bool,
    pub(crate) may_join: bool,
    pub(crate) bytes: Rc<[u8]>,
}

/// Appends a list of channels, in any order, each once.
pub(crate) fn put_channels(channels: &[Channel], out: &mut Vec<u8>) {
    let mut sorted = channels.to_vec();
    sorted.sort_unstable();
    put_number(sorted.len() as u64, out);
    let mut last = 0;
    for channel in sorted {
        put_number(channel - last, out);
        last = channel;
    }
}

pub(crate) fn take_channels(bytes: &mut &[u8]) -> Option<Vec<Channel>> {
    let count = usize::try_from(take_number(bytes)?).ok()?;
    // Each takes a byte at least.
    let mut channels = Vec::with_capacity(count.min(bytes.len()));
    let mut last: Channel = 0;
    for _ in 0..count {
        last = last.checked_add(take_number(bytes)?)?;
        channels.push(last);
    }
    Some(channels)
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_number(bytes)?).ok()?;
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

// Seven bits are kept of what is cut off.
#[allow(clippy::cast_possible_truncation)]
fn put_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn eight_thousand_neighbours_take_a_byte_each() {
        let channels: Vec<Channel> = (0..8_000).map(|place| (1_763_000_000_000 << 10) + place).collect();
        let mut out = Vec::new();
        put_channels(&channels, &mut out);
        assert!(out.len() < 8_020, "{}", out.len());
        assert_eq!(take_channels(&mut out.as_slice()), Some(channels));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            frames in proptest::collection::vec(
                (proptest::collection::btree_set(0..1u64 << 53, 1..20), any::<bool>(), any::<Vec<u8>>()), 0..5
            ),
            closed in (0..1u64 << 53, any::<u16>()),
        ) {
            let frames: Vec<_> = frames.into_iter().map(|(channels, is_text, bytes)| {
                (channels.into_iter().collect::<Vec<_>>(), is_text, bytes)
            }).collect();
            let mut said: Vec<Operation<'_>> = frames.iter().map(|(channels, is_text, bytes)| {
                Operation::Send { channels: channels.clone(), is_text: *is_text, may_join: bytes.len() > 9, bytes }
            }).collect();
            said.push(Operation::Close { channel: closed.0, code: closed.1 });
            said.push(Operation::CloseUntil { last: closed.0 });
            let mut batch = Vec::new();
            for operation in &said {
                put_operation(operation, &mut batch);
            }
            let mut body = Vec::new();
            put_batch(7, &batch, &mut body);
            put_batch(8, &[], &mut body);
            let read = batches(&body).unwrap();
            prop_assert_eq!(&read, &vec![(7, batch.as_slice()), (8, &[][..])]);
            prop_assert_eq!(operations(read[0].1), Some(said));

            let mut happened: Vec<Happening> = frames.iter().map(|(channels, is_text, bytes)| {
                Happening::Frame { channel: channels[0], is_text: *is_text, bytes: bytes.clone() }
            }).collect();
            happened.push(Happening::Closed { channel: closed.0, code: closed.1 });
            let mut body = Vec::new();
            for happening in &happened {
                put_happening(happening, &mut body);
            }
            prop_assert_eq!(happenings(&body), Some(happened));
        }

        #[test]
        fn anything_else_is_nothing_and_no_panic(bytes: Vec<u8>) {
            let _ = operations(&bytes);
            let _ = happenings(&bytes);
            let _ = batches(&bytes).map(|batches| batches.len());
        }
    }
}
