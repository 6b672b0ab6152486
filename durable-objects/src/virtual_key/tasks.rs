//! The tasks of a key: the rules applied to what is stored.

use contract::{
    Applied, Change, DomainEvent, Task, TaskEvent,
    task_rules::{self, IgnoreReason},
};
use worker::Result;

use super::task_store::TaskStore;

/// The tasks of a key.
pub(crate) struct Tasks {
    store: TaskStore,
}

impl Tasks {
    pub(crate) fn new(store: TaskStore) -> Self {
        Self { store }
    }

    pub(crate) fn store(&self) -> &TaskStore {
        &self.store
    }

    /// Applies an event and stores what it changes: the task, and the one that it is a part of. None if it
    /// changes nothing, for that reason.
    pub(crate) fn apply(
        &self,
        envelope: &DomainEvent,
        event: &TaskEvent,
        now_millis: i64,
    ) -> Result<std::result::Result<Vec<Change>, IgnoreReason>> {
        let current = self.store.read(event.task_id().as_str())?;
        let correlation_id = envelope.correlation_id.as_deref();
        match task_rules::apply(current, event, now_millis, envelope.time_millis, correlation_id) {
            Applied::Ignored(reason) => Ok(Err(reason)),
            Applied::Changed(change) => Ok(Ok(self.keep(change, now_millis)?)),
        }
    }

    /// Times out what is overdue, so many at the most.
    pub(crate) fn time_out(&self, now_millis: i64, limit: i64) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for task in self.store.overdue(now_millis, limit)? {
            if let Some(change) = task_rules::time_out(task, now_millis) {
                changes.extend(self.keep(change, now_millis)?);
            }
        }
        Ok(changes)
    }

    /// Stores a change, and what follows from it for the task that this one is a part of.
    fn keep(&self, change: Change, now_millis: i64) -> Result<Vec<Change>> {
        self.store.write(&change.task)?;
        let parent = match &change.task.parent_task_id {
            Some(parent) => self.store.read(parent.as_str())?,
            None => None,
        };
        let mut changes = vec![change];
        if let Some(parent) = parent {
            let parts: Vec<Task> = self.store.children(parent.task_id.as_str())?;
            if let Some(followed) = task_rules::follow_parts(parent, &parts, now_millis) {
                self.store.write(&followed.task)?;
                changes.push(followed);
            }
        }
        Ok(changes)
    }
}
