//! What a parameter of a hub method can be: a value that the client sent or may leave out, or a stream that it sends.

use std::rc::Rc;

use serde::de::DeserializeOwned;
use signalr::{BindingError, Payload};

use crate::upload::{Upload, UploadBuffer};

/// What came with a call: values and streams, each in the order of the parameters they are for.
pub struct Given {
    values: std::vec::IntoIter<Payload>,
    uploads: std::vec::IntoIter<Rc<UploadBuffer>>,
}

impl Given {
    pub(crate) fn new(values: Vec<Payload>, uploads: Vec<Rc<UploadBuffer>>) -> Self {
        Self { values: values.into_iter(), uploads: uploads.into_iter() }
    }
}

/// A type that a parameter of a hub method can have: [`Upload`], or whatever `serde` can read.
pub trait Argument: Sized {
    /// Whether the client streams it.
    #[doc(hidden)]
    const IS_UPLOAD: bool;

    /// Whether the client may leave it out.
    #[doc(hidden)]
    const IS_OPTIONAL: bool = false;

    /// Takes the next argument. The numbers of both kinds were checked.
    #[doc(hidden)]
    fn take(given: &mut Given) -> Result<Self, BindingError>;
}

impl<T: DeserializeOwned> Argument for T {
    const IS_UPLOAD: bool = false;

    fn take(given: &mut Given) -> Result<Self, BindingError> {
        given.values.next().map_or(Err(missing()), |payload| payload.decode())
    }
}

/// A last parameter that the client may leave out, or give as null. (ASP.NET Core has no such parameters.)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Optional<T>(pub Option<T>);

impl<T: DeserializeOwned> Argument for Optional<T> {
    const IS_UPLOAD: bool = false;
    const IS_OPTIONAL: bool = true;

    fn take(given: &mut Given) -> Result<Self, BindingError> {
        given.values.next().map_or(Ok(Self(None)), |payload| payload.decode().map(Self))
    }
}

impl<T: DeserializeOwned> Argument for Upload<T> {
    const IS_UPLOAD: bool = true;

    fn take(given: &mut Given) -> Result<Self, BindingError> {
        given.uploads.next().map(Upload::new).ok_or_else(missing)
    }
}

fn missing() -> BindingError {
    BindingError::ArgumentCount { provided: 0, expected: 1 }
}
