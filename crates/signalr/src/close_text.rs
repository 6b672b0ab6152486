//! What a Close says when a connection ends for a fault: ASP.NET Core's words.
//!
//! A fault is sent with `allow_reconnect`, except that of a connect handler, which would fail again at once. A
//! connection that ends without a fault (aborted by the server, or closed by the client) is closed without any text.

use crate::resume::ResumeError;
use crate::{Failure, ProtocolError};

/// What every Close for a fault says to a client that may not know more.
pub const CLOSED_WITH_ERROR: &str = "Connection closed with an error.";

/// Says that the server failed: its connect handler, or the serializer of something it sends.
pub fn failed(failure: Failure<'_>, detailed_errors: bool) -> String {
    failure.explain(CLOSED_WITH_ERROR, detailed_errors)
}

/// Says that what the client sent breaks the protocol, is too long, or ends in the middle of a record.
pub fn broken_protocol(error: &ProtocolError, detailed_errors: bool) -> String {
    failed(Failure::Internal { name: error.exception_name(), message: &error.to_string() }, detailed_errors)
}

/// Says that the client, having pinged once, was silent for too long.
pub fn client_timeout(detailed_errors: bool) -> String {
    let message = "Client hasn't sent a message/ping within the configured ClientTimeoutInterval.";
    failed(Failure::Internal { name: "OperationCanceledException", message }, detailed_errors)
}

/// Says that the client, after a stateful reconnect, claims to go on beyond what the server has received.
pub fn sequence_id_too_high(detailed_errors: bool) -> String {
    let error = ResumeError::Gap;
    failed(Failure::Internal { name: error.exception_name(), message: &error.to_string() }, detailed_errors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_detailed_errors_every_fault_reads_the_same() {
        for text in [
            failed(Failure::Internal { name: "JsonException", message: "cycle" }, false),
            broken_protocol(&ProtocolError::Terminated, false),
            client_timeout(false),
            sequence_id_too_high(false),
        ] {
            assert_eq!(text, "Connection closed with an error.");
        }
    }

    #[test]
    fn with_detailed_errors_the_exception_follows() {
        assert_eq!(
            broken_protocol(&ProtocolError::TooLarge { max_message_bytes: 100 }, true),
            "Connection closed with an error. InvalidDataException: The maximum message size of 100B was exceeded. The message size can be configured in AddHubOptions."
        );
        assert_eq!(
            client_timeout(true),
            "Connection closed with an error. OperationCanceledException: Client hasn't sent a message/ping within the configured ClientTimeoutInterval."
        );
        assert_eq!(
            sequence_id_too_high(true),
            "Connection closed with an error. InvalidOperationException: Sequence ID greater than amount of messages we've received."
        );
    }
}
