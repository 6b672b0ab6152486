//! A value that goes from a deserializer straight into a serializer, without a tree in between.

use std::cell::Cell;
use std::fmt;

use serde::Serialize;
use serde::de::{self, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap, SerializeSeq, Serializer};

/// What a deserializer is about to read, as something that can be serialized, once.
pub(super) struct Transcode<D>(Cell<Option<D>>);

impl<D> Transcode<D> {
    pub(super) fn new(deserializer: D) -> Self {
        Self(Cell::new(Some(deserializer)))
    }
}

impl<'de, D: Deserializer<'de>> Serialize for Transcode<D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let deserializer = self.0.take().ok_or_else(|| S::Error::custom("value was read already"))?;
        deserializer.deserialize_any(IntoSerializer(serializer)).map_err(S::Error::custom)
    }
}

/// Hands what it is shown to a serializer.
struct IntoSerializer<S>(S);

impl<S: Serializer> IntoSerializer<S> {
    fn write<E: de::Error>(self, write: impl FnOnce(S) -> Result<S::Ok, S::Error>) -> Result<S::Ok, E> {
        write(self.0).map_err(E::custom)
    }
}

impl<'de, S: Serializer> Visitor<'de> for IntoSerializer<S> {
    type Value = S::Ok;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value that both protocols have")
    }

    fn visit_unit<E: de::Error>(self) -> Result<S::Ok, E> {
        self.write(Serializer::serialize_unit)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<S::Ok, E> {
        self.write(|serializer| serializer.serialize_bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<S::Ok, E> {
        self.write(|serializer| serializer.serialize_i64(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<S::Ok, E> {
        self.write(|serializer| serializer.serialize_u64(value))
    }

    fn visit_f32<E: de::Error>(self, value: f32) -> Result<S::Ok, E> {
        self.write(|serializer| serializer.serialize_f32(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<S::Ok, E> {
        self.write(|serializer| serializer.serialize_f64(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<S::Ok, E> {
        self.write(|serializer| serializer.serialize_str(value))
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<S::Ok, E> {
        self.write(|serializer| serializer.serialize_bytes(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<S::Ok, A::Error> {
        let mut seq = self.0.serialize_seq(elements.size_hint()).map_err(A::Error::custom)?;
        while elements.next_element_seed(Element(&mut seq))?.is_some() {}
        seq.end().map_err(A::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<S::Ok, A::Error> {
        let mut map = self.0.serialize_map(entries.size_hint()).map_err(A::Error::custom)?;
        while entries.next_key_seed(Key(&mut map))?.is_some() {
            entries.next_value_seed(MapValue(&mut map))?;
        }
        map.end().map_err(A::Error::custom)
    }
}

struct Element<'a, S>(&'a mut S);

impl<'de, S: SerializeSeq> DeserializeSeed<'de> for Element<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.serialize_element(&Transcode::new(deserializer)).map_err(D::Error::custom)
    }
}

struct Key<'a, S>(&'a mut S);

impl<'de, S: SerializeMap> DeserializeSeed<'de> for Key<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.serialize_key(&Transcode::new(deserializer)).map_err(D::Error::custom)
    }
}

struct MapValue<'a, S>(&'a mut S);

impl<'de, S: SerializeMap> DeserializeSeed<'de> for MapValue<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.0.serialize_value(&Transcode::new(deserializer)).map_err(D::Error::custom)
    }
}
