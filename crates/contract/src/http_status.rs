//! The status of an HTTP answer.

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

/// An HTTP status: 100 to 599.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpStatus(u16);

impl HttpStatus {
    /// Makes a status; none of what is not in range.
    pub fn new(code: u16) -> Option<Self> {
        (100..=599).contains(&code).then_some(Self(code))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl Serialize for HttpStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.0)
    }
}

impl<'de> Deserialize<'de> for HttpStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = u16::deserialize(deserializer)?;
        Self::new(code).ok_or_else(|| de::Error::custom("must be an HTTP status from 100 to 599"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_from_100_to_599() {
        for code in [100, 204, 599] {
            assert_eq!(HttpStatus::new(code).map(HttpStatus::get), Some(code));
        }
        for json in ["99", "600"] {
            let error = serde_json::from_str::<HttpStatus>(json).unwrap_err().to_string();
            assert_eq!(error, "must be an HTTP status from 100 to 599");
        }
        assert!(serde_json::from_str::<HttpStatus>("\"200\"").is_err());
    }
}
