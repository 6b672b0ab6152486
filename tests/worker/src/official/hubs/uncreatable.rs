//! `/uncreatable`: a hub that the dependency injection of .NET cannot make.

use std::rc::Rc;

use signalr_durable::{Caller, Hub, HubError, Methods};

use super::shared::invalid_operation;

const ERROR: &str = "Unable to resolve service for type 'System.Object' while attempting to activate \
                     'FunctionalTests.UncreatableHub'.";

pub(super) struct UncreatableHub;

impl Hub for UncreatableHub {
    fn methods(_: &mut Methods<Self>) {}

    async fn connected(self: Rc<Self>, _: Caller) -> Result<(), HubError> {
        Err(invalid_operation(ERROR))
    }
}
