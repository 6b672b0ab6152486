//! Values that JSON and MessagePack write in different types.

use std::any::type_name;

use serde::Serializer;

/// Whether a serializer writes JSON. Its name has to tell: both formats pass for human-readable.
pub(super) fn is_json<S: Serializer>() -> bool {
    type_name::<S>().contains("serde_json")
}
