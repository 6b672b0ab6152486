//! Methods that the caller streams to.

use std::rc::Rc;

use futures::StreamExt;
use signalr_durable::{Caller, HubError, Methods, Upload};

use crate::{
    conformance::{hub::ConfHub, watched::Watched},
    value::Anything,
};

type Hub = Rc<ConfHub>;

pub(super) fn register(methods: &mut Methods<ConfHub>) {
    methods
        .on("StreamingConcat", streaming_concat)
        .on("StreamingSum", streaming_sum)
        .on("UploadArray", upload_array)
        .on("TakeOne", take_one)
        .on("StreamDontRead", stream_dont_read);
}

async fn streaming_concat(hub: Hub, caller: Caller, upload: Upload<String>) -> Result<String, HubError> {
    let mut upload = Watched::up(hub, &caller, upload);
    let mut text = String::new();
    while let Some(item) = upload.next().await {
        text.push_str(&item?);
    }
    Ok(text)
}

async fn streaming_sum(hub: Hub, caller: Caller, upload: Upload<i32>) -> Result<i32, HubError> {
    let mut upload = Watched::up(hub, &caller, upload);
    let mut sum = 0_i32;
    while let Some(item) = upload.next().await {
        sum = sum.wrapping_add(item?);
    }
    Ok(sum)
}

async fn upload_array(hub: Hub, caller: Caller, upload: Upload<Anything>) -> Result<Vec<Anything>, HubError> {
    let mut upload = Watched::up(hub, &caller, upload);
    let mut items = Vec::new();
    while let Some(item) = upload.next().await {
        items.push(item?);
    }
    Ok(items)
}

async fn take_one(hub: Hub, caller: Caller, upload: Upload<Anything>) -> Result<Option<Anything>, HubError> {
    Watched::up(hub, &caller, upload).next().await.transpose()
}

/// Keeps the stream, whose items wait, until somebody gives up.
async fn stream_dont_read(hub: Hub, caller: Caller, upload: Upload<Anything>) -> Result<(), HubError> {
    let _unread = Watched::up(hub, &caller, upload);
    caller.cancelled().await;
    Ok(())
}
