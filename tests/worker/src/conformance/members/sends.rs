//! Methods that send something to somebody.

use std::rc::Rc;

use signalr_durable::{Caller, HubError, Methods};

use crate::{conformance::hub::ConfHub, value::Anything};

type Hub = Rc<ConfHub>;

const SEND: &str = "Send";

pub(super) fn register(methods: &mut Methods<ConfHub>) {
    methods
        .on("BroadcastAll", broadcast_all)
        .on("SendToOthers", send_to_others)
        .on("SendToCaller", send_to_caller)
        .on("SendToAllExcept", send_to_all_except)
        .on("SendToConnection", send_to_connection)
        .on("JoinGroup", join_group)
        .on("LeaveGroup", leave_group)
        .on("SendToGroup", send_to_group)
        .on("SendToGroups", send_to_groups)
        .on("SendToOthersInGroup", send_to_others_in_group)
        .on("SendToUser", send_to_user)
        .on("BurstCaller", burst_caller);
}

/// How many got it is nobody's business.
fn done(sent: Result<usize, HubError>) -> Result<(), HubError> {
    sent.map(|_| ())
}

async fn broadcast_all(_: Hub, caller: Caller, message: Anything) -> Result<(), HubError> {
    done(caller.clients().all().send(("Broadcast", (message,))))
}

async fn send_to_others(_: Hub, caller: Caller, message: Anything) -> Result<(), HubError> {
    done(caller.others().send((SEND, (message,))))
}

async fn send_to_caller(_: Hub, caller: Caller, message: Anything) -> Result<(), HubError> {
    caller.send((SEND, (message,)))
}

async fn send_to_all_except(_: Hub, caller: Caller, message: Anything, ids: Vec<String>) -> Result<(), HubError> {
    done(caller.clients().all_except(ids.iter().map(String::as_str)).send((SEND, (message,))))
}

async fn send_to_connection(_: Hub, caller: Caller, id: String, message: Anything) -> Result<(), HubError> {
    done(caller.clients().connection(&id).send((SEND, (message,))))
}

async fn join_group(_: Hub, caller: Caller, group: String) -> Result<(), HubError> {
    caller.join(&group)
}

async fn leave_group(_: Hub, caller: Caller, group: String) -> Result<(), HubError> {
    caller.leave(&group)
}

async fn send_to_group(_: Hub, caller: Caller, group: String, message: Anything) -> Result<(), HubError> {
    done(caller.clients().group(&group).send((SEND, (message,))))
}

async fn send_to_groups(_: Hub, caller: Caller, message: Anything, groups: Vec<String>) -> Result<(), HubError> {
    done(caller.clients().groups(groups.iter().map(String::as_str)).send((SEND, (message,))))
}

async fn send_to_others_in_group(_: Hub, caller: Caller, group: String, message: Anything) -> Result<(), HubError> {
    done(caller.others_in_group(&group).send((SEND, (message,))))
}

async fn send_to_user(_: Hub, caller: Caller, user: String, message: Anything) -> Result<(), HubError> {
    done(caller.clients().user(&user).send((SEND, (message,))))
}

async fn burst_caller(_: Hub, caller: Caller, count: i32) -> Result<(), HubError> {
    for number in 0..count {
        caller.send((SEND, (number,)))?;
    }
    Ok(())
}
