//! What clients can invoke.

mod context;
mod downloads;
mod plain;
mod sends;
mod uploads;

use signalr_durable::Methods;

use super::hub::ConfHub;

pub(super) fn register(methods: &mut Methods<ConfHub>) {
    plain::register(methods);
    context::register(methods);
    downloads::register(methods);
    uploads::register(methods);
    sends::register(methods);
}
