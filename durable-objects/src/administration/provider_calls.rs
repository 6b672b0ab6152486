//! What operators do to providers.

use contract::{AuditEntry, ConfigurationChanged, ProviderView};
use worker::Result;

use super::{
    calls::{Author, DeleteProvider, PutProvider},
    services::Services,
};
use crate::identifiers::now_millis;

impl Services {
    /// Sets a provider, and has it asked at once.
    pub(super) async fn put(&self, put: &PutProvider) -> Result<(ProviderView, bool)> {
        let health_url = put.input.health_url.as_deref();
        let check_at_millis = health_url.map(|_| now_millis());
        let mut is_new = false;
        self.note_change(&put.author, "provider.set", ("providers", &put.name), || {
            is_new = self.providers.put(&put.name, health_url, check_at_millis)?;
            Ok(())
        })?;
        if let Some(at_millis) = check_at_millis {
            self.alarm_clock.ring_by(at_millis).await?;
        }
        let view = self.providers.read(&put.name)?;
        let view = view.ok_or_else(|| worker::Error::RustError("a provider that was set is gone".to_owned()))?;
        Ok((view, is_new))
    }

    pub(super) fn delete_provider(&self, delete: &DeleteProvider) -> Result<bool> {
        if self.providers.read(&delete.name)?.is_none() {
            return Ok(false);
        }
        self.note_change(&delete.author, "provider.deleted", ("providers", &delete.name), || {
            self.providers.delete(&delete.name).map(|_| ())
        })?;
        Ok(true)
    }

    /// Changes a setting, one of those that are called so, writes that down, and tells all operators.
    pub(super) fn note_change(
        &self,
        author: &Author,
        action: &str,
        (settings, name): (&str, &str),
        mut change: impl FnMut() -> Result<()>,
    ) -> Result<()> {
        let changed =
            ConfigurationChanged { setting: format!("{settings}.{name}"), changed_by: Some(author.actor.clone()) };
        let notification = self.notification(vec![contract::admin_hub::GROUP.to_owned()], &changed, None)?;
        let entry = AuditEntry::new(author.actor.as_str(), action).to(name).from(author.from.clone());
        self.tell(&[notification], || {
            change()?;
            self.desk.audit.record(entry.clone())
        })
    }
}
