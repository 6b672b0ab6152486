//! `/default`, `/dynamic`, `/hubT` and others: the hub of the .NET suite, whose three kinds have the same methods.

use std::{rc::Rc, time::Duration};

use futures::{
    Stream, StreamExt,
    stream::{self, Pending},
};
use signalr_durable::{Caller, Hub, HubError, Methods};
use worker::Delay;

use super::{
    shared::{self, header_of, invalid_operation},
    unserializable::Unserializable,
};

const PAUSE: Duration = Duration::from_millis(20);

pub(super) struct DotnetHub;

type This = Rc<DotnetHub>;

impl Hub for DotnetHub {
    fn methods(methods: &mut Methods<Self>) {
        methods
            .on("Echo", shared::echo)
            .on("GetCallerConnectionId", shared::connection_id)
            .on("GetActiveTransportName", shared::transport)
            .on("GetCookieValue", shared::cookie)
            .on("Abort", shared::abort)
            .on("HelloWorld", hello_world)
            .on("InvokeException", invoke_exception)
            .on("CallEcho", call_echo)
            .on("CallHandlerThatDoesntExist", call_handler_that_doesnt_exist)
            .on("GetUserIdentifier", get_user_identifier)
            .on("GetHeaderValues", get_header_values)
            .on("GetIHttpConnectionFeatureProperties", get_connection_properties)
            .on("GetHttpProtocol", get_http_protocol)
            .on("CallWithUnserializableObject", call_with_unserializable_object)
            .on("GetUnserializableObject", get_unserializable_object)
            .stream("Stream", count)
            .stream("StreamException", stream_exception)
            .stream("StreamBroken", shared::no_stream)
            .stream("StreamEcho", shared::stream_echo::<Self, String>)
            .stream("StreamEchoInt", shared::stream_echo::<Self, i32>)
            .stream("StreamIAsyncConsumer", shared::stream_echo::<Self, i32>);
    }
}

async fn hello_world(_: This, _: Caller) -> Result<&'static str, HubError> {
    Ok("Hello World!")
}

async fn invoke_exception(_: This, _: Caller) -> Result<(), HubError> {
    Err(invalid_operation("Error occurred while invoking."))
}

async fn call_echo(_: This, caller: Caller, message: String) -> Result<(), HubError> {
    caller.send(("Echo", (message,)))
}

async fn call_handler_that_doesnt_exist(_: This, caller: Caller) -> Result<(), HubError> {
    caller.send(("NoClientHandler", ()))
}

async fn get_user_identifier(_: This, caller: Caller) -> Result<Option<String>, HubError> {
    Ok(caller.user_id().map(str::to_owned))
}

async fn get_header_values(_: This, caller: Caller, names: Vec<String>) -> Result<Vec<Option<String>>, HubError> {
    Ok(names.iter().map(|name| header_of(&caller, name)).collect())
}

/// The port and the address of this end, and those of the client's. The platform does not tell the client's port: the
/// suite wants one, so it gets that of this end.
async fn get_connection_properties(_: This, caller: Caller) -> Result<(u16, u16, &'static str, String), HubError> {
    let host = header_of(&caller, "host").unwrap_or_default();
    let port = host.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(443);
    let address = header_of(&caller, "cf-connecting-ip").unwrap_or_else(|| "127.0.0.1".to_owned());
    Ok((port, port, "127.0.0.1", address))
}

/// All that a Worker under Miniflare is spoken to in.
async fn get_http_protocol(_: This, _: Caller) -> Result<&'static str, HubError> {
    Ok("HTTP/1.1")
}

async fn call_with_unserializable_object(_: This, caller: Caller) -> Result<(), HubError> {
    caller.clients().all().send(("Foo", (Unserializable,)))?;
    Ok(())
}

async fn get_unserializable_object(_: This, _: Caller) -> Result<Unserializable, HubError> {
    Ok(Unserializable)
}

async fn count(_: This, _: Caller, count: i32) -> Result<impl Stream<Item = Result<i32, HubError>> + use<>, HubError> {
    Ok(stream::iter(0..count).then(async |number| {
        if number > 0 {
            Delay::from(PAUSE).await;
        }
        Ok(number)
    }))
}

async fn stream_exception(_: This, _: Caller) -> Result<Pending<Result<i32, HubError>>, HubError> {
    Err(invalid_operation("Error occurred while streaming."))
}
