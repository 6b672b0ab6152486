//! Values of no particular type: what a method takes that returns or relays them as they are.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
    ser::SerializeMap,
};

/// Under this name an extension of MessagePack is written as one.
const EXTENSION: &str = "_ExtStruct";

/// Any value of JSON or MessagePack.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Anything {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f32),
    Double(f64),
    Text(String),
    Bytes(Bytes),
    Array(Vec<Anything>),
    /// In the order in which they came.
    Map(Vec<(Anything, Anything)>),
    Extension(i8, Bytes),
}

impl Serialize for Anything {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Signed(value) => serializer.serialize_i64(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Float(value) => serializer.serialize_f32(*value),
            Self::Double(value) => serializer.serialize_f64(*value),
            Self::Text(value) => serializer.serialize_str(value),
            Self::Bytes(value) => value.serialize(serializer),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
            Self::Extension(kind, bytes) => serializer.serialize_newtype_struct(EXTENSION, &(kind, bytes)),
        }
    }
}

impl<'de> Deserialize<'de> for Anything {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnythingVisitor)
    }
}

struct AnythingVisitor;

impl<'de> Visitor<'de> for AnythingVisitor {
    type Value = Anything;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Anything, E> {
        Ok(Anything::Null)
    }

    fn visit_none<E>(self) -> Result<Anything, E> {
        Ok(Anything::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Anything, D::Error> {
        Anything::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Anything, E> {
        Ok(Anything::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Anything, E> {
        Ok(Anything::Signed(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Anything, E> {
        Ok(Anything::Unsigned(value))
    }

    fn visit_f32<E>(self, value: f32) -> Result<Anything, E> {
        Ok(Anything::Float(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Anything, E> {
        Ok(Anything::Double(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Anything, E> {
        Ok(Anything::Text(value.to_owned()))
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Anything, E> {
        Ok(Anything::Bytes(Bytes(value.to_vec())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Anything, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Anything::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Anything, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Anything::Map(map))
    }

    /// An extension of MessagePack.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Anything, D::Error> {
        let (kind, bytes) = Deserialize::deserialize(deserializer)?;
        Ok(Anything::Extension(kind, bytes))
    }
}

/// Bytes, which serde would take for a list of numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Anything::deserialize(deserializer)? {
            Anything::Bytes(bytes) => Ok(bytes),
            _ => Err(D::Error::custom("bytes were expected")),
        }
    }
}

#[cfg(test)]
mod tests {
    use signalr::{Payload, Protocol};

    use super::*;

    fn through(payload: &Payload) -> Payload {
        let value: Anything = payload.decode().unwrap();
        Payload::encode(payload.protocol(), &value).unwrap()
    }

    #[test]
    fn values_come_back_as_they_were() {
        for bytes in [
            &[0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..],
            &[0xc4, 3, 1, 2, 3],
            &[0xca, 0x3f, 0xc0, 0, 0],
            &[0xd6, 0xff, 0x65, 0, 0, 0],
            &[0x82, 0x01, 0xa1, 0x61, 0xa1, 0x62, 0x93, 0xc0, 0xc3, 0xd0, 0x80],
        ] {
            let payload = Payload::MessagePack(bytes.into());
            assert_eq!(through(&payload), payload);
        }
        let json = Payload::encode(Protocol::Json, &serde_json::json!({ "b": [1, -2, 1.5, null], "a": "x" })).unwrap();
        assert_eq!(through(&json), json);
    }
}
