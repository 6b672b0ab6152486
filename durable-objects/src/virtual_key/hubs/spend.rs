//! `SpendNotificationHub`: what a key spends, as it spends it.

use std::rc::Rc;

use contract::{
    Notification,
    hub::{SPEND_HUB, key_group},
};
use signalr_durable::{Caller, Hub, HubError, Methods};

use super::welcome;
use crate::{
    desk::{Desk, DeskHub, with_resume},
    identifiers::now_millis,
    virtual_key::{key_state::KeyState, services::Services, spend::with_account},
};

/// The hub at `/hubs/spend`.
pub(crate) struct SpendHub(pub(super) Rc<Services>);

impl Hub for SpendHub {
    fn methods(methods: &mut Methods<Self>) {
        with_resume(methods);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        // A period that is over ends for everybody before this client is told of the new one.
        if self.0.settle_spend().map_err(HubError::internal)? {
            self.0.alarm_clock.ring_by(now_millis()).await.map_err(HubError::internal)?;
        }
        welcome(&self.0, &caller)?;
        let Some(KeyState::Known(record)) = self.0.key.stored().map_err(HubError::internal)? else { return Ok(()) };
        // What was announced, not what was recorded: the rest is on its way to everybody, and to this client too.
        let known = with_account(&record, |account| self.0.spend.announced(account)).map_err(HubError::internal)?;
        let group = key_group(&record.id);
        let tell = |meta| Notification::new(&SPEND_HUB, vec![group], &known, meta);
        self.0.desk.tell_caller(&caller, now_millis(), None, tell)
    }
}

impl DeskHub for SpendHub {
    const HUB: &'static contract::Hub = &SPEND_HUB;

    fn desk(&self) -> &Desk {
        &self.0.desk
    }
}
