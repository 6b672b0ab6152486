//! Methods that return a value, or fail to.

use std::{rc::Rc, time::Duration};

use futures::future::{Either, select};
use serde::{Serialize, Serializer, ser::Error as _};
use signalr_durable::{Caller, HubError, Methods};
use worker::Delay;

use crate::{conformance::hub::ConfHub, value::Anything};

type Hub = Rc<ConfHub>;

pub(super) fn register(methods: &mut Methods<ConfHub>) {
    methods
        .on("Echo", echo)
        .on("Length", length)
        .on("Repeat", repeat)
        .on("IntString", int_string)
        .on("OneString", one_string)
        .on("Void", void)
        .on("Delay", delay)
        .on("DelayCancellable", delay_cancellable)
        .on("GetObject", get_object)
        .on("Unserializable", unserializable)
        .on("Throw", throw)
        .on("ThrowHub", throw_hub)
        .on("Append", append)
        .on("GetAppended", get_appended)
        .on("AuthMethod", void)
        .authorize(|caller| caller.user_id().is_some());
}

async fn echo(_: Hub, _: Caller, value: Anything) -> Result<Anything, HubError> {
    Ok(value)
}

/// As .NET counts: in UTF-16.
async fn length(_: Hub, _: Caller, text: String) -> Result<usize, HubError> {
    Ok(text.encode_utf16().count())
}

async fn repeat(_: Hub, _: Caller, text: String, times: usize) -> Result<String, HubError> {
    Ok(text.repeat(times))
}

async fn int_string(_: Hub, _: Caller, number: i32, text: Option<String>) -> Result<String, HubError> {
    Ok(format!("{number}{}", text.unwrap_or_default()))
}

async fn one_string(_: Hub, _: Caller, text: Option<String>) -> Result<Option<String>, HubError> {
    Ok(text)
}

async fn void(_: Hub, _: Caller) -> Result<(), HubError> {
    Ok(())
}

async fn delay(_: Hub, _: Caller, millis: u64, value: Anything) -> Result<Anything, HubError> {
    Delay::from(Duration::from_millis(millis)).await;
    Ok(value)
}

async fn delay_cancellable(_: Hub, caller: Caller, millis: u64) -> Result<(), HubError> {
    match select(Delay::from(Duration::from_millis(millis)), Box::pin(caller.cancelled())).await {
        Either::Left(_) => Ok(()),
        Either::Right(_) => Err(HubError::exception("TaskCanceledException", "A task was canceled.")),
    }
}

/// The names are those on the wire.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Object {
    string_prop: &'static str,
    int_prop: i32,
}

async fn get_object(_: Hub, _: Caller) -> Result<Object, HubError> {
    Ok(Object { string_prop: "s", int_prop: 1 })
}

struct Unserializable;

impl Serialize for Unserializable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("a value that cannot be serialized"))
    }
}

async fn unserializable(_: Hub, _: Caller) -> Result<Unserializable, HubError> {
    Ok(Unserializable)
}

async fn throw(_: Hub, _: Caller, message: String) -> Result<(), HubError> {
    Err(HubError::exception("InvalidOperationException", message))
}

async fn throw_hub(_: Hub, _: Caller, message: String) -> Result<(), HubError> {
    Err(HubError::refused(message))
}

async fn append(hub: Hub, caller: Caller, text: String) -> Result<(), HubError> {
    hub.appended.borrow_mut().entry(caller.connection_id().to_owned()).or_default().push_str(&text);
    Ok(())
}

async fn get_appended(hub: Hub, caller: Caller) -> Result<String, HubError> {
    Ok(hub.appended.borrow().get(caller.connection_id()).cloned().unwrap_or_default())
}
