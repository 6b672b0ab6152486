//! Methods that stream to the caller.

use std::{rc::Rc, time::Duration};

use futures::{
    Stream, StreamExt,
    stream::{self, Pending},
};
use signalr_durable::{Caller, HubError, Methods, Upload};
use worker::Delay;

use crate::{
    conformance::{hub::ConfHub, watched::Watched},
    value::Anything,
};

type Hub = Rc<ConfHub>;

/// How long a stream without an end waits between its items.
const PAUSE_MILLIS: u64 = 10;

pub(super) fn register(methods: &mut Methods<ConfHub>) {
    methods
        .stream("Stream", numbers)
        .stream("SlowStream", slow_stream)
        .stream("InfiniteStream", infinite_stream)
        .stream("BlockingStream", blocking_stream)
        .stream("StreamThenThrow", stream_then_throw)
        .stream("StreamThrowSync", stream_throw_sync)
        .stream("StreamNull", stream_null)
        .stream("StreamEcho", stream_echo);
}

type Items<S> = Result<Watched<S>, HubError>;

async fn numbers(hub: Hub, caller: Caller, count: i32) -> Items<impl Stream<Item = Result<i32, HubError>>> {
    Ok(Watched::down(hub, &caller, stream::iter((0..count).map(Ok))))
}

async fn slow_stream(
    hub: Hub,
    caller: Caller,
    count: i32,
    millis: u64,
) -> Items<impl Stream<Item = Result<i32, HubError>>> {
    Ok(Watched::down(hub, &caller, stream::iter(0..count).then(move |number| after(millis, number))))
}

async fn infinite_stream(hub: Hub, caller: Caller) -> Items<impl Stream<Item = Result<i32, HubError>>> {
    let items = stream::iter(0..).then(|number| after(if number == 0 { 0 } else { PAUSE_MILLIS }, number));
    Ok(Watched::down(hub, &caller, items))
}

async fn blocking_stream(hub: Hub, caller: Caller) -> Items<Pending<Result<i32, HubError>>> {
    Ok(Watched::down(hub, &caller, stream::pending()))
}

async fn stream_then_throw(hub: Hub, caller: Caller, count: i32) -> Items<impl Stream<Item = Result<i32, HubError>>> {
    let failure = Err(HubError::exception("Exception", "Exception from channel"));
    Ok(Watched::down(hub, &caller, stream::iter((0..count).map(Ok).chain([failure]))))
}

async fn stream_throw_sync(_: Hub, _: Caller) -> Result<Pending<Result<i32, HubError>>, HubError> {
    Err(HubError::exception("InvalidOperationException", "the stream was not begun"))
}

async fn stream_null(_: Hub, _: Caller) -> Result<Pending<Result<i32, HubError>>, HubError> {
    Err(HubError::NoStream)
}

async fn stream_echo(
    hub: Hub,
    caller: Caller,
    upload: Upload<Anything>,
) -> Items<impl Stream<Item = Result<Anything, HubError>>> {
    let upload = Watched::up(hub.clone(), &caller, upload);
    Ok(Watched::down(hub, &caller, upload))
}

async fn after(millis: u64, number: i32) -> Result<i32, HubError> {
    Delay::from(Duration::from_millis(millis)).await;
    Ok(number)
}
