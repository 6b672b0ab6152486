//! The state of one server-side connection: frames go in, messages come out.

mod partial;

use self::partial::PartialRecord;
use crate::handshake::{HandshakeError, HandshakeRequest};
use crate::{HubMessage, Protocol, ProtocolError, Transport, close_text};

/// How a connection treats its client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConnectionOptions {
    /// How many bytes a message may have, framing included; the handshake too. ASP.NET Core's default is 32,768.
    pub max_message_bytes: usize,
    /// Whether a client whose input breaks the protocol is told how.
    pub detailed_errors: bool,
    /// The transport that the client came by, which limits the protocols it can use.
    pub transport: Transport,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self { max_message_bytes: 32_768, detailed_errors: false, transport: Transport::WebSockets }
    }
}

/// What came of a frame.
#[derive(Debug)]
pub enum Received {
    /// The handshake is accepted. The host sends [`handshake::ACCEPTED`](crate::handshake::ACCEPTED), then whatever its
    /// connect handler sends.
    Handshake {
        /// The protocol of everything that follows, both ways.
        protocol: Protocol,
        /// The protocol's version; stateful reconnect needs 2.
        version: i32,
    },
    /// The handshake is rejected. The host sends `answer`, as text, and closes. Nothing more is delivered.
    HandshakeRejected {
        /// The framed answer.
        answer: Vec<u8>,
    },
    /// A message came. After a [`HubMessage::Close`] nothing more is delivered.
    Message(HubMessage),
    /// The client broke the protocol. The host sends `close` and closes. Nothing more is delivered.
    Fault {
        /// The framed Close, in the connection's protocol.
        close: Vec<u8>,
        /// What is wrong, for the server's log.
        detail: String,
    },
}

/// The state of one server-side connection.
///
/// It holds no socket: the host feeds it what arrives with [`receive`](Self::receive), however the network has cut it.
#[derive(Debug)]
pub struct Connection {
    options: ConnectionOptions,
    phase: Phase,
    partial: PartialRecord,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    AwaitingHandshake,
    Open(HandshakeRequest),
    Ended,
}

impl Connection {
    /// Creates a connection that awaits its handshake.
    pub fn new(options: ConnectionOptions) -> Self {
        Self::restore_handshake(options, Vec::new())
    }

    /// Creates a connection that awaits the rest of its handshake, for a host that slept after the first bytes.
    ///
    /// `partial` is what [`partial`](Self::partial) returned.
    pub fn restore_handshake(options: ConnectionOptions, partial: Vec<u8>) -> Self {
        Self { options, phase: Phase::AwaitingHandshake, partial: PartialRecord::new(partial) }
    }

    /// Creates a connection whose handshake was accepted earlier, for a host that slept since, or for a new socket of a
    /// connection that is resumed.
    ///
    /// `partial` is what [`partial`](Self::partial) returned; for a new socket it is empty.
    pub fn restore(options: ConnectionOptions, protocol: Protocol, version: i32, partial: Vec<u8>) -> Self {
        let phase = Phase::Open(HandshakeRequest { protocol, version });
        Self { options, phase, partial: PartialRecord::new(partial) }
    }

    /// Returns the protocol, once the handshake is accepted and until the connection has ended.
    pub fn protocol(&self) -> Option<Protocol> {
        match self.phase {
            Phase::Open(handshake) => Some(handshake.protocol),
            Phase::AwaitingHandshake | Phase::Ended => None,
        }
    }

    /// Returns the bytes of a record that has not ended yet. A host that may lose its memory keeps them when there are
    /// any.
    pub fn partial(&self) -> &[u8] {
        self.partial.bytes()
    }

    /// Takes a frame, or any piece of the byte stream, and tells `on` what came of it, in order.
    ///
    /// Records may be split over frames and joined in them in any way. Whole records are read where they are; only the
    /// beginning of one that has not ended is copied, never more bytes than a message may have.
    pub fn receive(&mut self, frame: &[u8], mut on: impl FnMut(Received)) {
        let mut rest = frame;
        loop {
            let step = match self.phase {
                Phase::AwaitingHandshake => self.receive_handshake(&mut rest),
                Phase::Open(handshake) => self.receive_message(handshake.protocol, &mut rest),
                Phase::Ended => return,
            };
            match step {
                Step::Deliver(received) => on(received),
                Step::Skip => {}
                Step::AwaitMore => return,
            }
        }
    }

    /// Takes note that the client is gone.
    ///
    /// # Errors
    ///
    /// Returns [`ProtocolError::Terminated`] when it left in the middle of a record after its handshake; a disconnect
    /// handler may want to know.
    pub fn disconnect(&mut self) -> Result<(), ProtocolError> {
        let was_open = matches!(self.phase, Phase::Open(_));
        let was_complete = self.partial.bytes().is_empty();
        self.end();
        if was_open && !was_complete { Err(ProtocolError::Terminated) } else { Ok(()) }
    }

    fn receive_handshake(&mut self, rest: &mut &[u8]) -> Step {
        let request = match self.partial.next_text(self.options.max_message_bytes, rest) {
            Ok(None) => return Step::AwaitMore,
            Ok(Some(record)) => HandshakeRequest::parse(&record, self.options.transport),
            Err(_) => Err(HandshakeError::Canceled),
        };
        Step::Deliver(match request {
            Ok(request) => {
                self.phase = Phase::Open(request);
                Received::Handshake { protocol: request.protocol, version: request.version }
            }
            Err(error) => {
                self.end();
                Received::HandshakeRejected { answer: error.answer(self.options.detailed_errors) }
            }
        })
    }

    fn receive_message(&mut self, protocol: Protocol, rest: &mut &[u8]) -> Step {
        let max_message_bytes = self.options.max_message_bytes;
        let record = match protocol {
            Protocol::Json => self.partial.next_text(max_message_bytes, rest),
            Protocol::MessagePack => self.partial.next_binary(max_message_bytes, rest),
        };
        let message = match record {
            Ok(None) => return Step::AwaitMore,
            Ok(Some(record)) => protocol.decode(&record),
            Err(error) => Err(error),
        };
        match message {
            Ok(None) => Step::Skip,
            Ok(Some(message)) => {
                if matches!(message, HubMessage::Close { .. }) {
                    self.end();
                }
                Step::Deliver(Received::Message(message))
            }
            Err(error) => {
                self.end();
                let text = close_text::broken_protocol(&error, self.options.detailed_errors);
                let mut close = Vec::new();
                protocol.encode_close(Some(&text), true, &mut close);
                Step::Deliver(Received::Fault { close, detail: format!("{}: {error}", error.exception_name()) })
            }
        }
    }

    fn end(&mut self) {
        self.phase = Phase::Ended;
        self.partial = PartialRecord::default();
    }
}

/// What came of one record.
enum Step {
    /// The host is to know of it.
    Deliver(Received),
    /// It is of an unknown kind.
    Skip,
    /// It has not ended yet.
    AwaitMore,
}

#[cfg(test)]
mod tests;
