//! The tasks of a key: the rules applied to what is stored.

use contract::{Applied, Change, DomainEvent, IgnoreReason, MediaEvent, TaskEvent, media_task, task_rules};
use worker::Result;

use super::draft::Draft;

/// Why an event changed nothing; or nothing said against it.
pub(crate) type Outcome = std::result::Result<(), IgnoreReason>;

/// Applies an event to a task, and to the one that it is a part of.
pub(crate) fn take(draft: &mut Draft<'_>, envelope: &DomainEvent, event: &TaskEvent) -> Result<Outcome> {
    let current = draft.task(event.task_id().as_str())?;
    let correlation_id = envelope.correlation_id.as_deref();
    match task_rules::apply(current, event, draft.now_millis, envelope.time_millis, correlation_id) {
        Applied::Changed(change) => keep(draft, change).map(Ok),
        Applied::Ignored(reason) => Ok(Err(reason)),
    }
}

/// Applies an event of a video or an image: to the task that it is as well, and to the clients of its own hub.
pub(crate) fn take_media(draft: &mut Draft<'_>, envelope: &DomainEvent, event: MediaEvent<'_>) -> Result<Outcome> {
    let current = draft.task(event.task_id().as_str())?;
    let correlation_id = envelope.correlation_id.as_deref();
    let applied = media_task::apply(current, event, draft.now_millis, envelope.time_millis, correlation_id);
    match applied.map_err(|error| worker::Error::RustError(error.to_string()))? {
        Applied::Changed(change) => {
            draft.tell(correlation_id, |meta| event.notification(meta));
            keep(draft, change).map(Ok)
        }
        Applied::Ignored(reason) => Ok(Err(reason)),
    }
}

/// Times out what is overdue, so many at the most.
pub(crate) fn time_out(draft: &mut Draft<'_>, limit: i64) -> Result<()> {
    for task in draft.services.tasks.overdue(draft.now_millis, limit)? {
        if let Some(change) = task_rules::time_out(task, draft.now_millis) {
            keep(draft, change)?;
        }
    }
    Ok(())
}

/// Puts a change into the draft, and what follows from it for the task that this one is a part of.
fn keep(draft: &mut Draft<'_>, change: Change) -> Result<()> {
    let parent = change.task.parent_task_id.clone();
    put(draft, change);
    let parent = match &parent {
        Some(parent) => draft.task(parent.as_str())?,
        None => None,
    };
    if let Some(parent) = parent {
        let parts = draft.parts(parent.task_id.as_str())?;
        if let Some(followed) = task_rules::follow_parts(parent, &parts, draft.now_millis) {
            put(draft, followed);
        }
    }
    Ok(())
}

fn put(draft: &mut Draft<'_>, change: Change) {
    if let Some(notification) = change.notification {
        draft.tell(change.task.correlation_id.as_deref(), |meta| notification.notification(meta));
    }
    draft.put_task(change.task);
}
