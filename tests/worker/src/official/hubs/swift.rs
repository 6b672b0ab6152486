//! `/test`: the hub of the Swift suite.

use std::rc::Rc;

use futures::{Stream, StreamExt};
use signalr_durable::{Caller, Hub, HubError, Methods, Upload};

use super::shared;
use crate::value::Anything;

pub(super) struct SwiftHub;

type This = Rc<SwiftHub>;

impl Hub for SwiftHub {
    fn methods(methods: &mut Methods<Self>) {
        methods
            .on("Echo", echo)
            .on("Invoke", invoke)
            .on("InvokeWithoutReturn", invoke_without_return)
            .on("InvokeWithClientResult", invoke_with_client_result)
            .on("InvokeWithEmptyClientResult", invoke_with_empty_client_result)
            .on("AddNumbers", add_numbers)
            .stream("Count", count)
            .stream("Stream", shared::letters);
    }
}

async fn echo(_: This, caller: Caller, text: String, value: Anything) -> Result<(), HubError> {
    caller.send(("EchoBack", (text, value)))
}

async fn invoke(_: This, _: Caller, _text: String, value: Anything) -> Result<Anything, HubError> {
    Ok(value)
}

async fn invoke_without_return(_: This, _: Caller, _text: String) -> Result<(), HubError> {
    Ok(())
}

async fn invoke_with_client_result(_: This, caller: Caller, text: String) -> Result<(), HubError> {
    let result: String = caller.invoke("ClientResult", (text,)).await?;
    caller.send(("EchoBack", (result,)))
}

async fn invoke_with_empty_client_result(_: This, caller: Caller, text: String) -> Result<(), HubError> {
    let _nothing: Anything = caller.invoke("ClientResult", (text,)).await?;
    caller.send(("EchoBack", ("received",)))
}

async fn add_numbers(_: This, _: Caller, basic: i32, mut numbers: Upload<i32>) -> Result<i32, HubError> {
    let mut sum = basic;
    while let Some(number) = numbers.next().await {
        sum = sum.wrapping_add(number?);
    }
    Ok(sum)
}

/// Counts the items on from a number.
async fn count(
    _: This,
    _: Caller,
    basic: i32,
    numbers: Upload<i32>,
) -> Result<impl Stream<Item = Result<i32, HubError>> + use<>, HubError> {
    let mut counter = basic;
    Ok(numbers.map(move |number| {
        number?;
        counter = counter.wrapping_add(1);
        Ok(counter)
    }))
}
