//! The tasks of a key: the rules applied to what is stored.

use contract::{
    Applied, Change, DomainEvent, EventMeta, Task, TaskEvent,
    task_rules::{self, IgnoreReason},
};
use worker::Result;

use super::{draft::Draft, task_store::TaskStore};
use crate::identifiers::SortableIds;

/// The tasks of a key.
pub(crate) struct Tasks {
    store: TaskStore,
    event_ids: SortableIds,
}

impl Tasks {
    pub(crate) fn new(store: TaskStore) -> Self {
        Self { store, event_ids: SortableIds::default() }
    }

    pub(crate) fn store(&self) -> &TaskStore {
        &self.store
    }

    /// The metadata of an event about a task, under an id of its own.
    pub(crate) fn meta(&self, task: &Task) -> EventMeta {
        EventMeta {
            timestamp_millis: task.updated_at_millis,
            event_id: self.event_ids.next(task.updated_at_millis),
            correlation_id: task.correlation_id.clone(),
        }
    }

    /// Applies an event to a draft: to the task, and to the one that it is a part of. An event that changes
    /// nothing says why.
    pub(crate) fn apply(
        draft: &mut Draft<'_>,
        envelope: &DomainEvent,
        event: &TaskEvent,
        now_millis: i64,
    ) -> Result<std::result::Result<Vec<Change>, IgnoreReason>> {
        let current = draft.task(event.task_id().as_str())?;
        let correlation_id = envelope.correlation_id.as_deref();
        match task_rules::apply(current, event, now_millis, envelope.time_millis, correlation_id) {
            Applied::Ignored(reason) => Ok(Err(reason)),
            Applied::Changed(change) => Ok(Ok(keep(draft, change, now_millis)?)),
        }
    }

    /// Times out what is overdue, so many at the most.
    pub(crate) fn time_out(&self, draft: &mut Draft<'_>, now_millis: i64, limit: i64) -> Result<Vec<Change>> {
        let mut changes = Vec::new();
        for task in self.store.overdue(now_millis, limit)? {
            if let Some(change) = task_rules::time_out(task, now_millis) {
                changes.extend(keep(draft, change, now_millis)?);
            }
        }
        Ok(changes)
    }
}

/// Puts a change into the draft, and what follows from it for the task that this one is a part of.
fn keep(draft: &mut Draft<'_>, change: Change, now_millis: i64) -> Result<Vec<Change>> {
    draft.put_task(change.task.clone());
    let parent = match &change.task.parent_task_id {
        Some(parent) => draft.task(parent.as_str())?,
        None => None,
    };
    let mut changes = vec![change];
    if let Some(parent) = parent {
        let parts = draft.parts(parent.task_id.as_str())?;
        if let Some(followed) = task_rules::follow_parts(parent, &parts, now_millis) {
            draft.put_task(followed.task.clone());
            changes.push(followed);
        }
    }
    Ok(changes)
}
