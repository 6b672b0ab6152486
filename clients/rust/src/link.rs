//! One socket whose handshake is done: bytes of records out, messages in.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use signalr::handshake::HandshakeRequest;
use signalr::{Connection, ConnectionOptions, HubMessage, Protocol, Received, Transport, record};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::Error;
use crate::network::Socket;

/// The largest message that is taken: what the WebSocket library takes as well.
const MAX_MESSAGE_BYTES: usize = 64 * 1024 * 1024;

/// A socket, and the beginning of whatever has not ended yet.
pub(crate) struct Link {
    socket: Socket,
    decoder: Connection,
    protocol: Protocol,
    /// What came together with the answer to the handshake.
    early: Vec<HubMessage>,
    send_timeout: Duration,
}

impl Link {
    /// Greets the server on a new socket of a new connection.
    pub(crate) async fn greet(
        mut socket: Socket,
        handshake: HandshakeRequest,
        send_timeout: Duration,
        after: Duration,
    ) -> Result<Self, Error> {
        let greeting = async {
            let text = String::from_utf8_lossy(&handshake.to_bytes()).into_owned();
            socket.send(Message::text(text)).await.map_err(|error| lost(&error))?;
            let mut received = Vec::new();
            loop {
                received.extend_from_slice(&next_frame(&mut socket).await?);
                if let Some((answer, rest)) = record::split_text(&received) {
                    read_answer(answer)?;
                    return Ok(rest.to_vec());
                }
                if received.len() > MAX_MESSAGE_BYTES {
                    return Err(Error::NotSignalR("it answers the handshake without an end".to_owned()));
                }
            }
        };
        let rest = timeout(after, greeting).await.unwrap_or(Err(Error::TimedOut { what: "the handshake", after }))?;
        let mut link = Self::resumed(socket, handshake, send_timeout);
        link.early = link.decode(&rest)?;
        Ok(link)
    }

    /// Takes a new socket of a connection that has shaken hands before.
    pub(crate) fn resumed(socket: Socket, handshake: HandshakeRequest, send_timeout: Duration) -> Self {
        let options = ConnectionOptions {
            max_message_bytes: MAX_MESSAGE_BYTES,
            detailed_errors: true,
            transport: Transport::WebSockets,
        };
        let HandshakeRequest { protocol, version } = handshake;
        let decoder = Connection::restore(options, protocol, version, Vec::new());
        Self { socket, decoder, protocol, early: Vec::new(), send_timeout }
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The messages of the next frame, of which there may be none. It can be given up and asked again.
    pub(crate) async fn next(&mut self) -> Result<Vec<HubMessage>, Error> {
        if !self.early.is_empty() {
            return Ok(std::mem::take(&mut self.early));
        }
        let frame = next_frame(&mut self.socket).await?;
        self.decode(&frame)
    }

    /// Sends one record, or several.
    pub(crate) async fn send(&mut self, records: &[u8]) -> Result<(), Error> {
        let message = match self.protocol {
            Protocol::Json => Message::text(String::from_utf8_lossy(records).into_owned()),
            Protocol::MessagePack => Message::binary(records.to_vec()),
        };
        let after = self.send_timeout;
        let sent = timeout(after, self.socket.send(message)).await;
        sent.map_err(|_| Error::TimedOut { what: "sending", after })?.map_err(|error| lost(&error))
    }

    /// Says goodbye, and does not wait for an answer longer than it should take.
    pub(crate) async fn close(mut self) {
        let mut close = Vec::new();
        self.protocol.encode_close(None, false, &mut close);
        let goodbye = async {
            if self.send(&close).await.is_ok() && self.socket.close(None).await.is_ok() {
                while let Some(Ok(_)) = self.socket.next().await {}
            }
        };
        // Whoever does not answer is left.
        drop(timeout(Duration::from_secs(2), goodbye).await);
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<Vec<HubMessage>, Error> {
        let mut messages = Vec::new();
        let mut fault = None;
        self.decoder.receive(bytes, |received| match received {
            Received::Message(message) => messages.push(message),
            Received::Fault { detail, .. } => fault = Some(detail),
            // These are of servers, whose connections await a handshake.
            Received::Handshake { .. } | Received::HandshakeRejected { .. } => {}
        });
        fault.map_or(Ok(messages), |detail| Err(Error::Protocol(detail)))
    }
}

/// The bytes of the next frame that has any for us.
async fn next_frame(socket: &mut Socket) -> Result<Vec<u8>, Error> {
    loop {
        match socket.next().await {
            None => return Err(Error::Lost("the line ended".to_owned())),
            Some(Err(error)) => return Err(lost(&error)),
            Some(Ok(Message::Text(text))) => return Ok(text.as_bytes().to_vec()),
            Some(Ok(Message::Binary(bytes))) => return Ok(bytes.to_vec()),
            Some(Ok(Message::Close(frame))) => {
                let why =
                    frame.map_or_else(String::new, |frame| format!(" with {} {}", u16::from(frame.code), frame.reason));
                return Err(Error::Lost(format!("the server closed the socket{}", why.trim_end())));
            }
            // The library answers pings.
            Some(Ok(_)) => {}
        }
    }
}

fn read_answer(answer: &[u8]) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct HandshakeAnswer {
        error: Option<String>,
    }
    match serde_json::from_slice(answer) {
        Ok(HandshakeAnswer { error: None }) => Ok(()),
        Ok(HandshakeAnswer { error: Some(error) }) => Err(Error::Handshake(error)),
        Err(_) => Err(Error::NotSignalR("the answer to the handshake is none".to_owned())),
    }
}

fn lost(error: &tungstenite::Error) -> Error {
    Error::Lost(error.to_string())
}
