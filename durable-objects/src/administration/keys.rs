//! What operators do to virtual keys: each change goes into the registry, the audit trail and to all operators, and then
//! to the key's own object, until that knows.

use contract::{
    AuditEntry, Identifier, KeyRecord, Notification, Page, VirtualKeyChange, VirtualKeyCreated, VirtualKeyDeleted,
    VirtualKeyUpdated,
    admin_hub::{GROUP, virtual_key_group},
};
use serde_json::json;
use worker::Result;

use super::{
    calls::{
        Author, CreateKey, DeleteKey, FindKey, FoundKey, KeyChange, ListKeys, PatchKey, ReadKey, ReadKeyForObject,
        RotateKey, Rotated,
    },
    registry::Entry,
    services::Services,
};
use crate::{call, identifiers::now_millis, log, virtual_key::calls::ApplyKey};

/// How long after a failed attempt a key's object is told again.
const RETRY_MILLIS: i64 = 5_000;

impl Services {
    pub(super) async fn create(&self, create: &CreateKey) -> Result<KeyChange> {
        if self.registry.is_taken(&create.id, &create.key_sha256)? {
            return Ok(KeyChange::Taken);
        }
        let record = create.creation.clone().into_record(&create.id, create.created_at_millis);
        let notification = self.key_notification(&record, VirtualKeyCreated, None)?;
        let entry = entry(&create.author, "key.created", &create.id, &[]);
        let mut created = None;
        self.tell(&[notification], || {
            self.desk.audit.record(entry.clone())?;
            created = Some(self.registry.create(create)?);
            Ok(())
        })?;
        self.tell_object(created).await
    }

    pub(super) fn read_key(&self, read: &ReadKey) -> Result<Option<KeyRecord>> {
        Ok(self.registry.read(&read.id)?.map(|entry| entry.record))
    }

    pub(super) fn read_for_object(&self, read: &ReadKeyForObject) -> Result<Option<(KeyRecord, i64)>> {
        Ok(self.registry.read(&read.id)?.map(|entry| (entry.record, entry.revision)))
    }

    pub(super) fn find(&self, find: &FindKey) -> Result<Option<FoundKey>> {
        self.registry.find(&find.key_sha256, now_millis())
    }

    pub(super) fn list(&self, list: &ListKeys) -> Result<Page<KeyRecord>> {
        let records = self.registry.list(list.after.as_deref(), list.limit + 1)?;
        Ok(Page::of(records, list.limit, |record| record.id.clone()))
    }

    pub(super) async fn patch(&self, patch: &PatchKey) -> Result<KeyChange> {
        let Some(mut known) = self.registry.read(&patch.id)? else { return Ok(KeyChange::Unknown) };
        let changed = patch.patch.apply_to(&mut known.record);
        self.change(&patch.author, "key.updated", known, &changed, || Ok(())).await
    }

    /// Gives a key another secret. The old one is good for a while longer.
    pub(super) async fn rotate(&self, rotate: &RotateKey) -> Result<Rotated> {
        let Some(known) = self.registry.read(&rotate.id)? else {
            return Ok(Rotated { change: KeyChange::Unknown, ended: Vec::new() });
        };
        // The newest comes first: it is the one that lasts a while longer.
        let ended = known.secrets.iter().skip(1).cloned().collect();
        let give = || self.registry.rotate(&rotate.id, &rotate.key_sha256, rotate.old_until_millis);
        let change = self.change(&rotate.author, "key.rotated", known, &["key"], give).await?;
        Ok(Rotated { change, ended })
    }

    async fn change(
        &self,
        author: &Author,
        action: &str,
        known: Entry,
        changed: &[&str],
        also: impl Fn() -> Result<()>,
    ) -> Result<KeyChange> {
        let id = known.record.id.clone();
        let notification = self.key_notification(&known.record, VirtualKeyUpdated, Some(changed))?;
        let entry = entry(author, action, &id, changed);
        let mut updated = None;
        self.tell(&[notification], || {
            self.desk.audit.record(entry.clone())?;
            also()?;
            updated = Some(self.registry.update(&known.record)?);
            Ok(())
        })?;
        self.tell_object(updated.flatten()).await
    }

    /// Deletes a key: its connections are closed and its secret is worth nothing from now on.
    pub(super) async fn delete(&self, delete: &DeleteKey) -> Result<KeyChange> {
        let Some(known) = self.registry.read(&delete.id)? else { return Ok(KeyChange::Unknown) };
        let notification = self.key_notification(&known.record, VirtualKeyDeleted, None)?;
        let entry = entry(&delete.author, "key.deleted", &delete.id, &[]);
        let mut deleted = None;
        self.tell(&[notification], || {
            self.desk.audit.record(entry.clone())?;
            deleted = Some(self.registry.delete(&delete.id, now_millis())?);
            Ok(())
        })?;
        self.tell_object(deleted.flatten()).await
    }

    /// Tells the objects that could not be told.
    pub(super) async fn tell_untold(&self) -> Result<()> {
        for entry in self.registry.untold()? {
            self.tell_object(Some(entry)).await?;
        }
        Ok(())
    }

    /// Tells a key's own object what the registry now says of it.
    async fn tell_object(&self, entry: Option<Entry>) -> Result<KeyChange> {
        let Some(entry) = entry else { return Ok(KeyChange::Unknown) };
        let id = entry.record.id.clone();
        let apply = ApplyKey {
            virtual_key_id: id.clone(),
            record: entry.deleted_at_millis.is_none().then(|| entry.record.clone()),
            revision: entry.revision,
        };
        match call::ask(&self.env, &apply).await {
            Ok(()) => {
                self.registry.told(&id, entry.revision)?;
                Ok(KeyChange::Applied { record: entry.record, secrets: entry.secrets })
            }
            Err(error) => {
                log::error(
                    "a key's object could not be told",
                    json!({ "virtualKeyId": id, "error": error.to_string() }),
                );
                self.alarm_clock.ring_by(now_millis() + RETRY_MILLIS).await?;
                Ok(KeyChange::Pending(entry.record))
            }
        }
    }

    /// What operators are told of a key, those who follow it too.
    fn key_notification<E: contract::ClientEvent>(
        &self,
        record: &KeyRecord,
        event: fn(VirtualKeyChange) -> E,
        changed: Option<&[&str]>,
    ) -> Result<Notification> {
        let virtual_key_id = Identifier::new(record.id.as_str());
        let change = VirtualKeyChange {
            virtual_key_id: virtual_key_id.map_err(|error| worker::Error::RustError(error.to_string()))?,
            name: record.name.as_str().to_owned(),
            changed_properties: changed.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        };
        self.notification(vec![GROUP.to_owned(), virtual_key_group(&record.id)], &event(change), None)
    }
}

fn entry(author: &Author, action: &str, key: &str, changed: &[&str]) -> AuditEntry {
    let mut entry = AuditEntry::new(author.actor.as_str(), action).to(key).from(author.from.clone());
    entry.changed = changed.iter().map(|name| (*name).to_owned()).collect();
    entry
}
