//! `NavigationStateHub`: where the user of a key is, shared among the key's clients.

use std::rc::Rc;

use contract::{
    AnyJson, Notification,
    hub::{NAVIGATION_HUB, key_group},
    navigation_hub::{NavigationUpdated, STATE_TOO_LARGE, UPDATE_NAVIGATION, is_too_large},
};
use signalr_durable::{Caller, Hub, HubError, Methods};

use super::welcome;
use crate::{
    desk::{Desk, DeskHub, with_resume},
    identifiers::now_millis,
    virtual_key::services::Services,
};

/// The hub at `/hubs/navigation-state`.
pub(crate) struct NavigationHub(pub(super) Rc<Services>);

impl Hub for NavigationHub {
    fn methods(methods: &mut Methods<Self>) {
        with_resume(methods).on(UPDATE_NAVIGATION.name, Self::update_navigation);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        welcome(&self.0, &caller)?;
        let Some(state) = self.0.navigation.read().map_err(HubError::internal)? else { return Ok(()) };
        let state = AnyJson::from_text(&state).map_err(HubError::internal)?;
        self.0.desk.tell_caller(&caller, now_millis(), None, |meta| {
            Notification::new(&NAVIGATION_HUB, Vec::new(), &NavigationUpdated { state }, meta)
        })
    }
}

impl DeskHub for NavigationHub {
    const HUB: &'static contract::Hub = &NAVIGATION_HUB;

    fn desk(&self) -> &Desk {
        &self.0.desk
    }

    /// What concerns everybody is not brought to a key nobody of which is online.
    async fn before_replay(self: Rc<Self>) -> Result<(), HubError> {
        self.0.catch_up().await.map_err(HubError::internal)
    }
}

impl NavigationHub {
    async fn update_navigation(self: Rc<Self>, caller: Caller, state: serde_json::Value) -> Result<(), HubError> {
        let state = AnyJson::from_value(&state).map_err(|error| HubError::refused(error.to_string()))?;
        if is_too_large(&state) {
            return Err(STATE_TOO_LARGE.into());
        }
        self.0.navigation.write(state.get()).map_err(HubError::internal)?;
        let group = key_group(caller.user_id().unwrap_or_default());
        let meta = self.0.desk.meta(now_millis(), None);
        let notification = Notification::new(&NAVIGATION_HUB, vec![group.clone()], &NavigationUpdated { state }, meta);
        let notification = notification.map_err(HubError::internal)?;
        self.0.desk.notifier.send_to_others(&caller, &group, &notification)
    }
}
