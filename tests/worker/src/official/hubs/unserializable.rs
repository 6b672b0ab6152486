//! A value that no serializer can write; .NET's holds itself.

use serde::{Serialize, Serializer, ser::Error as _};

pub(super) struct Unserializable;

impl Serialize for Unserializable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(if serializer.is_human_readable() {
            "A possible object cycle was detected."
        } else {
            "Failed to serialize Microsoft.AspNetCore.SignalR.Client.FunctionalTests.TestHub+Unserializable value."
        }))
    }
}
