//! The object that keeps the registry of virtual keys, and tells each key's own object of its changes.

#![allow(missing_docs, reason = "what `durable_object` generates has none")]

pub(crate) mod calls;
mod registry;

use std::panic::RefUnwindSafe;

use serde_json::json;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use self::{
    calls::{CreateKey, DeleteKey, FindKey, KeyChange, ListKeys, Page, PatchKey, ReadKey, ReadKeyForObject},
    registry::{Entry, Registry},
};
use crate::{
    alarm_clock::AlarmClock,
    call::{self, ObjectCall},
    identifiers::now_millis,
    log,
    virtual_key::calls::ApplyKey,
};

/// How long after a failed attempt a key's object is told again.
const RETRY_MILLIS: i64 = 5_000;

/// The one object of its class: source of truth for which virtual keys there are.
#[durable_object]
pub struct Administration {
    registry: Registry,
    alarm_clock: AlarmClock,
    env: Env,
}

// A panic leaves no half-done state behind: rows are written in one turn, and nothing is cached.
impl RefUnwindSafe for Administration {}

impl DurableObject for Administration {
    fn new(state: State, env: Env) -> Self {
        let storage = state.storage();
        Self { registry: Registry::new(storage.sql()), alarm_clock: AlarmClock::new(storage), env }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        match request.path().as_str() {
            CreateKey::PATH => {
                let create: CreateKey = call::read(&mut request).await?;
                let created = self.registry.create(&create)?;
                call::answer::<CreateKey>(&self.tell(Some(created)).await?)
            }
            ReadKey::PATH => {
                let read: ReadKey = call::read(&mut request).await?;
                call::answer::<ReadKey>(&self.registry.read(&read.id)?.map(|entry| entry.record))
            }
            ReadKeyForObject::PATH => {
                let read: ReadKeyForObject = call::read(&mut request).await?;
                let entry = self.registry.read(&read.id)?;
                call::answer::<ReadKeyForObject>(&entry.map(|entry| (entry.record, entry.revision)))
            }
            FindKey::PATH => {
                let find: FindKey = call::read(&mut request).await?;
                call::answer::<FindKey>(&self.registry.find(&find.key_sha256)?)
            }
            ListKeys::PATH => {
                let list: ListKeys = call::read(&mut request).await?;
                call::answer::<ListKeys>(&self.list(&list)?)
            }
            PatchKey::PATH => {
                let patch: PatchKey = call::read(&mut request).await?;
                let patched = self.registry.patch(&patch.id, &patch.patch)?;
                call::answer::<PatchKey>(&self.tell(patched).await?)
            }
            DeleteKey::PATH => {
                let delete: DeleteKey = call::read(&mut request).await?;
                let deleted = self.registry.delete(&delete.id, now_millis())?;
                call::answer::<DeleteKey>(&self.tell(deleted).await?)
            }
            _ => Response::error("no such call", 404),
        }
    }

    /// Tells the objects that could not be told.
    async fn alarm(&self) -> Result<Response> {
        self.alarm_clock.rang();
        for entry in self.registry.untold()? {
            self.tell(Some(entry)).await?;
        }
        Response::empty()
    }
}

impl Administration {
    fn list(&self, list: &ListKeys) -> Result<Page> {
        let mut items = self.registry.list(list.after.as_deref(), list.limit + 1)?;
        let has_more = items.len() > list.limit as usize;
        items.truncate(list.limit as usize);
        let next = has_more.then(|| items.last().map(|record| record.id.clone())).flatten();
        Ok(Page { items, next })
    }

    /// Tells a key's own object what the registry now says of it.
    async fn tell(&self, entry: Option<Entry>) -> Result<KeyChange> {
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
                Ok(KeyChange::Applied { record: entry.record, key_sha256: entry.key_sha256 })
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
}
