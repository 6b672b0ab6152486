//! What is sent to clients, and the promise that it is encoded once for each kind of recipient.

use signalr::{Arguments, EncodeError, Protocol};
use smallvec::SmallVec;

/// A number the application gives each connection when it is accepted, and gets back for each event:
/// connections of one variant read an event in one shape (a dialect, or with metadata).
pub type Variant = u8;

/// Something to send: an invocation of a client method.
///
/// Implemented for `(target, arguments)`; implement it yourself where the shape depends on the
/// recipient's [`Variant`]. It is encoded once for each pair of protocol and variant among the
/// recipients, however many they are.
pub trait Event {
    /// Appends the framed record that recipients of this protocol and variant read. Appending
    /// nothing leaves them out.
    ///
    /// # Errors
    ///
    /// The arguments cannot be written in that protocol.
    fn encode(&self, protocol: Protocol, variant: Variant, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// Whether a later event makes this one worthless, so that a client that reads slowly may be spared it.
    fn is_ephemeral(&self) -> bool {
        false
    }
}

impl<A: Arguments> Event for (&str, A) {
    fn encode(&self, protocol: Protocol, _: Variant, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        protocol.encode_invocation(self.0, &self.1, out)
    }
}

impl<E: Event + ?Sized> Event for &E {
    fn encode(&self, protocol: Protocol, variant: Variant, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        (**self).encode(protocol, variant, out)
    }

    fn is_ephemeral(&self) -> bool {
        (**self).is_ephemeral()
    }
}

/// The records one event became: which one a recipient gets follows from its protocol and variant.
pub(crate) struct EncodedOnce<'a, E: ?Sized, R> {
    event: &'a E,
    encoded: SmallVec<[(Protocol, Variant, Option<R>); 2]>,
}

impl<'a, E: Event + ?Sized, R: Copy> EncodedOnce<'a, E, R> {
    pub(crate) fn new(event: &'a E) -> Self {
        Self { event, encoded: SmallVec::new() }
    }

    /// The record for this kind of recipient, encoded and kept by `store` when first asked for.
    pub(crate) fn record(
        &mut self,
        protocol: Protocol,
        variant: Variant,
        store: impl FnOnce(Vec<u8>) -> R,
    ) -> Result<Option<R>, EncodeError> {
        let known = self.encoded.iter().find(|(p, v, _)| *p == protocol && *v == variant);
        if let Some((_, _, record)) = known {
            return Ok(*record);
        }
        let mut bytes = Vec::new();
        self.event.encode(protocol, variant, &mut bytes)?;
        let record = (!bytes.is_empty()).then(|| store(bytes));
        self.encoded.push((protocol, variant, record));
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    struct Counting(Cell<usize>);

    impl Event for Counting {
        fn encode(&self, _: Protocol, variant: Variant, out: &mut Vec<u8>) -> Result<(), EncodeError> {
            self.0.set(self.0.get() + 1);
            if variant < 2 {
                out.push(variant);
            }
            Ok(())
        }
    }

    #[test]
    fn an_event_is_encoded_once_for_each_protocol_and_variant() {
        let event = Counting(Cell::new(0));
        let mut stored = 0;
        let mut once = EncodedOnce::new(&event);
        for _ in 0..100 {
            for (protocol, variant) in [(Protocol::Json, 0), (Protocol::Json, 1), (Protocol::MessagePack, 0)] {
                let record = once.record(protocol, variant, |_| {
                    stored += 1;
                    stored
                });
                assert!(record.is_ok_and(|record| record.is_some()));
            }
        }
        assert_eq!((event.0.get(), stored), (3, 3));
    }

    #[test]
    fn a_variant_that_encodes_to_nothing_gets_nothing() {
        let event = Counting(Cell::new(0));
        let mut once = EncodedOnce::new(&event);
        for _ in 0..3 {
            assert!(matches!(once.record(Protocol::Json, 2, |_| 0), Ok(None)));
        }
        assert_eq!(event.0.get(), 1);
    }
}
