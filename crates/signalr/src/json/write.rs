//! Writing of JSON records. Properties that are optional are left out, never null.

use serde::Serialize;

use super::text::{WireFormatter, write_string};
use crate::record::SEPARATOR;
use crate::{
    Arguments, Completion, EncodeError, Headers, HubMessage, Invocation, Outcome, Payload, Protocol, StreamItem,
};

/// Appends `message`, or nothing when it fails.
pub(crate) fn encode(message: &HubMessage, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    whole(out, |out| {
        match message {
            HubMessage::Invocation(invocation) => write_invocation(b'1', invocation, out)?,
            HubMessage::StreamInvocation(invocation) => {
                if invocation.invocation_id.as_deref().unwrap_or_default().is_empty() {
                    return Err(EncodeError::NoInvocationId);
                }
                write_invocation(b'4', invocation, out)?;
            }
            HubMessage::StreamItem(StreamItem { headers, invocation_id, item }) => {
                begin(b'2', headers, Some(invocation_id), out);
                out.extend_from_slice(b",\"item\":");
                write_payload(item.as_ref().map_err(|_| EncodeError::Unbound)?, out)?;
            }
            HubMessage::Completion(completion) => write_completion(completion, out)?,
            HubMessage::CancelInvocation { headers, invocation_id } => {
                begin(b'5', headers, Some(invocation_id), out);
            }
            HubMessage::Ping => begin(b'6', &Headers::new(), None, out),
            HubMessage::Close { error, allow_reconnect } => write_close(error.as_deref(), *allow_reconnect, out),
            HubMessage::Ack { sequence_id } => write_sequence_id(b'8', *sequence_id, out),
            HubMessage::Sequence { sequence_id } => write_sequence_id(b'9', *sequence_id, out),
        }
        Ok(())
    })
}

/// Appends a call.
pub(crate) fn encode_invocation<A: Arguments + ?Sized>(
    invocation_id: Option<&str>,
    target: &str,
    arguments: &A,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    whole(out, |out| {
        begin(b'1', &Headers::new(), invocation_id, out);
        write_target(target, out);
        arguments.serialize_arguments(&mut serializer(out))?;
        Ok(())
    })
}

/// Appends a stream item.
pub(crate) fn encode_stream_item<T: Serialize + ?Sized>(
    invocation_id: &str,
    item: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    whole(out, |out| {
        begin(b'2', &Headers::new(), Some(invocation_id), out);
        out.extend_from_slice(b",\"item\":");
        value(item, out)
    })
}

/// Appends a completion with a result.
pub(crate) fn encode_completion_result<T: Serialize + ?Sized>(
    invocation_id: &str,
    result: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    whole(out, |out| {
        begin(b'3', &Headers::new(), Some(invocation_id), out);
        out.extend_from_slice(b",\"result\":");
        value(result, out)
    })
}

/// Appends a completion with neither result nor error.
pub(crate) fn encode_completion_void(invocation_id: &str, out: &mut Vec<u8>) {
    begin(b'3', &Headers::new(), Some(invocation_id), out);
    end(out);
}

/// Appends a completion with an error.
pub(crate) fn encode_completion_error(invocation_id: &str, error: &str, out: &mut Vec<u8>) {
    begin(b'3', &Headers::new(), Some(invocation_id), out);
    write_error(error, out);
    end(out);
}

/// Appends a close.
pub(crate) fn encode_close(error: Option<&str>, allow_reconnect: bool, out: &mut Vec<u8>) {
    write_close(error, allow_reconnect, out);
    end(out);
}

/// Appends one value.
pub(crate) fn value<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    value.serialize(&mut serializer(out))?;
    Ok(())
}

fn serializer(out: &mut Vec<u8>) -> serde_json::Serializer<&mut Vec<u8>, WireFormatter> {
    serde_json::Serializer::with_formatter(out, WireFormatter)
}

/// Runs `write` and ends the record, or takes back what was written.
fn whole(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>) -> Result<(), EncodeError> {
    let start = out.len();
    match write(out) {
        Ok(()) => {
            end(out);
            Ok(())
        }
        Err(error) => {
            out.truncate(start);
            Err(error)
        }
    }
}

/// Appends the start of every message: type, headers and invocation id.
fn begin(kind: u8, headers: &Headers, invocation_id: Option<&str>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":");
    out.push(kind);
    if !headers.is_empty() {
        out.extend_from_slice(b",\"headers\":");
        for (index, (name, value)) in headers.iter().enumerate() {
            out.push(if index == 0 { b'{' } else { b',' });
            write_string(name, out);
            out.push(b':');
            write_string(value, out);
        }
        out.push(b'}');
    }
    if let Some(invocation_id) = invocation_id {
        out.extend_from_slice(b",\"invocationId\":");
        write_string(invocation_id, out);
    }
}

fn end(out: &mut Vec<u8>) {
    out.extend_from_slice(&[b'}', SEPARATOR]);
}

fn write_target(target: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"target\":");
    write_string(target, out);
    out.extend_from_slice(b",\"arguments\":");
}

fn write_error(error: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"error\":");
    write_string(error, out);
}

fn write_close(error: Option<&str>, allow_reconnect: bool, out: &mut Vec<u8>) {
    begin(b'7', &Headers::new(), None, out);
    if let Some(error) = error {
        write_error(error, out);
    }
    if allow_reconnect {
        out.extend_from_slice(b",\"allowReconnect\":true");
    }
}

fn write_sequence_id(kind: u8, sequence_id: i64, out: &mut Vec<u8>) {
    begin(kind, &Headers::new(), None, out);
    out.extend_from_slice(b",\"sequenceId\":");
    out.extend_from_slice(sequence_id.to_string().as_bytes());
}

fn write_invocation(kind: u8, invocation: &Invocation, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let arguments = invocation.arguments.as_ref().map_err(|_| EncodeError::Unbound)?;
    // An empty id would mean the same as none, but some clients fail on it.
    let invocation_id = invocation.invocation_id.as_deref().filter(|id| !id.is_empty());
    begin(kind, &invocation.headers, invocation_id, out);
    write_target(&invocation.target, out);
    out.push(b'[');
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_payload(argument, out)?;
    }
    out.push(b']');
    if !invocation.stream_ids.is_empty() {
        out.extend_from_slice(b",\"streamIds\":");
        for (index, stream_id) in invocation.stream_ids.iter().enumerate() {
            out.push(if index == 0 { b'[' } else { b',' });
            write_string(stream_id, out);
        }
        out.push(b']');
    }
    Ok(())
}

fn write_completion(completion: &Completion, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    begin(b'3', &completion.headers, Some(&completion.invocation_id), out);
    match &completion.outcome {
        Outcome::Error(error) => write_error(error, out),
        Outcome::Void => {}
        Outcome::Result(result) => {
            out.extend_from_slice(b",\"result\":");
            write_payload(result, out)?;
        }
    }
    Ok(())
}

fn write_payload(payload: &Payload, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match payload {
        Payload::Json(raw) => {
            out.extend_from_slice(raw.get().as_bytes());
            Ok(())
        }
        Payload::MessagePack(_) => Err(EncodeError::PayloadProtocol(Protocol::Json)),
    }
}
