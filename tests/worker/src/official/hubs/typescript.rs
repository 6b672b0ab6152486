//! `/testhub`, `/testhub-nowebsockets`: the hub of the TypeScript suite.

use std::rc::Rc;

use futures::{
    Stream, StreamExt,
    stream::{self, Empty, Pending},
};
use serde::{Deserialize, Serialize};
use signalr_durable::{Caller, Hub, HubError, Methods, Upload};
use wasm_bindgen_futures::spawn_local;

use super::{
    format::is_json,
    shared::{self, header_of, invalid_operation},
};
use crate::{
    claims::ConnectRequest,
    value::{Anything, Bytes},
};

pub(super) struct TypeScriptHub;

type This = Rc<TypeScriptHub>;

impl Hub for TypeScriptHub {
    fn methods(methods: &mut Methods<Self>) {
        methods
            .on("Echo", shared::echo)
            .on("GetCallerConnectionId", shared::connection_id)
            .on("GetActiveTransportName", shared::transport)
            .on("GetCookie", shared::cookie)
            .on("GetNumRedirects", get_num_redirects)
            .on("GetContentTypeHeader", get_content_type_header)
            .on("GetHeader", get_header)
            .on("ThrowException", throw_exception)
            .on("InvokeWithString", invoke_with_string)
            .on("SendCustomObject", send_custom_object)
            .on("EchoComplexObject", echo_complex_object)
            .on("SendComplexObject", send_complex_object)
            .on("StreamingConcat", streaming_concat)
            .stream("Stream", shared::letters)
            .stream("EmptyStream", empty_stream)
            .stream("InfiniteStream", infinite_stream)
            .stream("StreamThrowException", stream_throw_exception);
    }
}

async fn get_num_redirects(_: This, caller: Caller) -> Result<u32, HubError> {
    let request = ConnectRequest::from_claims(caller.claims());
    let number = request.query.get("numRedirects").and_then(|number| number.parse().ok());
    number.ok_or_else(|| HubError::exception("FormatException", "The client was not redirected."))
}

async fn get_content_type_header(_: This, caller: Caller) -> Result<Option<String>, HubError> {
    Ok(header_of(&caller, "content-type"))
}

async fn get_header(_: This, caller: Caller, name: String) -> Result<Option<String>, HubError> {
    Ok(header_of(&caller, &name))
}

async fn throw_exception(_: This, _: Caller, message: String) -> Result<(), HubError> {
    Err(invalid_operation(message))
}

async fn invoke_with_string(_: This, caller: Caller, message: String) -> Result<(), HubError> {
    caller.send(("Message", (message,)))
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CustomObject {
    name: String,
    value: i32,
}

async fn send_custom_object(_: This, caller: Caller, object: CustomObject) -> Result<(), HubError> {
    caller.send(("CustomObject", (object,)))
}

async fn echo_complex_object(_: This, _: Caller, object: Anything) -> Result<Anything, HubError> {
    Ok(object)
}

/// Bytes and times JSON writes as text, MessagePack as what they are.
async fn send_complex_object(_: This, _: Caller) -> Result<ComplexObject, HubError> {
    Ok(ComplexObject)
}

struct ComplexObject;

impl Serialize for ComplexObject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |text: &str| Anything::Text(text.to_owned());
        let time = if is_json::<S>() {
            text("2000-01-01T00:00:00Z")
        } else {
            // MessagePack's extension for it: seconds since the epoch.
            Anything::Extension(-1, Bytes(946_684_800_u32.to_be_bytes().to_vec()))
        };
        let entries = [
            ("ByteArray", Anything::Bytes(Bytes(vec![1, 2, 3]))),
            ("DateTime", time),
            ("Guid", text("00010203-0405-0607-0706-050403020100")),
            ("IntArray", Anything::Array([1, 2, 3].map(Anything::Signed).into())),
            ("String", text("hello world")),
        ];
        Anything::Map(entries.map(|(name, value)| (text(name), value)).into()).serialize(serializer)
    }
}

async fn streaming_concat(_: This, _: Caller, mut upload: Upload<String>) -> Result<String, HubError> {
    let mut text = String::new();
    while let Some(item) = upload.next().await {
        text.push_str(&item?);
    }
    Ok(text)
}

async fn empty_stream(_: This, _: Caller) -> Result<Empty<Result<i32, HubError>>, HubError> {
    Ok(stream::empty())
}

/// Tells the client when it is cancelled.
async fn infinite_stream(
    _: This,
    caller: Caller,
) -> Result<impl Stream<Item = Result<String, HubError>> + use<>, HubError> {
    let told = TellsCancelled(caller);
    Ok(stream::pending().inspect(move |_: &Result<String, HubError>| {
        let _held = &told;
    }))
}

struct TellsCancelled(Caller);

impl Drop for TellsCancelled {
    fn drop(&mut self) {
        let caller = self.0.clone();
        spawn_local(async move {
            let _gone = caller.send(("StreamCanceled", ()));
        });
    }
}

async fn stream_throw_exception(
    _: This,
    _: Caller,
    message: String,
) -> Result<Pending<Result<String, HubError>>, HubError> {
    Err(invalid_operation(message))
}
