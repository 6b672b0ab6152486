//! The hubs of the master key. A new one is a file, and a line in [`register`].

mod admin;
mod debug;
mod metrics;

use std::rc::Rc;

use signalr_durable::ServerBuilder;

use self::{admin::AdminHub, debug::DebugHub, metrics::MetricsHub};
use super::services::Services;
use crate::desk::DeskHub;

/// Has a server serve the hubs. Their order stands for them in memory only; their names in what sleeps.
pub(super) fn register(builder: ServerBuilder, services: &Rc<Services>) -> ServerBuilder {
    let builder = serve(builder, AdminHub(services.clone()));
    let builder = serve(builder, MetricsHub(services.clone()));
    serve(builder, DebugHub(services.clone()))
}

fn serve<H: DeskHub>(builder: ServerBuilder, hub: H) -> ServerBuilder {
    builder.hub(H::HUB.name, Rc::new(hub))
}
