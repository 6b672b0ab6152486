//! The alarm that has an object look for clients that fell silent.

use std::cell::Cell;

use signalr_durable::Server;
use worker::{Date, Result, State};

/// When the alarm of an object is set for, as far as its memory knows.
#[derive(Default)]
pub(crate) struct Alarm {
    set_for_millis: Cell<Option<f64>>,
}

impl Alarm {
    /// Sets the alarm for when the server wants to check next, unless it rings by then.
    // An offset of some minutes.
    #[allow(clippy::cast_possible_truncation)]
    pub(crate) async fn set(&self, state: &State, server: &Server) -> Result<()> {
        let Some(at_millis) = server.next_check_millis() else { return Ok(()) };
        if self.set_for_millis.get().is_some_and(|set_for| set_for <= at_millis) {
            return Ok(());
        }
        self.set_for_millis.set(Some(at_millis));
        // Milliseconds since the epoch are far below 2^52.
        #[allow(clippy::cast_precision_loss)]
        let offset_millis = at_millis - Date::now().as_millis() as f64;
        state.storage().set_alarm(offset_millis.max(0.0).ceil() as i64).await
    }

    /// Does what the alarm rang for.
    pub(crate) async fn rings(&self, state: &State, server: &Server) -> Result<()> {
        self.set_for_millis.set(None);
        server.check();
        self.set(state, server).await
    }
}
