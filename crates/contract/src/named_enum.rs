//! Enumerations that are written as names, and read as names in any case or as the numbers that a .NET backend sends.

use serde::de::{self, Visitor};
use std::fmt;

/// A value, its name and its number.
pub(crate) type Named<T> = (T, &'static str, u8);

/// Declares such an enumeration: `pub enum Severity { Low = 0, … }`.
macro_rules! named_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $number:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$variant_meta])* $variant = $number,)*
        }

        impl $name {
            const NAMED: &'static [$crate::named_enum::Named<Self>] =
                &[$((Self::$variant, stringify!($variant), $number),)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }

            /// The original system's number of it.
            pub fn number(self) -> u8 {
                match self {
                    $(Self::$variant => $number,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any($crate::named_enum::NamedVisitor(Self::NAMED))
            }
        }
    };
}

pub(crate) use named_enum;

/// Reads one of these values.
pub(crate) struct NamedVisitor<T: 'static>(pub(crate) &'static [Named<T>]);

impl<T: Copy> NamedVisitor<T> {
    fn find<E: de::Error>(&self, is_meant: impl Fn(&Named<T>) -> bool) -> Result<T, E> {
        self.0
            .iter()
            .find(|named| is_meant(named))
            .map(|(value, ..)| *value)
            .ok_or_else(|| E::custom(format_args!("must be {}", Names(self.0))))
    }
}

impl<T: Copy> Visitor<'_> for NamedVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", Names(self.0))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        self.find(|(_, name, _)| name.eq_ignore_ascii_case(text))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.find(|(.., known)| u64::from(*known) == number)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.find(|(.., known)| i64::from(*known) == number)
    }
}

/// The names as a person says them: `Low, Medium or High`.
struct Names<T: 'static>(&'static [Named<T>]);

impl<T> fmt::Display for Names<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (_, name, _)) in self.0.iter().enumerate() {
            let separator = match self.0.len() - index {
                _ if index == 0 => "",
                1 => " or ",
                _ => ", ",
            };
            write!(formatter, "{separator}{name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::severity::Severity;

    #[test]
    fn a_value_is_read_from_its_name_in_any_case_and_from_its_number() {
        for json in ["\"High\"", "\"high\"", "\"HIGH\"", "2"] {
            assert_eq!(serde_json::from_str::<Severity>(json).unwrap(), Severity::High, "{json}");
        }
        assert_eq!(rmp_serde::from_slice::<Severity>(&[2]).unwrap(), Severity::High);
        assert_eq!(serde_json::to_string(&Severity::High).unwrap(), "\"High\"");
    }

    #[test]
    fn anything_else_is_refused_with_the_names() {
        for json in ["\"urgent\"", "4", "-1", "\"\""] {
            let error = serde_json::from_str::<Severity>(json).unwrap_err().to_string();
            assert!(error.starts_with("must be Low, Medium, High or Critical"), "{error}");
        }
        for json in ["true", "1.5", "null", "[]"] {
            let error = serde_json::from_str::<Severity>(json).unwrap_err().to_string();
            assert!(error.contains("expected Low, Medium, High or Critical"), "{error}");
        }
    }
}
