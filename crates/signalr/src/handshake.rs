//! The handshake: the client's first record picks the protocol, and the server answers before anything else is sent.
//!
//! Both records are JSON text that ends in [`SEPARATOR`], whatever the protocol:
//! `{"protocol":"messagepack","version":1}` and `{}`, or `{"error":"…"}` before the server closes.

use serde::de::{IgnoredAny, MapAccess};

use crate::error_text::Failure;
use crate::json::object::{Properties, integer, read_object, string};
use crate::json::text::write_string;
use crate::record::SEPARATOR;
use crate::{Protocol, ProtocolError, Transport};

/// The framed answer to a handshake that is accepted.
pub const ACCEPTED: &[u8] = b"{}\x1e";

/// The highest version of both protocols. Version 2 adds the messages of stateful reconnect.
pub const MAX_VERSION: i32 = 2;

/// A handshake that the server can accept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HandshakeRequest {
    /// The protocol of everything that follows.
    pub protocol: Protocol,
    /// The version of the protocol, at most [`MAX_VERSION`]; stateful reconnect needs 2.
    pub version: i32,
}

impl HandshakeRequest {
    /// Reads the record of a client on `transport`, without its separator, and checks that the server can accept it.
    ///
    /// Unknown properties and anything after the object are ignored; the last of several properties with one name
    /// counts.
    ///
    /// # Errors
    ///
    /// Returns a [`HandshakeError`], whose [`answer`](HandshakeError::answer) is to be sent before closing, when the
    /// record is no handshake, or names a protocol or version that the server or the transport does not support.
    pub fn parse(record: &[u8], transport: Transport) -> Result<Self, HandshakeError> {
        let (name, version) = read_properties(record)?;
        let Some(protocol) = Protocol::from_name(&name) else {
            return Err(HandshakeError::UnknownProtocol { name });
        };
        if version > MAX_VERSION {
            return Err(HandshakeError::UnsupportedVersion { name, version });
        }
        if !transport.supports(protocol.transfer_format()) {
            return Err(HandshakeError::TransferFormat { protocol });
        }
        Ok(Self { protocol, version })
    }

    /// Returns the framed record, as a client sends it.
    pub fn to_bytes(self) -> Vec<u8> {
        let mut out = b"{\"protocol\":".to_vec();
        write_string(self.protocol.name(), &mut out);
        out.extend_from_slice(b",\"version\":");
        out.extend_from_slice(self.version.to_string().as_bytes());
        out.extend_from_slice(&[b'}', SEPARATOR]);
        out
    }
}

/// Says why a handshake is rejected. The text is what the client reads, so it is ASP.NET Core's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// No handshake came in time, or none within as many bytes as a message may have.
    #[error("Handshake was canceled.")]
    Canceled,
    /// The record is no handshake.
    #[error("An unexpected error occurred during connection handshake.")]
    Malformed(#[source] ProtocolError),
    /// The record lacks a property that a handshake cannot do without.
    #[error("An unexpected error occurred during connection handshake.")]
    Incomplete {
        /// The property's name.
        property: &'static str,
        /// The record as it came.
        content: String,
    },
    /// The server does not know the protocol.
    #[error("The protocol '{name}' is not supported.")]
    UnknownProtocol {
        /// The protocol's name, as the client wrote it.
        name: String,
    },
    /// The server does not know the version of the protocol.
    #[error("The server does not support version {version} of the '{name}' protocol.")]
    UnsupportedVersion {
        /// The protocol's name, as the client wrote it.
        name: String,
        /// The version that the client asks for.
        version: i32,
    },
    /// The transport cannot carry the protocol.
    #[error(
        "Cannot use the '{name}' protocol on the current transport. The transport does not support '{format}' transfer format.",
        name = .protocol.name(),
        format = .protocol.transfer_format().name()
    )]
    TransferFormat {
        /// The protocol that the client asks for.
        protocol: Protocol,
    },
}

impl HandshakeError {
    /// Returns the framed answer, to be sent as text whatever the protocol. What exactly is wrong with a record that is
    /// no handshake is said only when errors are detailed.
    pub fn answer(&self, detailed_errors: bool) -> Vec<u8> {
        let explained = |error: &ProtocolError, message: &str| {
            Failure::Internal { name: error.exception_name(), message }.explain(self.to_string(), detailed_errors)
        };
        let text = match self {
            Self::Malformed(error) => explained(error, &error.to_string()),
            Self::Incomplete { property, content } => {
                let error = ProtocolError::MissingProperty(property);
                explained(&error, &format!("{error} Message content: {content}"))
            }
            _ => self.to_string(),
        };
        let mut out = b"{\"error\":".to_vec();
        write_string(&text, &mut out);
        out.extend_from_slice(&[b'}', SEPARATOR]);
        out
    }
}

/// Reads the protocol's name and version, whatever they are.
fn read_properties(record: &[u8]) -> Result<(String, i32), HandshakeError> {
    let malformed = HandshakeError::Malformed;
    let text = std::str::from_utf8(record).map_err(|error| malformed(error.into()))?;
    let mut properties = RequestProperties::default();
    read_object(text, &mut properties).map_err(malformed)?;
    let missing = |property| HandshakeError::Incomplete { property, content: text.to_owned() };
    let name = properties.protocol.ok_or_else(|| missing("protocol"))?;
    let version = properties.version.ok_or_else(|| missing("version"))?;
    Ok((name, version))
}

#[derive(Default)]
struct RequestProperties {
    protocol: Option<String>,
    version: Option<i32>,
}

impl<'de> Properties<'de> for RequestProperties {
    fn read<A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: &mut A,
        fault: &mut Option<ProtocolError>,
    ) -> Result<(), A::Error> {
        match name {
            "protocol" => self.protocol = Some(string("protocol", value, fault)?),
            "version" => {
                let version = integer("version", 32, value, fault)?;
                self.version = version.and_then(|version| i32::try_from(version).ok());
            }
            _ => {
                value.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
