//! What every event's `data` may carry beside its own fields: when it happened, and what it belongs to.

use crate::cloud_event::check_correlation_id;
use crate::fields;
use crate::json_tree::Text;
use crate::rejection::Rejection;
use crate::time::rfc3339;
use serde::de::value::{CowStrDeserializer, MapAccessDeserializer};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// The fields that every event may have in its `data`.
#[derive(Debug, Default)]
pub(crate) struct CommonData {
    pub(crate) time_millis: Option<i64>,
    pub(crate) correlation_id: Option<String>,
}

/// Reads `data`: the event's own fields into `T`, and `timestamp` and `correlationId` apart.
///
/// # Errors
///
/// The field that is wrong, its path beginning with `data`.
pub(crate) fn parse<'de, T: Deserialize<'de>>(data: &'de str) -> Result<(T, CommonData), Rejection> {
    let Data { own, common } = fields::parse(data).map_err(|rejection| rejection.inside("data"))?;
    Ok((own, common))
}

struct Data<T> {
    own: T,
    common: CommonData,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Data<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DataVisitor(PhantomData))
    }
}

struct DataVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for DataVisitor<T> {
    type Value = Data<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Data<T>, A::Error> {
        let mut common = CommonData::default();
        let own_fields = OwnFields { map, common: &mut common };
        let own = T::deserialize(MapAccessDeserializer::new(own_fields))?;
        Ok(Data { own, common })
    }
}

/// The fields of an object but the common ones, which it keeps for itself.
struct OwnFields<'c, A> {
    map: A,
    common: &'c mut CommonData,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for OwnFields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        while let Some(Text(name)) = self.map.next_key()? {
            match name.as_ref() {
                "timestamp" if self.common.time_millis.is_some() => {
                    return Err(de::Error::duplicate_field("timestamp"));
                }
                "timestamp" => self.common.time_millis = self.map.next_value::<Timestamp>()?.0,
                "correlationId" if self.common.correlation_id.is_some() => {
                    return Err(de::Error::duplicate_field("correlationId"));
                }
                "correlationId" => self.common.correlation_id = self.map.next_value::<CorrelationId>()?.0,
                _ => return seed.deserialize(CowStrDeserializer::new(name)).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}

#[derive(serde::Deserialize)]
struct Timestamp(#[serde(with = "rfc3339::option")] Option<i64>);

struct CorrelationId(Option<String>);

impl<'de> Deserialize<'de> for CorrelationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.as_deref().map_or(Ok(()), check_correlation_id).map_err(de::Error::custom)?;
        Ok(Self(text))
    }
}
