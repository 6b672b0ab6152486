//! A task's notification on its way to clients: in the shape that each connection reads.

use contract::{EventClass, EventMeta, JsonForm, TaskNotification};
use signalr::{EncodeError, Protocol};
use signalr_durable::{Event, Variant};

/// Bit of a connection's variant: it reads one more, last argument with the event's metadata (`?meta=1`).
pub const WITH_META: Variant = 1;

/// What is sent for a notification.
pub(crate) struct OutgoingTaskEvent<'a> {
    pub(crate) notification: &'a TaskNotification,
    pub(crate) meta: &'a EventMeta,
}

impl Event for OutgoingTaskEvent<'_> {
    fn encode(&self, protocol: Protocol, variant: Variant, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let meta = (variant & WITH_META != 0).then_some(self.meta);
        let form = match protocol {
            Protocol::Json => JsonForm::Text,
            Protocol::MessagePack => JsonForm::Values,
        };
        protocol.encode_invocation(self.notification.target(), &self.notification.arguments(form, meta), out)
    }

    fn is_ephemeral(&self) -> bool {
        self.notification.class() == EventClass::Ephemeral
    }
}
