//! Reading of MessagePack records: elements beyond those of the message's kind are ignored.

use super::reader::{Malformed, Reader};
use super::{RESULT_KIND_ERROR, RESULT_KIND_VALUE, RESULT_KIND_VOID};
use crate::{BindingError, Completion, Headers, HubMessage, Invocation, Outcome, Payload, ProtocolError, StreamItem};

/// How many arrays an argument is in: the record and the list of arguments.
const ARGUMENT_DEPTH: usize = 2;
/// How many arrays a stream item or a result is in: the record.
const VALUE_DEPTH: usize = 1;
/// The elements of a call without stream ids, which clients leave out when there are none.
const ELEMENTS_WITHOUT_STREAM_IDS: u32 = 5;
/// The elements of a close without its second property.
const ELEMENTS_WITHOUT_ALLOW_RECONNECT: u32 = 2;

/// Reads one record without its length. `None` is a message of an unknown kind.
pub(crate) fn decode(record: &[u8]) -> Result<Option<HubMessage>, ProtocolError> {
    let mut reader = Reader::new(record);
    let elements = reader.array().map_err(|Malformed| ProtocolError::NotAnArray)?;
    let kind = reader.int32().map_err(failed("messageType", "Int32"))?;
    Ok(Some(match kind {
        1 => HubMessage::Invocation(read_invocation(&mut reader, elements)?),
        2 => HubMessage::StreamItem(read_stream_item(&mut reader)?),
        3 => HubMessage::Completion(read_completion(&mut reader)?),
        4 => HubMessage::StreamInvocation(read_stream_invocation(&mut reader, elements)?),
        5 => HubMessage::CancelInvocation {
            headers: read_headers(&mut reader)?,
            invocation_id: read_id(&mut reader, "invocation ID for CancelInvocation message")?,
        },
        6 => HubMessage::Ping,
        7 => HubMessage::Close {
            error: reader.string().map_err(failed("error", "String"))?.map(str::to_owned),
            allow_reconnect: elements > ELEMENTS_WITHOUT_ALLOW_RECONNECT
                && reader.boolean().map_err(failed("allowReconnect", "Boolean"))?,
        },
        8 => HubMessage::Ack { sequence_id: read_sequence_id(&mut reader)? },
        9 => HubMessage::Sequence { sequence_id: read_sequence_id(&mut reader)? },
        _ => return Ok(None),
    }))
}

fn read_invocation(reader: &mut Reader<'_>, elements: u32) -> Result<Invocation, ProtocolError> {
    let headers = read_headers(reader)?;
    let invocation_id = reader.string().map_err(failed("invocationId", "String"))?;
    let invocation_id = invocation_id.filter(|id| !id.is_empty()).map(str::to_owned);
    read_call(reader, elements, headers, invocation_id, "target for Invocation message")
}

fn read_stream_invocation(reader: &mut Reader<'_>, elements: u32) -> Result<Invocation, ProtocolError> {
    let headers = read_headers(reader)?;
    let invocation_id = read_id(reader, "invocation ID for StreamInvocation message")?;
    read_call(reader, elements, headers, Some(invocation_id), "target for StreamInvocation message")
}

/// Reads what both kinds of call have after their id.
fn read_call(
    reader: &mut Reader<'_>,
    elements: u32,
    headers: Headers,
    invocation_id: Option<String>,
    target_name: &'static str,
) -> Result<Invocation, ProtocolError> {
    let target = filled(reader.string().map_err(failed("target", "String"))?, target_name)?.to_owned();
    let arguments = read_arguments(reader);
    // After arguments that did not bind there is no telling where the stream ids are.
    let stream_ids = match arguments {
        Ok(_) if elements > ELEMENTS_WITHOUT_STREAM_IDS => read_stream_ids(reader)?,
        _ => Vec::new(),
    };
    Ok(Invocation { headers, invocation_id, target, arguments, stream_ids })
}

fn read_arguments(reader: &mut Reader<'_>) -> Result<Vec<Payload>, BindingError> {
    let count = reader.array().map_err(|Malformed| BindingError::NotAnArray)?;
    (0..count)
        .map(|index| match reader.value(ARGUMENT_DEPTH) {
            Ok(argument) => Ok(Payload::MessagePack(argument.into())),
            Err(Malformed) => {
                Err(BindingError::Type { detail: format!("argument {index} is no value, or too deep a one") })
            }
        })
        .collect()
}

fn read_stream_ids(reader: &mut Reader<'_>) -> Result<Vec<String>, ProtocolError> {
    let count = reader.array().map_err(|Malformed| ProtocolError::StreamIdsNotAnArray)?;
    (0..count)
        .map(|_| {
            let stream_id = reader.string().map_err(failed("streamIds", "String"))?;
            filled(stream_id, "value in streamIds received").map(str::to_owned)
        })
        .collect()
}

fn read_stream_item(reader: &mut Reader<'_>) -> Result<StreamItem, ProtocolError> {
    let headers = read_headers(reader)?;
    let invocation_id = read_id(reader, "invocation ID for StreamItem message")?;
    let item = match reader.value(VALUE_DEPTH) {
        Ok(item) => Ok(Payload::MessagePack(item.into())),
        Err(Malformed) => Err(BindingError::NoItem),
    };
    Ok(StreamItem { headers, invocation_id, item })
}

fn read_completion(reader: &mut Reader<'_>) -> Result<Completion, ProtocolError> {
    let headers = read_headers(reader)?;
    let invocation_id = read_id(reader, "invocation ID for Completion message")?;
    let outcome = match i64::from(reader.int32().map_err(failed("resultKind", "Int32"))?) {
        RESULT_KIND_ERROR => match reader.string().map_err(failed("error", "String"))? {
            Some(error) => Outcome::Error(error.to_owned()),
            // ASP.NET Core takes an error that is nil for none.
            None => Outcome::Void,
        },
        RESULT_KIND_VOID => Outcome::Void,
        RESULT_KIND_VALUE => {
            let result = reader.value(VALUE_DEPTH).map_err(|Malformed| ProtocolError::ResultTruncated)?;
            Outcome::Result(Payload::MessagePack(result.into()))
        }
        _ => return Err(ProtocolError::ResultKind),
    };
    Ok(Completion { headers, invocation_id, outcome })
}

fn read_headers(reader: &mut Reader<'_>) -> Result<Headers, ProtocolError> {
    let count = reader.map().map_err(|Malformed| ProtocolError::HeadersNotAMap)?;
    (0..count)
        .map(|index| {
            let field = |part| move |Malformed| ProtocolError::HeaderField { index, part };
            let name = filled(reader.string().map_err(field("Key"))?, "key in header")?;
            let value = filled(reader.string().map_err(field("Value"))?, "value in header")?;
            Ok((name, value))
        })
        .collect()
}

fn read_id(reader: &mut Reader<'_>, name: &'static str) -> Result<String, ProtocolError> {
    filled(reader.string().map_err(failed("invocationId", "String"))?, name).map(str::to_owned)
}

fn read_sequence_id(reader: &mut Reader<'_>) -> Result<i64, ProtocolError> {
    reader.int64().map_err(failed("sequenceId", "Int64"))
}

/// Returns the text, or an error that calls it `name` when there is none.
fn filled<'a>(text: Option<&'a str>, name: &'static str) -> Result<&'a str, ProtocolError> {
    text.filter(|text| !text.is_empty()).ok_or(ProtocolError::Empty(name))
}

fn failed(field: &'static str, expected: &'static str) -> impl FnOnce(Malformed) -> ProtocolError {
    move |Malformed| ProtocolError::FieldType { field, expected }
}

#[cfg(test)]
mod tests;
