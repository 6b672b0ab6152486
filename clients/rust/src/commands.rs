//! What the program asks of the task that owns a connection.

use signalr::{Arguments, Headers, HubMessage, Payload, Protocol, record};
use tokio::sync::oneshot;

use crate::Error;
use crate::calls::Awaiting;

/// Commands that wait for the task.
pub(crate) const MOST_COMMANDS: usize = 1_024;

#[derive(Debug)]
pub(crate) enum Command {
    /// A record goes out, and somebody may await its answer.
    Send {
        record: Vec<u8>,
        call: Option<(String, Awaiting)>,
        /// The connection that it is meant for, if another one would be wrong.
        generation: Option<u64>,
    },
    /// Nobody awaits a call any more.
    Cancel { record: Vec<u8>, invocation_id: String },
    /// The connection is to end.
    Stop { done: oneshot::Sender<()> },
}

impl Command {
    /// Says that there is no connection to do it on.
    pub(crate) fn refuse(self) {
        match self {
            Self::Send { call: Some((_, awaiting)), .. } => awaiting.fail(Error::NotConnected),
            Self::Stop { done } => {
                let _ = done.send(());
            }
            Self::Send { .. } | Self::Cancel { .. } => {}
        }
    }
}

/// The command that ends a call early.
pub(crate) fn cancel(protocol: Protocol, invocation_id: &str) -> Command {
    let invocation_id = invocation_id.to_owned();
    let message = HubMessage::CancelInvocation { headers: Headers::new(), invocation_id: invocation_id.clone() };
    let mut record = Vec::new();
    // It has no payload that could fail, and is short.
    drop(protocol.encode(&message, &mut record));
    Command::Cancel { record, invocation_id }
}

/// Arguments one by one, as the protocol carries them.
pub(crate) fn payloads<A: Arguments + ?Sized>(protocol: Protocol, arguments: &A) -> Result<Vec<Payload>, Error> {
    let unencodable = |error: &dyn std::fmt::Display| Error::Encode(error.to_string());
    let mut framed = Vec::new();
    protocol.encode_invocation("-", arguments, &mut framed).map_err(|error| unencodable(&error))?;
    let split = record::split(protocol, &framed).map_err(|error| unencodable(&error))?;
    let (record, _) = split.ok_or_else(|| unencodable(&"they have no end"))?;
    match protocol.decode(record).map_err(|error| unencodable(&error))? {
        Some(HubMessage::Invocation(invocation)) => invocation.arguments.map_err(|error| unencodable(&error)),
        _ => Err(unencodable(&"they are no arguments")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_told_apart_in_both_protocols() {
        for protocol in [Protocol::Json, Protocol::MessagePack] {
            let arguments = payloads(protocol, &("a", 1, vec![true])).unwrap();
            assert_eq!(arguments.len(), 3);
            assert_eq!(arguments[0].decode::<String>().unwrap(), "a");
            assert_eq!(arguments[2].decode::<Vec<bool>>().unwrap(), [true]);
            assert!(payloads(protocol, &()).unwrap().is_empty());
        }
    }
}
