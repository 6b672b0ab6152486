//! A notification as each connection reads it: in its protocol, its dialect, with or without metadata.

use contract::{Dialect, EventArguments, Notification};
use serde::Serializer;
use signalr::{Arguments, EncodeError, Protocol};
use signalr_durable::{Event, Variant};

/// Bit of a connection's variant: it reads one more, last argument with the metadata of positional events (`?meta=1`).
const WITH_META: Variant = 1;
/// Bits of a connection's variant: its dialect.
const CONDUIT: Variant = 2;
const GUIDE: Variant = 4;

/// The number by which a connection's way of reading events is remembered.
pub fn variant(dialect: Dialect, with_meta: bool) -> Variant {
    let dialect = match dialect {
        Dialect::Contract => 0,
        Dialect::Conduit => CONDUIT,
        Dialect::Guide => GUIDE,
    };
    dialect | if with_meta { WITH_META } else { 0 }
}

fn dialect_of(variant: Variant) -> Dialect {
    match variant & (CONDUIT | GUIDE) {
        CONDUIT => Dialect::Conduit,
        GUIDE => Dialect::Guide,
        _ => Dialect::Contract,
    }
}

/// What is sent for a notification.
pub(crate) struct Outgoing<'a>(pub(crate) &'a Notification);

impl Event for Outgoing<'_> {
    fn encode(&self, protocol: Protocol, variant: Variant, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let dialect = dialect_of(variant);
        let arguments =
            self.0.arguments(dialect, variant & WITH_META != 0).map_err(|error| EncodeError::Json(error.cause))?;
        let target = self.0.target(dialect);
        match protocol {
            Protocol::Json => protocol.encode_invocation(target, &AsText(&arguments), out),
            Protocol::MessagePack => protocol.encode_invocation(target, &AsValues(&arguments), out),
        }
    }

    fn is_ephemeral(&self) -> bool {
        !self.0.is_durable()
    }
}

/// Arguments written verbatim, into JSON.
struct AsText<'a>(&'a EventArguments);

impl Arguments for AsText<'_> {
    fn len(&self) -> usize {
        self.0.count()
    }

    fn serialize_arguments<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde::Serialize::serialize(self.0.json(), serializer)
    }
}

/// Arguments written as values, into anything else.
struct AsValues<'a>(&'a EventArguments);

impl Arguments for AsValues<'_> {
    fn len(&self) -> usize {
        self.0.count()
    }

    fn serialize_arguments<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize_values(serializer)
    }
}
