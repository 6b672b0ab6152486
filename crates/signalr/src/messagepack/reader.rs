//! Reading of MessagePack values from a slice, without copying and without trusting any length.

use rmp::Marker;

use crate::MAX_DEPTH;

/// The bytes end too early, or do not hold what is wanted. What was wanted is known to the caller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Malformed;

/// A place in a record.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(record: &'a [u8]) -> Self {
        Self { rest: record }
    }

    /// Reads the head of an array, and refuses one of more elements than there are bytes left.
    pub(super) fn array(&mut self) -> Result<u32, Malformed> {
        let marker = self.marker()?;
        self.array_after(marker)
    }

    /// Reads the head of a map, and refuses one of more keys and values than there are bytes left.
    pub(super) fn map(&mut self) -> Result<u32, Malformed> {
        let marker = self.marker()?;
        self.map_after(marker)
    }

    /// Reads a string, or nil as `None`.
    pub(super) fn string(&mut self) -> Result<Option<&'a str>, Malformed> {
        let len = match self.marker()? {
            Marker::Null => return Ok(None),
            Marker::FixStr(len) => u32::from(len),
            Marker::Str8 => u32::from(self.u8()?),
            Marker::Str16 => u32::from(self.u16()?),
            Marker::Str32 => self.u32()?,
            _ => return Err(Malformed),
        };
        std::str::from_utf8(self.take(len)?).map(Some).map_err(|_| Malformed)
    }

    /// Reads a truth value.
    pub(super) fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.marker()? {
            Marker::True => Ok(true),
            Marker::False => Ok(false),
            _ => Err(Malformed),
        }
    }

    /// Reads a whole number of any width that has a value of this one.
    pub(super) fn int64(&mut self) -> Result<i64, Malformed> {
        Ok(match self.marker()? {
            Marker::FixPos(value) => i64::from(value),
            Marker::FixNeg(value) => i64::from(value),
            Marker::U8 => i64::from(self.u8()?),
            Marker::U16 => i64::from(self.u16()?),
            Marker::U32 => i64::from(self.u32()?),
            Marker::U64 => i64::try_from(u64::from_be_bytes(self.bytes()?)).map_err(|_| Malformed)?,
            Marker::I8 => i64::from(i8::from_be_bytes(self.bytes()?)),
            Marker::I16 => i64::from(i16::from_be_bytes(self.bytes()?)),
            Marker::I32 => i64::from(i32::from_be_bytes(self.bytes()?)),
            Marker::I64 => i64::from_be_bytes(self.bytes()?),
            _ => return Err(Malformed),
        })
    }

    /// Reads a whole number of any width that has a value of this one.
    pub(super) fn int32(&mut self) -> Result<i32, Malformed> {
        i32::try_from(self.int64()?).map_err(|_| Malformed)
    }

    /// Reads one value of any kind and returns its bytes. `outer_depth` is how many arrays it is in.
    pub(super) fn value(&mut self, outer_depth: usize) -> Result<&'a [u8], Malformed> {
        let start = self.rest;
        self.skip(MAX_DEPTH.saturating_sub(outer_depth))?;
        let len = start.len() - self.rest.len();
        start.get(..len).ok_or(Malformed)
    }

    /// Skips one value that nests at most `max_depth` deep. A loop with a stack of that size, so no input can make it
    /// overflow the thread's.
    fn skip(&mut self, max_depth: usize) -> Result<(), Malformed> {
        // How many values are still to come in each array or map that is open, the innermost last.
        let mut pending = [0_u64; MAX_DEPTH];
        let mut depth = 0;
        loop {
            let children = self.head()?;
            if children > 0 {
                if depth == max_depth {
                    return Err(Malformed);
                }
                *pending.get_mut(depth).ok_or(Malformed)? = children;
                depth += 1;
                continue;
            }
            // A value is complete, and perhaps with it the one it is in, and so on.
            loop {
                let Some(parent) = depth.checked_sub(1) else {
                    return Ok(());
                };
                let left = pending.get_mut(parent).ok_or(Malformed)?;
                *left -= 1;
                if *left > 0 {
                    break;
                }
                depth = parent;
            }
        }
    }

    /// Skips a value, or just the head of an array or map, and returns how many values follow as parts of it.
    fn head(&mut self) -> Result<u64, Malformed> {
        let marker = self.marker()?;
        let data_bytes = match marker {
            Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::False | Marker::True => 0,
            Marker::U8 | Marker::I8 => 1,
            // An extension has a byte for its type before its data.
            Marker::U16 | Marker::I16 | Marker::FixExt1 => 2,
            Marker::FixExt2 => 3,
            Marker::U32 | Marker::I32 | Marker::F32 => 4,
            Marker::FixExt4 => 5,
            Marker::U64 | Marker::I64 | Marker::F64 => 8,
            Marker::FixExt8 => 9,
            Marker::FixExt16 => 17,
            Marker::FixStr(len) => u32::from(len),
            Marker::Str8 | Marker::Bin8 => u32::from(self.u8()?),
            Marker::Str16 | Marker::Bin16 => u32::from(self.u16()?),
            Marker::Str32 | Marker::Bin32 => self.u32()?,
            Marker::Ext8 => u32::from(self.u8()?) + 1,
            Marker::Ext16 => u32::from(self.u16()?) + 1,
            Marker::Ext32 => self.u32()?.checked_add(1).ok_or(Malformed)?,
            Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
                return self.array_after(marker).map(u64::from);
            }
            Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => {
                return self.map_after(marker).map(|entries| 2 * u64::from(entries));
            }
            Marker::Reserved => return Err(Malformed),
        };
        self.take(data_bytes)?;
        Ok(0)
    }

    fn array_after(&mut self, marker: Marker) -> Result<u32, Malformed> {
        let len = match marker {
            Marker::FixArray(len) => u32::from(len),
            Marker::Array16 => u32::from(self.u16()?),
            Marker::Array32 => self.u32()?,
            _ => return Err(Malformed),
        };
        if self.can_hold(u64::from(len)) { Ok(len) } else { Err(Malformed) }
    }

    fn map_after(&mut self, marker: Marker) -> Result<u32, Malformed> {
        let len = match marker {
            Marker::FixMap(len) => u32::from(len),
            Marker::Map16 => u32::from(self.u16()?),
            Marker::Map32 => self.u32()?,
            _ => return Err(Malformed),
        };
        if self.can_hold(2 * u64::from(len)) { Ok(len) } else { Err(Malformed) }
    }

    /// Tells whether that many values can still come: each takes at least one byte.
    fn can_hold(&self, values: u64) -> bool {
        u64::try_from(self.rest.len()).is_ok_and(|left| values <= left)
    }

    fn marker(&mut self) -> Result<Marker, Malformed> {
        self.u8().map(Marker::from_u8)
    }

    fn u8(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.rest.split_first().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*first)
    }

    fn u16(&mut self) -> Result<u16, Malformed> {
        self.bytes().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, Malformed> {
        self.bytes().map(u32::from_be_bytes)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn take(&mut self, len: u32) -> Result<&'a [u8], Malformed> {
        let len = usize::try_from(len).map_err(|_| Malformed)?;
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(Malformed)?;
        self.rest = rest;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests;
