//! `WebhookDeliveryHub`: how the deliveries to a key's webhooks go.

use std::rc::Rc;

use contract::{
    WebhookStatistics,
    hub::WEBHOOK_HUB,
    webhook_hub::{REQUEST_STATISTICS, SUBSCRIBE_TO_WEBHOOKS, UNSUBSCRIBE_FROM_WEBHOOKS, WebhookRefusal, topics, url},
};
use signalr_durable::{Caller, Hub, HubError, Methods};

use super::welcome;
use crate::{
    desk::{Desk, DeskHub, with_resume},
    virtual_key::services::Services,
};

/// The hub at `/hubs/webhooks`.
pub(crate) struct WebhookHub(pub(super) Rc<Services>);

impl Hub for WebhookHub {
    fn methods(methods: &mut Methods<Self>) {
        with_resume(methods)
            .on(SUBSCRIBE_TO_WEBHOOKS.name, Self::subscribe)
            .on(UNSUBSCRIBE_FROM_WEBHOOKS.name, Self::unsubscribe)
            .on(REQUEST_STATISTICS.name, Self::statistics);
    }

    async fn connected(self: Rc<Self>, caller: Caller) -> Result<(), HubError> {
        welcome(&self.0, &caller)
    }
}

impl DeskHub for WebhookHub {
    const HUB: &'static contract::Hub = &WEBHOOK_HUB;

    fn desk(&self) -> &Desk {
        &self.0.desk
    }
}

impl WebhookHub {
    async fn subscribe(self: Rc<Self>, caller: Caller, urls: Option<Vec<String>>) -> Result<(), HubError> {
        for topic in topics(&urls.unwrap_or_default()).map_err(refused)? {
            self.0.desk.subscribe(&caller, &topic.group())?;
        }
        Ok(())
    }

    async fn unsubscribe(self: Rc<Self>, caller: Caller, urls: Option<Vec<String>>) -> Result<(), HubError> {
        for topic in topics(&urls.unwrap_or_default()).map_err(refused)? {
            self.0.desk.unsubscribe(&caller, &topic.group())?;
        }
        Ok(())
    }

    async fn statistics(
        self: Rc<Self>,
        _caller: Caller,
        webhook_url: Option<String>,
    ) -> Result<WebhookStatistics, HubError> {
        let url = url(&webhook_url.unwrap_or_default()).map_err(refused)?;
        self.0.webhooks.statistics(url).map_err(HubError::internal)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn refused(refusal: WebhookRefusal) -> HubError {
    HubError::refused(refusal.to_string())
}
