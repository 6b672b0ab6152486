//! A value that no serializer can write; .NET's holds itself.

use serde::{Serialize, Serializer, ser::Error as _};

use super::format::is_json;

pub(super) struct Unserializable;

impl Serialize for Unserializable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(if is_json::<S>() {
            "A possible object cycle was detected."
        } else {
            "Failed to serialize Microsoft.AspNetCore.SignalR.Client.FunctionalTests.TestHub+Unserializable value."
        }))
    }
}
