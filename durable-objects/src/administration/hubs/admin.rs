//! `AdminNotificationHub`: what operators are told of keys, providers and the system.

use std::rc::Rc;

use contract::{
    AdminError, Identifier, InitialProviderHealth, NameArgument, ProviderHealthRecord, ProviderHealthRefreshed,
    SubscribedToProvider, SubscribedToVirtualKey, UnsubscribedFromProvider, UnsubscribedFromVirtualKey,
    admin_hub::{
        GROUP, HEALTH_NOT_REFRESHED, PROVIDER_NOT_SUBSCRIBED, PROVIDER_NOT_UNSUBSCRIBED, REFRESH_PROVIDER_HEALTH,
        SUBSCRIBE_TO_PROVIDER, SUBSCRIBE_TO_VIRTUAL_KEY, UNSUBSCRIBE_FROM_PROVIDER, UNSUBSCRIBE_FROM_VIRTUAL_KEY,
        key_of_group, provider_group, virtual_key_group, virtual_key_not_found,
    },
    hub::ADMIN_HUB,
};
use serde_json::json;
use signalr_durable::{Caller, Hub, HubError, Methods};
use wasm_bindgen_futures::spawn_local;
use worker::Env;

use crate::{
    administration::services::Services,
    call,
    desk::{Desk, DeskHub, with_resume},
    log,
    virtual_key::calls::Watch,
};

/// The hub at `/hubs/admin-notifications`.
pub(crate) struct AdminHub(pub(super) Rc<Services>);

impl Hub for AdminHub {
    fn methods(methods: &mut Methods<Self>) {
        with_resume(methods)
            .on(SUBSCRIBE_TO_VIRTUAL_KEY.name, Self::subscribe_to_virtual_key)
            .on(UNSUBSCRIBE_FROM_VIRTUAL_KEY.name, Self::unsubscribe_from_virtual_key)
            .on(SUBSCRIBE_TO_PROVIDER.name, Self::subscribe_to_provider)
            .on(UNSUBSCRIBE_FROM_PROVIDER.name, Self::unsubscribe_from_provider)
            .on(REFRESH_PROVIDER_HEALTH.name, Self::refresh_provider_health);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        self.0.desk.join(&caller, GROUP)?;
        let records = self.records().map_err(HubError::internal)?;
        self.0.tell_caller(&caller, &InitialProviderHealth { records })
    }
}

impl DeskHub for AdminHub {
    const HUB: &'static contract::Hub = &ADMIN_HUB;

    fn desk(&self) -> &Desk {
        &self.0.desk
    }

    /// The objects of the keys that the caller follows again are to tell of their connections again.
    fn after_replay(&self, caller: &Caller) -> Result<(), HubError> {
        for group in caller.groups() {
            let Some(id) = key_of_group(&group) else { continue };
            let (env, id) = (self.0.env.clone(), id.to_owned());
            spawn_local(async move { watch(&env, id).await });
        }
        Ok(())
    }
}

impl AdminHub {
    async fn subscribe_to_virtual_key(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        let id = id.id().unwrap_or_default().to_owned();
        let known = self.0.registry.read(&id).map_err(HubError::internal)?;
        let (Some(_), Ok(virtual_key_id)) = (known, Identifier::new(id.as_str())) else {
            return self.0.tell_caller(&caller, &virtual_key_not_found(&id));
        };
        self.0.desk.subscribe(&caller, &virtual_key_group(&id))?;
        // The key's object tells of its connections only where somebody wants to know; the answer waits for it, so
        // that no change after the subscription is missed.
        watch(&self.0.env, id).await;
        self.0.tell_caller(&caller, &SubscribedToVirtualKey { virtual_key_id })
    }

    async fn unsubscribe_from_virtual_key(self: Rc<Self>, caller: Caller, id: NameArgument) -> Result<(), HubError> {
        // Leaving is never refused. The object learns that nobody listens when it tells somebody next.
        let Some(virtual_key_id) = id.id().and_then(|id| Identifier::new(id).ok()) else { return Ok(()) };
        self.0.desk.unsubscribe(&caller, &virtual_key_group(virtual_key_id.as_str()))?;
        self.0.tell_caller(&caller, &UnsubscribedFromVirtualKey { virtual_key_id })
    }

    async fn subscribe_to_provider(self: Rc<Self>, caller: Caller, name: NameArgument) -> Result<(), HubError> {
        let Some(provider) = name.id().and_then(|name| Identifier::new(name).ok()) else {
            return self.0.tell_caller(&caller, &AdminError { message: PROVIDER_NOT_SUBSCRIBED.to_owned() });
        };
        self.0.desk.subscribe(&caller, &provider_group(provider.as_str()))?;
        let known = self.0.providers.read(provider.as_str()).map_err(HubError::internal)?;
        if let Some(record) = known.and_then(|known| known.health) {
            self.0.tell_caller(&caller, &record)?;
        }
        self.0.tell_caller(&caller, &SubscribedToProvider { provider })
    }

    async fn unsubscribe_from_provider(self: Rc<Self>, caller: Caller, name: NameArgument) -> Result<(), HubError> {
        let Some(provider) = name.id().and_then(|name| Identifier::new(name).ok()) else {
            return self.0.tell_caller(&caller, &AdminError { message: PROVIDER_NOT_UNSUBSCRIBED.to_owned() });
        };
        self.0.desk.unsubscribe(&caller, &provider_group(provider.as_str()))?;
        self.0.tell_caller(&caller, &UnsubscribedFromProvider { provider })
    }

    async fn refresh_provider_health(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        let providers = self.0.providers.list().map_err(HubError::internal)?;
        if let Err(error) = self.0.check_providers(providers).await {
            log::error("the providers could not be checked", json!({ "error": error.to_string() }));
            return self.0.tell_caller(&caller, &AdminError { message: HEALTH_NOT_REFRESHED.to_owned() });
        }
        let records = self.records().map_err(HubError::internal)?;
        self.0.tell_caller(&caller, &ProviderHealthRefreshed { records })
    }

    fn records(&self) -> worker::Result<Vec<ProviderHealthRecord>> {
        Ok(self.0.providers.list()?.into_iter().filter_map(|provider| provider.health).collect())
    }
}

/// Asks a key's object to tell of its connections.
async fn watch(env: &Env, virtual_key_id: String) {
    if let Err(error) = call::ask(env, &Watch { virtual_key_id, is_watched: true }).await {
        let line = json!({ "error": error.to_string() });
        log::warn("a key's object could not be asked to tell of its connections", line);
    }
}
