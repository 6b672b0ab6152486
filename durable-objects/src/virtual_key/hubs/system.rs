//! `SystemNotificationHub`: what concerns everybody, as far as the key's clients want to know it.

use std::rc::Rc;

use contract::{
    Notification, NotificationPreferences, PreferencesArgument, PreferencesUpdated,
    hub::SYSTEM_HUB,
    preferences,
    system_hub::{GET_PREFERENCES, GROUP, UPDATE_PREFERENCES},
};
use signalr_durable::{Caller, Hub, HubError, Methods};

use super::welcome;
use crate::{
    desk::{Desk, DeskHub, with_resume},
    identifiers::now_millis,
    virtual_key::services::Services,
};

/// The hub at `/hubs/notifications`.
pub(crate) struct SystemHub(pub(super) Rc<Services>);

impl Hub for SystemHub {
    fn methods(methods: &mut Methods<Self>) {
        with_resume(methods)
            .on(UPDATE_PREFERENCES.name, Self::update_preferences)
            .on(GET_PREFERENCES.name, Self::get_preferences);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        welcome(&self.0, &caller)?;
        self.0.desk.join(&caller, GROUP)
    }
}

impl DeskHub for SystemHub {
    const HUB: &'static contract::Hub = &SYSTEM_HUB;

    fn desk(&self) -> &Desk {
        &self.0.desk
    }

    /// What concerns everybody is not brought to a key nobody of which is online.
    async fn before_replay(self: Rc<Self>) -> Result<(), HubError> {
        self.0.catch_up().await.map_err(HubError::internal)
    }

    fn wants(&self, notification: &Notification) -> bool {
        self.0.preferences.read().is_ok_and(|preferences| preferences::wants_notification(&preferences, notification))
    }
}

impl SystemHub {
    async fn update_preferences(
        self: Rc<Self>,
        caller: Caller,
        argument: PreferencesArgument,
    ) -> Result<NotificationPreferences, HubError> {
        let preferences =
            NotificationPreferences::try_from(argument).map_err(|unknown| HubError::refused(unknown.to_string()))?;
        self.0.preferences.write(&preferences).map_err(HubError::internal)?;
        let updated = PreferencesUpdated { preferences: preferences.clone() };
        let tell = |meta| Notification::new(&SYSTEM_HUB, Vec::new(), &updated, meta);
        self.0.desk.tell_caller(&caller, now_millis(), None, tell)?;
        Ok(preferences)
    }

    async fn get_preferences(self: Rc<Self>, _caller: Caller) -> Result<NotificationPreferences, HubError> {
        self.0.preferences.read().map_err(HubError::internal)
    }
}
