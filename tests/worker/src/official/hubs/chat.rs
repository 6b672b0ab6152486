//! `/chathub`, `/authhub`: the hubs of the Python suite, which differ in what `SendMessage` takes.

use std::{rc::Rc, time::Duration};

use futures::{Stream, StreamExt, stream};
use signalr_durable::{Caller, Hub, HubError, Methods, Upload};
use worker::Delay;

pub(super) struct ChatHub;

pub(super) struct AuthChatHub;

type This = Rc<ChatHub>;

impl Hub for ChatHub {
    fn methods(methods: &mut Methods<Self>) {
        methods
            .on("SendMessage", send_message)
            .on("ThrowException", throw_exception)
            .on("DisconnectMe", disconnect_me)
            .on("UploadStream", upload_stream)
            .stream("Counter", counter);
    }
}

impl Hub for AuthChatHub {
    fn methods(methods: &mut Methods<Self>) {
        methods.on("SendMessage", send_message_alone);
    }
}

async fn send_message(_: This, caller: Caller, user: String, message: String) -> Result<(), HubError> {
    caller.clients().all().send(("ReceiveMessage", (user, message)))?;
    Ok(())
}

async fn send_message_alone(_: Rc<AuthChatHub>, caller: Caller, message: String) -> Result<(), HubError> {
    caller.clients().all().send(("ReceiveMessage", (message,)))?;
    Ok(())
}

async fn throw_exception(_: This, _: Caller, message: String) -> Result<(), HubError> {
    Err(HubError::refused(message))
}

/// Closes the connection, to which its client may come back.
async fn disconnect_me(_: This, caller: Caller) -> Result<(), HubError> {
    caller.clients().close(caller.connection_id(), None, true);
    Ok(())
}

async fn upload_stream(_: This, _: Caller, mut items: Upload<String>) -> Result<(), HubError> {
    while let Some(item) = items.next().await {
        item?;
    }
    Ok(())
}

async fn counter(
    _: This,
    _: Caller,
    count: i32,
    millis: u64,
) -> Result<impl Stream<Item = Result<i32, HubError>> + use<>, HubError> {
    Ok(stream::iter(0..count).then(move |number| async move {
        Delay::from(Duration::from_millis(millis)).await;
        Ok(number)
    }))
}
