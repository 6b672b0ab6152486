//! What operators do to service tokens, and what is asked of them.

use worker::Result;

use super::{
    calls::{CreateServiceToken, FindServiceToken, FoundServiceToken, RevokeServiceToken, ServiceTokenMade},
    services::Services,
};
use crate::identifiers::now_millis;

/// What operators are told that service tokens are.
const SETTINGS: &str = "serviceTokens";

impl Services {
    pub(super) fn create_service_token(&self, create: &CreateServiceToken) -> Result<ServiceTokenMade> {
        for (position, key) in create.creation.virtual_key_ids.iter().flatten().enumerate() {
            if self.registry.read(key.as_str())?.is_none() {
                return Ok(ServiceTokenMade::UnknownKey(position));
            }
        }
        let record = create.creation.clone().into_record(&create.id, create.created_at_millis);
        self.note_change(&create.author, "service-token.created", (SETTINGS, &create.id), || {
            self.service_tokens.create(&record, &create.token_sha256)
        })?;
        Ok(ServiceTokenMade::Made(record))
    }

    /// Withdraws a token, and says what its SHA-256 was.
    pub(super) fn revoke_service_token(&self, revoke: &RevokeServiceToken) -> Result<Option<String>> {
        if self.service_tokens.read(&revoke.id)?.is_none() {
            return Ok(None);
        }
        let mut revoked = None;
        self.note_change(&revoke.author, "service-token.revoked", (SETTINGS, &revoke.id), || {
            revoked = self.service_tokens.delete(&revoke.id)?;
            Ok(())
        })?;
        Ok(revoked)
    }

    pub(super) fn find_service_token(&self, find: &FindServiceToken) -> Result<Option<FoundServiceToken>> {
        let found = self.service_tokens.use_token(&find.token_sha256, now_millis())?;
        Ok(found.map(|record| FoundServiceToken {
            access: record.access,
            expires_at_millis: record.expires_at.map(|at| at.0),
        }))
    }
}
