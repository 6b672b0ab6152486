//! Methods that several hubs have.

use std::rc::Rc;

use futures::{
    Stream,
    stream::{self, Pending},
};
use signalr_durable::{Caller, HubError, Upload};

use crate::{claims::ConnectRequest, official::cookies};

/// What a method is that .NET throws an `InvalidOperationException` in.
pub(super) fn invalid_operation(message: impl std::fmt::Display) -> HubError {
    HubError::exception("InvalidOperationException", message)
}

pub(super) async fn echo<H>(_: Rc<H>, _: Caller, text: Option<String>) -> Result<Option<String>, HubError> {
    Ok(text)
}

pub(super) async fn connection_id<H>(_: Rc<H>, caller: Caller) -> Result<String, HubError> {
    Ok(caller.connection_id().to_owned())
}

pub(super) async fn transport<H>(_: Rc<H>, caller: Caller) -> Result<&'static str, HubError> {
    Ok(caller.transport().name())
}

pub(super) async fn cookie<H>(_: Rc<H>, caller: Caller, name: String) -> Result<Option<String>, HubError> {
    Ok(cookies::get(&ConnectRequest::from_claims(caller.claims()), &name))
}

/// A header of the request that connected.
pub(super) fn header_of(caller: &Caller, name: &str) -> Option<String> {
    ConnectRequest::from_claims(caller.claims()).headers.remove(&name.to_ascii_lowercase())
}

pub(super) async fn abort<H>(_: Rc<H>, caller: Caller) -> Result<(), HubError> {
    caller.abort();
    Ok(())
}

pub(super) async fn letters<H>(
    _: Rc<H>,
    _: Caller,
) -> Result<impl Stream<Item = Result<&'static str, HubError>> + use<H>, HubError> {
    Ok(stream::iter(["a", "b", "c"].map(Ok)))
}

pub(super) async fn no_stream<H>(_: Rc<H>, _: Caller) -> Result<Pending<Result<String, HubError>>, HubError> {
    Err(HubError::NoStream)
}

/// Hands a client's stream back to it.
pub(super) async fn stream_echo<H, T>(_: Rc<H>, _: Caller, upload: Upload<T>) -> Result<Upload<T>, HubError> {
    Ok(upload)
}
