//! MessagePack values as JSON. What JSON has no word for is an object with one marked name: `$float32`, `$float64`,
//! `$bin` (hexadecimal digits), `$timestamp` (seconds, or an ISO date in UTC), `$ext` (`[type, hexadecimal digits]`).

use std::fmt::Write;

use rmp::decode::{self, RmpRead};
use rmp::{Marker, encode};
use serde_json::{Map, Value, json};

use super::case::from_hex;
use super::{Problem, without, wrong};

const TIMESTAMP: i8 = -1;

/// The one marked name of `value` and what it holds.
fn mark(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().map(|(name, inner)| (name.as_str(), inner)).filter(|(name, _)| name.starts_with('$'))
}

/// Whether there is no mark in `value`.
pub(super) fn is_plain(value: &Value) -> bool {
    mark(value).is_none()
        && match value {
            Value::Array(elements) => elements.iter().all(is_plain),
            Value::Object(object) => object.values().all(is_plain),
            _ => true,
        }
}

/// Returns `value` as [`read`] would give it: with one form for each mark.
pub(super) fn normal(value: &Value) -> Value {
    match (mark(value), value) {
        (Some(("$float32", inner)), _) => json!({ "$float32": single(inner) }),
        (Some(("$float64", inner)), _) => json!(inner.as_f64()),
        (Some(("$bin", inner)), _) => json!({ "$bin": inner.as_str().unwrap_or_default().to_lowercase() }),
        (Some(("$timestamp", inner)), _) => json!({ "$timestamp": seconds(inner) }),
        (_, Value::Array(elements)) => elements.iter().map(normal).collect(),
        (_, Value::Object(object)) => object.iter().map(|(name, inner)| (name.clone(), normal(inner))).collect(),
        (_, other) => other.clone(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the mark says that the number has single precision")]
fn single(value: &Value) -> f32 {
    value.as_f64().unwrap_or_default() as f32
}

/// Returns the whole seconds since 1970 that a number or a date such as `2017-04-25T01:02:03Z` stands for.
fn seconds(value: &Value) -> Option<i64> {
    let Some(date) = value.as_str() else { return value.as_i64() };
    let parts: Option<Vec<i64>> =
        date.trim_end_matches('Z').split(['-', 'T', ':']).map(|part| part.parse().ok()).collect();
    let [year, month, day, hour, minute, second] = *parts?.as_slice() else { return None };
    // Counted in years that begin in March, the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month + 2) / 5 + day;
    Some((days - 719_469) * 86_400 + hour * 3_600 + minute * 60 + second)
}

/// Writes a value as MessagePack.
pub(super) fn write(value: &Value) -> Result<Vec<u8>, Problem> {
    let mut out = Vec::new();
    put(value, &mut out)?;
    Ok(out)
}

fn put(value: &Value, out: &mut Vec<u8>) -> Result<(), Problem> {
    if let Some((name, inner)) = mark(value) {
        return put_marked(name, inner, out);
    }
    match value {
        Value::Array(elements) => {
            encode::write_array_len(out, length(elements.len())?).map_err(wrong)?;
            elements.iter().try_for_each(|element| put(element, out))
        }
        Value::Object(object) => {
            encode::write_map_len(out, length(object.len())?).map_err(wrong)?;
            object.iter().try_for_each(|(name, inner)| {
                encode::write_str(out, name).map_err(wrong)?;
                put(inner, out)
            })
        }
        scalar => {
            out.extend(rmp_serde::to_vec(scalar).map_err(wrong)?);
            Ok(())
        }
    }
}

fn put_marked(name: &str, inner: &Value, out: &mut Vec<u8>) -> Result<(), Problem> {
    match name {
        "$float32" => encode::write_f32(out, single(inner)).map_err(wrong),
        "$float64" => encode::write_f64(out, inner.as_f64().unwrap_or_default()).map_err(wrong),
        "$bin" => {
            let bytes = from_hex(inner.as_str().ok_or_else(|| without("digits"))?)?;
            encode::write_bin(out, &bytes).map_err(wrong)
        }
        "$timestamp" => {
            let seconds = seconds(inner).and_then(|seconds| u32::try_from(seconds).ok());
            let seconds = seconds.ok_or_else(|| Problem::NotUnderstood(format!("the timestamp {inner}")))?;
            encode::write_ext_meta(out, 4, TIMESTAMP).map_err(wrong)?;
            out.extend(seconds.to_be_bytes());
            Ok(())
        }
        "$ext" => {
            let kind = inner.get(0).and_then(Value::as_i64).and_then(|kind| i8::try_from(kind).ok());
            let data = from_hex(inner.get(1).and_then(Value::as_str).ok_or_else(|| without("digits"))?)?;
            encode::write_ext_meta(out, length(data.len())?, kind.ok_or_else(|| without("type"))?).map_err(wrong)?;
            out.extend(data);
            Ok(())
        }
        other => Err(Problem::NotUnderstood(format!("the mark {other}"))),
    }
}

fn length(length: usize) -> Result<u32, Problem> {
    u32::try_from(length).map_err(wrong)
}

/// Reads a value from MessagePack.
pub(super) fn read(mut bytes: &[u8]) -> Result<Value, Problem> {
    take(&mut bytes)
}

fn take(bytes: &mut &[u8]) -> Result<Value, Problem> {
    let Some(first) = bytes.first() else { return Err(wrong("the value has not ended")) };
    Ok(match Marker::from_u8(*first) {
        Marker::Null => {
            decode::read_nil(bytes).map_err(wrong)?;
            Value::Null
        }
        Marker::True | Marker::False => json!(decode::read_bool(bytes).map_err(wrong)?),
        Marker::F32 => json!({ "$float32": decode::read_f32(bytes).map_err(wrong)? }),
        Marker::F64 => json!(decode::read_f64(bytes).map_err(wrong)?),
        Marker::U64 => json!(decode::read_u64(bytes).map_err(wrong)?),
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
            let length = decode::read_str_len(bytes).map_err(wrong)?;
            json!(String::from_utf8_lossy(&data(bytes, length)?))
        }
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => {
            let length = decode::read_bin_len(bytes).map_err(wrong)?;
            json!({ "$bin": to_hex(&data(bytes, length)?) })
        }
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
            let length = decode::read_array_len(bytes).map_err(wrong)?;
            (0..length).map(|_| take(bytes)).collect::<Result<_, _>>()?
        }
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => {
            let mut object = Map::new();
            for _ in 0..decode::read_map_len(bytes).map_err(wrong)? {
                let name = take(bytes)?;
                object.insert(name.as_str().map_or_else(|| name.to_string(), str::to_owned), take(bytes)?);
            }
            Value::Object(object)
        }
        Marker::FixExt1
        | Marker::FixExt2
        | Marker::FixExt4
        | Marker::FixExt8
        | Marker::FixExt16
        | Marker::Ext8
        | Marker::Ext16
        | Marker::Ext32 => extension(bytes)?,
        _ => json!(decode::read_int::<i64, _>(bytes).map_err(wrong)?),
    })
}

fn extension(bytes: &mut &[u8]) -> Result<Value, Problem> {
    let meta = decode::read_ext_meta(bytes).map_err(wrong)?;
    let data = data(bytes, meta.size)?;
    Ok(match (meta.typeid, <[u8; 4]>::try_from(data.as_slice())) {
        (TIMESTAMP, Ok(seconds)) => json!({ "$timestamp": u32::from_be_bytes(seconds) }),
        (kind, _) => json!({ "$ext": [kind, to_hex(&data)] }),
    })
}

fn data(bytes: &mut &[u8], length: u32) -> Result<Vec<u8>, Problem> {
    let mut data = vec![0; usize::try_from(length).map_err(wrong)?];
    bytes.read_exact_buf(&mut data).map_err(wrong)?;
    Ok(data)
}

fn to_hex(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
