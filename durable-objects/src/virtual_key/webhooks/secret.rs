//! What signs the webhooks of a key.

use contract::{AuditEntry, RotatedWebhookSecret, WEBHOOK_SECRET_BYTES, WebhookSecrets, time::Timestamp};
use worker::{Error, Result, SqlStorage};

use crate::{
    identifiers::{now_millis, random_bytes},
    rows,
    tables::Tables,
    transaction::transaction,
    virtual_key::{VirtualKey, calls::RotateWebhookSecret},
};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS webhook_secret (only INTEGER PRIMARY KEY, secrets TEXT NOT NULL)";

/// The row that holds the secrets.
pub(super) struct StoredSecrets {
    tables: Tables,
}

impl StoredSecrets {
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self { tables: Tables::new(sql, CREATE) }
    }

    pub(super) fn read(&self) -> Result<WebhookSecrets> {
        let row = rows::first(self.tables.sql()?, "SELECT secrets FROM webhook_secret", Vec::new())?;
        Ok(row.map(|mut row| serde_json::from_str(&row.text())).transpose()?.unwrap_or_default())
    }

    /// Makes another secret the newest, and gives its text. Inside a transaction.
    fn rotate(&self, now_millis: i64) -> Result<(String, WebhookSecrets)> {
        let random = random_bytes::<WEBHOOK_SECRET_BYTES>().map_err(|error| Error::RustError(error.to_string()))?;
        let mut secrets = self.read()?;
        let text = secrets.rotate(random, now_millis);
        let row = vec![serde_json::to_string(&secrets)?.into()];
        rows::run(self.tables.sql()?, "INSERT OR REPLACE INTO webhook_secret VALUES (1, ?)", row)?;
        Ok((text, secrets))
    }

    /// Makes sure that there is a secret, before the first delivery. Inside a transaction.
    pub(super) fn make_first(&self, now_millis: i64) -> Result<()> {
        if self.read()?.is_empty() {
            self.rotate(now_millis)?;
        }
        Ok(())
    }

    /// Storage was erased.
    pub(super) fn forget(&self) {
        self.tables.forget();
    }
}

impl VirtualKey {
    /// Gives the key another secret; what signed until now still does for a day. None where the key opens nothing.
    pub(in super::super) async fn rotate_webhook_secret(
        &self,
        call: &RotateWebhookSecret,
    ) -> Result<Option<RotatedWebhookSecret>> {
        if self.refusal_of_key(&call.virtual_key_id).await?.is_some() {
            return Ok(None);
        }
        let now_millis = now_millis();
        let services = &*self.services;
        let (secret, secrets) = transaction(&services.storage, || {
            let entry = AuditEntry::new("key", "webhook-secret.rotated").from(call.from.clone());
            services.desk.audit.record(entry)?;
            services.webhooks.secrets.rotate(now_millis)
        })?;
        let previous_expires_at = secrets.old_until_millis(now_millis).map(Timestamp);
        Ok(Some(RotatedWebhookSecret { secret, previous_expires_at }))
    }
}
