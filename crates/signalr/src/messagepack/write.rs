//! Writing of MessagePack records: always six elements for a call and three for a close, as some clients need them.

use rmp_serde::config::{DefaultConfig, HumanReadableConfig, StructMapConfig};
use serde::Serialize;

use super::head::{write_array, write_bool, write_int, write_map, write_str, write_str_or_nil};
use super::{RESULT_KIND_ERROR, RESULT_KIND_VALUE, RESULT_KIND_VOID};
use crate::record::{self, MAX_RECORD_BYTES};
use crate::{
    Arguments, Completion, EncodeError, Headers, HubMessage, Invocation, Outcome, Payload, Protocol, StreamItem,
};

/// Appends `message`, or nothing when it fails.
pub(crate) fn encode(message: &HubMessage, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    framed(out, |out| {
        match message {
            HubMessage::Invocation(invocation) => write_invocation(1, invocation, out)?,
            HubMessage::StreamInvocation(invocation) => {
                if invocation.invocation_id.as_deref().unwrap_or_default().is_empty() {
                    return Err(EncodeError::NoInvocationId);
                }
                write_invocation(4, invocation, out)?;
            }
            HubMessage::StreamItem(StreamItem { headers, invocation_id, item }) => {
                begin(4, 2, headers, out);
                write_str(invocation_id, out);
                write_payload(item.as_ref().map_err(|_| EncodeError::Unbound)?, out)?;
            }
            HubMessage::Completion(Completion { headers, invocation_id, outcome }) => match outcome {
                Outcome::Error(error) => write_failure(headers, invocation_id, error, out),
                Outcome::Void => write_void(headers, invocation_id, out),
                Outcome::Result(result) => {
                    begin_result(headers, invocation_id, out);
                    write_payload(result, out)?;
                }
            },
            HubMessage::CancelInvocation { headers, invocation_id } => {
                begin(3, 5, headers, out);
                write_str(invocation_id, out);
            }
            HubMessage::Ping => {
                write_array(1, out);
                write_int(6, out);
            }
            HubMessage::Close { error, allow_reconnect } => write_close(error.as_deref(), *allow_reconnect, out),
            HubMessage::Ack { sequence_id } => write_sequence_id(8, *sequence_id, out),
            HubMessage::Sequence { sequence_id } => write_sequence_id(9, *sequence_id, out),
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
    framed(out, |out| {
        begin_invocation(1, &Headers::new(), invocation_id, target, out);
        arguments.serialize_arguments(&mut serializer(out))?;
        write_array(0, out);
        Ok(())
    })
}

/// Appends a stream item.
pub(crate) fn encode_stream_item<T: Serialize + ?Sized>(
    invocation_id: &str,
    item: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    framed(out, |out| {
        begin(4, 2, &Headers::new(), out);
        write_str(invocation_id, out);
        value(item, out)
    })
}

/// Appends a completion with a result.
pub(crate) fn encode_completion_result<T: Serialize + ?Sized>(
    invocation_id: &str,
    result: &T,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    framed(out, |out| {
        begin_result(&Headers::new(), invocation_id, out);
        value(result, out)
    })
}

/// Appends a completion without a value.
pub(crate) fn encode_completion_void(invocation_id: &str, out: &mut Vec<u8>) {
    record::append_with_length(out, |out| write_void(&Headers::new(), invocation_id, out));
}

/// Appends a completion with an error.
pub(crate) fn encode_completion_error(invocation_id: &str, error: &str, out: &mut Vec<u8>) {
    record::append_with_length(out, |out| {
        write_failure(&Headers::new(), invocation_id, error, out);
    });
}

/// Appends a close.
pub(crate) fn encode_close(error: Option<&str>, allow_reconnect: bool, out: &mut Vec<u8>) {
    record::append_with_length(out, |out| write_close(error, allow_reconnect, out));
}

/// Appends one value; structs become maps, as objects are in every client's MessagePack, and what has a form for people
/// to read takes that, as .NET's GUIDs do.
pub(crate) fn value<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    value.serialize(&mut serializer(out))?;
    Ok(())
}

type ValueSerializer<'a> = rmp_serde::Serializer<&'a mut Vec<u8>, HumanReadableConfig<StructMapConfig<DefaultConfig>>>;

fn serializer(out: &mut Vec<u8>) -> ValueSerializer<'_> {
    rmp_serde::Serializer::new(out).with_struct_map().with_human_readable()
}

/// Runs `write` and puts the length before what it wrote, or takes that back.
fn framed(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>) -> Result<(), EncodeError> {
    let start = out.len();
    let mut written = Ok(());
    let body_bytes = record::append_with_length(out, |out| written = write(out));
    if written.is_ok() && body_bytes > MAX_RECORD_BYTES {
        written = Err(EncodeError::TooLong(body_bytes));
    }
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// Appends the start of a message that can have headers: the number of elements, the type and the headers.
fn begin(elements: usize, kind: i64, headers: &Headers, out: &mut Vec<u8>) {
    write_array(elements, out);
    write_int(kind, out);
    write_map(headers.len(), out);
    for (name, value) in headers.iter() {
        write_str(name, out);
        write_str(value, out);
    }
}

fn begin_invocation(kind: i64, headers: &Headers, invocation_id: Option<&str>, target: &str, out: &mut Vec<u8>) {
    begin(6, kind, headers, out);
    write_str_or_nil(invocation_id, out);
    write_str(target, out);
}

fn write_invocation(kind: i64, invocation: &Invocation, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let arguments = invocation.arguments.as_ref().map_err(|_| EncodeError::Unbound)?;
    begin_invocation(kind, &invocation.headers, invocation.invocation_id.as_deref(), &invocation.target, out);
    write_array(arguments.len(), out);
    for argument in arguments {
        write_payload(argument, out)?;
    }
    write_array(invocation.stream_ids.len(), out);
    for stream_id in &invocation.stream_ids {
        write_str(stream_id, out);
    }
    Ok(())
}

fn begin_result(headers: &Headers, invocation_id: &str, out: &mut Vec<u8>) {
    begin(5, 3, headers, out);
    write_str(invocation_id, out);
    write_int(RESULT_KIND_VALUE, out);
}

fn write_void(headers: &Headers, invocation_id: &str, out: &mut Vec<u8>) {
    begin(4, 3, headers, out);
    write_str(invocation_id, out);
    write_int(RESULT_KIND_VOID, out);
}

fn write_failure(headers: &Headers, invocation_id: &str, error: &str, out: &mut Vec<u8>) {
    begin(5, 3, headers, out);
    write_str(invocation_id, out);
    write_int(RESULT_KIND_ERROR, out);
    write_str(error, out);
}

fn write_close(error: Option<&str>, allow_reconnect: bool, out: &mut Vec<u8>) {
    write_array(3, out);
    write_int(7, out);
    write_str_or_nil(error, out);
    write_bool(allow_reconnect, out);
}

fn write_sequence_id(kind: i64, sequence_id: i64, out: &mut Vec<u8>) {
    write_array(2, out);
    write_int(kind, out);
    write_int(sequence_id, out);
}

fn write_payload(payload: &Payload, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match payload {
        Payload::MessagePack(bytes) => {
            out.extend_from_slice(bytes);
            Ok(())
        }
        Payload::Json(_) => Err(EncodeError::PayloadProtocol(Protocol::MessagePack)),
    }
}
