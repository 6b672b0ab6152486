//! Looks after the providers: asks each now and then whether it works, and tells of a change.

use std::time::Duration;

use contract::{
    Identifier, Observed, ProbeOutcome, ProviderHealthChanged, ProviderHealthRecord, ProviderView, SystemEvent,
    provider_health,
};
use futures::{
    StreamExt,
    future::{Either, select},
    pin_mut, stream,
};
use worker::{AbortController, Delay, Fetch, Method, Request, RequestInit, RequestRedirect, Result};

use super::services::Services;
use crate::{call::REQUESTS_AT_ONCE, identifiers::now_millis};

/// How often each provider is asked.
pub(super) const CHECK_MILLIS: i64 = 5 * 60_000;

/// How long it may take to answer.
const PATIENCE_MILLIS: u64 = 10_000;

impl Services {
    /// Asks providers that are due, and keeps and tells what came of it.
    pub(super) async fn check_due_providers(&self) -> Result<()> {
        let now_millis = now_millis();
        let due = self.providers.take_due(now_millis, now_millis + CHECK_MILLIS)?;
        self.check_providers(due).await
    }

    /// Asks providers how they are.
    pub(super) async fn check_providers(&self, providers: Vec<ProviderView>) -> Result<()> {
        let asked = stream::iter(providers).map(|provider| async move {
            let url = provider.health_url.clone()?;
            let outcome = probe(&url).await;
            Some((provider, outcome))
        });
        let mut asked = Box::pin(asked.buffer_unordered(REQUESTS_AT_ONCE));
        while let Some(answer) = asked.next().await {
            let Some((provider, outcome)) = answer else { continue };
            // Read again: it may have been reported on, or deleted, meanwhile.
            let Some(known) = self.providers.read(&provider.name)? else { continue };
            let Ok(name) = Identifier::new(known.name.as_str()) else { continue };
            self.observed(provider_health::observe(&name, known.health.as_ref(), outcome, now_millis()), None)?;
        }
        self.announce_broadcasts().await
    }

    /// Takes a backend's word on a provider.
    pub(super) fn reported(&self, report: &ProviderHealthChanged) -> Result<Observed> {
        let known = self.providers.read(report.provider.as_str())?;
        let health = known.as_ref().and_then(|known| known.health.as_ref());
        Ok(provider_health::reported(health, report, now_millis()))
    }

    /// Keeps how a provider is; whoever follows it is told, and of a change everybody.
    fn observed(&self, observed: Observed, correlation_id: Option<&str>) -> Result<()> {
        let notification = self.health_notification(&observed, correlation_id)?;
        let Observed { record, has_changed } = observed;
        self.tell(&[notification], || {
            self.providers.observed(&record)?;
            if has_changed {
                let event = SystemEvent::ProviderHealthChanged(ProviderHealthChanged::from(&record));
                self.broadcasts.append(event, correlation_id.map(str::to_owned))?;
            }
            Ok(())
        })
    }

    /// What operators are told of a provider's health.
    pub(super) fn health_notification(
        &self,
        observed: &Observed,
        correlation_id: Option<&str>,
    ) -> Result<contract::Notification> {
        let record: &ProviderHealthRecord = &observed.record;
        let mut groups = vec![contract::admin_hub::provider_group(record.provider.as_str())];
        if observed.has_changed {
            groups.push(contract::admin_hub::GROUP.to_owned());
        }
        self.notification(groups, record, correlation_id)
    }
}

/// Asks a URL how it is. A redirect counts as an answer and is not followed: it could lead anywhere.
async fn probe(url: &str) -> ProbeOutcome {
    let mut init = RequestInit::new();
    init.with_method(Method::Get).with_redirect(RequestRedirect::Manual);
    let Ok(request) = Request::new_with_init(url, &init) else { return ProbeOutcome::NetworkError };
    let started = now_millis();
    let controller = AbortController::default();
    let signal = controller.signal();
    let fetch = Fetch::Request(request);
    let asking = fetch.send_with_signal(&signal);
    let patience = Delay::from(Duration::from_millis(PATIENCE_MILLIS));
    pin_mut!(asking, patience);
    match select(asking, patience).await {
        Either::Left((Ok(response), _)) => ProbeOutcome::Answered {
            status: response.status_code(),
            millis: u64::try_from(now_millis() - started).unwrap_or(0),
        },
        Either::Left((Err(_), _)) => ProbeOutcome::NetworkError,
        Either::Right(_) => {
            controller.abort();
            ProbeOutcome::TimedOut { millis: PATIENCE_MILLIS }
        }
    }
}
