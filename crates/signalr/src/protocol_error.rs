//! Why a record is not a hub message.

use std::str::Utf8Error;

/// Says why what a peer sent breaks the hub protocol, which ends the connection.
///
/// With detailed errors the text is what the client reads, so it is ASP.NET Core's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// JSON: the record is not JSON.
    #[error("Error reading JSON.")]
    Json(#[source] serde_json::Error),
    /// JSON: the record is not UTF-8.
    #[error("Error reading JSON.")]
    Utf8(#[from] Utf8Error),
    /// JSON: the record nests deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    #[error("Error reading JSON.")]
    TooDeep,
    /// JSON: the record is a value of another kind.
    #[error("Unexpected JSON Token Type '{token}'. Expected a JSON Object.")]
    NotAnObject {
        /// The kind of value, as .NET calls it: `Array`, `Number`, `String`, `True`, `False` or `Null`.
        token: &'static str,
    },
    /// JSON: a property that the message cannot do without is absent, or empty where that means the same.
    #[error("Missing required property '{0}'.")]
    MissingProperty(&'static str),
    /// JSON: a property is of another kind.
    #[error("Expected '{property}' to be of type {expected}.")]
    PropertyType {
        /// The property's name.
        property: &'static str,
        /// The kind of value it must be: `Array`, `Number`, `Object` or `String`.
        expected: &'static str,
    },
    /// JSON: a number is not a whole one, or out of range.
    #[error("Either the JSON value is not in a supported format, or is out of bounds for an Int{bits}.")]
    NotAnInteger {
        /// How many bits the number may have.
        bits: u8,
    },
    /// JSON: a flag is neither true nor false.
    #[error("Expected '{0}' to be true or false.")]
    NotABoolean(&'static str),
    /// JSON: a header's value is not a string.
    #[error("Expected header '{0}' to be of type String.")]
    HeaderType(String),
    /// JSON: one of the stream ids is not a string.
    #[error("Null value for 'streamIds' is not valid.")]
    StreamIdType,
    /// JSON: a completion claims both to have failed and to have a result.
    #[error("The 'error' and 'result' properties are mutually exclusive.")]
    ErrorAndResult,
    /// MessagePack: the record is not an array. (ASP.NET Core shows its MessagePack library's own words here.)
    #[error("Reading array length for 'message' failed.")]
    NotAnArray,
    /// MessagePack: an element is absent or of another kind.
    #[error("Reading '{field}' as {expected} failed.")]
    FieldType {
        /// The element's name.
        field: &'static str,
        /// The kind of value it must be: `Boolean`, `Int32`, `Int64` or `String`.
        expected: &'static str,
    },
    /// MessagePack: a header's name or value is absent or not a string.
    #[error("Reading 'headers[{index}].{part}' as String failed.")]
    HeaderField {
        /// Which header, from 0.
        index: u32,
        /// `Key` or `Value`.
        part: &'static str,
    },
    /// MessagePack: the headers are absent or not a map.
    #[error("Reading map length for 'headers' failed.")]
    HeadersNotAMap,
    /// MessagePack: the stream ids are absent though announced, or not an array.
    #[error("Reading array length for 'streamIds' failed.")]
    StreamIdsNotAnArray,
    /// MessagePack: a text that must say something is nil or empty.
    #[error("Null or empty {0}.")]
    Empty(&'static str),
    /// MessagePack: a completion is neither an error nor void nor a result.
    #[error("Invalid invocation result kind.")]
    ResultKind,
    /// MessagePack: the record ends before the result of a completion does.
    #[error("Attempted to read past the end of the stream.")]
    ResultTruncated,
    /// MessagePack: the prefix of a record says that it is longer than 2^31 - 1 bytes.
    #[error("Messages over 2GB in size are not supported.")]
    LengthPrefix,
    /// A record is longer than the server takes.
    #[error(
        "The maximum message size of {max_message_bytes}B was exceeded. The message size can be configured in AddHubOptions."
    )]
    TooLarge {
        /// How many bytes the server takes, framing included.
        max_message_bytes: usize,
    },
    /// The client went away in the middle of a record.
    #[error("Connection terminated while reading a message.")]
    Terminated,
}

impl ProtocolError {
    /// Returns the name of the .NET exception that a client reads before the text when errors are detailed.
    pub fn exception_name(&self) -> &'static str {
        match self {
            Self::NotAnInteger { .. } | Self::LengthPrefix => "FormatException",
            Self::ResultTruncated => "EndOfStreamException",
            _ => "InvalidDataException",
        }
    }
}
