//! `DebugHub`: a look inside, where the configuration allows one.

use std::rc::Rc;

use contract::{
    debug_hub::{DESCRIBE, Description, ECHO},
    hub::DEBUG_HUB,
};
use signalr_durable::{Caller, Hub, HubError, Methods};

use crate::{
    administration::services::Services,
    desk::{Desk, DeskHub, with_resume},
};

/// The hub at `/hubs/debug`.
pub(crate) struct DebugHub(pub(super) Rc<Services>);

impl Hub for DebugHub {
    fn methods(methods: &mut Methods<Self>) {
        with_resume(methods).on(ECHO.name, Self::echo).on(DESCRIBE.name, Self::describe);
    }
}

impl DeskHub for DebugHub {
    const HUB: &'static contract::Hub = &DEBUG_HUB;

    fn desk(&self) -> &Desk {
        &self.0.desk
    }
}

impl DebugHub {
    async fn echo(self: Rc<Self>, _caller: Caller, value: serde_json::Value) -> Result<serde_json::Value, HubError> {
        Ok(value)
    }

    async fn describe(self: Rc<Self>, _caller: Caller) -> Result<Description, HubError> {
        self.0.desk.describe(self.0.wakes.get()).map_err(HubError::internal)
    }
}
