//! Methods about the caller's connection.

use std::rc::Rc;

use signalr_durable::{Caller, HubError, Methods};

use crate::{claims::ConnectRequest, conformance::hub::ConfHub};

type Hub = Rc<ConfHub>;

pub(super) fn register(methods: &mut Methods<ConfHub>) {
    methods
        .on("GetConnectionId", get_connection_id)
        .on("GetUserId", get_user_id)
        .on("GetHeader", get_header)
        .on("GetClientResult", get_client_result)
        .on("Abort", abort);
}

async fn get_connection_id(_: Hub, caller: Caller) -> Result<String, HubError> {
    Ok(caller.connection_id().to_owned())
}

async fn get_user_id(_: Hub, caller: Caller) -> Result<Option<String>, HubError> {
    Ok(caller.user_id().map(str::to_owned))
}

/// A header of the request that connected.
async fn get_header(_: Hub, caller: Caller, name: String) -> Result<Option<String>, HubError> {
    Ok(ConnectRequest::from_claims(caller.claims()).headers.remove(&name.to_ascii_lowercase()))
}

/// Asks the caller.
async fn get_client_result(_: Hub, caller: Caller, number: i32) -> Result<i32, HubError> {
    caller.invoke("Sum", (number,)).await
}

async fn abort(_: Hub, caller: Caller) -> Result<(), HubError> {
    caller.abort();
    Ok(())
}
