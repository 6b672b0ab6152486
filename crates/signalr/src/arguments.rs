//! What can be the argument list of a call.

use serde::ser::{Serialize, SerializeSeq, SerializeTuple, Serializer};

/// An argument list: `()`, a tuple of up to eight values, or a slice, array or vector of one type.
///
/// It is written as an array in both protocols, `()` as an empty one.
///
/// ```
/// # use signalr::Protocol;
/// let mut out = Vec::new();
/// Protocol::Json.encode_invocation("TaskProgress", &("task-1", 42), &mut out)?;
/// assert_eq!(out, b"{\"type\":1,\"target\":\"TaskProgress\",\"arguments\":[\"task-1\",42]}\x1e");
/// # Ok::<(), signalr::EncodeError>(())
/// ```
pub trait Arguments {
    /// Returns how many arguments there are.
    fn len(&self) -> usize;

    /// Tells whether there is no argument.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the arguments as one sequence or tuple of [`len`](Self::len) elements, and nothing else.
    ///
    /// # Errors
    ///
    /// Returns the serializer's error, or that of an argument which refuses to be serialized.
    fn serialize_arguments<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl Arguments for () {
    fn len(&self) -> usize {
        0
    }

    fn serialize_arguments<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Serde's own form of `()` is null.
        serializer.serialize_seq(Some(0))?.end()
    }
}

impl<T: Serialize> Arguments for [T] {
    fn len(&self) -> usize {
        <[T]>::len(self)
    }

    fn serialize_arguments<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<T: Serialize, const N: usize> Arguments for [T; N] {
    fn len(&self) -> usize {
        N
    }

    fn serialize_arguments<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<T: Serialize> Arguments for Vec<T> {
    fn len(&self) -> usize {
        Vec::len(self)
    }

    fn serialize_arguments<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<A: Arguments + ?Sized> Arguments for &A {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn serialize_arguments<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize_arguments(serializer)
    }
}

macro_rules! tuple_arguments {
    ($count:literal: $($type:ident $index:tt),+) => {
        impl<$($type: Serialize),+> Arguments for ($($type,)+) {
            fn len(&self) -> usize {
                $count
            }

            fn serialize_arguments<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut tuple = serializer.serialize_tuple($count)?;
                $(tuple.serialize_element(&self.$index)?;)+
                tuple.end()
            }
        }
    };
}

tuple_arguments!(1: A 0);
tuple_arguments!(2: A 0, B 1);
tuple_arguments!(3: A 0, B 1, C 2);
tuple_arguments!(4: A 0, B 1, C 2, D 3);
tuple_arguments!(5: A 0, B 1, C 2, D 3, E 4);
tuple_arguments!(6: A 0, B 1, C 2, D 3, E 4, F 5);
tuple_arguments!(7: A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple_arguments!(8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

#[cfg(test)]
mod tests {
    use super::*;

    fn json<A: Arguments + ?Sized>(arguments: &A) -> String {
        let mut out = Vec::new();
        arguments.serialize_arguments(&mut serde_json::Serializer::new(&mut out)).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn messagepack<A: Arguments + ?Sized>(arguments: &A) -> Vec<u8> {
        let mut out = Vec::new();
        arguments.serialize_arguments(&mut rmp_serde::Serializer::new(&mut out)).unwrap();
        out
    }

    #[test]
    fn no_arguments_are_an_empty_array_and_not_null() {
        assert_eq!(json(&()), "[]");
        assert_eq!(messagepack(&()), [0x90]);
        assert!(().is_empty());
    }

    #[test]
    fn a_tuple_a_slice_and_a_vector_are_the_same_array() {
        for (text, bytes) in [
            (json(&(1, 2)), messagepack(&(1, 2))),
            (json([1, 2].as_slice()), messagepack([1, 2].as_slice())),
            (json(&[1, 2]), messagepack(&[1, 2])),
            (json(&vec![1, 2]), messagepack(&vec![1, 2])),
        ] {
            assert_eq!(text, "[1,2]");
            assert_eq!(bytes, [0x92, 1, 2]);
        }
    }

    #[test]
    fn a_single_argument_stays_inside_its_array() {
        assert_eq!(json(&("x",)), "[\"x\"]");
        assert_eq!(messagepack(&((),)), [0x91, 0xc0]);
        assert_eq!(Arguments::len(&(1, 2, 3, 4, 5, 6, 7, 8)), 8);
    }
}
