//! The hubs of a virtual key. A new one is a file, and a line in [`register`].

mod image;
mod media;
mod navigation;
mod spend;
mod system;
mod task;
mod video;
mod webhook;

use std::rc::Rc;

use contract::hub::key_group;
use signalr_durable::{Caller, HubError, ServerBuilder};

use self::{
    image::ImageHub, navigation::NavigationHub, spend::SpendHub, system::SystemHub, task::TaskHub, video::VideoHub,
    webhook::WebhookHub,
};
use super::services::Services;
use crate::desk::DeskHub;

/// Has a server serve the hubs. Their order stands for them in memory only; their names in what sleeps.
pub(super) fn register(builder: ServerBuilder, services: &Rc<Services>) -> ServerBuilder {
    let builder = serve(builder, TaskHub(services.clone()));
    let builder = serve(builder, VideoHub(services.clone()));
    let builder = serve(builder, ImageHub(services.clone()));
    let builder = serve(builder, SystemHub(services.clone()));
    let builder = serve(builder, SpendHub(services.clone()));
    let builder = serve(builder, WebhookHub(services.clone()));
    serve(builder, NavigationHub(services.clone()))
}

fn serve<H: DeskHub>(builder: ServerBuilder, hub: H) -> ServerBuilder {
    builder.hub(H::HUB.name, Rc::new(hub))
}

/// Has a connection join the group of its key, as it does in every hub.
fn welcome(services: &Services, caller: &Caller) -> Result<(), HubError> {
    let Some(key) = caller.user_id() else { return Err(HubError::internal("a connection without a key")) };
    services.desk.join(caller, &key_group(key))
}
