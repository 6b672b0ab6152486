//! Reading of a JSON object property by property, in one pass, with ASP.NET Core's words for what is wrong.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::depth::is_too_deep;
use crate::ProtocolError;

/// What reads the properties of an object.
pub(crate) trait Properties<'de> {
    /// Reads the value of the property `name` from `value`, or skips it.
    ///
    /// An implementation notes in `fault` what to say if the value is of another kind before it reads it, or what is
    /// wrong with it before it returns an error of its own.
    fn read<A: MapAccess<'de>>(
        &mut self,
        name: &str,
        value: &mut A,
        fault: &mut Option<ProtocolError>,
    ) -> Result<(), A::Error>;
}

/// Reads the object that `text` begins with. What follows the object is ignored, as ASP.NET Core ignores it.
///
/// # Errors
///
/// Returns the first thing that is wrong: the text is no JSON or too deep, it is no object, or `properties` found a
/// fault.
pub(crate) fn read_object<'de>(text: &'de str, properties: &mut impl Properties<'de>) -> Result<(), ProtocolError> {
    if is_too_deep(text) {
        return Err(ProtocolError::TooDeep);
    }
    let mut fault = None;
    let object = Object { properties, fault: &mut fault };
    object.deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(|error| match fault {
        Some(fault) if error.is_data() => fault,
        _ => ProtocolError::Json(error),
    })
}

struct Object<'a, P> {
    properties: &'a mut P,
    fault: &'a mut Option<ProtocolError>,
}

impl<P> Object<'_, P> {
    fn not_an_object<E: Error>(self, token: &'static str) -> Result<(), E> {
        *self.fault = Some(ProtocolError::NotAnObject { token });
        Err(E::custom("not an object"))
    }
}

impl<'de, P: Properties<'de>> DeserializeSeed<'de> for Object<'_, P> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, P: Properties<'de>> Visitor<'de> for Object<'_, P> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            *self.fault = None;
            self.properties.read(&name, &mut map, self.fault)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        self.not_an_object("Array")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.not_an_object(if value { "True" } else { "False" })
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.not_an_object("Number")
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.not_an_object("Number")
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.not_an_object("Number")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.not_an_object("String")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.not_an_object("Null")
    }
}

/// A string, borrowed unless it has escapes.
struct Text<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// A number, a null, or neither.
pub(crate) enum Number {
    /// A whole number.
    Integer(i64),
    /// Another number.
    Other,
    /// Null.
    Null,
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;

        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
                Ok(Number::Integer(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
                Ok(i64::try_from(number).map_or(Number::Other, Number::Integer))
            }

            fn visit_f64<E: Error>(self, _: f64) -> Result<Number, E> {
                Ok(Number::Other)
            }

            fn visit_unit<E: Error>(self) -> Result<Number, E> {
                Ok(Number::Null)
            }
        }

        deserializer.deserialize_any(NumberVisitor)
    }
}

/// Reads a string.
pub(crate) fn string<'de, A: MapAccess<'de>>(
    property: &'static str,
    value: &mut A,
    fault: &mut Option<ProtocolError>,
) -> Result<String, A::Error> {
    *fault = Some(ProtocolError::PropertyType { property, expected: "String" });
    value.next_value()
}

/// Reads a number, or a null as `None`.
///
/// # Errors
///
/// Returns an error, and the words for it in `fault`, for a number that is not whole or has more than 64 bits.
pub(crate) fn integer<'de, A: MapAccess<'de>>(
    property: &'static str,
    bits: u8,
    value: &mut A,
    fault: &mut Option<ProtocolError>,
) -> Result<Option<i64>, A::Error> {
    *fault = Some(ProtocolError::PropertyType { property, expected: "Number" });
    let in_range = |number: i64| bits > 32 || i32::try_from(number).is_ok();
    match value.next_value()? {
        Number::Integer(number) if in_range(number) => Ok(Some(number)),
        Number::Null => Ok(None),
        Number::Integer(_) | Number::Other => {
            *fault = Some(ProtocolError::NotAnInteger { bits });
            Err(A::Error::custom("not an integer"))
        }
    }
}
